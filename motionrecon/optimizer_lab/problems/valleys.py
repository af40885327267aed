"""The functions whose minimum lies in a curved or flat valley: formulas of the SFU catalogue, for any dimension.

All take ``z`` (d,), float32 or float64, and return a scalar of the same type.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from motionrecon.types import Array

PERM_BETA = 10.0


def rosenbrock(z: Array) -> Array:
    """Return sum_{i < d} 100 (z_{i+1} - z_i^2)^2 + (z_i - 1)^2, d >= 2."""
    return jnp.sum(100 * (z[1:] - z[:-1] ** 2) ** 2 + (z[:-1] - 1) ** 2)


def dixon_price(z: Array) -> Array:
    """Return (z_1 - 1)^2 + sum_{i > 1} i (2 z_i^2 - z_{i-1})^2; z = (1/3, 0, 0, ...) is a trap of 2/3."""
    index = jnp.arange(2, z.shape[0] + 1, dtype=z.dtype)
    return (z[0] - 1) ** 2 + jnp.sum(index * (2 * z[1:] ** 2 - z[:-1]) ** 2)


def dixon_price_minimizer(d: int) -> np.ndarray:
    """Return z_i = 2^-((2^i - 2) / 2^i) (d,)."""
    return 2.0 ** (-1.0 + 2.0 ** (1.0 - np.arange(1, d + 1)))


def perm(z: Array) -> Array:
    """Return Perm 0, d, beta with beta = 10: sum_i (sum_j (j + beta) (z_j^i - j^-i))^2.

    Terms reach (10^d)^2 in a box of +-10: this cannot be evaluated there in float32 from about d = 15 on, in float64
    from about d = 130 on (see `ClassicalFunction.largest_dimension`). Both powers are formed by the same products, so
    that the value at the minimiser is 0.
    """
    index = jnp.arange(1, z.shape[0] + 1, dtype=z.dtype)
    off = _powers(z) - _powers(1 / index)
    return jnp.sum(jnp.sum((index + PERM_BETA) * off, axis=1) ** 2)


def _powers(base: Array) -> Array:
    """Return the powers 1 to d of d numbers, [i, j] = base_j^(i + 1); the table doubles till it is long enough."""
    table = base[None]
    while len(table) < len(base):
        table = jnp.concatenate([table, table * table[-1:]])
    return table[: len(base)]
