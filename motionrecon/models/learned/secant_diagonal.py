"""How much every parameter by itself explains the curvature: a diagonal Hessian from curvature pairs.

D_i = sqrt(sum y_i^2 / sum s_i^2) over the last pairs: exact after one pair where the parameters do not interact, and
the norm of the Hessian's row where they do. Whether it deserves trust is seen on the next pair, which D has not seen:
the cosine between D^-1 y and s is 1 where D is the Hessian, and no better than that between y and s where D only blurs.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from motionrecon.types import Array

FORGETTING = 0.9  # share of older pairs that is kept
TRUST_FORGETTING = 0.9
_LARGEST_RATIO = 1e6  # between a parameter's curvature and the mean one


class SecantDiagonal(NamedTuple):
    """The estimate.

    Attributes:
      s_square: (d,) decayed sum of s_i^2 / |s|^2.
      y_square: (d,) decayed sum of y_i^2 / |s|^2.
      diagonal: (d,) D.
      trust: () decayed mean of the cosine between D^-1 y and s; 0 before the second pair.
      plain: () the same between y and s.
      pairs: () int32, pairs seen.
    """

    s_square: Array
    y_square: Array
    diagonal: Array
    trust: Array
    plain: Array
    pairs: Array


def start(x: Array, curvature: Array) -> SecantDiagonal:
    """Return the estimate before any pair: the same ``curvature`` () for every parameter of ``x`` (d,)."""
    zeros = jnp.zeros_like(x)
    diagonal = jnp.broadcast_to(curvature, x.shape).astype(x.dtype)
    zero = jnp.zeros((), x.dtype)
    return SecantDiagonal(zeros, zeros, diagonal, zero, zero, jnp.zeros((), jnp.int32))


def update(estimate: SecantDiagonal, s: Array, y: Array) -> SecantDiagonal:
    """Take in a pair (d,), (d,); pairs that are zero or overflow change nothing."""
    length = s @ s
    scale = jnp.where(length > 0, length, 1.0)
    s_square = FORGETTING * estimate.s_square + s * s / scale
    y_square = FORGETTING * estimate.y_square + y * y / scale
    usable = (length > 0) & jnp.isfinite(jnp.sum(y_square))
    mean = jnp.sqrt(jnp.sum(y_square) / jnp.where(usable, jnp.sum(s_square), 1.0))
    prior = jnp.finfo(s.dtype).eps * jnp.mean(s_square)  # a parameter that did not move has the mean curvature
    diagonal = jnp.sqrt((y_square + prior * mean**2) / (s_square + prior + jnp.finfo(s.dtype).tiny))
    diagonal = jnp.clip(diagonal, mean / _LARGEST_RATIO, mean * _LARGEST_RATIO)
    usable &= mean > 0

    trust = _mean_cosine(estimate.trust, y / estimate.diagonal, s, estimate.pairs)
    plain = _mean_cosine(estimate.plain, y, s, estimate.pairs)
    new = SecantDiagonal(s_square, y_square, diagonal, trust, plain, estimate.pairs + 1)
    return SecantDiagonal(*(jnp.where(usable, a, b) for a, b in zip(new, estimate, strict=True)))


def advantage(estimate: SecantDiagonal) -> Array:
    """Return how much nearer to 1 D's cosine is than that without it: log of the ratio of both misses ()."""
    floor = 1e-9
    return jnp.log((1.0 - estimate.plain + floor) / (1.0 - estimate.trust + floor))


def _mean_cosine(mean: Array, predicted: Array, s: Array, pairs: Array) -> Array:
    norms = jnp.linalg.norm(predicted) * jnp.linalg.norm(s)
    cosine = (predicted @ s) / jnp.where(norms > 0, norms, 1.0)
    older = jnp.where(pairs > 1, mean, cosine)
    return jnp.where(pairs > 0, TRUST_FORGETTING * older + (1.0 - TRUST_FORGETTING) * cosine, 0.0)
