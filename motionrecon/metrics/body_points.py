"""The points of a body that meet the ground, for the simulated and for the kinematic motion alike.

A result holds the contact points' paths for the simulated motion only. They are fixed to the links, so their places
on the body are read back from those paths and carried along by the kinematic motion: both methods are measured on
the same body.
"""

from __future__ import annotations

import numpy as np

from motionrecon.geometry import skeleton as skeletons
from motionrecon.physics.body import BENDS
from motionrecon.types import FitResult, Motion

_RIGID = 1e-3  # m, how far a point may wander in the frame of the link that carries it
FEET = ("left", "right")
_FOOT_KEYPOINTS = ("ankle", "heel", "ball", "toe")


def joint_poses(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Return world joint positions (T, J, 3) m and rotation matrices (T, J, 3, 3) of a motion."""
    return skeletons.clip_poses(motion.skeleton, motion.root_pos, motion.quats)


def carried_contacts(result: FitResult) -> np.ndarray | None:
    """Place the contact points on the kinematic motion; toes lie on the ground that bends them.

    Where the result does not keep the simulator's constants, each point belongs to the joint in whose frame it moves
    least over the simulated motion (to the nearest one among equals); its mean place there is carried along.

    Args:
      result: a fit.

    Returns:
      (T, C, 3) m, world; None if there are no contact points or one is not fixed to any link.
    """
    points = np.asarray(result.rollout.contact_pos)
    if points.shape[1] == 0:
        return None
    k_pos, k_rot = joint_poses(result.kinematic)
    if result.simulation is not None:
        link, offset = (np.asarray(result.simulation[f"contact_{name}"]) for name in ("links", "offsets"))
        carried = k_pos[:, link] + np.einsum("tcij,cj->tci", k_rot[:, link], offset)
        toes = np.asarray(result.simulation["contact_stiffness"]) < BENDS
        carried[..., 2] -= np.where(toes, np.minimum(carried[..., 2], 0.0), 0.0)
        return carried
    pos, rot = joint_poses(result.motion)
    carried = np.empty((len(k_pos), points.shape[1], 3))
    for c in range(points.shape[1]):
        delta = points[:, c, None] - pos
        local = (np.swapaxes(rot, -1, -2) @ delta[..., None])[..., 0]
        wander = np.linalg.norm(local - local.mean(0), axis=-1).max(0)
        if wander.min() > _RIGID:
            return None
        distance = np.linalg.norm(local.mean(0), axis=-1)
        joint = int(np.argmin(np.where(wander <= wander.min() + 1e-6, distance, np.inf)))
        carried[:, c] = k_pos[:, joint] + k_rot[:, joint] @ local[:, joint].mean(0)
    return carried


def foot_keypoints(names: tuple[str, ...]) -> list[list[int]] | None:
    """Return the indices of ankle, heel, ball and toe of the left and right foot, those that both sides have.

    Returns:
      Two lists of equal length, or None if there is not even an ankle.
    """
    parts = [p for p in _FOOT_KEYPOINTS if all(f"{side}_{p}" in names for side in FEET)]
    return [[names.index(f"{side}_{p}") for p in parts] for side in FEET] if parts else None


def body_feet(motion: Motion, contacts: np.ndarray | None, contact_names: tuple[str, ...]) -> np.ndarray | None:
    """Return the feet of a body without regard to the observed keypoints: ankle, rear and front of the sole.

    Args:
      motion: T frames of a skeleton with ``left_ankle`` and ``right_ankle``.
      contacts: (T, C, 3) m, contact points on that motion.
      contact_names: C names.

    Returns:
      (T, 2, 3, 3) m, [left, right] x [ankle, heel, toe]; None where a joint or contact point is missing.
    """
    names = motion.skeleton.names
    if contacts is None or not all(f"{side}_ankle" in names for side in FEET):
        return None
    pos, _ = joint_poses(motion)
    feet = []
    for side in FEET:
        ends = [[i for i, n in enumerate(contact_names) if n.startswith(f"{side}_{end}")] for end in ("heel", "toe")]
        if not all(ends):
            return None
        feet.append(np.stack([pos[:, names.index(f"{side}_ankle")], *(contacts[:, e].mean(1) for e in ends)], axis=1))
    return np.stack(feet, axis=1)
