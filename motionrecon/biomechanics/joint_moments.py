"""Internal joint moments in the axes of the joint angles, and joint powers.

A moment is the torque that muscles (here: the controllers) put on the distal segment, projected on the axis of an
angle, and positive where it drives that angle up: a positive knee flexion moment bends the knee, a knee extension
moment is negative. Projections on the (not orthogonal) axes e_i of the joint coordinate system are what does work on
the angles: power = M . w = sum_i (M . e_i) angle_i' (Schache and Baker, "On the expression of joint moments during
gait", Gait & Posture 25, 2007).

Torques are means over the frame that follows; so are the angular velocities here, and both are taken in the pose in the
middle of the frame. Row t therefore belongs to the time t + 1/2 frame, and the last row repeats the one before.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from motionrecon.biomechanics import angle_sequences, joint_axes
from motionrecon.biomechanics.joint_angles import link_rotation
from motionrecon.biomechanics.joint_axes import JointAxes
from motionrecon.types import Motion


@dataclasses.dataclass(frozen=True)
class JointLoads:
    """Moments and powers in the middle of each frame.

    Attributes:
      moment_names: m names ("left_hip_flexion"), as of the angles.
      moments: (T, m) N m.
      power_names: p names: a joint's whole power ("left_hip"), then its parts by angle ("left_hip_flexion"); none of
        the shoulder, where the parts have no limit as the arm comes to hang.
      powers: (T, p) W, positive where energy is generated.
    """

    moment_names: tuple[str, ...]
    moments: np.ndarray
    power_names: tuple[str, ...]
    powers: np.ndarray


def _middle(turn: Rotation, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the rotation (T, 3, 3) in the middle of each frame and the angular velocity (T, 3) rad/s, child axes."""
    if len(turn) < 2:
        return turn.as_matrix(), np.zeros((len(turn), 3))
    step = (turn[:-1].inv() * turn[1:]).as_rotvec()
    middle = (turn[:-1] * Rotation.from_rotvec(0.5 * step)).as_matrix()
    rows = np.minimum(np.arange(len(turn)), len(step) - 1)
    return middle[rows], step[rows] * fps


def _of_joint(axes: JointAxes, turn: Rotation, torque: np.ndarray, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Return moments (T, 3) N m and powers (T, 1 or 4) W of one joint: the whole, then its parts by angle."""
    rotation, velocity = _middle(turn, fps)
    relative = joint_axes.between_segments(axes, rotation)
    angles = angle_sequences.decompose(relative, axes.sequence)
    along = angle_sequences.axes_of(angles, axes.sequence)
    moment, spin = (
        np.einsum("tij,tj->ti", relative, joint_axes.in_distal_frame(axes, vector)) for vector in (torque, velocity)
    )
    projected = np.einsum("tij,tj->ti", along, moment)
    whole = np.sum(torque * velocity, axis=-1, keepdims=True)
    if axes.proper_euler:
        return projected * np.array(axes.signs), whole
    rates = np.einsum("tij,tj->ti", np.linalg.pinv(np.swapaxes(along, -1, -2)), spin)
    return projected * np.array(axes.signs), np.concatenate([whole, projected * rates], axis=-1)


def joint_loads(motion: Motion, torque: np.ndarray) -> JointLoads:
    """Compute the moments and powers of all joints that have a joint coordinate system and a torque.

    Args:
      motion: T frames of a skeleton of J joints.
      torque: (T, J - 1, 3) N m in child axes, on the child, mean over the frame that follows.

    Returns:
      The loads; the joints' powers sum to that of all torques over them.
    """
    names, parts, power_names, powers = [], [], [], []
    for axes in joint_axes.of_skeleton(motion.skeleton.names):
        if not axes.loaded:
            continue
        applied = np.asarray(torque, dtype=float)[:, motion.skeleton.names.index(axes.joint) - 1]
        moment, power = _of_joint(axes, link_rotation(motion, axes), applied, float(motion.fps))
        names += axes.angle_names
        parts.append(moment)
        power_names += [axes.name, *axes.angle_names][: power.shape[1]]
        powers.append(power)
    empty = np.zeros((len(torque), 0))
    return JointLoads(
        tuple(names), np.concatenate([empty, *parts], axis=1),
        tuple(power_names), np.concatenate([empty, *powers], axis=1),
    )  # fmt: skip
