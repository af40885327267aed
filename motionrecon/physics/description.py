"""The simulator's constants as plain arrays: what a result keeps so that its motion can be simulated again.

Everything a step depends on besides state, targets and the skeleton's tree is listed here, in SI units.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from motionrecon.physics import rollout
from motionrecon.physics.body import Body, Ground
from motionrecon.types import Array, PDGains

_BODY = {
    "link_offsets": "offsets", "link_mass": "mass", "link_com": "com", "link_inertia": "inertia",
    "armature": "armature", "gravity": "gravity", "contact_offsets": "contact_offset",
    "contact_radii": "contact_radius", "contact_stiffness": "contact_stiffness",
}  # fmt: skip
_GAINS = ("kp", "kd", "torque_limit")
_GROUND = tuple(field.name for field in dataclasses.fields(Ground))
KEYS = (
    *_BODY, *_GAINS, *(f"ground_{name}" for name in _GROUND), "link_parents", "contact_links", "timestep", "substeps",
)  # fmt: skip


def describe(body: Body, ground: Ground, dt: float) -> dict[str, Array]:
    """Return the simulator's constants by name (``KEYS``).

    Args:
      body: the person, J links, A = J - 1 actuated joints, V = 6 + 3 A velocity coordinates, C contact points.
      ground: the ground.
      dt: s, one simulation step.

    Returns:
      ``link_offsets`` (J, 3) m, ``link_mass`` (J,) kg, ``link_com`` (J, 3) m and ``link_inertia`` (J, 3, 3) kg m^2 in
      the links' axes, ``armature`` (V,), ``gravity`` m/s^2, ``kp``, ``kd``, ``torque_limit`` (A,),
      ``contact_offsets`` (C, 3) m, ``contact_radii`` (C,) m, ``contact_stiffness`` (C,), ``contact_links`` (C,),
      ``link_parents`` (J,), the fields of ``Ground`` with the prefix ``ground_``, ``timestep`` s and ``substeps``
      (steps a frame).
    """
    arrays = {key: getattr(body, name) for key, name in _BODY.items()}
    arrays |= {name: getattr(body.gains, name) for name in _GAINS}
    arrays |= {f"ground_{name}": getattr(ground, name) for name in _GROUND}
    arrays = {key: np.asarray(value, np.float64) for key, value in arrays.items()}
    indices = {"link_parents": body.parents, "contact_links": body.contact_link, "substeps": rollout.SUBSTEPS}
    return arrays | {k: np.asarray(v, np.int64) for k, v in indices.items()} | {"timestep": np.float64(dt)}


def rebuild(arrays: Mapping[str, Array], contact_names: tuple[str, ...]) -> tuple[Body, Ground, float]:
    """Return body, ground and the length of a step (s) from what ``describe`` returned.

    Args:
      arrays: ``KEYS`` and their values.
      contact_names: C names.

    Raises:
      KeyError: a key is missing.
    """
    body = Body(
        parents=tuple(int(i) for i in arrays["link_parents"]),
        contact_link=tuple(int(i) for i in arrays["contact_links"]),
        contact_names=tuple(contact_names),
        gains=PDGains(*(arrays[name] for name in _GAINS)),
        **{name: arrays[key] for key, name in _BODY.items()},
    )
    ground = Ground(**{name: arrays[f"ground_{name}"] for name in _GROUND})
    return body, ground, float(arrays["timestep"])
