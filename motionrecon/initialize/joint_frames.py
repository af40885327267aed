"""Clip lengths that are compiled for: whatever runs in JAX on a whole clip is padded to one of a few lengths."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon import rotations
from motionrecon.skeleton import forward_kinematics
from motionrecon.types import Array, Skeleton

_LENGTHS = (64, 128, 256, 384, 512, 768, 1024)


def padded_length(frames: int) -> int:
    """Return the length a clip is padded to, so that few distinct shapes are ever compiled."""
    return next((n for n in _LENGTHS if n >= frames), -(-frames // 512) * 512)


def pad_frames(values: Array, mode: str = "edge") -> np.ndarray:
    """Pad (t, ...) to (``padded_length``, ...), repeating the last frame, or with zeros for ``mode="constant"``."""
    values = np.asarray(values)
    extra = padded_length(len(values)) - len(values)
    return np.pad(values, [(0, extra)] + [(0, 0)] * (values.ndim - 1), mode=mode)


@functools.partial(jax.jit, static_argnames=("parents",))
def _frames(parents: tuple[int, ...], offsets: jax.Array, root_pos: jax.Array, quats: jax.Array):
    tree = Skeleton(tuple(str(i) for i in range(len(parents))), parents, offsets)
    pos, rot = forward_kinematics(tree, root_pos, quats)
    return pos, rotations.to_matrix(rot)


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
