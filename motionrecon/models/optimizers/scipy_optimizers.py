"""SciPy's BFGS and L-BFGS-B behind the protocol: decides how a library that owns its loop meets our rules.

One `step` runs the library to its end; after each of its iterations it reports a step, and the rules of `minimize`
end the run by an exception through it. Its own tolerances are off, so that all optimizers stop by the same rules.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import scipy.optimize

from motionrecon.errors import ConfigError
from motionrecon.models.optimizers.counted import CountedProblem
from motionrecon.types import FitStatus, StepInfo

_NO_LIMIT = 2**31 - 1


class _Bridge:
    """Hands evaluations to SciPy and its iterations to the rules."""

    def __init__(self, problem: CountedProblem, x: np.ndarray):
        self.problem = problem
        self.x, self.loss = x.copy(), problem.value_and_grad(x)[0]
        self.reported = problem.evaluations
        self.grad_norm = np.inf

    def value_and_grad(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Evaluate; a rejected point becomes a finite uphill one, since SciPy's line searches fail on infinity.

        It mirrors the slope at the best point, which makes their interpolation shorten the step 4 to 7 times, and
        lies above the current iterate, so that it is never accepted.
        """
        loss, grad = self.problem.value_and_grad(x)
        if np.isfinite(loss):
            return loss, grad.copy()
        best_x, best_grad = self.problem.best_x, self.problem.best_grad
        assert best_x is not None and best_grad is not None
        if not np.isfinite(x).all():
            return self.loss + abs(self.loss) + 1.0, -best_grad
        return self.loss + abs(float(best_grad @ (x - best_x))), -best_grad

    def after_iteration(self, intermediate_result: Any) -> None:
        """Report the iteration that SciPy finished."""
        x = np.array(intermediate_result.x)
        length, self.x, self.loss = float(np.linalg.norm(x - self.x)), x, float(intermediate_result.fun)
        self.problem.report_step(self._step(length, FitStatus.MAX_STEPS))

    def last_step(self) -> StepInfo:
        """Return what is left to report when SciPy ends by itself: its line search found nothing lower."""
        return self._step(0.0, FitStatus.STALLED)

    def _step(self, length: float, status: FitStatus) -> StepInfo:
        evaluations = self.problem.evaluations - self.reported
        self.reported = self.problem.evaluations
        best_x, best_grad = self.problem.best_x, self.problem.best_grad
        if best_x is not None and best_grad is not None and np.array_equal(self.x, best_x):
            self.grad_norm = float(np.max(np.abs(best_grad), initial=0.0))
        return StepInfo(self.loss, self.grad_norm, length, evaluations, status)


def _run(problem: CountedProblem, x: np.ndarray, method: str, options: dict[str, Any]):
    bridge = _Bridge(problem, x)
    scipy.optimize.minimize(
        bridge.value_and_grad, x, method=method, jac=True, callback=bridge.after_iteration, options=options
    )
    return bridge.x, None, bridge.last_step()


@dataclasses.dataclass(frozen=True)
class LBFGS:
    """SciPy's L-BFGS-B without bounds.

    Attributes:
      memory: pairs of steps and gradient changes kept (50 beats 10 on window fits of 1,000 parameters).
      max_line_search: trials in one line search.
      name: name in reports.
    """

    memory: int = 50
    max_line_search: int = 20
    name: str = "lbfgs"

    def __post_init__(self):
        if self.memory < 1 or self.max_line_search < 1:
            raise ConfigError("lbfgs: memory and max_line_search must be at least 1")

    def init(self, problem: CountedProblem, x: np.ndarray) -> None:
        """SciPy keeps the state."""

    def step(self, problem: CountedProblem, x: np.ndarray, state: None) -> tuple[np.ndarray, None, StepInfo]:
        """Run L-BFGS-B from ``x`` (P,) until a rule of `minimize` ends it or it stalls."""
        options = {"maxcor": self.memory, "maxls": self.max_line_search, "ftol": 0.0, "gtol": 0.0}
        return _run(problem, x, "L-BFGS-B", options | {"maxfun": _NO_LIMIT, "maxiter": _NO_LIMIT})


@dataclasses.dataclass(frozen=True)
class ScipyBFGS:
    """SciPy's BFGS, O(P^3) a step: the reference for our own.

    Attributes:
      name: name in reports.
    """

    name: str = "scipy-bfgs"

    def init(self, problem: CountedProblem, x: np.ndarray) -> None:
        """SciPy keeps the state."""

    def step(self, problem: CountedProblem, x: np.ndarray, state: None) -> tuple[np.ndarray, None, StepInfo]:
        """Run BFGS from ``x`` (P,) until a rule of `minimize` ends it or it stalls."""
        return _run(problem, x, "BFGS", {"gtol": 0.0, "maxiter": _NO_LIMIT})
