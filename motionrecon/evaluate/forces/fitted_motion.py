"""A fit's forces, feet and leg torques, carried to the laboratory in which its recording was made."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from motionrecon.biomechanics import foot_loads
from motionrecon.errors import DataError
from motionrecon.evaluate.forces.recorded_points import SIDES, RecordedPoints
from motionrecon.evaluate.forces.time_series import at_times

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


def from_arrays(arrays: Mapping[str, np.ndarray], points: RecordedPoints, offset: float, mass: float) -> FittedMotion:
    """Read a fit from the content of ``motion.npz`` (``export.npz.motion_arrays``).

    A fit levels the floor; Kabsch's rotation of the points it observed to the recording's own says where its world
    lies in the laboratory. Forces and torques of a motion are proportional to the body mass and scaled to ``mass``.

    Args:
      arrays: of the fit.
      points: of the recording.
      offset: s, plates' clock minus the recording's.
      mass: kg.

    Raises:
      DataError: the fit has no contact points under a foot.
    """
    rate, time = float(arrays["fps"]), np.asarray(arrays["time"], float) + offset
    scale = mass / float(arrays["body_mass"])
    rotation, shift = placement(arrays, points, time)
    under = foot_loads.sole_points(tuple(str(n) for n in arrays["contact_names"]))
    if not all(under):
        raise DataError("the fit has no contact points under both feet; fit it with this version")
    contacts = np.asarray(arrays["contact_positions"], float)
    soles = np.stack([contacts[:, index].mean(axis=1) for index in under], axis=1)
    joints = [str(n) for n in arrays["joint_names"]]
    where = np.asarray(arrays["joint_positions"], float) @ rotation.T + shift
    torques = np.asarray(arrays["joint_torques"], float)[:-1] * scale
    ahead = _ahead(where, joints)
    return FittedMotion(
        rate, mass, time, time[:-1] + 0.5 / rate,
        scale * np.asarray(arrays["ground_reaction_force"], float)[:-1] @ rotation.T,
        np.asarray(arrays["center_of_pressure"], float)[:-1] @ rotation.T + shift,
        soles @ rotation.T + shift,
        np.stack([contacts[:, index, 2].min(axis=-1) for index in under], axis=1),
        {(s, j): -torques[:, joints.index(f"{s}_{j}") - 1, 1] for s in SIDES for j in LEG},  # the root has no torque
        ahead, np.cross([0.0, 0.0, 1.0], ahead), rotation,
    )  # fmt: skip


def placement(
    arrays: Mapping[str, np.ndarray], points: RecordedPoints, time: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return rotation (3, 3) and shift (3,) m from a fit's world to the laboratory.

    Args:
      arrays: of the fit, with ``observed_keypoints3d``.
      points: of the recording.
      time: (T,) s of the fit's frames on the plates' clock.
    """
    names = [str(n) for n in arrays["keypoint_names"]]
    both = [n for n in names if n in points.names]
    inside = (time >= points.time[0] - 1e-6) & (time <= points.time[-1] + 1e-6)
    seen = np.asarray(arrays["observed_keypoints3d"], float)[inside][:, [names.index(n) for n in both]]
    weight = np.asarray(arrays["observed_confidence"], float)[inside][:, [names.index(n) for n in both]] > 0
    own = at_times(points.time, points.positions[:, [points.names.index(n) for n in both]], time[inside])
    return kabsch(seen[weight], own[weight])


def kabsch(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rotation (3, 3) and shift (3,) that bring ``source`` (N, 3) m closest to ``target`` (N, 3) m.

    W. Kabsch, "A solution for the best rotation to relate two sets of vectors", Acta Cryst. A32, 1976.
    """
    from_middle, to_middle = source.mean(axis=0), target.mean(axis=0)
    u, _, vt = np.linalg.svd((source - from_middle).T @ (target - to_middle))
    rotation = vt.T @ np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    return rotation, to_middle - rotation @ from_middle


def _ahead(joints: np.ndarray, names: list[str]) -> np.ndarray:
    move = joints[-1, 0] - joints[0, 0]
    if np.linalg.norm(move[:2]) > _WALKED:
        level = np.array([move[0], move[1], 0.0])
    else:
        side = (joints[:, names.index("left_hip")] - joints[:, names.index("right_hip")]).mean(axis=0)
        level = np.cross([side[0], side[1], 0.0], [0.0, 0.0, 1.0])
    return level / np.linalg.norm(level)
