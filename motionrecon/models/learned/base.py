"""What an update rule is: decides how a learned optimizer is asked for its next point.

A rule sees only what a first-order method sees, a point, its loss and its gradient, once an iteration. Everything it
learned is in ``weights``, everything it remembers about this run in ``state``; both are pytrees, so runs are scanned,
batched with `jax.vmap` over problems and over weights, and differentiated.
"""

from __future__ import annotations

from typing import Any, Protocol

from motionrecon.types import Array

Weights = Any
State = Any


class UpdateRule(Protocol):
    """A learned optimizer: hyperparameters are fields of a frozen dataclass, what was learned is an argument.

    All methods are pure and traceable. Points, losses and gradients may be float32 or float64 and keep their type;
    networks compute in float32.
    """

    @property
    def name(self) -> str:
        """Name in tables and weights files."""
        ...

    def init_weights(self, key: Array, /) -> Weights:
        """Return weights before any training, drawn with ``key``: a pytree of float32 arrays."""
        ...

    def init(self, weights: Weights, x: Array, loss: Array, gradient: Array, key: Array, /) -> State:
        """Return the state at the start ``x`` (d,), where ``loss`` () and ``gradient`` (d,) have been evaluated.

        ``key`` is for rules that explore at random; the others ignore it.
        """
        ...

    def step(self, weights: Weights, state: State, x: Array, loss: Array, gradient: Array, /) -> tuple[Array, State]:
        """Return the next point (d,) to evaluate and the new state.

        Args:
          weights: what was learned.
          state: from `init` or the last `step`; its structure, shapes and types never change.
          x: (d,) the point that this rule proposed last (or the start).
          loss: () its loss; +inf where it could not be evaluated.
          gradient: (d,) its gradient; zeros where it could not be evaluated.
        """
        ...
