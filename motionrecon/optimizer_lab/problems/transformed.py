"""A function moved, turned and scaled: its minimum stays known, and all that distinguishes problems is arrays.

The user's point x and the function's own point z are related by z = exp(log_scale) * (Q (x - offset)), and the loss
is exp(log_loss_scale) times the function's.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from motionrecon.types import Array


class Transform(NamedTuple):
    """Where a function lies; a pytree of arrays, None where that part is the identity.

    Attributes:
      offset: (d,) shift, in x.
      rotation: (d, d) orthogonal matrix Q, or None.
      log_scale: (d,) natural logarithm of the scale of each coordinate of z, or None.
      log_loss_scale: () natural logarithm of the loss's scale, or None.
    """

    offset: Array
    rotation: Array | None = None
    log_scale: Array | None = None
    log_loss_scale: Array | None = None


def to_function(transform: Transform, x: Array) -> Array:
    """Return the function's own point z (d,) of a point x (d,)."""
    z = x - transform.offset.astype(x.dtype)
    if transform.rotation is not None:
        z = transform.rotation.astype(x.dtype) @ z
    if transform.log_scale is not None:
        z = jnp.exp(transform.log_scale.astype(x.dtype)) * z
    return z


def loss_scale(transform: Transform, dtype: jnp.dtype) -> Array | float:
    """Return the factor () of the loss."""
    scale = transform.log_loss_scale
    return 1.0 if scale is None else jnp.exp(scale.astype(dtype))


def random_rotation(key: Array, d: int) -> Array:
    """Return a (d, d) orthogonal matrix, uniform over all of them (Haar)."""
    return jax.random.orthogonal(key, d)
