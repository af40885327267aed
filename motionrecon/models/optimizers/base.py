"""The optimizer protocol and the one loop that runs every scalar optimizer: decides when a run ends and with what.

The split follows optimistix: an optimizer only knows `init` and `step`; `minimize` owns the loop, the budget, the
stopping rules and the history. BFGS evaluates several times a step, a learned optimizer once, so histories are kept
per evaluation and per second, not per step.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from motionrecon.models.optimizers.counted import BudgetExhaustedError, CountedProblem, Problem
from motionrecon.types import Array, FitStatus, StepInfo


class Optimizer(Protocol):
    """A method that improves a point step by step; hyperparameters are fields, everything that changes is state."""

    @property
    def name(self) -> str:
        """Name in reports and in the registry."""
        ...

    def init(self, problem: CountedProblem, x: np.ndarray) -> Any:
        """Return the state at ``x`` (P,), a point that has just been evaluated and is finite."""
        ...

    def step(self, problem: CountedProblem, x: np.ndarray, state: Any) -> tuple[np.ndarray, Any, StepInfo]:
        """Make one step from ``x`` (P,), the point this optimizer returned last (or the one given to `init`).

        Buffers of ``state`` may be reused in place: it must not be used again after the call.

        Returns:
          The new point (P,), the new state, and the step: ``loss`` and ``grad_norm`` at the point evaluated last
          that was kept, ``grad_norm`` the largest absolute component, ``step_norm`` Euclidean, ``evaluations`` the
          step's own; ``status`` is MAX_STEPS as long as the method can go on, else how it ended.
        """
        ...


@dataclasses.dataclass(frozen=True)
class History:
    """A run, evaluation by evaluation (E of them) and step by step.

    Attributes:
      losses: (E,) loss of every evaluation, +inf where rejected.
      seconds: (E,) wall time from the start of the run to the end of that evaluation, s; what compiles during the run
        is included, so evaluate the problem once before a run that is to be timed.
      durations: (E,) time spent inside the evaluation, s.
      steps: every finished step.
    """

    losses: np.ndarray
    seconds: np.ndarray
    durations: np.ndarray
    steps: tuple[StepInfo, ...]

    @property
    def best_losses(self) -> np.ndarray:
        """(E,) lowest loss up to and including each evaluation."""
        return np.minimum.accumulate(self.losses)

    def evaluations_to(self, loss: float) -> int | None:
        """Return how many evaluations it took to reach ``loss`` or less, or None; ``seconds[n - 1]`` is the time."""
        reached = self.losses <= loss
        return int(np.argmax(reached)) + 1 if reached.any() else None


@dataclasses.dataclass(frozen=True)
class Solution:
    """What `minimize` returns.

    Attributes:
      x: (P,) the best point seen, the start included.
      loss: its loss; +inf only if the start itself was rejected (``status`` is then NON_FINITE).
      history: every evaluation and step.
      evaluations: how many evaluations were made.
      seconds: wall time, s.
      status: how the run ended.
    """

    x: np.ndarray
    loss: float
    history: History
    evaluations: int
    seconds: float
    status: FitStatus


class _RunOverError(Exception):
    def __init__(self, status: FitStatus):
        super().__init__(status.value)
        self.status = status


@dataclasses.dataclass
class _StoppingRules:
    """Looks at every step and raises `_RunOverError` when the run is over."""

    problem: CountedProblem
    max_steps: int
    gradient_tolerance: float
    loss_tolerance: float
    patience: int
    callback: Callable[[StepInfo, CountedProblem], None] | None
    steps: list[StepInfo] = dataclasses.field(default_factory=list)
    bests: list[float] = dataclasses.field(default_factory=list)

    def converged_at(self, grad: np.ndarray) -> bool:
        return bool(np.max(np.abs(grad), initial=0.0) <= self.gradient_tolerance)

    def __call__(self, step: StepInfo) -> None:
        self.steps.append(step)
        self.bests.append(self.problem.best_loss)
        if self.callback is not None:
            self.callback(step, self.problem)
        if step.grad_norm <= self.gradient_tolerance or self._flat():
            raise _RunOverError(FitStatus.OK)
        if step.status is not FitStatus.MAX_STEPS:
            raise _RunOverError(step.status)
        if len(self.steps) >= self.max_steps:
            raise _RunOverError(FitStatus.MAX_STEPS)

    def _flat(self) -> bool:
        if self.loss_tolerance <= 0 or len(self.bests) <= self.patience:
            return False
        before, now = self.bests[-1 - self.patience], self.bests[-1]
        return before - now <= self.loss_tolerance * abs(now)


def minimize(
    problem: Problem,
    x0: Array,
    optimizer: Optimizer,
    *,
    max_evaluations: int = 200,
    max_steps: int = 10_000,
    gradient_tolerance: float = 1e-6,
    loss_tolerance: float = 0.0,
    patience: int = 10,
    callback: Callable[[StepInfo, CountedProblem], None] | None = None,
) -> Solution:
    """Minimise a scalar problem from ``x0`` with any optimizer, under a budget of loss-and-gradient evaluations.

    The start is evaluated first (it counts), so the result is never worse than the start. Numerical trouble is a
    status, not an exception: OK when a tolerance is met; MAX_STEPS when the budget or the steps ran out; STALLED when
    the optimizer found no lower point; NON_FINITE when the start, or everything around it, is not finite.

    Args:
      problem: the problem.
      x0: (P,) the start.
      optimizer: the method, see `registry.make_optimizer`.
      max_evaluations: budget, never exceeded.
      max_steps: limit on steps.
      gradient_tolerance: converged when no gradient component is larger.
      loss_tolerance: converged when the best loss fell by no more than this fraction in ``patience`` steps; 0 is off.
      patience: see ``loss_tolerance``.
      callback: called after every step with the step and the watched problem; what it raises ends the run.

    Raises:
      ValueError: ``x0`` is not a vector, or a limit makes no sense.
    """
    start = np.array(x0, np.float64)
    if start.ndim != 1:
        raise ValueError(f"x0 must be a vector, not an array of shape {start.shape}")
    if max_steps < 0 or patience < 1:
        raise ValueError(f"max_steps ({max_steps}) must be at least 0 and patience ({patience}) at least 1")
    counted = CountedProblem(problem, max_evaluations)
    rules = _StoppingRules(counted, max_steps, gradient_tolerance, loss_tolerance, patience, callback)
    counted.on_step = rules
    status = _run(counted, start, optimizer, rules)
    history = History(
        np.array(counted.losses), np.array(counted.seconds), np.array(counted.durations), tuple(rules.steps)
    )
    x = start if counted.best_x is None else counted.best_x.copy()
    return Solution(x, counted.best_loss, history, counted.evaluations, counted.elapsed, status)


def _run(problem: CountedProblem, x: np.ndarray, optimizer: Optimizer, rules: _StoppingRules) -> FitStatus:
    loss, grad = problem.value_and_grad(x)
    if not np.isfinite(loss):
        return FitStatus.NON_FINITE
    if rules.converged_at(grad):
        return FitStatus.OK
    if rules.max_steps == 0:
        return FitStatus.MAX_STEPS
    try:
        state = optimizer.init(problem, x.copy())
        while True:
            x, state, step = optimizer.step(problem, x, state)
            problem.report_step(step)
    except BudgetExhaustedError:
        assert problem.best_grad is not None
        return FitStatus.OK if rules.converged_at(problem.best_grad) else FitStatus.MAX_STEPS
    except _RunOverError as finished:
        return finished.status
