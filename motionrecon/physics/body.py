"""What the simulator needs to know of a person and of the ground: arrays that are arguments of every program.

Shapes: J links (= joints, root first), A = J - 1 actuated joints, V = 6 + 3 A velocity coordinates, C contact
points. One compiled program serves every person because only ``parents``, ``contact_link`` and the names are
compile-time constants, and those are the same for everyone.
"""

from __future__ import annotations

import dataclasses
from typing import dataclass_transform

import jax
import numpy as np

from motionrecon.types import Array, PDGains

BENDS = 0.5  # share of the ground's stiffness below which a contact point stands for toes, which bend
SOLE_POINTS = 10  # contact points under the two feet; they come first


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Ground:
    """The ground and the force scale of the support wrench; scalars, so that they can change without recompiling.

    Attributes:
      stiffness: N/m per contact point.
      width: m, length over which the contact force sets in (softplus).
      friction: Coulomb coefficient.
      slip_speed: m/s, speed at which friction reaches 71 % of its limit.
      damping_ratio: normal damping as a multiple of 2 sqrt(3 stiffness), the value for a 3 kg effective mass.
      enabled: 1 with ground, 0 without.
    """

    stiffness: Array = 1e5
    width: Array = 5e-4
    friction: Array = 0.9
    slip_speed: Array = 0.05
    damping_ratio: Array = 1.0
    enabled: Array = 1.0

    def arrays(self) -> Ground:
        """Return the same ground with float64 array leaves (so that changing a value never recompiles)."""
        return jax.tree.map(lambda x: np.asarray(x, dtype=np.float64), self)


@dataclass_transform(frozen_default=True)
def _static(names: tuple[str, ...]):
    def wrap(cls):
        cls = dataclasses.dataclass(frozen=True)(cls)
        fields = [f.name for f in dataclasses.fields(cls) if f.name not in names]
        return jax.tree_util.register_dataclass(cls, data_fields=fields, meta_fields=list(names))

    return wrap


@_static(("parents", "contact_link", "contact_names"))
class Body:
    """A person as a tree of rigid links.

    Attributes:
      parents: parent of each link; -1 for the root.
      contact_link: C link indices.
      contact_names: C names.
      offsets: (J, 3) m, joint position in the parent's frame.
      mass: (J,) kg.
      com: (J, 3) m, centre of mass in the link's frame.
      inertia: (J, 3, 3) kg m^2 about the centre of mass, in the link's axes.
      armature: (V,) kg m^2 (kg for the root's translation), added to the mass matrix's diagonal.
      gravity: m/s^2, downward.
      gains: PD gains of the A joints.
      contact_offset: (C, 3) m in the link's frame.
      contact_radius: (C,) m; the point touches when it is this high over the ground.
      contact_stiffness: (C,) share of the ground's stiffness; toes, which bend, give way.
    """

    parents: tuple[int, ...]
    contact_link: tuple[int, ...]
    contact_names: tuple[str, ...]
    offsets: Array
    mass: Array
    com: Array
    inertia: Array
    armature: Array
    gravity: Array
    gains: PDGains
    contact_offset: Array
    contact_radius: Array
    contact_stiffness: Array

    @property
    def total_mass(self) -> float:
        """Whole-body mass, kg."""
        return float(np.sum(np.asarray(self.mass)))
