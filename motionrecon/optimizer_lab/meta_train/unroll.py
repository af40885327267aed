"""What a meta-gradient is taken of: a batch of inner problems that the meta-parameters act on, step after step.

The estimators know nothing else, so they are tested on problems whose exact meta-gradient is known.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp

from motionrecon.types import Array

Theta = Any
Problems = Any
State = Any


class Unroll(Protocol):
    """A batch of B inner problems, each with a state of its own.

    ``theta`` are the meta-parameters, a pytree of float32 arrays: one set for all problems where ``shared``, else
    every leaf has a leading axis B. All methods are pure and traceable.
    """

    @property
    def batch(self) -> int:
        """B, the number of inner problems."""
        ...

    def draw(self, key: Array, /) -> Problems:
        """Draw B problems. Compiled by itself: the estimators only see the outcome."""
        ...

    def begin(self, theta: Theta, problems: Problems, /, *, shared: bool) -> State:
        """Return the states at the start of B problems."""
        ...

    def select(self, done: Array, fresh: State, old: State, /) -> State:
        """Return ``fresh`` for the problems where ``done`` (B,) bool, and ``old`` for the others."""
        ...

    def advance(self, theta: Theta, state: State, /, *, shared: bool) -> tuple[State, Array]:
        """Make one inner step; returns the states, and each problem's meta-loss (B,) of this step."""
        ...


class Estimate(NamedTuple):
    """What one meta-step gives.

    Attributes:
      gradient: estimate of the gradient of the mean meta-loss, like theta.
      loss: () mean meta-loss of the problems and inner steps seen.
    """

    gradient: Theta
    loss: Array


class Estimator(Protocol):
    """A way to estimate the gradient of the mean meta-loss over an episode of ``horizon`` inner steps."""

    def begin(self, theta: Theta, problems: Problems, key: Array, /) -> State:
        """Return what is carried from one meta-step to the next; of ``problems``, only shapes and types are used."""
        ...

    def estimate(self, theta: Theta, particles: State, problems: Problems, key: Array, /) -> tuple[Estimate, State]:
        """Return an estimate and what is carried on, whose structure, shapes and types never change.

        Args:
          theta: meta-parameters.
          particles: from `begin` or the last `estimate`.
          problems: B new ones, for runs that begin.
          key: for perturbations.
        """
        ...


def strong(tree: Any) -> Any:
    """Return the arrays of a pytree without weak types, so that a function compiles once for first and later calls."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.result_type(leaf)), tree)


def select_rows(done: Array, fresh: Any, old: Any) -> Any:
    """Return pytrees' rows from ``fresh`` where ``done`` (B,), from ``old`` elsewhere; all leaves are (B, ...)."""

    def pick(new: Array, kept: Array) -> Array:
        return jnp.where(done.reshape(done.shape + (1,) * (new.ndim - done.ndim)), new, kept)

    return jax.tree.map(pick, fresh, old)
