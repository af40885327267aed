"""The features of our own, against NumPy, and what scaling and moving a problem does to them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.models.learned import run_features
from motionrecon.models.learned.network import NetworkSize
from motionrecon.models.learned.optimus import Optimus

TINY = NetworkSize(layers=2, width=8, heads=2, key_size=3, hidden=12)
X0, X1 = np.array([1.0, -2.0, 0.5]), np.array([0.8, -1.5, 0.6])
G0, G1 = np.array([4.0, -4.0, 2.0]), np.array([3.0, -2.0, 2.5])
B = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.1], [0.0, 0.1, 3.0]])


def second(loss=2.0, first_loss=20.0):
    start = run_features.init(jnp.asarray(X0), jnp.asarray(first_loss), jnp.asarray(G0))
    _, state = run_features.update(start, jnp.asarray(X0), jnp.asarray(first_loss), jnp.asarray(G0), 0.1, lambda v: v)
    return run_features.update(
        state, jnp.asarray(X1), jnp.asarray(loss), jnp.asarray(G1), jnp.asarray(0.1), lambda v: jnp.asarray(B) @ v
    )


def test_against_numpy():
    found = np.asarray(second()[0])
    s, y = X1 - X0, G1 - G0
    by, bg = B @ y, B @ G1
    residual = s - by * (by @ s) / (by @ by)
    for channel, vector in enumerate((s, y, by, bg, residual)):
        np.testing.assert_allclose(found[:, channel], vector / np.sqrt(np.mean(vector**2)), rtol=1e-4)
    norm, step = np.linalg.norm(G1), np.linalg.norm(s)
    whole = [
        np.log10(norm / np.linalg.norm(G0)) / 3,
        np.log10(step / (0.1 * 3**0.5)) / 3,
        np.log10(2.0 / 20.0) / 3,
        np.log10(s @ s / abs(s @ y) * norm / 3**0.5 / 0.1) / 3,
        G1 @ G0 / norm / np.linalg.norm(G0),
        G1 @ s / norm / step,
        1.0,
    ]
    np.testing.assert_allclose(found[:, 5:], np.tile(whole, (3, 1)), rtol=1e-5)


def test_a_point_that_cannot_be_evaluated_is_not_remembered():
    start = run_features.init(jnp.asarray(X0), jnp.asarray(20.0), jnp.asarray(G0))
    found, state = run_features.update(start, jnp.asarray(X1), jnp.asarray(jnp.inf), jnp.zeros(3), 0.1, lambda v: v)
    assert np.all(np.isfinite(found))
    np.testing.assert_array_equal(state.gradient, G0)
    assert state.loss == 20.0 and found[0, -1] == -1.0


@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_scaling_the_loss_changes_nothing(scale):
    def features(factor):
        start = run_features.init(jnp.asarray(X0), jnp.asarray(20.0 * factor), jnp.asarray(G0 * factor))
        return run_features.update(
            start, jnp.asarray(X1), jnp.asarray(2.0 * factor), jnp.asarray(G1 * factor), 0.1, lambda v: v
        )[0]

    np.testing.assert_allclose(features(scale), features(1.0), rtol=1e-4, atol=1e-5)


def test_step_state_multiplies_the_step_and_lasts():
    rule = Optimus(size=TINY, structure="none", step_state=True)
    weights = rule.init_weights(jax.random.PRNGKey(0))
    x, g = jnp.asarray(X0), jnp.asarray(G0)
    state = rule.init(weights, x, jnp.asarray(1.0), g, jax.random.PRNGKey(0))
    moved, after = rule.step(weights, state, x, jnp.asarray(1.0), g)
    doubled, _ = rule.step(weights, state._replace(log_step=state.log_step + jnp.log(2.0)), x, jnp.asarray(1.0), g)
    np.testing.assert_allclose(doubled - x, 2.0 * (moved - x), rtol=1e-6)
    assert 0 < abs(float(after.log_step)) < 0.5
