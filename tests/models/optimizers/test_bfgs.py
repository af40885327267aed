"""BFGS against scipy's on the same problems, and its matrix against the textbook formula."""

import numpy as np
import pytest

from motionrecon.errors import ConfigError
from motionrecon.models.optimizers.base import minimize
from motionrecon.models.optimizers.bfgs import BFGS
from motionrecon.models.optimizers.counted import CountedProblem
from motionrecon.models.optimizers.line_search import LineSearchOptions
from motionrecon.models.optimizers.registry import make_optimizer
from motionrecon.types import FitStatus
from tests.models.optimizers.problems import NumpyProblem, cliff, quadratic, rosenbrock, rosenbrock_start, walled

COMPARED = {
    "rosenbrock-2": (rosenbrock, rosenbrock_start(2)),
    "rosenbrock-10": (rosenbrock, rosenbrock_start(10)),
    "rosenbrock-50": (rosenbrock, rosenbrock_start(50)),
    "quadratic-well": (quadratic(10.0, 40), np.zeros(40)),
    "walled": (walled, np.full(20, 5.0)),
    "cliff": (cliff, np.full(6, 0.5)),
}


@pytest.mark.parametrize("case", COMPARED)
def test_evaluations_comparable_with_scipy(case):
    function, start = COMPARED[case]
    ours, scipys = (
        minimize(NumpyProblem(function), start, make_optimizer(name), max_evaluations=1000, gradient_tolerance=1e-5)
        for name in ("bfgs", "scipy-bfgs")
    )
    assert ours.status is FitStatus.OK
    assert np.abs(function(ours.x)[1]).max() <= 1e-4
    assert ours.evaluations <= 1.2 * scipys.evaluations + 5


def test_ill_conditioned_problem_whatever_the_unit_of_the_loss():
    """Scipy's start with the identity suits some units of the loss and not others; ours must not depend on them."""
    function = quadratic(1e6, 30)
    counts = []
    for unit in (1e-4, 1.0, 1e4):
        problem = NumpyProblem(lambda x, unit=unit: tuple(unit * part for part in function(x)))
        solution = minimize(problem, np.zeros(30), BFGS(), max_evaluations=400, gradient_tolerance=1e-4 * unit)
        assert solution.status is FitStatus.OK
        counts.append(solution.evaluations)
    lbfgs = minimize(NumpyProblem(function), np.zeros(30), make_optimizer("lbfgs"), gradient_tolerance=1e-4)
    assert max(counts) <= 1.1 * min(counts) + 5 and max(counts) <= lbfgs.evaluations


def full(matrix):
    return np.triu(matrix) + np.triu(matrix, 1).T


def test_update_equals_the_textbook_formula_and_is_in_place():
    n = 8
    problem = CountedProblem(NumpyProblem(quadratic(50.0, n)), 1000)
    x, optimizer = np.zeros(n), BFGS()
    state = optimizer.init(problem, x)
    expected = None
    for _ in range(6):
        old_x, old_grad, old_matrix = x, state.grad, state.inverse_hessian
        x, state, _ = optimizer.step(problem, x, state)
        s, y = x - old_x, state.grad - old_grad
        if expected is None:
            expected = np.eye(n) * 10.0 * (s @ s) / (s @ y)
        left = np.eye(n) - np.outer(s, y) / (s @ y)
        expected = left @ expected @ left.T + np.outer(s, s) / (s @ y)  # N&W eq. 6.17
        np.testing.assert_allclose(full(state.inverse_hessian), expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(state.direction, -expected @ state.grad, rtol=1e-7, atol=1e-12)
        assert old_matrix is None or np.shares_memory(old_matrix, state.inverse_hessian)


def test_inverse_hessian_is_found_on_a_quadratic():
    n, function = 6, quadratic(20.0, 6)
    problem = CountedProblem(NumpyProblem(function), 1000)
    x, optimizer = np.zeros(n), BFGS(line_search=LineSearchOptions(decrease=1e-9, curvature=1e-6))
    state = optimizer.init(problem, x)
    for _ in range(n):  # exact searches end in n steps with the exact inverse (N&W theorem 6.4)
        x, state, step = optimizer.step(problem, x, state)
    hessian = np.stack([function(row)[1] - function(np.zeros(n))[1] for row in np.eye(n)])
    assert step.grad_norm < 1e-5
    np.testing.assert_allclose(full(state.inverse_hessian) @ hessian, np.eye(n), atol=1e-4)


def test_negative_curvature_keeps_the_matrix_positive_definite():
    def function(x):  # concave far out
        return -float(np.sum(np.exp(-(x**2)))), 2 * x * np.exp(-(x**2))

    problem = CountedProblem(NumpyProblem(function), 1000)
    # One trial a search: Wolfe's curvature condition cannot be enforced.
    x, optimizer = np.array([1.9, -2.1, 0.4]), BFGS(first_length=0.05, line_search=LineSearchOptions(max_trials=1))
    state = optimizer.init(problem, x)
    curvatures = []
    for _ in range(40):
        old_x, old_grad = x, state.grad
        x, state, step = optimizer.step(problem, x, state)
        if step.status is not FitStatus.MAX_STEPS:
            break
        curvatures.append((x - old_x) @ (state.grad - old_grad))
        if state.inverse_hessian is not None:
            assert np.linalg.eigvalsh(full(state.inverse_hessian)).min() > 0
    assert min(curvatures) < 0 < max(curvatures)


def test_a_spoilt_matrix_is_forgotten():
    problem = CountedProblem(NumpyProblem(rosenbrock), 1000)
    optimizer, x = BFGS(), rosenbrock_start(4)
    state = optimizer.init(problem, x)
    for _ in range(3):
        x, state, _ = optimizer.step(problem, x, state)
    state.direction = state.grad.copy()  # uphill
    before = state.loss
    x, state, step = optimizer.step(problem, x, state)
    assert step.loss < before and step.status is FitStatus.MAX_STEPS


def test_options_are_checked():
    with pytest.raises(ConfigError, match="first_length"):
        make_optimizer("bfgs", first_length=0.0)
    with pytest.raises(ConfigError, match="line search"):
        BFGS(line_search=LineSearchOptions(curvature=1e-5))
