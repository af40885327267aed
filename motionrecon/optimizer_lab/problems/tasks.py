"""Tasks: a function with everything random about it as arrays, so that one compiled program serves many problems.

A task is static; the problems it draws are pytrees of arrays. ``jax.vmap(task.sample, (0, None))(keys, d)`` draws a
batch, and ``jax.vmap(task.loss)`` evaluates it.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from motionrecon.optimizer_lab.problems.augmented import augmented as augment
from motionrecon.optimizer_lab.problems.classical import ClassicalFunction
from motionrecon.optimizer_lab.problems.transformed import Transform, loss_scale, random_rotation, to_function
from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class Task:
    """A classical function as a task.

    Attributes:
      function: which.
      offset: move the minimum by U[-5, 5]^d, drawn independently of where runs start (half the start box).
      rotated: turn the function by a random rotation about the offset.
      augmented: random scales of loss and lengths, see `augmented`.
    """

    function: ClassicalFunction
    offset: bool = False
    rotated: bool = False
    augmented: bool = False

    @property
    def name(self) -> str:
        """The function's name and what is done to it."""
        words = [word for word in ("offset", "rotated", "augmented") if getattr(self, word)]
        return "-".join([self.function.name, *words])

    @property
    def start_box(self) -> tuple[float, float]:
        """(low, high) of every coordinate of a start.

        The function's own; Sum of Powers, which explodes outside of +-1, starts and is moved in half of its box where
        there is an offset, and in a quarter where it is turned too, so that z stays inside of it.
        """
        low, high = self.function.start_box
        if self.function.name != "sum-of-powers":
            return low, high
        share = 0.25 if self.rotated else 0.5 if self.offset else 1.0
        return share * low, share * high

    @property
    def offset_box(self) -> tuple[float, float]:
        """(low, high) of every coordinate of the offset."""
        if not self.offset:
            return 0.0, 0.0
        low, high = self.start_box
        share = 1.0 if self.function.name == "sum-of-powers" else 0.5
        return share * low, share * high

    def sample(self, key: Array, d: int) -> tuple[Transform, Array]:
        """Draw a problem and a start.

        Args:
          key: random key.
          d: dimension, static.

        Returns:
          The problem's arrays, and the start (d,), in JAX's default type of floats.

        Raises:
          ConfigError: the function is not defined for ``d``.
        """
        problem_key, start_key, scale_key = jax.random.split(key, 3)
        parameters, x0 = self.sample_problem(problem_key, d), self.sample_start(start_key, d)
        return augment(scale_key, parameters, x0) if self.augmented else (parameters, x0)

    def sample_problem(self, key: Array, d: int) -> Transform:
        """Draw offset and rotation only."""
        self.function.check_dimension(d)
        offset_key, rotation_key = jax.random.split(key)
        low, high = self.offset_box
        offset = jax.random.uniform(offset_key, (d,), minval=low, maxval=high) if self.offset else jnp.zeros(d)
        return Transform(offset, random_rotation(rotation_key, d) if self.rotated else None)

    def sample_start(self, key: Array, d: int) -> Array:
        """Draw a start (d,) of a problem that is not augmented."""
        low, high = self.start_box
        return jax.random.uniform(key, (d,), minval=low, maxval=high)

    def loss(self, parameters: Transform, x: Array) -> Array:
        """Return how far the loss at ``x`` (d,) is above the minimum: 0 at the minimiser, up to rounding.

        Args:
          parameters: a problem of this task.
          x: (d,) the point, float32 or float64; the result has its type.
        """
        return self.function.excess(to_function(parameters, x)) * loss_scale(parameters, x.dtype)
