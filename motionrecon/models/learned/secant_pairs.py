"""A limited-memory quasi-Newton matrix: decides how curvature pairs become a search direction.

H of L-BFGS (Nocedal & Wright, 2nd ed., algorithm 7.4) over an initial diagonal that may change at every step; with as
many pairs as steps it is BFGS' rank-2 recursion. O(m d) in time and memory, so it takes 10,000 parameters as well.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from motionrecon.types import Array

CURVATURE_FLOOR = 1e-10  # least cosine between s and y of a pair that is kept


class SecantPairs(NamedTuple):
    """The last m pairs, newest first; ``rho`` is 0 where there is none yet.

    Attributes:
      s: (m, d) differences of points.
      y: (m, d) differences of gradients.
      rho: (m,) 1 / s^T y.
    """

    s: Array
    y: Array
    rho: Array


def empty(memory: int, x: Array) -> SecantPairs:
    """Return no pairs, with room for ``memory`` of them, in the type of ``x`` (d,)."""
    zeros = jnp.zeros((memory, x.shape[0]), x.dtype)
    return SecantPairs(zeros, zeros, jnp.zeros(memory, x.dtype))


def add(pairs: SecantPairs, s: Array, y: Array) -> SecantPairs:
    """Take in a pair (d,), (d,) if its curvature s^T y is positive and finite; else return ``pairs`` as they are."""
    curvature = s @ y
    kept = curvature > CURVATURE_FLOOR * jnp.linalg.norm(s) * jnp.linalg.norm(y)
    kept &= (curvature > 0) & jnp.isfinite(curvature)
    rho = 1.0 / jnp.where(kept, curvature, 1.0)

    def shifted(old: Array, new: Array) -> Array:
        return jnp.where(kept, jnp.concatenate([new[None], old[:-1]]), old)

    return SecantPairs(shifted(pairs.s, s), shifted(pairs.y, y), shifted(pairs.rho, rho))


def inverse_times(pairs: SecantPairs, diagonal: Array, gradient: Array) -> Array:
    """Return H g (d,).

    Args:
      pairs: the pairs.
      diagonal: (d,) positive, the shape of the Hessian before any pair; its size is set by the newest pair.
      gradient: (d,) g.
    """

    def backward(q: Array, pair: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        s, y, rho = pair
        alpha = rho * (s @ q)
        return q - alpha * y, alpha

    def forward(r: Array, pair: tuple[Array, Array, Array, Array]) -> tuple[Array, None]:
        s, y, rho, alpha = pair
        return r + s * (alpha - rho * (y @ r)), None

    q, alphas = jax.lax.scan(backward, gradient, tuple(pairs))
    scaled = pairs.y[0] / diagonal
    size = pairs.y[0] @ scaled
    scale = jnp.where(pairs.rho[0] > 0, (pairs.s[0] @ pairs.y[0]) / jnp.where(size > 0, size, 1.0), 1.0)
    r = scale * q / diagonal
    return jax.lax.scan(forward, r, (*pairs, alphas), reverse=True)[0]
