"""Evaluations on the convex functions: how many a method needs for the loss SciPy's BFGS ends with, over BFGS's own.

By the median over starts of the best loss so far. BFGS's final loss counts as the profile's floor where it is lower,
and its own count is when it first got there, not when it stopped.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motionrecon.optimizer_lab.benchmark.profile import FLOOR
from motionrecon.optimizer_lab.benchmark.relative_iterations import curve, first_below
from motionrecon.optimizer_lab.benchmark.row import Row


class Cost(NamedTuple):
    """Evaluations of a method over those of BFGS; ``reached`` is False where the method ended above the target."""

    ratio: float
    reached: bool


def compare(method: Row, bfgs: Row) -> Cost | None:
    """Return the cost of reaching BFGS's final loss; None where BFGS has none.

    Where the method does not reach it, the ratio is that of its whole budget: a lower bound.
    """
    theirs, ours = curve(bfgs, "evaluation", "median"), curve(method, "evaluation", "median")
    if not np.isfinite(theirs[-1]):
        return None
    target = max(float(theirs[-1]), FLOOR)
    needed, spent = first_below(ours, target), first_below(theirs, target)
    assert spent is not None  # its own last value
    return Cost((len(ours) if needed is None else needed + 1) / (spent + 1), needed is not None)
