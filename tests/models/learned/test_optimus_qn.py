"""Optimus-QN: its parts against exact answers, what it promises, and what it is for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.models.learned import secant_diagonal, secant_pairs, survey
from motionrecon.models.learned.optimus_qn import OptimusQN
from motionrecon.models.learned.rollout import rollout

SHORT = OptimusQN(memory=30)


def run(fun, x0, steps, rule=SHORT, seed=0):
    weights = rule.init_weights(jax.random.PRNGKey(0))
    call = jax.jit(lambda x: rollout(rule, weights, jax.value_and_grad(fun), x, steps, jax.random.PRNGKey(seed)))
    return call(jnp.asarray(x0))


def test_two_loop_is_the_bfgs_matrix():
    rng, d = np.random.default_rng(0), 6
    matrix = np.diag(np.arange(1.0, d + 1))
    pairs = secant_pairs.empty(4, jnp.zeros(d))
    diagonal, s_and_y = rng.uniform(1, 2, d), []
    for _ in range(4):
        s = rng.normal(size=d)
        y = matrix @ s
        s_and_y.append((s, y))
        pairs = secant_pairs.add(pairs, jnp.asarray(s), jnp.asarray(y))
    inverse = np.diag(1 / diagonal) * max((s @ y) / (y @ (y / diagonal)) for s, y in s_and_y)
    for s, y in s_and_y:
        left = np.eye(d) - np.outer(s, y) / (s @ y)
        inverse = left @ inverse @ left.T + np.outer(s, s) / (s @ y)
    g = rng.normal(size=d)
    np.testing.assert_allclose(
        secant_pairs.inverse_times(pairs, jnp.asarray(diagonal), jnp.asarray(g)), inverse @ g, rtol=1e-10
    )


def test_pairs_of_negative_curvature_are_left_out():
    pairs = secant_pairs.add(secant_pairs.empty(3, jnp.zeros(2)), jnp.array([1.0, 0.0]), jnp.array([-1.0, 0.0]))
    assert float(jnp.max(pairs.rho)) == 0.0


def test_secant_diagonal_is_exact_where_parameters_do_not_interact():
    h = jnp.array([1.0, 10.0, 1e3])
    estimate = secant_diagonal.start(h, jnp.asarray(1.0))
    for s in (jnp.array([0.3, 0.2, -0.1]), jnp.array([0.1, -0.5, 0.2])):
        estimate = secant_diagonal.update(estimate, s, h * s)
    np.testing.assert_allclose(estimate.diagonal, h, rtol=1e-5)
    np.testing.assert_allclose(estimate.trust, 1.0, rtol=1e-6)


def test_survey_sees_through_ripples():
    center = jnp.array([4.0, -6.0, 0.5, 2.0])
    bottom = jnp.array([1.0, 2.0, -3.0, 2.0])
    block = survey.begin(center, jnp.asarray(7.0), survey.draw_grid(center, jax.random.PRNGKey(0)))
    for _ in range(survey.POINTS):
        z = survey.proposal(block) - bottom
        block = survey.add(block, jnp.asarray(0.0), 2.0 * z + 20.0 * jnp.pi * jnp.sin(2.0 * jnp.pi * z))
    found = center + block.span * survey.newton_step(survey.smoothed(block))
    assert float(jnp.max(jnp.abs(found - bottom))) < 0.5  # the ripples' basins are that wide


def test_survey_points_fill_every_parameters_span_once():
    grid = survey.next_grid(survey.draw_grid(jnp.zeros(5), jax.random.PRNGKey(1)))
    block, points = survey.begin(jnp.zeros(5), jnp.asarray(1.0), grid), []
    for _ in range(survey.POINTS):
        points.append(np.asarray(survey.proposal(block)))
        block = survey.add(block, jnp.asarray(0.0), jnp.zeros(5))
    gaps = np.diff(np.sort(np.array(points), 0), axis=0)
    np.testing.assert_allclose(gaps, 2.0 / survey.POINTS, rtol=1e-9)


def test_separable_quadratic_in_a_few_steps():
    h = jnp.arange(1.0, 101.0)
    _, losses = run(lambda x: jnp.sum(h * (x - 2.0) ** 2), jnp.zeros(100), 12)
    assert float(jnp.min(losses)) < 1e-18 * float(losses[0])


def test_rotated_quadratic_as_a_quasi_newton_method():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    matrix = jnp.asarray((basis * np.logspace(0, 3, 20)) @ basis.T)
    _, losses = run(lambda x: 0.5 * x @ matrix @ x, rng.normal(size=20), 80)
    assert float(jnp.min(losses)) < 1e-10 * float(losses[0])


@pytest.mark.parametrize("offset", [0.0, 3.3])
def test_finds_rastrigins_minimum_wherever_it_is(offset):
    x0 = np.random.default_rng(1).uniform(-10, 10, 30)
    end, _ = run(lambda x: jnp.sum((x - offset) ** 2 - 10 * jnp.cos(2 * jnp.pi * (x - offset)) + 10), x0, 200)
    assert float(end.best_loss) < 1e-9
    descent_only, _ = run(
        lambda x: jnp.sum((x - offset) ** 2 - 10 * jnp.cos(2 * jnp.pi * (x - offset)) + 10), x0, 200,
        OptimusQN(memory=30, surveys=False),
    )  # fmt: skip
    assert float(descent_only.best_loss) > 100.0


def test_scaling_loss_and_parameters_changes_nothing():
    x0 = np.random.default_rng(2).uniform(-3, 3, 8)

    def ripples(x):
        return jnp.sum(x**2 - 3.0 * jnp.cos(3.0 * x))

    _, losses = run(ripples, x0, 120)
    scaled_rule = OptimusQN(memory=30, span=14.0, radius=0.2)
    _, scaled = run(lambda x: 8.0 * ripples(x / 2.0), 2.0 * x0, 120, scaled_rule)  # powers of two: no rounding
    np.testing.assert_allclose(scaled / 8.0, losses, rtol=1e-9)


def test_translating_changes_nothing():
    x0 = np.random.default_rng(3).uniform(-3, 3, 8)

    def valley(x):
        return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    _, losses = run(valley, x0, 20)
    _, moved = run(lambda x: valley(x - 5.0), x0 + 5.0, 20)
    np.testing.assert_allclose(moved, losses, rtol=1e-6)


def test_rejected_points_do_no_harm():
    def walled(x):  # NaN at and below zero, minimum 3 at ones
        return jnp.sum(x - jnp.log(x))

    end, losses = run(walled, jnp.array([5.0, 0.1, 2.0]), 60)
    assert np.isinf(losses).any()
    np.testing.assert_allclose(end.best_loss, 3.0, rtol=1e-9)


def test_takes_many_parameters():
    end, _ = run(lambda x: jnp.sum((x - 1.0) ** 4), jnp.zeros(100_000), 5, OptimusQN(memory=5))
    assert float(end.best_loss) < 100_000.0
