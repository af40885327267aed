"""One problem, one method: the run reduced to the numbers that tables and plots need.

Every method is judged by the same rule: the lowest loss among the points it evaluated within the budget, evaluated
once more in float64. Where the last point stands is kept beside it.
"""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Iterable
from typing import Any

import numpy as np

from motionrecon.errors import MotionReconError
from motionrecon.optimizer_lab.benchmark.objective import make_objective
from motionrecon.optimizer_lab.benchmark.protocol import Problem, Protocol, draw
from motionrecon.optimizer_lab.benchmark.runs import Method, Runs

Row = dict[str, Any]
MOST_EVALUATIONS = 1000  # that curves are kept for


def measure(problem: Problem, method: Method, protocol: Protocol) -> Row:
    """Run a method on a problem; what goes wrong is a row too.

    Returns:
      "function", "d", "column", "method", "status" ("ok", "not measurable", "failed"); where ok: "value" (mean over
      starts of the best excess loss), "median", "best" and "last" (a start each), "starts", "evaluations" (mean),
      "curves" ("iteration", "evaluation": {"mean", "median"} of the best loss so far), "seconds" (compilation
      included), and what the method adds; else "reason".
    """
    row: Row = {"function": problem.function, "d": problem.d, "column": problem.column, "method": method.name}
    if not problem.measurable:
        return row | {"status": "not measurable", "reason": "the function's values leave the range of float64"}
    began = time.monotonic()
    try:
        parameters, x0s = draw(problem, protocol)
        slow = method.slow_from is not None and problem.d >= method.slow_from
        x0s = np.asarray(x0s)[: min(protocol.starts, protocol.slow_starts) if slow else protocol.starts]
        objective = make_objective(problem, parameters)
        runs = method.run(objective, x0s, protocol.iterations)
        return row | {"status": "ok", **_numbers(runs, objective), "seconds": time.monotonic() - began, **runs.details}
    except MotionReconError as error:
        return failed(problem, method.name, str(error))
    except Exception as error:
        found = failed(problem, method.name, f"{type(error).__name__}: {error}")
        return found | {"traceback": traceback.format_exc()}


def failed(problem: Problem, method: str, reason: str) -> Row:
    """Return the row of a method that gave nothing on a problem, with one line that says why."""
    about = {"function": problem.function, "d": problem.d, "column": problem.column, "method": method}
    return about | {"status": "failed", "reason": reason}


def _numbers(runs: Runs, objective: Any) -> Row:
    best, last = objective.losses(runs.best_x), objective.losses(runs.last_x)
    by_iteration, by_evaluation = runs.best_by_iteration(), runs.best_by_evaluation(MOST_EVALUATIONS)
    # a method that evaluates several times an iteration has its best within one of them
    by_iteration[:, -1] = np.minimum(by_iteration[:, -1], best)
    return {
        "starts": len(best),
        "value": _plain(np.mean(best)),
        "median": _plain(np.median(best)),
        "best": _list(best),
        "last": _list(last),
        "evaluations": float(np.mean(runs.evaluations[:, -1])),
        "evaluations_by_iteration": _list(runs.evaluations.mean(axis=0)),
        "curves": {"iteration": _curves(by_iteration), "evaluation": _curves(by_evaluation)},
    }


def _curves(losses: np.ndarray) -> dict[str, list[float | None]]:
    return {"mean": _list(losses.mean(axis=0)), "median": _list(np.median(losses, axis=0))}


def _list(values: Iterable[float]) -> list[float | None]:
    return [_plain(value) for value in values]


def _plain(value: float) -> float | None:
    """Return a number as JSON holds it: six digits, None where it is not finite."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
