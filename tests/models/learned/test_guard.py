"""Which points a guarded run goes on from."""

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.models.learned import guard
from motionrecon.models.learned.network import NetworkSize
from motionrecon.models.learned.optimus import Optimus
from motionrecon.models.learned.rollout import rollout

TINY = NetworkSize(layers=1, width=8, heads=2, key_size=3, hidden=12)


def point(number):
    return jnp.array([float(number)]), jnp.array([-float(number)])


def test_points_above_the_last_accepted_losses_are_taken_back():
    x, gradient = point(0)
    state = guard.init(x, jnp.asarray(5.0), gradient)
    told = []
    for number, loss in enumerate([3.0, 4.9, 5.0, 5.1, jnp.inf, jnp.nan, 2.0], 1):
        back, state = guard.judge(state, point(number)[0], jnp.asarray(loss), point(number)[1])
        told.append(bool(back))
        assert float(state.x[0]) == -float(state.gradient[0])
    assert told == [False, False, False, True, True, True, False]
    assert float(state.x[0]) == 7 and float(state.loss) == 2.0


def test_the_start_is_forgotten_after_as_many_accepted_losses_as_are_remembered():
    x, gradient = point(0)
    state = guard.init(x, jnp.asarray(5.0), gradient)
    for _ in range(guard.MEMORY - 1):
        _, state = guard.judge(state, x, jnp.asarray(1.0), gradient)
    assert not guard.judge(state, x, jnp.asarray(4.0), gradient)[0]
    _, state = guard.judge(state, x, jnp.asarray(1.0), gradient)
    assert guard.judge(state, x, jnp.asarray(4.0), gradient)[0]
    back, state = guard.judge(state, x + 9, jnp.asarray(4.0), gradient)
    assert bool(back) and float(state.x[0]) == 0.0


def test_a_rule_that_oversteps_gets_back_under_the_start():
    def steep(x):
        return jnp.sum(jnp.abs(x) ** 40)

    above = []
    for guarded in (False, True):
        rule = Optimus(size=TINY, adam_residual=True, structure="none", step_scale=30.0, guard=guarded)
        weights = rule.init_weights(jax.random.PRNGKey(0))
        x0 = jnp.array([0.9, -0.8, 0.7, 0.95])
        _, losses = rollout(rule, weights, jax.value_and_grad(steep), x0, 30, jax.random.PRNGKey(0))
        above.append(int(jnp.sum(losses[1:] > losses[0])))
    assert above[0] > 20, "without the guard it stays outside"
    assert 0 < above[1] <= 10


def test_what_was_taken_back_costs_a_quarter_of_the_step_and_the_point_is_the_accepted_one():
    rule = Optimus(size=TINY, guard=True)
    weights = rule.init_weights(jax.random.PRNGKey(1))
    x, gradient, loss = jnp.array([1.0, -2.0]), jnp.array([0.5, 3.0]), jnp.asarray(4.0)
    state = rule.init(weights, x, loss, gradient, jax.random.PRNGKey(0))
    onward, _ = rule.step(weights, state, x, loss, gradient)
    again, after = rule.step(weights, state, x + 100.0, loss + 1.0, -gradient)
    np.testing.assert_allclose(again - x, 0.25 * (onward - x), rtol=1e-6)
    np.testing.assert_array_equal(after.guard.x, x)
