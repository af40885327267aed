"""When a run ends before its budget: the paper's criterion (Section 4, "Stopping Criterion")."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp

from motionrecon.errors import ConfigError
from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class StoppingCriterion:
    """Stop at step k if f(x_k) > beta * mean of the N losses before + epsilon; never within the first N steps.

    Attributes:
      window: N; the paper: 5.
      beta: factor on the mean; the paper does not give its value.
      epsilon: allowance added to it, in the unit of the loss; likewise.
    """

    window: int = 5
    beta: float = 1.0
    epsilon: float = 0.0

    def __post_init__(self):
        """Check the ranges."""
        if self.window < 1:
            raise ConfigError(f"stopping window {self.window}: give 1 or more")

    def met(self, losses: Array, step: Array) -> Array:
        """Return whether to stop () after ``step`` () steps.

        Args:
          losses: (steps + 1,) the losses so far, the start's first; what comes after ``step`` is not looked at.
          step: () the number of steps done.
        """
        index = jnp.arange(losses.shape[0])
        before = (index < step) & (index >= step - self.window)
        mean = jnp.sum(jnp.where(before, losses, 0.0)) / self.window
        return (step > self.window) & (losses[step] > self.beta * mean + self.epsilon)
