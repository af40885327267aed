"""BFGS with a strong Wolfe line search and an O(P^2) step: decides the search direction from the gradients seen.

The inverse Hessian H is one symmetric float64 matrix of which only the upper triangle is kept up to date. Each step
reads it once (a product) and updates it once in place (a symmetric rank-2 update), both straight in BLAS without
temporaries; scipy's BFGS multiplies P x P matrices instead, O(P^3), which dominates from about a thousand parameters.

Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 6.1; Li & Fukushima (2001) for leaving out updates of
too little curvature. Before the first update H becomes ``initial_scale * s.s / s.y`` times the identity. The usual
``s.y / y.y`` (N&W eq. 6.20) follows the largest curvature seen, and BFGS shrinks an H that is too large in a few
steps but needs many to enlarge one that is too small. The larger start saves a third to a half of the evaluations on
most curved or ill-conditioned problems and costs up to twice as many on well-conditioned quadratics; unlike a start
with the plain identity it does not depend on the unit of the loss (`benchmarks/optimizers.py`).
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.linalg import get_blas_funcs

from motionrecon.errors import ConfigError
from motionrecon.models.optimizers.counted import CountedProblem
from motionrecon.models.optimizers.line_search import LineSearchOptions, LineSearchResult, Trial, strong_wolfe
from motionrecon.types import FitStatus, StepInfo

_symv, _syr2 = get_blas_funcs(("symv", "syr2"), dtype=np.float64)


@dataclasses.dataclass
class BFGSState:
    """What BFGS carries from step to step; the matrix is updated in place.

    Attributes:
      loss: at the current point.
      grad: (P,) at the current point.
      direction: (P,) -H grad.
      inverse_hessian: (P, P) Fortran order, upper triangle valid; None as long as H is a multiple of the identity.
    """

    loss: float
    grad: np.ndarray
    direction: np.ndarray
    inverse_hessian: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class BFGS:
    """Our BFGS, the baseline of the comparison with learned optimizers.

    Attributes:
      first_length: longest very first trial step, Euclidean, in parameter units (the gradient's own length if less).
      initial_scale: factor on the first inverse Hessian; larger suits ill-conditioned problems, 1 well-conditioned.
      min_curvature: updates with s.y <= min_curvature |s| |y| are left out, so that H stays positive definite.
      line_search: options of the strong Wolfe search.
      name: name in reports.
    """

    first_length: float = 1.0
    initial_scale: float = 10.0
    min_curvature: float = 1e-10
    line_search: LineSearchOptions = LineSearchOptions()
    name: str = "bfgs"

    def __post_init__(self):
        if not (self.first_length > 0 and self.initial_scale > 0):
            raise ConfigError("bfgs: first_length and initial_scale must be positive")
        if not 0 < self.line_search.decrease < self.line_search.curvature < 1:
            raise ConfigError("bfgs: the line search needs 0 < decrease < curvature < 1")

    def init(self, problem: CountedProblem, x: np.ndarray) -> BFGSState:
        """Return the state at ``x`` (P,), with H a multiple of the identity."""
        loss, grad = problem.value_and_grad(x)
        return BFGSState(loss, grad, self._steepest(grad))

    def step(self, problem: CountedProblem, x: np.ndarray, state: BFGSState) -> tuple[np.ndarray, BFGSState, StepInfo]:
        """Search along -H g; if nothing lower is found there, forget H and search along -g before giving up."""
        found = self._search(problem, x, state)
        trials = found.trials
        if found.trial is None and state.inverse_hessian is not None:
            state = BFGSState(state.loss, state.grad, self._steepest(state.grad))
            found = self._search(problem, x, state)
            trials += found.trials
        if found.trial is None:
            return x, state, StepInfo(state.loss, _norm(state.grad), 0.0, trials, FitStatus.STALLED)
        new_x, new_grad = found.trial.payload
        moved = new_x - x
        direction, matrix = self._update(state, moved, new_grad)
        status = FitStatus.MAX_STEPS if direction.any() else FitStatus.OK  # a zero gradient: nowhere to go
        info = StepInfo(found.trial.loss, _norm(new_grad), float(np.linalg.norm(moved)), trials, status)
        return new_x, BFGSState(found.trial.loss, new_grad, direction, matrix), info

    def _steepest(self, grad: np.ndarray) -> np.ndarray:
        return grad * -min(1.0, self.first_length / max(float(np.linalg.norm(grad)), np.finfo(float).tiny))

    def _search(self, problem: CountedProblem, x: np.ndarray, state: BFGSState) -> LineSearchResult:
        def evaluate(step: float) -> Trial:
            point = x + step * state.direction
            loss, grad = problem.value_and_grad(point)
            return Trial(step, loss, float(grad @ state.direction), (point, grad))

        start = Trial(0.0, state.loss, float(state.grad @ state.direction))
        if not start.slope < 0:  # rounding has spoilt H, or the gradient is zero
            return LineSearchResult(None, 0, wolfe=False)
        return strong_wolfe(evaluate, start, 1.0, self.line_search)

    def _update(self, state: BFGSState, s: np.ndarray, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Update H in place for the step ``s`` and return the next direction (P,) and H.

        H+ = H + s v' + v s' with v = (s (1 + y'Hy / s'y) / 2 - H y) / s'y equals N&W eq. 6.17. Since H g is minus
        the old direction, H y needs no product of its own: one product H g+ gives both H y and the new direction.
        """
        y = grad - state.grad
        curvature = float(s @ y)
        enough = curvature > self.min_curvature * float(np.linalg.norm(s) * np.linalg.norm(y))
        matrix = state.inverse_hessian
        if matrix is None:
            if not enough:
                return self._steepest(grad), None
            scale = self.initial_scale * float(s @ s) / curvature
            matrix = np.zeros((s.size, s.size), order="F")
            np.fill_diagonal(matrix, scale)
            product, product_y = scale * grad, scale * y
        else:
            product = _symv(1.0, matrix, grad)
            product_y = product + state.direction
        if not enough:
            return -product, matrix
        v = (0.5 * (1.0 + float(y @ product_y) / curvature) * s - product_y) / curvature
        matrix = _syr2(1.0, s, v, a=matrix, overwrite_a=1)
        return -(product + s * float(v @ grad) + v * float(s @ grad)), matrix


def _norm(grad: np.ndarray) -> float:
    return float(np.max(np.abs(grad), initial=0.0))
