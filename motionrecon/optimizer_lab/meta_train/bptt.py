"""Back-propagation through the unroll: the exact meta-gradient of a short episode.

The unroll holds the objective's gradients constant (see `tasks`), so no second derivatives are taken; states are
recomputed on the way back in stretches of about sqrt(reach) steps, which bounds the memory. It sees no further
than its horizon, or than its reach where that is shorter (truncated back-propagation: an episode is cut into pieces
across which nothing is ascribed), and hard clips on the way (a bounded x, a rejected step) are dead ends for it.

Some problems' gradients may grow along an episode and outweigh all others in the mean. ``problem_clip`` bounds each
problem's own gradient before the mean, at the price of a copy of the weights for each problem.
"""

from __future__ import annotations

import dataclasses
import math

import jax
import jax.numpy as jnp

from motionrecon.optimizer_lab.meta_train.unroll import Estimate, Problems, State, Theta, Unroll, strong
from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class BPTT:
    """The estimator.

    Attributes:
      unroll: the inner problems.
      horizon: inner steps of an episode; every meta-step runs whole episodes of new problems.
      problem_clip: bound of the norm of each problem's gradient; those that are not finite count as zero. None: no
        bound, the gradient of the mean.
      reach: inner steps that back-propagation goes back, at most; a divisor of ``horizon``. None: the whole episode.
      late: step t of n counts as (t / n)^late; 0: all alike.
    """

    unroll: Unroll
    horizon: int
    problem_clip: float | None = None
    reach: int | None = None
    late: float = 0.0

    def begin(self, theta: Theta, problems: Problems, key: Array) -> None:
        """Return nothing: nothing is carried on."""
        del theta, problems, key

    def estimate(self, theta: Theta, particles: None, problems: Problems, key: Array) -> tuple[Estimate, None]:
        """Run an episode and differentiate its mean meta-loss."""
        del particles, key
        if self.problem_clip is None:
            loss, gradient = jax.value_and_grad(self._mean_loss)(theta, problems)
            return Estimate(gradient, loss), None
        batch = self.unroll.batch
        copies = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (batch, *leaf.shape)), theta)
        loss, gradients = jax.value_and_grad(self._mean_loss)(copies, problems, shared=False)
        gradients = jax.tree.map(lambda leaf: batch * leaf, gradients)
        return Estimate(mean_of_bounded(gradients, self.problem_clip), loss), None

    def _mean_loss(self, theta: Theta, problems: Problems, *, shared: bool = True) -> Array:
        state = strong(self.unroll.begin(theta, problems, shared=shared))
        reach = self.reach or self.horizon
        stretch = _divisor(reach)
        weights = (jnp.arange(1, self.horizon + 1) / self.horizon) ** self.late
        weights = (weights / jnp.sum(weights)).astype(jnp.float32)

        def step(carry: State, weight: Array) -> tuple[State, Array]:
            state, losses = self.unroll.advance(theta, carry, shared=shared)
            return strong(state), weight * jnp.mean(losses)

        @jax.checkpoint
        def stretches(carry: State, weights: Array) -> tuple[State, Array]:
            carry, losses = jax.lax.scan(step, carry, weights)
            return carry, jnp.sum(losses)

        def piece(carry: State, weights: Array) -> tuple[State, Array]:
            carry, losses = jax.lax.scan(stretches, jax.lax.stop_gradient(carry), weights)
            return carry, jnp.sum(losses)

        _, losses = jax.lax.scan(piece, state, weights.reshape(-1, reach // stretch, stretch))
        return jnp.sum(losses)


def mean_of_bounded(gradients: Theta, bound: float) -> Theta:
    """Return the mean over gradients (B, ...) of which none is longer than ``bound``; without those not finite."""
    norms = jnp.sqrt(sum(jnp.sum(leaf * leaf, tuple(range(1, leaf.ndim))) for leaf in jax.tree.leaves(gradients)))
    usable = jnp.isfinite(norms)
    weights = jnp.where(usable, jnp.minimum(1.0, bound / jnp.maximum(jnp.where(usable, norms, 1.0), 1e-30)), 0.0)

    def mean(leaf: Array) -> Array:
        shape = (-1,) + (1,) * (leaf.ndim - 1)
        return jnp.mean(jnp.where(usable.reshape(shape), leaf, 0.0) * weights.reshape(shape), 0)

    return jax.tree.map(mean, gradients)


def _divisor(number: int) -> int:
    """Return the divisor of ``number`` nearest to its square root from below."""
    return next(k for k in range(math.isqrt(number), 0, -1) if number % k == 0)
