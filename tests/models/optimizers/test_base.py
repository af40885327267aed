"""The loop, its budget and its bookkeeping, for every optimizer in the registry."""

import numpy as np
import pytest

from motionrecon.models.optimizers.base import minimize
from motionrecon.models.optimizers.counted import BudgetExhaustedError, CountedProblem
from motionrecon.models.optimizers.registry import make_optimizer, optimizer_names
from motionrecon.types import FitStatus
from tests.models.optimizers.problems import NumpyProblem, cliff, quadratic, rosenbrock, rosenbrock_start, walled

CASES = {
    "quadratic": (quadratic(30.0, 12), np.zeros(12), 0.0, 1e-3),
    "rosenbrock": (rosenbrock, rosenbrock_start(2), 0.0, 0.2),
    "walled": (walled, np.full(6, 3.0), 6.0, 1e-3),
    "cliff": (cliff, np.full(4, 0.5), 0.0, 0.2),
}
FAST = {"adam": {"learning_rate": 0.05}}


def build(name):
    return make_optimizer(name, **FAST.get(name, {}))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", optimizer_names())
class TestEveryOptimizerOnEveryProblem:
    def test_reaches_the_minimum(self, name, case):
        function, start, minimum, slack = CASES[case]
        solution = minimize(NumpyProblem(function), start, build(name), max_evaluations=600)
        assert solution.loss <= minimum + slack
        assert solution.status in (FitStatus.OK, FitStatus.MAX_STEPS, FitStatus.STALLED)
        assert function(solution.x)[0] == solution.loss
        if name != "adam":
            assert solution.loss <= minimum + 1e-9 and solution.evaluations < 200

    def test_budget_is_exact_and_best_point_returned(self, name, case):
        function, start, _, _ = CASES[case]
        for budget in (1, 2, 7, 13):
            problem = NumpyProblem(function)
            solution = minimize(problem, start, build(name), max_evaluations=budget, gradient_tolerance=0.0)
            assert len(problem.asked) == solution.evaluations == len(solution.history.losses)
            assert solution.evaluations == budget or solution.status is not FitStatus.MAX_STEPS
            values = [function(x)[0] for x in problem.asked]
            assert solution.loss == np.nanmin(values) <= values[0]
            assert np.array_equal(solution.x, problem.asked[int(np.nanargmin(values))])

    def test_is_deterministic(self, name, case):
        function, start, _, _ = CASES[case]
        runs = [minimize(NumpyProblem(function), start, build(name), max_evaluations=40) for _ in range(2)]
        assert np.array_equal(runs[0].history.losses, runs[1].history.losses)
        assert np.array_equal(runs[0].x, runs[1].x) and runs[0].history.steps == runs[1].history.steps

    def test_history_is_consistent(self, name, case):
        function, start, _, _ = CASES[case]
        solution = minimize(NumpyProblem(function), start, build(name), max_evaluations=40)
        history = solution.history
        assert np.all(np.diff(history.seconds) >= 0) and history.seconds[-1] <= solution.seconds
        assert np.all(history.durations >= 0) and history.durations.sum() <= solution.seconds
        assert np.all(np.diff(history.best_losses) <= 0) and history.best_losses[-1] == solution.loss
        assert 1 <= len(history.steps) <= solution.evaluations
        assert history.evaluations_to(solution.loss) <= solution.evaluations
        assert history.evaluations_to(-1.0) is None


@pytest.mark.parametrize("name", optimizer_names())
class TestEveryOptimizer:
    def test_vanishing_gradient_at_the_start(self, name):
        problem = NumpyProblem(lambda x: (3.0, np.zeros_like(x)))
        solution = minimize(problem, np.ones(3), build(name), gradient_tolerance=0.0)
        assert (solution.status, solution.evaluations, solution.loss) == (FitStatus.OK, 1, 3.0)
        assert np.array_equal(solution.x, np.ones(3))

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_non_finite_start(self, name, bad):
        solution = minimize(NumpyProblem(lambda x: (bad, np.zeros_like(x))), np.ones(3), build(name))
        assert solution.status is FitStatus.NON_FINITE and solution.loss == np.inf
        assert np.array_equal(solution.x, np.ones(3)) and solution.evaluations == 1

    def test_nothing_finite_but_the_start(self, name):
        def function(x):
            return (1.0, np.ones_like(x)) if np.all(x == 1.0) else (np.nan, np.full_like(x, np.nan))

        solution = minimize(NumpyProblem(function), np.ones(3), build(name), max_evaluations=300)
        assert solution.status is FitStatus.STALLED
        assert solution.loss == 1.0 and np.array_equal(solution.x, np.ones(3))

    def test_finite_loss_with_nan_gradient_is_rejected(self, name):
        def function(x):
            grad = 2.0 * x
            return float(x @ x), np.where(np.abs(x) < 0.5, np.nan, grad)

        solution = minimize(NumpyProblem(function), np.full(3, 2.0), build(name), max_evaluations=300)
        assert 0.75 <= solution.loss < 12.0 and np.all(np.abs(solution.x) >= 0.5)

    def test_step_limit_and_callback(self, name):
        seen = []
        solution = minimize(
            NumpyProblem(rosenbrock),
            rosenbrock_start(6),
            build(name),
            max_steps=3,
            callback=lambda step, problem: seen.append((step, problem.evaluations, problem.best_loss)),
        )
        assert solution.status is FitStatus.MAX_STEPS and [s for s, _, _ in seen] == list(solution.history.steps)
        assert len(seen) == 3 and seen[-1][2] == solution.loss
        assert all(step.evaluations >= (name != "adam") and step.step_norm > 0 for step, _, _ in seen)

    def test_loss_tolerance_ends_the_run(self, name):
        options = {"max_evaluations": 3000, "gradient_tolerance": 0.0, "loss_tolerance": 1e-3, "patience": 3}
        solution = minimize(NumpyProblem(walled), np.full(6, 3.0), build(name), **options)
        assert solution.status is FitStatus.OK and solution.loss < 6.1 and solution.evaluations < 400

    def test_errors_of_the_problem_get_out(self, name):
        def function(x):
            if not np.array_equal(x, np.ones(3)):
                raise RuntimeError("simulator gone")
            return 1.0, np.ones_like(x)

        with pytest.raises(RuntimeError, match="simulator gone"):
            minimize(NumpyProblem(function), np.ones(3), build(name))


def test_counted_problem_counts_times_and_judges():
    ticks = iter(np.arange(0.0, 100.0))
    problem = CountedProblem(NumpyProblem(walled), 3, clock=lambda: float(next(ticks)))
    first = problem.value_and_grad(np.full(2, 2.0))
    assert problem.value_and_grad(np.full(2, 2.0)) is not None and problem.evaluations == 1
    assert problem.value_and_grad(np.array([-1.0, 2.0]))[0] == np.inf
    assert np.array_equal(problem.value_and_grad(np.array([-1.0, 2.0]))[1], np.zeros(2))
    problem.value_and_grad(np.ones(2))
    assert problem.losses == [first[0], np.inf, 2.0] and problem.best_loss == 2.0
    assert problem.durations == [1.0, 1.0, 1.0] and problem.seconds == [3.0, 6.0, 9.0]
    with pytest.raises(BudgetExhaustedError):
        problem.value_and_grad(np.full(2, 5.0))
    assert problem.evaluations == 3 and problem.remaining == 0


def test_a_point_that_is_not_finite_is_rejected_without_asking():
    inner = NumpyProblem(lambda x: (0.0, np.zeros_like(x)))
    problem = CountedProblem(inner, 5)
    assert problem.value_and_grad(np.array([np.nan, 0.0]))[0] == np.inf
    assert not inner.asked and problem.evaluations == 1 and problem.best_x is None


def test_best_point_survives_buffers_the_problem_reuses():
    buffer = np.zeros(2)

    def function(x):
        buffer[:] = 2.0 * x
        return float(x @ x), buffer

    solution = minimize(NumpyProblem(function), np.full(2, 3.0), make_optimizer("bfgs"))
    assert solution.status is FitStatus.OK and solution.loss < 1e-12


def test_arguments_that_make_no_sense():
    problem, bfgs = NumpyProblem(rosenbrock), make_optimizer("bfgs")
    with pytest.raises(ValueError, match="vector"):
        minimize(problem, np.ones((2, 2)), bfgs)
    with pytest.raises(ValueError, match="max_evaluations"):
        minimize(problem, np.ones(2), bfgs, max_evaluations=0)
    with pytest.raises(ValueError, match="gradient has shape"):
        minimize(NumpyProblem(lambda x: (1.0, np.ones(3))), np.ones(2), bfgs)
