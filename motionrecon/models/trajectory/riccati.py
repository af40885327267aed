"""Solve a stage-wise quadratic problem with linear dynamics by one backward and one forward sweep, O(T n^3).

Axes: T stages, n states, k knots, z = n + k stage variables, m controls (k steps of the knots, then m - k others).
What is left to pay from a stage on is 1/2 z' V z + g' z; the names of its parts are value and gradient ``v, g``, with
``va, vb`` = V times the dynamics, ``gc`` = g moved by the defect, ``quu, qux, qu`` the quadratic in the controls.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.linalg import cho_factor, cho_solve

from motionrecon.jobs.program_store import Program


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Stages:
    """Linear dynamics and quadratic costs of T stages.

    The stage variable z = (x, u) holds n states and k knots; the first k of the m controls w are the knots' steps:
    x' = a z + b w + c, u' = u + w[:k]. The cost is 1/2 x q x + 1/2 d |u|^2 + p z + 1/2 w r w + s w.

    Attributes:
      a: (T - 1, n, n + k).
      b: (T - 1, n, m).
      c: (T - 1, n).
      q: (T, n, n).
      d: (T,).
      p: (T, n + k).
      r: (T - 1, m), diagonals.
      s: (T - 1, m).
    """

    a: Array
    b: Array
    c: Array
    q: Array
    d: Array
    p: Array
    r: Array
    s: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Policy:
    """Solution of the stages.

    Attributes:
      z: (T, n + k) stage variables along the linear model.
      w: (T - 1, m) controls along it.
      k: (T - 1, m) feed-forward part: w = k + gain z.
      gain: (T - 1, m, n + k) feedback gains.
    """

    z: Array
    w: Array
    k: Array
    gain: Array


def _damped(stages: Stages, damping: Array, damping0: Array, state_damping: Array, scale: Array, free: Array) -> Policy:
    """Solve stages with damping (m,) of the controls, of z_0, and of all states in units of scale (...) or (n,)."""
    damping, damping0, state_damping, scale, free = (
        jnp.asarray(x, stages.a.dtype) for x in (damping, damping0, state_damping, scale, free)
    )
    square = jnp.broadcast_to(scale**2, stages.q.shape[-1:])
    return solve(dataclasses.replace(stages, q=stages.q + state_damping * jnp.diag(square)), damping, damping0, free)


def solve(stages: Stages, damping: Array, damping0: Array, free: Array) -> Policy:
    """Minimise the sum of the stages' costs subject to their dynamics.

    Args:
      stages: the problem.
      damping: (m,) added to r (Levenberg-Marquardt).
      damping0: added to the first stage's diagonal.
      free: 1 if z_0 is free, 0 if it is zero.

    Returns:
      The policy.
    """
    n = stages.q.shape[-1]
    size = stages.a.shape[-1]
    k = size - n

    def cost(v, q, d):
        knots = jnp.arange(n, size)
        return v.at[:n, :n].add(q).at[knots, knots].add(d)

    def back(carry, stage):
        v, g = carry
        a, b, c, q, d, p, r, s = stage
        top, rest = v[:, :n], v[:, n:]  # [z, n], [z, k]
        va = (top @ a).at[:, n:].add(rest)  # [z, z]: V times (a above the identity of the knots)
        vb = (top @ b).at[:, :k].add(rest)  # [z, m]
        gc = g + top @ c  # [z]
        quu = (jnp.diag(r + damping) + b.T @ vb[:n]).at[:k].add(vb[n:])  # [m, m]
        qux = (b.T @ va[:n]).at[:k].add(va[n:])  # [m, z]
        qu = (s + b.T @ gc[:n]).at[:k].add(gc[n:])  # [m]
        solved = cho_solve(cho_factor(quu, lower=True), jnp.concatenate([qux, qu[:, None]], axis=1))
        gain, ff = -solved[:, :-1], -solved[:, -1]  # [m, z], [m]
        v = (a.T @ va[:n] + qux.T @ gain).at[n:].add(va[n:])  # [z, z]
        g = (p + a.T @ gc[:n] + qux.T @ ff).at[n:].add(gc[n:])  # [z]
        return (cost(0.5 * (v + v.T), q, d), g), (gain, ff)

    rows = (stages.a, stages.b, stages.c, stages.q[:-1], stages.d[:-1], stages.p[:-1], stages.r, stages.s)
    last = cost(jnp.zeros((size, size), stages.q.dtype), stages.q[-1], stages.d[-1])
    (v, g), (gain, ff) = jax.lax.scan(back, (last, stages.p[-1]), rows, reverse=True)
    z0 = -free * cho_solve(cho_factor(v + damping0 * jnp.eye(size, dtype=v.dtype), lower=True), g)

    def forth(z, stage):
        a, b, c, gain_, ff_ = stage
        w = ff_ + gain_ @ z  # [m]
        after = jnp.concatenate([a @ z + b @ w + c, z[n:] + w[:k]])  # [z]
        return after, (after, w)

    _, (z, w) = jax.lax.scan(forth, z0, (stages.a, stages.b, stages.c, gain, ff))
    return Policy(jnp.concatenate([z0[None], z]), w, ff, gain)


damped = Program(_damped, name="damped")
