"""The convex functions of the benchmark: formulas of the SFU catalogue (Surjanovic and Bingham), for any dimension.

All take ``z`` (d,), float32 or float64, and return a scalar of the same type. Where subtracting the minimum from a
formula would lose digits, the difference is written out as a second function.
"""

from __future__ import annotations

import jax.numpy as jnp

from motionrecon.types import Array


def _index(z: Array) -> Array:
    return jnp.arange(1, z.shape[0] + 1, dtype=z.dtype)


def sphere(z: Array) -> Array:
    """Return sum_i z_i^2."""
    return jnp.sum(z * z)


def sum_of_squares(z: Array) -> Array:
    """Return sum_i i z_i^2."""
    return jnp.sum(_index(z) * z * z)


def rotated_hyper_ellipsoid(z: Array) -> Array:
    """Return sum_i sum_{j <= i} z_j^2 = sum_i (d - i + 1) z_i^2."""
    return jnp.sum(_index(z)[::-1] * z * z)


def sum_of_powers(z: Array) -> Array:
    """Return sum_i abs(z_i)^(i + 1); its gradient at 0 is 0.

    Made for points within +-1: beyond, high powers leave the number range (at d = 1000 float32 from 1.1 on, float64
    from 2).
    """
    return jnp.sum(jnp.power(jnp.abs(z), _index(z) + 1))


def trid(z: Array) -> Array:
    """Return sum_i (z_i - 1)^2 - sum_{i > 1} z_i z_{i-1}."""
    return jnp.sum((z - 1) ** 2) - jnp.sum(z[1:] * z[:-1])


def trid_excess(z: Array) -> Array:
    """Return Trid minus its minimum -d (d + 4) (d - 1) / 6 without cancellation.

    With y = z - z*, z*_i = i (d + 1 - i): sum y_i^2 - sum y_i y_{i-1}, which is half of
    y_1^2 + y_d^2 + sum (y_i - y_{i-1})^2.
    """
    index = _index(z)
    y = z - index * (z.shape[0] + 1 - index)
    return 0.5 * (y[0] ** 2 + y[-1] ** 2 + jnp.sum(jnp.diff(y) ** 2))


def zakharov(z: Array) -> Array:
    """Return sum z_i^2 + s^2 + s^4 with s = sum_i i z_i / 2."""
    squared = jnp.sum(0.5 * _index(z) * z) ** 2
    return jnp.sum(z * z) + squared + squared**2


def powell(z: Array) -> Array:
    """Return Powell's singular function, a sum over blocks (a, b, c, e) of four coordinates.

    (a + 10 b)^2 + 5 (c - e)^2 + (b - 2 c)^4 + 10 (a - e)^4. Where d is no multiple of 4 the last block is filled up
    with zeros, the missing coordinates' minimiser; the paper, whose table has such rows, does not say what it did.
    """
    a, b, c, e = jnp.pad(z, (0, -z.shape[0] % 4)).reshape(-1, 4).T
    return jnp.sum((a + 10 * b) ** 2 + 5 * (c - e) ** 2 + (b - 2 * c) ** 4 + 10 * (a - e) ** 4)
