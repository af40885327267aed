"""Strong Wolfe line search (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 3.5 and 3.6).

Decides how far to go along a descent direction. Losses of +inf (rejected points) only ever shorten the step. If no
strong Wolfe point turns up within the trials, the lowest trial below the starting loss is returned, marked as such.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class LineSearchOptions:
    """Options of the strong Wolfe search.

    Attributes:
      decrease: c1, fraction of the linear prediction by which the loss must fall.
      curvature: c2, fraction of the first slope to which the slope's size must fall; 0.9 suits quasi-Newton methods.
      max_trials: trials at most.
      max_growth: largest factor by which the step grows between trials before the minimum is bracketed.
      interior: distance, as a fraction of the bracket, that an interpolated step keeps from both ends.
      retreat: fraction of the bracket kept when its far end is rejected, where nothing can be interpolated.
    """

    decrease: float = 1e-4
    curvature: float = 0.9
    max_trials: int = 20
    max_growth: float = 10.0
    interior: float = 0.1
    retreat: float = 0.25


@dataclasses.dataclass(frozen=True)
class Trial:
    """A point along the line: step length, loss, directional derivative, and whatever the caller keeps with it."""

    step: float
    loss: float
    slope: float
    payload: Any = None


@dataclasses.dataclass(frozen=True)
class LineSearchResult:
    """The chosen trial (None if no trial lowered the loss), trials made, and whether it is a strong Wolfe point."""

    trial: Trial | None
    trials: int
    wolfe: bool


class _Search:
    """One search: the start, the conditions, and the trials made so far."""

    def __init__(self, evaluate: Callable[[float], Trial], start: Trial, options: LineSearchOptions):
        self.evaluate, self.start, self.options = evaluate, start, options
        self.trials = 0
        self.lowest: Trial | None = None

    def exhausted(self) -> bool:
        return self.trials >= self.options.max_trials

    def try_step(self, step: float) -> Trial:
        trial = self.evaluate(step)
        self.trials += 1
        if trial.loss < (self.start.loss if self.lowest is None else self.lowest.loss):
            self.lowest = trial
        return trial

    def decreases(self, trial: Trial) -> bool:
        return trial.loss <= self.start.loss + self.options.decrease * trial.step * self.start.slope

    def is_flat(self, trial: Trial) -> bool:
        return abs(trial.slope) <= -self.options.curvature * self.start.slope

    def accept(self, trial: Trial) -> LineSearchResult:
        return LineSearchResult(trial, self.trials, wolfe=True)

    def settle(self) -> LineSearchResult:
        return LineSearchResult(self.lowest, self.trials, wolfe=False)


def strong_wolfe(
    evaluate: Callable[[float], Trial], start: Trial, first_step: float, options: LineSearchOptions
) -> LineSearchResult:
    """Find a step that satisfies the strong Wolfe conditions (N&W eq. 3.7; algorithm 3.5).

    Args:
      evaluate: step length -> trial; loss +inf where the function is undefined.
      start: the trial at step 0; its slope must be negative.
      first_step: first step length tried; 1 for quasi-Newton directions.
      options: the search's options.

    Raises:
      ValueError: the direction does not descend.
    """
    if not start.slope < 0:
        raise ValueError(f"not a descent direction: slope {start.slope}")
    search = _Search(evaluate, start, options)
    previous, step = start, first_step
    while not search.exhausted():
        trial = search.try_step(step)
        if not search.decreases(trial) or (trial.loss >= previous.loss and previous is not start):
            return _zoom(search, previous, trial)
        if search.is_flat(trial):
            return search.accept(trial)
        if trial.slope >= 0:
            return _zoom(search, trial, previous)
        step = _extrapolate(previous, trial, options)
        previous = trial
    return search.settle()


def _zoom(search: _Search, low: Trial, high: Trial) -> LineSearchResult:
    """Shrink a bracket (N&W algorithm 3.6); ``low`` is the end with the lower loss that satisfies the decrease."""
    while not search.exhausted():
        if math.isinf(high.loss) and low is not search.start:
            return search.settle()  # creeping up to the edge of an undefined region buys evaluations, not loss
        step = _interpolate(low, high, search.options)
        if step in (low.step, high.step):
            break  # the bracket has shrunk to rounding
        trial = search.try_step(step)
        if not search.decreases(trial) or trial.loss >= low.loss:
            high = trial
            continue
        if search.is_flat(trial):
            return search.accept(trial)
        if trial.slope * (high.step - low.step) >= 0:
            high = low
        low = trial
    return search.settle()


def _interpolate(low: Trial, high: Trial, options: LineSearchOptions) -> float:
    width = high.step - low.step
    if math.isinf(high.loss):
        return low.step + options.retreat * width
    step = _cubic_minimizer(low, high)
    margin = options.interior * abs(width)
    left, right = min(low.step, high.step) + margin, max(low.step, high.step) - margin
    return 0.5 * (low.step + high.step) if step is None else min(max(step, left), right)


def _extrapolate(previous: Trial, trial: Trial, options: LineSearchOptions) -> float:
    """Go beyond ``trial``, whose loss still falls: at least 1.1 times the last advance, at most ``max_growth``."""
    advance = trial.step - previous.step
    shortest, longest = trial.step + 1.1 * advance, trial.step + (options.max_growth - 1.0) * advance
    step = _cubic_minimizer(previous, trial)
    if step is None or step <= trial.step:
        return longest
    return min(max(step, shortest), longest)


def _cubic_minimizer(a: Trial, b: Trial) -> float | None:
    """Minimizer of the cubic through two trials and their slopes (N&W eq. 3.59), None where it has no minimum."""
    d1 = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.step - b.step)
    square = d1 * d1 - a.slope * b.slope
    if not (math.isfinite(square) and square >= 0):
        return None
    d2 = math.copysign(math.sqrt(square), b.step - a.step)
    denominator = b.slope - a.slope + 2.0 * d2
    if denominator == 0.0:
        return None
    step = b.step - (b.step - a.step) * (b.slope + d2 - d1) / denominator
    return step if math.isfinite(step) else None
