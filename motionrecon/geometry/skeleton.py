"""The 14-joint human skeleton: its template by stature, where keypoints sit on it, and forward kinematics.

Lengths are fractions of stature (Drillis and Contini 1966, as tabulated by Winter, "Biomechanics and Motor
Control of Human Movement"; joint centres of shoulder and hip after de Leva 1996). The rest pose is a T-pose
that faces +x with the left side towards +y; every joint frame is then parallel to the world.
"""

# pyright: strict, reportUnknownMemberType=false
from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from motionrecon.geometry import rotations
from motionrecon.types import Sites, Skeleton, Soles

JOINT_NAMES = (
    "pelvis", "spine", "chest", "neck",
    "left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle",
    "left_shoulder", "left_elbow", "right_shoulder", "right_elbow",
)  # fmt: skip
PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 2, 10, 2, 12)
SYMMETRY = ((4, 7), (5, 8), (6, 9), (10, 12), (11, 13))
DEFAULT_HEIGHT = 1.70  # m
SOLE = 0.039  # ankle height over the ground, fraction of stature
BALL = 0.77  # of the sole's length from the heel: where the toes bend
HEEL_REST = 1.3  # half widths in front of a sole's rear edge: where a round heel rests
HIP_HEIGHT = 0.530

# Offsets in the parent's frame, fractions of stature.
_OFFSETS = {
    "pelvis": (0.0, 0.0, 0.0), "spine": (0.0, 0.0, 0.058), "chest": (0.0, 0.0, 0.082), "neck": (0.0, 0.0, 0.165),
    "left_hip": (0.0, 0.052, 0.0), "left_knee": (0.0, 0.0, -0.245), "left_ankle": (0.0, 0.0, -0.246),
    "left_shoulder": (0.0, 0.108, 0.140), "left_elbow": (0.0, 0.165, 0.0),
}  # fmt: skip

# Keypoint -> (joint that carries it, offset in its frame as a fraction of stature); left side only.
_SITES = {
    "pelvis": ("pelvis", (0.0, 0.0, 0.0)), "spine": ("spine", (0.0, 0.0, 0.0)), "chest": ("chest", (0.0, 0.0, 0.0)),
    "neck": ("chest", (0.0, 0.0, 0.165)), "head": ("neck", (0.01, 0.0, 0.08)), "head_top": ("neck", (0.01, 0.0, 0.165)),
    "nose": ("neck", (0.065, 0.0, 0.078)), "left_eye": ("neck", (0.055, 0.018, 0.098)),
    "left_ear": ("neck", (0.012, 0.042, 0.088)), "left_shoulder": ("left_shoulder", (0.0, 0.0, 0.0)),
    "left_elbow": ("left_elbow", (0.0, 0.0, 0.0)), "left_wrist": ("left_elbow", (0.0, 0.150, 0.0)),
    "left_hand": ("left_elbow", (0.0, 0.195, 0.0)), "left_thumb": ("left_elbow", (0.025, 0.180, 0.0)),
    "left_index": ("left_elbow", (0.015, 0.200, 0.0)), "left_pinky": ("left_elbow", (-0.018, 0.193, 0.0)),
    "left_hip": ("left_hip", (0.0, 0.0, 0.0)), "left_knee": ("left_knee", (0.0, 0.0, 0.0)),
    "left_ankle": ("left_ankle", (0.0, 0.0, 0.0)), "left_heel": ("left_ankle", (-0.035, 0.0, -0.030)),
    "left_ball": ("left_ankle", (0.075, 0.0, -0.030)), "left_toe": ("left_ankle", (0.108, -0.006, -0.030)),
    "left_small_toe": ("left_ankle", (0.085, 0.028, -0.032)),
}  # fmt: skip


def template(height: float = DEFAULT_HEIGHT) -> Skeleton:
    """Build the skeleton of a person of average proportions.

    Args:
      height: stature, m.

    Returns:
      A Skeleton with J = 14 joints, offsets in m.
    """
    offsets = np.zeros((len(JOINT_NAMES), 3))
    for i, name in enumerate(JOINT_NAMES):
        x, y, z = _OFFSETS[name.replace("right_", "left_")]
        offsets[i] = (x, -y if name.startswith("right_") else y, z)
    return Skeleton(JOINT_NAMES, PARENTS, offsets * height, SYMMETRY)


def template_sites(names: tuple[str, ...], height: float = DEFAULT_HEIGHT) -> Sites:
    """Place keypoints on the template of the given stature.

    Args:
      names: K canonical keypoint names (``keypoints.CANONICAL``).
      height: stature, m.

    Returns:
      Sites with offsets in m.
    """
    link, offset = [], []
    for name in names:
        joint, (x, y, z) = _SITES[name.replace("right_", "left_")]
        right = name.startswith("right_")
        link.append(JOINT_NAMES.index(joint.replace("left_", "right_") if right else joint))
        offset.append((x, -y if right else y, z))
    return Sites(tuple(names), np.array(link, dtype=np.int32), np.array(offset, dtype=float).reshape(-1, 3) * height)


def template_soles(height: float = DEFAULT_HEIGHT, thickness: float = 0.0) -> Soles:
    """Place flat soles at the template's ankle height for the given stature (m), lower by ``thickness`` (m)."""
    drop = np.array([0.0, 0.0, thickness])
    heel = np.tile(np.array([-0.042, 0.0, -SOLE]) * height - drop, (2, 1))
    toe = np.tile(np.array([0.110, 0.0, -SOLE]) * height - drop, (2, 1))
    return flat_soles(heel, toe, np.full(2, 0.022 * height))


def flat_soles(heel: np.ndarray, toe: np.ndarray, half_width: np.ndarray) -> Soles:
    """Make soles that lie across the foot, of rear and front edges (2, 3) m and half widths (2,) m."""
    across = np.tile([0.0, 1.0, 0.0], (2, 1))
    return Soles(heel=heel, ball=heel + BALL * (toe - heel), toe=toe, across=across, half_width=half_width)


def heel_rest(soles: Soles) -> np.ndarray:
    """Return (2, 3) m, where the heels rest on the ground: a round heel's rear edge does not."""
    heel, ball = np.asarray(soles.heel, float), np.asarray(soles.ball, float)
    ahead = (ball - heel) / np.linalg.norm(ball - heel, axis=1, keepdims=True)
    return heel + HEEL_REST * np.asarray(soles.half_width, float)[:, None] * ahead


def ancestor_mask(parents: tuple[int, ...]) -> np.ndarray:
    """Return (J, J) bool: entry [i, j] is true where j is i or an ancestor of i."""
    n = len(parents)
    mask = np.eye(n, dtype=bool)
    for i, p in enumerate(parents):
        if p >= 0:
            mask[i] |= mask[p]
    return mask


def forward_kinematics(skeleton: Skeleton, root_pos: Array, quats: Array) -> tuple[Array, Array]:
    """Compute world poses of all joints.

    Args:
      skeleton: the tree; its offsets are (J, 3) m.
      root_pos: (..., 3) m, world.
      quats: (..., J, 4) local rotations.

    Returns:
      Joint positions (..., J, 3) m and joint orientations (..., J, 4), both in the world.
    """
    pos, rot = [root_pos], [quats[..., 0, :]]
    offsets = jnp.asarray(skeleton.offsets)
    for j, p in enumerate(skeleton.parents[1:], start=1):
        pos.append(pos[p] + rotations.rotate(rot[p], jnp.broadcast_to(offsets[j], pos[p].shape)))
        rot.append(rotations.mul(rot[p], quats[..., j, :]))
    return jnp.stack(pos, axis=-2), jnp.stack(rot, axis=-2)


def site_positions(sites: Sites, joint_pos: Array, joint_rot: Array) -> Array:
    """Return world positions (..., K, 3) m of sites, given joint poses (..., J, 3) and (..., J, 4)."""
    link = jnp.asarray(sites.link)
    return joint_pos[..., link, :] + rotations.rotate(joint_rot[..., link, :], jnp.asarray(sites.offset))


def clip_poses(skeleton: Skeleton, root_pos: ArrayLike, quats: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Compute world poses of all joints of a whole clip in NumPy.

    JAX outside of a compiled function compiles every operation anew for every clip length, and keeps it: tens of MB a
    length, which a run over many clips cannot afford.

    Args:
      skeleton: the tree; its offsets are (J, 3) m.
      root_pos: (T, 3) m, world.
      quats: (T, J, 4) local rotations.

    Returns:
      Joint positions (T, J, 3) m and rotation matrices (T, J, 3, 3), both in the world.
    """
    q, offsets = np.asarray(quats, dtype=float), np.asarray(skeleton.offsets, dtype=float)
    w, x, y, z = np.moveaxis(q / np.linalg.norm(q, axis=-1, keepdims=True), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    rot = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    pos = np.zeros((*q.shape[:-1], 3))
    pos[:, 0] = np.asarray(root_pos, dtype=float)
    for j, p in enumerate(skeleton.parents[1:], start=1):
        pos[:, j] = pos[:, p] + rot[:, p] @ offsets[j]
        rot[:, j] = rot[:, p] @ rot[:, j]
    return pos, rot


def clip_sites(sites: Sites, joint_pos: np.ndarray, joint_rot: np.ndarray) -> np.ndarray:
    """Return world positions (T, K, 3) m of sites in NumPy, given the poses of ``clip_poses``."""
    link = np.asarray(sites.link)
    return joint_pos[:, link] + np.sum(joint_rot[:, link] * np.asarray(sites.offset)[:, None, :], axis=-1)
