"""Adam against its formula, its schedule, and what it does with rejected points."""

import numpy as np
import pytest

from motionrecon.errors import ConfigError
from motionrecon.models.optimizers.base import minimize
from motionrecon.models.optimizers.registry import make_optimizer
from motionrecon.types import FitStatus
from tests.models.optimizers.problems import NumpyProblem, quadratic


def adam_by_hand(function, x, rate, steps, b1=0.9, b2=0.999):
    m, v = np.zeros_like(x), np.zeros_like(x)
    for t in range(1, steps + 1):
        grad = function(x)[1]
        m, v = b1 * m + (1 - b1) * grad, b2 * v + (1 - b2) * grad**2
        x = x - rate(t - 1) * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-8)
    return x


@pytest.mark.parametrize("decay_steps", [None, 20])
def test_equals_the_formula(decay_steps):
    function = quadratic(30.0, 5)

    def rate(t):
        return 0.01 if decay_steps is None else 0.005 * (1 + np.cos(np.pi * min(t, decay_steps) / decay_steps))

    problem = NumpyProblem(function)
    minimize(problem, np.zeros(5), make_optimizer("adam", decay_steps=decay_steps), max_evaluations=16)
    np.testing.assert_allclose(problem.asked[-1], adam_by_hand(function, np.zeros(5), rate, 15), rtol=1e-10)


def test_one_evaluation_a_step():
    solution = minimize(NumpyProblem(quadratic(30.0, 5)), np.zeros(5), make_optimizer("adam"), max_evaluations=30)
    assert len(solution.history.steps) == 30 and all(step.evaluations == 1 for step in solution.history.steps)
    assert all(np.isfinite(step.loss) for step in solution.history.steps)


def test_a_rejected_step_is_taken_back_and_halved():
    def function(x):
        return (np.nan, np.full_like(x, np.nan)) if x[0] < 0.5 else (float(x @ x), 2 * x)

    problem = NumpyProblem(function)
    solution = minimize(problem, np.array([1.0]), make_optimizer("adam", learning_rate=0.8), max_evaluations=200)
    first, second, third = (x[0] for x in problem.asked[:3])
    assert second == pytest.approx(0.2) and third == pytest.approx(first - 0.4)
    assert solution.x[0] == pytest.approx(0.5, abs=1e-3)
    assert np.isinf(solution.history.losses).any() and all(np.isfinite(s.loss) for s in solution.history.steps)


def test_cosine_decay_ends_in_rest():
    problem = NumpyProblem(quadratic(5.0, 3))
    solution = minimize(problem, np.zeros(3), make_optimizer("adam", decay_steps=50), max_evaluations=60)
    assert solution.history.steps[-1].step_norm == 0.0 and solution.status is FitStatus.MAX_STEPS


@pytest.mark.parametrize("options", [{"learning_rate": 0.0}, {"decay_steps": 0}, {"beta2": 1.0}])
def test_options_are_checked(options):
    with pytest.raises(ConfigError, match="adam"):
        make_optimizer("adam", **options)
