"""A fit's forces, feet and leg torques, carried to the laboratory in which its recording was made."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from motionrecon.biomechanics import foot_loads
from motionrecon.errors import DataError
from motionrecon.evaluate.forces.recorded_points import SIDES
from motionrecon.geometry import world as worlds
from motionrecon.types import WorldTransform

LEG = ("hip", "knee", "ankle")
_WALKED = 0.7  # m; who moves less faces where the pelvis does


@dataclasses.dataclass(frozen=True)
class FittedMotion:
    """What a fit says of the feet and legs; T frames, laboratory axes.

    Attributes:
      rate: Hz.
      mass: kg; forces and torques are of a person of that mass.
      time: (T,) s, plates' clock.
      force_time: (T - 1,) s, the middles of the frames over which forces are means.
      force: (T - 1, 2, 3) N, ground reaction of the left and right foot.
      center_of_pressure: (T - 1, 2, 3) m.
      soles: (T, 2, 3) m, the middle of each foot's contact points.
      lowest: (T, 2) m, height of each foot's lowest contact point over the fit's own ground.
      torque: {(side, joint): (T - 1,) N m}, hip flexion, knee extension, ankle dorsiflexion positive.
      ahead: (3,) unit, level: along the walk, else the way the pelvis faces; left: (3,) to its left.
      rotation: (3, 3) from the fit's world to the laboratory.
    """

    rate: float
    mass: float
    time: np.ndarray
    force_time: np.ndarray
    force: np.ndarray
    center_of_pressure: np.ndarray
    soles: np.ndarray
    lowest: np.ndarray
    torque: dict[tuple[str, str], np.ndarray]
    ahead: np.ndarray
    left: np.ndarray
    rotation: np.ndarray


def from_arrays(arrays: Mapping[str, np.ndarray], offset: float, mass: float) -> FittedMotion:
    """Read a fit from the content of ``motion.npz`` (``export.npz.motion_arrays``).

    A fit levels the floor, and says how: the laboratory is the recording's own world. Forces and torques of a
    motion are proportional to the body mass and scaled to ``mass``.

    Args:
      arrays: of the fit.
      offset: s, plates' clock minus the recording's.
      mass: kg.

    Raises:
      DataError: the fit has no contact points under a foot.
    """
    rate, time = float(arrays["fps"]), np.asarray(arrays["time"], float) + offset
    scale = mass / float(arrays["body_mass"])
    world = WorldTransform(arrays["world_rotation"], arrays["world_translation"])
    rotation = np.asarray(world.rotation).T
    under = foot_loads.sole_points(tuple(str(n) for n in arrays["contact_names"]))
    if not all(under):
        raise DataError("the fit has no contact points under both feet; fit it with this version")
    contacts = np.asarray(arrays["contact_positions"], float)
    soles = np.stack([contacts[:, index].mean(axis=1) for index in under], axis=1)
    joints = [str(n) for n in arrays["joint_names"]]
    where = worlds.to_recording(world, arrays["joint_positions"])
    torques = np.asarray(arrays["joint_torques"], float)[:-1] * scale
    ahead = _ahead(where, joints)
    return FittedMotion(
        rate, mass, time, time[:-1] + 0.5 / rate,
        scale * worlds.turned_to_recording(world, arrays["ground_reaction_force"][:-1]),
        worlds.to_recording(world, arrays["center_of_pressure"][:-1]),
        worlds.to_recording(world, soles),
        np.stack([contacts[:, index, 2].min(axis=-1) for index in under], axis=1),
        {(s, j): -torques[:, joints.index(f"{s}_{j}") - 1, 1] for s in SIDES for j in LEG},  # the root has no torque
        ahead, np.cross([0.0, 0.0, 1.0], ahead), rotation,
    )  # fmt: skip


def _ahead(joints: np.ndarray, names: list[str]) -> np.ndarray:
    move = joints[-1, 0] - joints[0, 0]
    if np.linalg.norm(move[:2]) > _WALKED:
        level = np.array([move[0], move[1], 0.0])
    else:
        side = (joints[:, names.index("left_hip")] - joints[:, names.index("right_hip")]).mean(axis=0)
        level = np.cross([side[0], side[1], 0.0], [0.0, 0.0, 1.0])
    return level / np.linalg.norm(level)
