"""Back-propagation through the unroll: the exact meta-gradient of a short episode.

The unroll holds the objective's gradients constant (see `tasks`), so no second derivatives are taken; states are
recomputed on the way back in stretches of about sqrt(horizon) steps, which bounds the memory. It sees no further
than its horizon, and hard clips on the way (a bounded x, a rejected step) are dead ends for it.
"""

from __future__ import annotations

import dataclasses
import math

import jax
import jax.numpy as jnp

from motionrecon.meta_train.unroll import Estimate, Problems, State, Theta, Unroll, strong
from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class BPTT:
    """The estimator.

    Attributes:
      unroll: the inner problems.
      horizon: inner steps of an episode; every meta-step runs whole episodes of new problems.
    """

    unroll: Unroll
    horizon: int

    def begin(self, theta: Theta, problems: Problems, key: Array) -> None:
        """Return nothing: nothing is carried on."""
        del theta, problems, key

    def estimate(self, theta: Theta, particles: None, problems: Problems, key: Array) -> tuple[Estimate, None]:
        """Run an episode and differentiate its mean meta-loss."""
        del particles, key
        loss, gradient = jax.value_and_grad(self._mean_loss)(theta, problems)
        return Estimate(gradient, loss), None

    def _mean_loss(self, theta: Theta, problems: Problems) -> Array:
        state = strong(self.unroll.begin(theta, problems, shared=True))
        stretch = _divisor(self.horizon)

        def step(carry: State, _: None) -> tuple[State, Array]:
            state, losses = self.unroll.advance(theta, carry, shared=True)
            return strong(state), jnp.mean(losses)

        @jax.checkpoint
        def stretches(carry: State, _: None) -> tuple[State, Array]:
            carry, losses = jax.lax.scan(step, carry, None, length=stretch)
            return carry, jnp.mean(losses)

        _, losses = jax.lax.scan(stretches, state, None, length=self.horizon // stretch)
        return jnp.mean(losses)


def _divisor(number: int) -> int:
    """Return the divisor of ``number`` nearest to its square root from below."""
    return next(k for k in range(math.isqrt(number), 0, -1) if number % k == 0)
