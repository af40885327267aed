"""Joint angles over time in degrees, continuous, from the rotations of the joints."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from motionrecon.biomechanics import angle_sequences, joint_axes
from motionrecon.biomechanics.joint_axes import JointAxes
from motionrecon.types import Motion


def rotations_of(quats: np.ndarray) -> Rotation:
    """Return SciPy rotations of quaternions (T, 4) in the order w, x, y, z."""
    return Rotation.from_quat(np.asarray(quats, dtype=float)[:, [1, 2, 3, 0]])


def link_rotation(motion: Motion, axes: JointAxes) -> Rotation:
    """Return T rotations of a joint's link in the link it moves in (its base), or in the room.

    Args:
      motion: T frames; its skeleton has the joint and the base.
      axes: of one of its joints.
    """
    names, parents = motion.skeleton.names, motion.skeleton.parents
    quats = np.asarray(motion.quats)
    joint = names.index(axes.joint)
    base = {"": parents[joint], "world": -1}.get(axes.base, names.index(axes.base) if axes.base in names else -1)
    turn = rotations_of(quats[:, joint])
    while parents[joint] not in (base, -1):
        joint = parents[joint]
        turn = rotations_of(quats[:, joint]) * turn
    return turn


def continuous(angles: np.ndarray) -> np.ndarray:
    """Take whole turns out of the steps of curves (T, n) in degrees; each keeps its median in -180..180."""
    smooth = np.unwrap(angles, period=360.0, axis=0)
    return smooth - 360.0 * np.round(np.median(smooth, axis=0) / 360.0)


def joint_angles(motion: Motion) -> tuple[tuple[str, ...], np.ndarray]:
    """Compute the angles of all joints that have a joint coordinate system (``joint_axes``).

    Args:
      motion: T frames of a skeleton; joints are known by name, others are passed over.

    Returns:
      n names ("left_hip_flexion") and angles (T, n) in degrees at the frames, without steps of whole turns.
    """
    systems = joint_axes.of_skeleton(motion.skeleton.names)
    names = tuple(name for axes in systems for name in axes.angle_names)
    columns = [np.zeros((len(np.asarray(motion.quats)), 0))]
    for axes in systems:
        relative = joint_axes.between_segments(axes, link_rotation(motion, axes).as_matrix())
        turns = angle_sequences.decompose(relative, axes.sequence) * np.array(axes.signs)
        columns.append(continuous(np.degrees(turns)))
    return names, np.concatenate(columns, axis=1)
