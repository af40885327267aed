"""The functions with many local minima: formulas of the SFU catalogue, for any dimension.

All take ``z`` (d,), float32 or float64, and return a scalar of the same type. They are rewritten so that no digits
are lost near the minimum (1 - cos u = 2 sin^2(u / 2), exp(u) - 1 by expm1); the values are the catalogue's.
"""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np

from motionrecon.types import Array

STYBLINSKI_TANG_POINT = float(np.roots([4.0, 0.0, -32.0, 5.0]).real.min())  # of 2 z^3 - 16 z + 5/2 = 0
STYBLINSKI_TANG_VALUE = 0.5 * (STYBLINSKI_TANG_POINT**4 - 16 * STYBLINSKI_TANG_POINT**2 + 5 * STYBLINSKI_TANG_POINT)


def ackley(z: Array) -> Array:
    """Return 20 + e - 20 exp(-0.2 sqrt(mean z^2)) - exp(mean cos 2 pi z); the gradient at 0, a kink, is set to 0."""
    mean_square = jnp.mean(z * z)
    away = mean_square > 0
    distance = jnp.where(away, jnp.sqrt(jnp.where(away, mean_square, 1)), 0)
    return -20 * jnp.expm1(-0.2 * distance) - math.e * jnp.expm1(-2 * jnp.mean(jnp.sin(math.pi * z) ** 2))


def griewank(z: Array) -> Array:
    """Return sum z^2 / 4000 - prod_i cos(z_i / sqrt i) + 1.

    The product is formed by logarithms, log abs(cos u) = log(1 - sin^2 u) / 2, and its sign apart.
    """
    u = z / jnp.sqrt(jnp.arange(1, z.shape[0] + 1, dtype=z.dtype))
    sine, cosine = jnp.sin(u) ** 2, jnp.cos(u)
    near = jnp.log1p(-jnp.minimum(sine, 0.5))
    far = jnp.log(jnp.maximum(cosine**2, jnp.finfo(z.dtype).tiny))
    log_product = 0.5 * jnp.sum(jnp.where(sine < 0.5, near, far))
    positive = jnp.sum(cosine < 0) % 2 == 0
    return jnp.sum(z * z) / 4000 + jnp.where(positive, -jnp.expm1(log_product), 1 + jnp.exp(log_product))


def levy(z: Array) -> Array:
    """Return Levy's function; with v = (z - 1) / 4 = w - 1 for the catalogue's w.

    sin^2(pi v_1) + sum_{i < d} v_i^2 (1 + 10 sin^2(pi v_i + 1)) + v_d^2 (1 + sin^2(2 pi v_d)).
    """
    v = (z - 1) / 4
    inner, last = v[:-1], v[-1]
    middle = jnp.sum(inner**2 * (1 + 10 * jnp.sin(math.pi * inner + 1) ** 2))
    return jnp.sin(math.pi * v[0]) ** 2 + middle + last**2 * (1 + jnp.sin(2 * math.pi * last) ** 2)


def rastrigin(z: Array) -> Array:
    """Return 10 d + sum (z_i^2 - 10 cos 2 pi z_i)."""
    return jnp.sum(z * z + 20 * jnp.sin(math.pi * z) ** 2)


def styblinski_tang(z: Array) -> Array:
    """Return sum (z_i^4 - 16 z_i^2 + 5 z_i) / 2; its minimum is about -39.16617 d."""
    return 0.5 * jnp.sum(z**4 - 16 * z**2 + 5 * z)


def styblinski_tang_excess(z: Array) -> Array:
    """Return Styblinski-Tang minus its minimum without cancellation.

    The quartic minus its lowest value has a double root at the minimiser m:
    (z - m)^2 (z^2 + 2 m z + 3 m^2 - 16) / 2.
    """
    m = STYBLINSKI_TANG_POINT
    return 0.5 * jnp.sum((z - m) ** 2 * (z * z + 2 * m * z + (3 * m * m - 16)))
