"""A learned optimizer behind the protocol: the loop of `minimize` with its budget and statuses."""

import jax
import numpy as np
import pytest

from motionrecon.errors import CheckpointError
from motionrecon.models.learned import weights_file
from motionrecon.models.learned.catalog import make_rule
from motionrecon.models.optimizers.base import minimize
from motionrecon.models.optimizers.registry import make_optimizer
from motionrecon.types import FitStatus
from tests.models.optimizers.problems import NumpyProblem, quadratic


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path, rule = tmp_path_factory.mktemp("weights") / "untrained.npz", make_rule("optimus-qn-descent")
    weights_file.save(path, rule, rule.init_weights(jax.random.PRNGKey(0)))
    return str(path)


def test_minimises_within_the_budget(weights):
    optimizer = make_optimizer("learned", rule="optimus-qn-descent", weights=weights)
    solution = minimize(NumpyProblem(quadratic(100.0, 8)), np.zeros(8), optimizer, max_evaluations=60)
    assert solution.evaluations <= 60
    assert solution.loss < 1e-9
    assert solution.status in (FitStatus.OK, FitStatus.MAX_STEPS)


def test_weights_of_another_rule_are_refused_at_once(weights):
    with pytest.raises(CheckpointError, match="another architecture"):
        make_optimizer("learned", rule="optimus-qn", weights=weights)
