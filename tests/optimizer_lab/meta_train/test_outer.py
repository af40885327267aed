"""The meta-optimizer against optax by hand, and what it does with meta-gradients that are not finite."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from motionrecon.optimizer_lab.meta_train.outer import MetaOptimizer
from motionrecon.optimizer_lab.meta_train.recipe import Stage

THETA = {"a": jnp.ones(3, jnp.float32), "b": jnp.asarray(2.0, jnp.float32)}
GRADIENT = {"a": jnp.array([3.0, 0.0, -4.0], jnp.float32), "b": jnp.asarray(12.0, jnp.float32)}


def stage(**changes):
    return Stage("bptt", 10, 5, **{"learning_rate": 0.1, "clip": 1.0} | changes)


def test_first_step_is_adams_on_the_clipped_gradient():
    optimizer = MetaOptimizer(stage())
    theta, state, norm = optimizer.update(THETA, optimizer.begin(THETA), GRADIENT)
    assert float(norm) == pytest.approx(13.0)
    np.testing.assert_allclose(theta["a"], [0.9, 1.0, 1.1], atol=1e-5)  # Adam's first step has length lr
    clipped = {"a": GRADIENT["a"] / 13, "b": GRADIENT["b"] / 13}
    reference = optax.adam(0.1)
    updates, _ = reference.update(clipped, reference.init(THETA))
    np.testing.assert_allclose(theta["b"], THETA["b"] + updates["b"], rtol=1e-6)
    assert int(state.skipped) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_meta_gradients_that_are_not_finite_are_skipped_and_counted(bad):
    optimizer = MetaOptimizer(stage())
    start = optimizer.begin(THETA)
    theta, state, norm = optimizer.update(THETA, start, GRADIENT | {"b": jnp.asarray(bad, jnp.float32)})
    assert not np.isfinite(norm) and int(state.skipped) == 1
    np.testing.assert_array_equal(theta["a"], THETA["a"])
    once, _, _ = optimizer.update(theta, state, GRADIENT)
    untouched, _, _ = optimizer.update(THETA, start, GRADIENT)
    np.testing.assert_array_equal(once["a"], untouched["a"])


def test_schedules():
    constant, cosine = MetaOptimizer(stage()), MetaOptimizer(stage(schedule="cosine"))
    assert constant.learning_rate(9) == 0.1
    assert [float(cosine.learning_rate(k)) for k in (0, 5, 10)] == pytest.approx([0.1, 0.05, 0.0], abs=1e-6)
