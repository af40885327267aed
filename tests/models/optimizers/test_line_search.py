"""The strong Wolfe search on one-dimensional functions, each checked against the definition of its conditions."""

import math

import numpy as np
import pytest

from motionrecon.models.optimizers.line_search import LineSearchOptions, Trial, strong_wolfe

# Functions of More & Thuente (1994), eq. 5.1-5.2, and others: value and derivative, all with a negative first slope.
FUNCTIONS = {
    "more-thuente-1": (lambda a: -a / (a * a + 2), lambda a: (a * a - 2) / (a * a + 2) ** 2),
    "more-thuente-2": (
        lambda a: (a + 0.04) ** 5 - 2 * (a + 0.04) ** 4,
        lambda a: 5 * (a + 0.04) ** 4 - 8 * (a + 0.04) ** 3,
    ),
    "quartic": (lambda a: (a - 3.0) ** 4, lambda a: 4 * (a - 3.0) ** 3),
    "wiggly": (
        lambda a: 0.2 * (a - 4) ** 2 - 0.3 * math.sin(3 * a),
        lambda a: 0.4 * (a - 4) - 0.9 * math.cos(3 * a),
    ),
    "exponential": (lambda a: math.exp(min(a, 300.0)) - 5 * a, lambda a: math.exp(min(a, 300.0)) - 5),
}


def search(value, slope, first, options):
    trials = []

    def evaluate(step):
        trials.append(step)
        return Trial(step, value(step), slope(step))

    result = strong_wolfe(evaluate, Trial(0.0, value(0.0), slope(0.0)), first, options)
    assert result.trials == len(trials) == len(set(trials))
    return result


@pytest.mark.parametrize("curvature", [0.9, 0.1])
@pytest.mark.parametrize("first", [1e-3, 1e-1, 1.0, 1e1, 1e3])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_result_satisfies_the_strong_wolfe_conditions(name, first, curvature):
    value, slope = FUNCTIONS[name]
    result = search(value, slope, first, LineSearchOptions(curvature=curvature, max_trials=40))
    trial = result.trial
    assert result.wolfe and trial.step > 0
    assert trial.loss <= value(0.0) + 1e-4 * trial.step * slope(0.0)
    assert abs(trial.slope) <= curvature * abs(slope(0.0))
    assert result.trials <= 15


def test_infinite_losses_shorten_the_step():
    def value(a):
        return (a - 0.02) ** 2 if a < 0.05 else math.inf

    result = search(value, lambda a: 2 * (a - 0.02) if a < 0.05 else 0.0, 1.0, LineSearchOptions())
    assert result.wolfe and 0 < result.trial.step < 0.05 and result.trials <= 6


def test_no_creeping_to_the_edge_of_an_undefined_region():
    result = search(lambda a: -a if a < 0.3 else math.inf, lambda a: -1.0, 1.0, LineSearchOptions())
    assert not result.wolfe and result.trial.step == 0.25 and result.trials == 2


def test_unbounded_descent_gives_the_lowest_trial():
    result = search(lambda a: -a, lambda a: -1.0, 1.0, LineSearchOptions(max_trials=8))
    assert not result.wolfe and result.trials == 8 and result.trial.loss == -result.trial.step < -1e6


def test_nothing_lower_gives_nothing():
    result = search(lambda a: a, lambda a: -1.0 if a == 0 else 1.0, 1.0, LineSearchOptions())
    assert result.trial is None and not result.wolfe and result.trials <= 20


def test_uphill_direction_is_refused():
    with pytest.raises(ValueError, match="descent"):
        strong_wolfe(lambda a: Trial(a, a, 1.0), Trial(0.0, 0.0, 1.0), 1.0, LineSearchOptions())
    with pytest.raises(ValueError, match="descent"):
        strong_wolfe(lambda a: Trial(a, a, 1.0), Trial(0.0, 0.0, np.nan), 1.0, LineSearchOptions())
