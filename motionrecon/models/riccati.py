"""Solve a stage-wise quadratic problem with linear dynamics by one backward and one forward sweep, O(T n^3)."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.linalg import cho_factor, cho_solve


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Stages:
    """Linear dynamics z' = a z + b w + c and costs 1/2 z q z + p z + 1/2 w r w + s w of T stages.

    Attributes:
      a: (T - 1, n, n).
      b: (T - 1, n, m).
      c: (T - 1, n).
      q: (T, n, n).
      p: (T, n).
      r: (T - 1, m, m).
      s: (T - 1, m).
    """

    a: Array
    b: Array
    c: Array
    q: Array
    p: Array
    r: Array
    s: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Policy:
    """Solution of the stages.

    Attributes:
      z0: (n,) change of the first stage's state.
      w: (T - 1, m) controls along the linear model.
      k: (T - 1, m) feed-forward part: w = k + gain z.
      gain: (T - 1, m, n) feedback gains.
    """

    z0: Array
    w: Array
    k: Array
    gain: Array


def solve(stages: Stages, damping: Array, damping0: Array, free: Array) -> Policy:
    """Minimise the sum of the stages' costs subject to their dynamics.

    Args:
      stages: the problem.
      damping: (m,) added to r's diagonal (Levenberg-Marquardt).
      damping0: added to the first stage's diagonal.
      free: 1 if z_0 is free, 0 if it is zero.

    Returns:
      The policy.
    """

    def back(carry, stage):
        v, g = carry
        a, b, c, q, p, r, s = stage
        va, vb = v @ a, v @ b
        gc = g + v @ c
        factor = cho_factor(r + jnp.diag(damping) + b.T @ vb, lower=True)
        qux = b.T @ va
        qu = s + b.T @ gc
        solved = cho_solve(factor, jnp.concatenate([qux, qu[:, None]], axis=1))
        gain, k = -solved[:, :-1], -solved[:, -1]
        v = q + a.T @ va + qux.T @ gain
        g = p + a.T @ gc + qux.T @ k
        return (0.5 * (v + v.T), g), (gain, k)

    rows = (stages.a, stages.b, stages.c, stages.q[:-1], stages.p[:-1], stages.r, stages.s)
    (v, g), (gain, k) = jax.lax.scan(back, (stages.q[-1], stages.p[-1]), rows, reverse=True)
    z0 = -free * cho_solve(cho_factor(v + damping0 * jnp.eye(v.shape[0]), lower=True), g)

    def forth(z, stage):
        a, b, c, gain_, k_ = stage
        w = k_ + gain_ @ z
        return a @ z + b @ w + c, w

    _, w = jax.lax.scan(forth, z0, (stages.a, stages.b, stages.c, gain, k))
    return Policy(z0, w, k, gain)
