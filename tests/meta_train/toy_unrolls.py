"""Inner problems whose exact meta-gradients are known.

`Influence` is the toy problem of the PES paper (Section 5.1; Tallec and Ollivier's influence balancing): a linear
system in which theta helps at once and hurts, more strongly, after a number of steps, so truncated estimates point
the wrong way. `Quadratic` is gradient descent with a learned log step size on a diagonal quadratic.
"""

import jax
import jax.numpy as jnp

from motionrecon.meta_train.unroll import select_rows


class _Rows:
    """Shared by both: states are arrays (B, ...); theta is shared or has a leading axis B."""

    batch: int

    def select(self, done, fresh, old):
        return select_rows(done, fresh, old)

    def own(self, theta, shared):
        return jnp.broadcast_to(theta, (self.batch, *theta.shape)) if shared else theta


class Influence(_Rows):
    """s <- A s + (theta, ..., theta, -theta, ..., -theta), loss 0.5 (s_1 - 1)^2.

    A has 1/2 on and above the diagonal; 10 positive entries of 23: a push of a coordinate moves to the first one step
    by step.
    """

    size, positive = 23, 10

    def __init__(self, batch):
        self.batch = batch
        self.matrix = 0.5 * (jnp.eye(self.size) + jnp.eye(self.size, k=1)).astype(jnp.float32)
        self.sign = jnp.where(jnp.arange(self.size) < self.positive, 1.0, -1.0).astype(jnp.float32)

    def draw(self, key):
        return jnp.ones((self.batch, self.size), jnp.float32)

    def begin(self, theta, problems, *, shared):
        return problems

    def advance(self, theta, state, *, shared):
        state = state @ self.matrix.T + self.own(theta, shared)[:, None] * self.sign
        return state, 0.5 * (state[:, 0] - 1) ** 2


class Quadratic(_Rows):
    """x <- x - exp(theta) h x with theta (2,), h = (1, 0.3), from random starts; loss 0.5 sum h x^2."""

    def __init__(self, batch):
        self.batch = batch
        self.curvature = jnp.array([1.0, 0.3], jnp.float32)

    def draw(self, key):
        return jax.random.normal(key, (self.batch, 2), jnp.float32)

    def begin(self, theta, problems, *, shared):
        return problems

    def advance(self, theta, state, *, shared):
        state = state - jnp.exp(self.own(theta, shared)) * self.curvature * state
        return state, 0.5 * jnp.sum(self.curvature * state**2, -1)
