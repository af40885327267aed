"""The public API on a user's own function: runs, batches, optax, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from motionrecon.errors import ConfigError, InputError
from motionrecon.models.learned import catalog
from motionrecon.models.learned.api import BUDGET, NOT_FINITE, STOPPED, LearnedOptimizer, minimize
from motionrecon.models.learned.optimus_qn import OptimusQN
from motionrecon.models.learned.stopping import StoppingCriterion


def learned(rule=None):
    rule = rule or OptimusQN(memory=10)
    return LearnedOptimizer(rule, rule.init_weights(jax.random.PRNGKey(0)))


def bowl(x):
    return jnp.sum((x - 3.0) ** 2)


def test_minimises_a_pytree():
    start = {"a": jnp.zeros(3), "b": jnp.zeros((2, 2))}
    result = minimize(lambda p: bowl(p["a"]) + bowl(p["b"]), start, optimizer=learned(), steps=20)
    np.testing.assert_allclose(result.x["b"], 3.0, rtol=1e-6)
    assert int(result.status) == BUDGET
    assert result.losses.shape == (21,)


def test_arguments_and_batches():
    starts, centers = jnp.zeros((4, 3)), jnp.arange(4.0)

    def fun(x, c):
        return jnp.sum((x - c) ** 2)

    results = jax.jit(jax.vmap(lambda x, c: minimize(fun, x, (c,), optimizer=learned(), steps=15)))(starts, centers)
    np.testing.assert_allclose(results.x, np.repeat(np.arange(4.0)[:, None], 3, 1), atol=1e-6)


def test_never_worse_than_the_start():
    rule = catalog.make_rule("optimus-small")  # untrained: walks anywhere
    result = minimize(bowl, jnp.full(4, 2.9), optimizer=learned(rule), steps=10)
    assert float(result.loss) <= float(result.losses[0])


def test_stopping_criterion_of_the_paper():
    rule = catalog.make_rule("optimus-small")
    result = minimize(bowl, jnp.full(4, 2.99), optimizer=learned(rule), steps=50, stop=StoppingCriterion())
    assert int(result.status) == STOPPED
    steps, losses = int(result.steps), np.asarray(result.losses)
    assert 5 < steps < 50
    assert losses[steps] > losses[steps - 5 : steps].mean()
    assert np.all(np.isnan(losses[steps + 1 :]))


def test_as_an_optax_transformation_it_makes_the_same_steps():
    x, optimizer = jnp.array([1.0, -2.0, 0.5]), learned()
    transformation = optimizer.transformation()
    state, losses = transformation.init(x), []
    for _ in range(8):
        loss, gradient = jax.value_and_grad(bowl)(x)
        losses.append(float(loss))
        updates, state = transformation.update(gradient, state, x, value=loss)
        x = optax.apply_updates(x, updates)
    expected = minimize(bowl, jnp.array([1.0, -2.0, 0.5]), optimizer=optimizer, steps=7).losses
    np.testing.assert_allclose(losses, expected, rtol=1e-6, atol=1e-12)


def test_function_that_is_nowhere_finite_ends_at_once_with_a_status():
    result = minimize(lambda x: jnp.sum(x) * jnp.nan, jnp.ones(2), optimizer=learned(), steps=5)
    assert int(result.status) == NOT_FINITE
    assert int(result.steps) == 0
    np.testing.assert_array_equal(result.x, np.ones(2))


@pytest.mark.parametrize(
    ("fun", "x0", "message"),
    [
        (lambda x: x, jnp.ones(3), "must return one floating-point number"),
        (lambda x: jnp.sum(x > 0), jnp.ones(3), "type int"),
        (bowl, jnp.arange(3), "give floating-point numbers"),
        (bowl, jnp.zeros(0), "no parameters"),
    ],
)
def test_bad_functions_and_starts_are_refused(fun, x0, message):
    with pytest.raises(InputError, match=message):
        minimize(fun, x0, optimizer=learned())


def test_too_many_parameters_for_a_dense_matrix():
    with pytest.raises(ConfigError, match="100000 parameters are too many"):
        minimize(bowl, jnp.zeros(100_000), optimizer=learned(catalog.make_rule("optimus-small")))


def test_criterion_refuses_an_empty_window():
    with pytest.raises(ConfigError, match="give 1 or more"):
        StoppingCriterion(window=0)
