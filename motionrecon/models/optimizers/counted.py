"""A scalar problem under watch: decides what counts as one evaluation, what is rejected and when the budget ends.

Every optimizer sees its problem through `CountedProblem` only, so that all of them are compared per evaluation and
per second by the same rules, and the best point is known whatever an optimizer does or how it ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from motionrecon.types import Array, StepInfo


class Problem(Protocol):
    """A differentiable scalar problem over a flat vector of P parameters."""

    def value_and_grad(self, x: Array, /) -> tuple[Any, Array]:
        """Return the loss (scalar) and its gradient (P,) at ``x`` (P,); NaN or infinity where it is undefined."""
        ...


class BudgetExhaustedError(Exception):
    """Raised in place of an evaluation beyond the budget; `base.minimize` catches it."""


class CountedProblem:
    """Count, time and judge the evaluations of a problem.

    A point whose loss or gradient is not finite is *rejected*: it is reported as loss +inf with a zero gradient, so
    that no NaN reaches an optimizer. Asking again for the point evaluated last costs nothing and is not counted.

    Attributes:
      max_evaluations: the budget.
      losses: loss of every evaluation in order, +inf where rejected.
      seconds: wall time from construction to the end of every evaluation, s, optimizer overhead included.
      durations: time spent inside every evaluation, s.
      best_x: (P,) the finite point with the lowest loss so far, or None; ``best_loss``, ``best_grad`` belong to it.
      on_step: called by `report_step`; may raise to end the run.
    """

    def __init__(self, problem: Problem, max_evaluations: int, clock: Callable[[], float] = time.perf_counter):
        if max_evaluations < 1:
            raise ValueError(f"max_evaluations must be at least 1, not {max_evaluations}")
        self._inner = problem
        self.max_evaluations = max_evaluations
        self.losses: list[float] = []
        self.seconds: list[float] = []
        self.durations: list[float] = []
        self.best_x: np.ndarray | None = None
        self.best_loss = np.inf
        self.best_grad: np.ndarray | None = None
        self.on_step: Callable[[StepInfo], None] | None = None
        self._clock = clock
        self._begin = clock()
        self._last: tuple[np.ndarray, float, np.ndarray] | None = None

    @property
    def evaluations(self) -> int:
        """Evaluations made so far."""
        return len(self.losses)

    @property
    def remaining(self) -> int:
        """Evaluations left in the budget."""
        return self.max_evaluations - len(self.losses)

    @property
    def elapsed(self) -> float:
        """Wall time since construction, s."""
        return self._clock() - self._begin

    def value_and_grad(self, x: Array) -> tuple[float, np.ndarray]:
        """Evaluate the problem at ``x`` (P,).

        Returns:
          The loss, +inf if the point is rejected, and the gradient (P,) float64, read-only, zero if rejected.

        Raises:
          BudgetExhaustedError: the budget was used up by earlier evaluations.
        """
        x = np.asarray(x, np.float64)
        if self._last is not None and np.array_equal(x, self._last[0]):
            return self._last[1], self._last[2]
        self._require_budget()
        begin = self._clock()
        # Simulators may loop or raise on a NaN input, and a loss that ignores a coordinate would accept it.
        loss, grad = self._inner.value_and_grad(x) if np.isfinite(x).all() else (np.inf, np.zeros_like(x))
        loss, grad = float(loss), np.array(grad, np.float64)  # waits for an asynchronous device
        return self._record(x, loss, grad, self._clock() - begin)

    def _record(self, x: np.ndarray, loss: float, grad: np.ndarray, seconds: float) -> tuple[float, np.ndarray]:
        """Enter one evaluation and return it as judged (see `value_and_grad`)."""
        x = x.copy()
        if grad.shape != x.shape:
            raise ValueError(f"the gradient has shape {grad.shape}, the point {x.shape}")
        if not (np.isfinite(loss) and np.isfinite(grad).all() and np.isfinite(x).all()):
            loss, grad = np.inf, np.zeros_like(x)
        x.setflags(write=False)
        grad.setflags(write=False)
        self.losses.append(loss)
        self.seconds.append(self.elapsed)
        self.durations.append(seconds)
        if loss < self.best_loss:
            self.best_x, self.best_loss, self.best_grad = x, loss, grad
        self._last = (x, loss, grad)
        return loss, grad

    def report_step(self, step: StepInfo) -> None:
        """Announce a finished step; for optimizers whose library owns the loop, `minimize` does it for the others."""
        if self.on_step is not None:
            self.on_step(step)

    def _require_budget(self) -> None:
        if self.remaining <= 0:
            raise BudgetExhaustedError
