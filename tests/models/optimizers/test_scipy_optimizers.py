"""SciPy behind the protocol gives what SciPy gives, and its iterations are seen."""

import numpy as np
import pytest
import scipy.optimize

from motionrecon.errors import ConfigError
from motionrecon.models.optimizers.base import minimize
from motionrecon.models.optimizers.registry import make_optimizer
from motionrecon.types import FitStatus
from tests.models.optimizers.problems import NumpyProblem, quadratic, rosenbrock, rosenbrock_start, walled


@pytest.mark.parametrize(
    ("name", "method", "options"),
    [("lbfgs", "L-BFGS-B", {"maxcor": 50, "ftol": 0.0, "gtol": 1e-5}), ("scipy-bfgs", "BFGS", {"gtol": 1e-5})],
)
def test_same_path_as_scipy_itself(name, method, options):
    asked = []

    def function(x):
        asked.append(x.copy())
        return rosenbrock(x)

    direct = scipy.optimize.minimize(function, rosenbrock_start(8), jac=True, method=method, options=options)
    problem = NumpyProblem(rosenbrock)
    ours = minimize(problem, rosenbrock_start(8), make_optimizer(name), gradient_tolerance=1e-5)
    assert ours.status is FitStatus.OK and ours.evaluations == len(asked)
    assert np.array_equal(np.stack(problem.asked), np.stack(asked))
    assert len(ours.history.steps) == direct.nit
    assert ours.loss == min(direct.fun, ours.loss)


@pytest.mark.parametrize("name", ["lbfgs", "scipy-bfgs"])
def test_stalls_at_rounding(name):
    function = quadratic(1e4, 10)

    def raised(x):  # the last digits of the loss vanish beside 1000 long before the gradient does
        loss, grad = function(x)
        return 1000.0 + loss, grad

    solution = minimize(NumpyProblem(raised), np.zeros(10), make_optimizer(name), gradient_tolerance=0.0)
    assert solution.status is FitStatus.STALLED and solution.loss < 1000.0 + 1e-9


@pytest.mark.parametrize("name", ["lbfgs", "scipy-bfgs"])
def test_a_wall_costs_few_evaluations(name):
    start = np.full(20, 5.0)
    solution = minimize(NumpyProblem(walled), start, make_optimizer(name), gradient_tolerance=1e-5)
    assert solution.status is FitStatus.OK and solution.evaluations < 40


def test_memory_matters():
    results = {}
    for memory in (3, 50):
        options = {"max_evaluations": 2000, "gradient_tolerance": 1e-4}
        problem = NumpyProblem(quadratic(1e4, 40))
        results[memory] = minimize(problem, np.zeros(40), make_optimizer("lbfgs", memory=memory), **options)
    assert results[50].evaluations < results[3].evaluations


def test_options_are_checked():
    with pytest.raises(ConfigError, match="memory"):
        make_optimizer("lbfgs", memory=0)
