"""A limited-memory quasi-Newton matrix: decides how curvature pairs become a search direction.

H of L-BFGS (Nocedal & Wright, 2nd ed., algorithm 7.4) over an initial diagonal that may change at every step; with as
many pairs as steps it is BFGS' rank-2 recursion. O(m d) in time and memory, so it takes 10,000 parameters as well.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from motionrecon.types import Array

SCALE_PAIRS = 10  # newest pairs that set the size of the initial matrix
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
      diagonal: (d,) positive, the shape of the Hessian before any pair; its size is set by the newest pairs.
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
    r = _scale(pairs, diagonal) * q / diagonal
    return jax.lax.scan(forward, r, (*pairs, alphas), reverse=True)[0]


def _scale(pairs: SecantPairs, diagonal: Array) -> Array:
    """Return the factor () on the inverse of ``diagonal``: the largest s^T y / y^T D^-1 y of the newest pairs.

    The usual choice is the newest pair's own. The largest of ten halves the evaluations on ill-conditioned quadratics:
    directions that have not been explored yet are those of small curvature, which larger steps reach sooner.
    """
    s, y, known = pairs.s[:SCALE_PAIRS], pairs.y[:SCALE_PAIRS], pairs.rho[:SCALE_PAIRS] > 0
    size = jnp.sum(y * y / diagonal, -1)
    scales = jnp.where(known, jnp.sum(s * y, -1) / jnp.where(known & (size > 0), size, 1.0), 0.0)
    return jnp.where(known[0], jnp.max(scales), 1.0)
