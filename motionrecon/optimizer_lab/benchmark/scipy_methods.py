"""SciPy's BFGS and L-BFGS-B, and the control that shrinks towards the origin before it.

Tolerances are lowered so that runs use their budget. One iteration may evaluate several times; the best point is the
best of all evaluated, those of the line search included.
"""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import scipy.optimize

from motionrecon.optimizer_lab.benchmark.objective import Objective
from motionrecon.optimizer_lab.benchmark.runs import Runs

_TOLERANCES: dict[str, dict[str, Any]] = {
    "BFGS": {"gtol": 1e-8},
    "L-BFGS-B": {"gtol": 1e-8, "ftol": 0.0, "maxcor": 10, "maxfun": 1_000_000},
}


class _Recorder:
    """Counts evaluations, keeps their losses and the best point; what is not finite is told SciPy as +inf."""

    def __init__(self, objective: Objective, x0: np.ndarray):
        self._objective = objective
        self.seen: list[float] = []
        self.best_x, self.best_loss = x0.copy(), np.inf

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = self._objective.value_and_grad(x)
        if not (np.isfinite(loss) and np.all(np.isfinite(gradient))):
            loss, gradient = np.inf, np.zeros_like(gradient)
        self.seen.append(loss)
        if loss < self.best_loss:
            self.best_loss, self.best_x = loss, x.copy()
        return loss, gradient


@dataclasses.dataclass(frozen=True)
class ScipyMethod:
    """One of SciPy's minimizers.

    Attributes:
      name: in tables.
      algorithm: SciPy's name of it.
      shrinks: how many iterations at the beginning just multiply the point by 0.7; such a control wins wherever the
        minimum is at the origin, and shows how much of a result is due to that.
      slow_from: dimension from which it gets fewer starts.
    """

    name: str
    algorithm: str
    shrinks: int = 0
    slow_from: int | None = None

    def run(self, objective: Objective, x0s: np.ndarray, iterations: int) -> Runs:
        """Run from every start (S, d), one after another."""
        runs = [self._one(objective, np.array(x0, np.float64), iterations) for x0 in x0s]
        losses, evaluations, points, recorders = zip(*runs, strict=True)
        best = np.stack([recorder.best_x for recorder in recorders])
        last = np.stack([p[-1] for p in points])
        seen = [np.array(recorder.seen) for recorder in recorders]
        return Runs(np.stack(losses), np.stack(evaluations), best, last, seen)

    def trajectories(self, objective: Objective, x0s: np.ndarray, iterations: int) -> np.ndarray:
        """Return the iterates (S, n + 1, d); a run that has ended stays where it is."""
        runs = [self._one(objective, np.array(x0, np.float64), iterations)[2] for x0 in x0s]
        return np.stack([np.stack(points + [points[-1]] * (iterations + 1 - len(points))) for points in runs])

    def _one(self, objective: Objective, x: np.ndarray, iterations: int) -> tuple:
        record = _Recorder(objective, x)
        points, losses, counts = [x], [record(x)[0]], [1]
        for _ in range(min(self.shrinks, iterations)):
            points.append(0.7 * points[-1])
            losses.append(record(points[-1])[0])
            counts.append(len(record.seen))

        def ended(intermediate_result: scipy.optimize.OptimizeResult) -> None:
            points.append(np.array(intermediate_result.x))
            losses.append(float(intermediate_result.fun))
            counts.append(len(record.seen))

        left = iterations - len(losses) + 1
        if left and np.isfinite(losses[-1]):
            if not self.shrinks:  # SciPy evaluates the start itself
                record.seen.clear()
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                scipy.optimize.minimize(record, points[-1], jac=True, method=self.algorithm, callback=ended,
                                        options={"maxiter": left, **_TOLERANCES[self.algorithm]})  # fmt: skip
        padding = iterations + 1 - len(losses)
        counts[-1] = len(record.seen)  # a last search that found nothing has been spent too
        return (
            np.array(losses + losses[-1:] * padding),
            np.array(counts + counts[-1:] * padding),
            points,
            record,
        )
