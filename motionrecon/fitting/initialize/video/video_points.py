"""Points of the fitted body and their derivatives in closed form, a batch of frames at a time.

Unknowns of a frame are n = 3 + 3 J: a shift of the root in world axes (m), then a rotation vector on the right of
each local rotation (rad). Shared unknowns are m = 9 log bone scales, camera pitch (rad) and camera height (m).
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from motionrecon.fitting.initialize.video.video_body import ENDS, FEET, FIXED, Body
from motionrecon.geometry import rotations, skeleton
from motionrecon.types import Array, Sites, Skeleton

J = len(skeleton.JOINT_NAMES)
MOVING = J + len(FEET) + len(ENDS)  # points with an acceleration term come first: joints, feet, ends
N = 3 + 3 * J
M = FIXED + 2
_MASK = skeleton.ancestor_mask(skeleton.PARENTS)
_PARENTS = np.maximum(np.array(skeleton.PARENTS), 0)


class State(NamedTuple):
    """The unknowns.

    Attributes:
      root: (T, 3) m, world.
      quats: (T, J, 4) local rotations, signs continuous in time.
      shared: (m,) log bone scales, then pitch (rad) and height (m) added to the given camera's.
    """

    root: Array
    quats: Array
    shared: Array


class Points(NamedTuple):
    """at (T, P, 3) m in the world; rot (T, J, 3, 3) joint to world; scale (10,) of the bone groups."""

    at: Array
    rot: Array
    scale: Array


def place(body: Body, state: State) -> Points:
    """Place all points of the body (joints, feet, ends, observed keypoints) in every frame."""
    scale = jnp.concatenate([jnp.exp(state.shared[:FIXED]), jnp.ones(1)])
    person = Skeleton(skeleton.JOINT_NAMES, skeleton.PARENTS, body.offsets * scale[body.offset_group])
    pos, quat = skeleton.forward_kinematics(person, state.root, state.quats)
    rot = rotations.to_matrix(quat)
    site = body.site * scale[body.site_group]
    carried = pos[:, body.link] + jnp.sum(rot[:, body.link] * site[:, None, :], axis=-1)
    return Points(jnp.concatenate([pos, carried], axis=1), rot, scale)


def place_clip(body: Body, state: State) -> Points:
    """Return ``place`` of a whole clip in NumPy: no compilation for every clip length."""
    scale = np.append(np.exp(np.asarray(state.shared)[:FIXED]), 1.0)
    offsets = np.asarray(body.offsets) * scale[np.asarray(body.offset_group)]
    person = Skeleton(skeleton.JOINT_NAMES, skeleton.PARENTS, offsets)
    pos, rot = skeleton.clip_poses(person, state.root, state.quats)
    site = np.asarray(body.site) * scale[np.asarray(body.site_group)]
    carried = skeleton.clip_sites(Sites(("",) * len(site), np.asarray(body.link), site), pos, rot)
    return Points(np.concatenate([pos, carried], axis=1), rot, scale)


def derivatives(body: Body, points: Points) -> tuple[Float[Array, "T P 3 n"], Float[Array, "T P 3 9"]]:
    """Return d point / d frame unknowns (T, P, 3, n) and d point / d log bone scales (T, P, 3, 9)."""
    at, rot, scale = points
    frames, count = at.shape[:2]
    mask = jnp.asarray(_MASK, at.dtype)[jnp.concatenate([jnp.arange(J), body.link])]  # (P, J)
    arm = (at[:, :, None, :] - at[:, None, :J, :]) * mask[:, :, None]  # (T, P, J, 3)
    axes = jnp.swapaxes(rot, -1, -2)  # (T, J, axis, 3)
    turn = jnp.cross(axes[:, None], arm[:, :, :, None, :])  # (T, P, J, axis, 3)
    turn = jnp.moveaxis(turn, -1, 2).reshape(frames, count, 3, 3 * J)
    shift = jnp.broadcast_to(jnp.eye(3, dtype=at.dtype), (frames, count, 3, 3))
    groups = jnp.arange(FIXED)
    bone = (body.offsets * scale[body.offset_group])[..., None] * (body.offset_group[..., None] == groups)
    grow = jnp.sum(rot[:, _PARENTS, :, :, None] * bone[:, None, :, :], axis=-2)  # (T, J, 3, 9)
    path = jnp.matmul(mask, grow.reshape(frames, J, -1)).reshape(frames, count, 3, FIXED)
    own = (body.site * scale[body.site_group])[..., None] * (body.site_group[..., None] == groups)
    tip = jnp.sum(rot[:, body.link, :, :, None] * own[:, None, :, :], axis=-2)
    return jnp.concatenate([shift, turn], axis=-1), path.at[:, J:].add(tip)


def quaternion_derivative(quats: Float[Array, "*N 4"]) -> Float[Array, "*N 4 3"]:
    """Return d (2 q exp(v)) / d v at v = 0 for quaternions (..., 4): (..., 4, 3), per rad."""
    w, x, y, z = (quats[..., i] for i in range(4))
    rows = [[-x, -y, -z], [w, -z, y], [z, w, -x], [-y, x, w]]
    return jnp.stack([jnp.stack(r, axis=-1) for r in rows], axis=-2)
