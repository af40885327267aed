"""How many times fewer iterations, or evaluations, a method needs than a baseline (the paper's Fig. 4).

The target is the baseline's mean objective (best so far, over starts) after 100 iterations; the ratio is 100 over the
first iteration at which the method's mean reaches it. A method that never does is censored: its ratio is at most
100 / budget, which is the value given. The same with evaluations in place of iterations, because one iteration of BFGS
may be several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from motionrecon.optimizer_lab.benchmark.row import Row

AFTER = 100  # iterations of the baseline


class Ratio(NamedTuple):
    """One problem: by iterations, by evaluations, and whether the target was reached within the budget."""

    iterations: float
    evaluations: float
    reached: bool


def compare(method: Row, baseline: Row) -> Ratio | None:
    """Return how a row compares with a baseline's on the same problem; None where either has no finite target."""
    theirs, ours = curve(baseline, "iteration"), curve(method, "iteration")
    after = min(AFTER, len(theirs) - 1)
    target = theirs[after]
    if not np.isfinite(target) or not after:
        return None
    at = first_below(ours, target)
    by_evaluation = first_below(curve(method, "evaluation"), target)
    spent = baseline["evaluations_by_iteration"][after]
    most = method["evaluations"]
    return Ratio(
        after / (len(ours) - 1 if at is None else max(at, 1)),
        spent / (most if by_evaluation is None else by_evaluation + 1),
        at is not None,
    )


def curve(row: Row, kind: str, statistic: str = "mean") -> np.ndarray:
    """Return a row's curve of the best loss so far by "iteration" or "evaluation", NaN-free (+inf where unknown)."""
    return np.array([np.inf if v is None else v for v in row["curves"][kind][statistic]], float)


def first_below(losses: np.ndarray, target: float) -> int | None:
    """Return the first index at which a curve is at or below the target, to six digits; None: never."""
    reached = losses <= target * (1 + 1e-6)
    return int(np.argmax(reached)) if reached.any() else None


def ordered(ratios: Sequence[Ratio], field: str = "iterations") -> np.ndarray:
    """Return the ratios from high to low, as Fig. 4 draws them."""
    return np.sort([getattr(ratio, field) for ratio in ratios])[::-1]
