"""The estimators against exact meta-gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.optimizer_lab.meta_train.bptt import BPTT, mean_of_bounded
from motionrecon.optimizer_lab.meta_train.nres import NRES
from motionrecon.optimizer_lab.meta_train.pes import PES
from tests.fixtures import toy_unrolls as toys
from tests.fixtures.truncated_es import TruncatedES


def exact(unroll, theta, horizon, problems, reach=None, weights=None):
    """The gradient of the mean loss over whole episodes of the given problems."""
    weights = np.ones(horizon) / horizon if weights is None else weights

    def mean_loss(theta):
        state, total = unroll.begin(theta, problems, shared=True), 0.0
        for step in range(horizon):
            if reach is not None and step % reach == 0:
                state = jax.lax.stop_gradient(state)
            state, losses = unroll.advance(theta, state, shared=True)
            total = total + weights[step] * jnp.mean(losses)
        return total

    return np.asarray(jax.grad(mean_loss)(theta))


def average(estimator, theta, meta_steps, seed=0):
    """The mean estimate at a fixed theta over a number of meta-steps, and its standard error."""

    def body(particles, key):
        problems_key, noise_key = jax.random.split(key)
        problems = estimator.unroll.draw(problems_key)
        estimate, particles = estimator.estimate(theta, particles, problems, noise_key)
        return particles, estimate.gradient

    keys = jax.random.split(jax.random.key(seed), meta_steps + 1)
    problems = estimator.unroll.draw(keys[0])
    _, gradients = jax.jit(lambda p: jax.lax.scan(body, p, keys[1:]))(estimator.begin(theta, problems, keys[0]))
    gradients = np.asarray(gradients, float)
    per_block = gradients.reshape(20, -1, *gradients.shape[1:]).mean(1)  # neighbours share perturbations
    return gradients.mean(0), per_block.std(0) / np.sqrt(20)


def test_influence_toy_problem_truncated_es_has_the_wrong_sign_pes_and_nres_are_unbiased():
    unroll = toys.Influence(16)
    theta = jnp.asarray(0.5, jnp.float32)
    horizon, truncation = 120, 4
    truth = exact(unroll, theta, horizon, unroll.draw(jax.random.key(0)))
    estimates = {}
    for kind in (TruncatedES, PES, NRES):
        estimates[kind] = average(kind(unroll, horizon, truncation, std=0.1), theta, 8000)
    biased, _ = estimates[TruncatedES]
    assert truth > 0.5
    assert biased < 0, "a truncation sees only that theta helps at once"
    for kind in (PES, NRES):
        mean, error = estimates[kind]
        assert error < 0.1 * abs(truth)
        assert abs(mean - truth) < 4 * error, (kind.__name__, mean, truth, error)


@pytest.mark.parametrize("kind", [PES, NRES])
def test_es_on_a_quadratic_agrees_with_the_exact_gradient(kind):
    unroll = toys.Quadratic(32)
    theta = jnp.array([-1.5, -1.0], jnp.float32)
    truth = exact(unroll, theta, 12, jax.random.normal(jax.random.key(9), (32, 2)) * 0 + 1.0)  # E x0^2 = 1
    mean, error = average(kind(unroll, 12, 4, std=0.03), theta, 4000)
    assert np.all(error < 0.1 * np.abs(truth))
    assert np.all(np.abs(mean - truth) < 4 * error + 0.01 * np.abs(truth)), (mean, truth, error)


def test_bptt_is_the_exact_gradient():
    unroll = toys.Quadratic(16)
    theta = jnp.array([-1.5, -1.0], jnp.float32)
    problems = unroll.draw(jax.random.key(3))
    for horizon in (1, 7, 12):
        estimate, _ = BPTT(unroll, horizon).estimate(theta, None, problems, jax.random.key(0))
        np.testing.assert_allclose(estimate.gradient, exact(unroll, theta, horizon, problems), rtol=2e-5)


def test_bptt_agrees_with_central_differences_of_its_own_loss():
    unroll = toys.Influence(2)
    theta, step = jnp.asarray(0.5, jnp.float32), 1e-2
    problems = unroll.draw(jax.random.key(0))
    bptt = BPTT(unroll, 40)
    losses = [float(bptt.estimate(theta + sign * step, None, problems, None)[0].loss) for sign in (1, -1)]
    estimate, _ = bptt.estimate(theta, None, problems, None)
    assert float(estimate.gradient) == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-3)


def test_bptt_with_a_reach_ascribes_nothing_across_the_pieces():
    unroll = toys.Quadratic(16)
    theta = jnp.array([-1.5, -1.0], jnp.float32)
    problems = unroll.draw(jax.random.key(3))
    found = {}
    for reach in (4, 12, None):
        estimate, _ = BPTT(unroll, 12, reach=reach).estimate(theta, None, problems, None)
        found[reach] = np.asarray(estimate.gradient)
        np.testing.assert_allclose(found[reach], exact(unroll, theta, 12, problems, reach), rtol=2e-5)
    np.testing.assert_allclose(found[12], found[None], rtol=1e-6)
    assert np.linalg.norm(found[4] - found[12]) > 0.01 * np.linalg.norm(found[12])


def test_late_steps_count_more_where_asked():
    unroll = toys.Quadratic(16)
    theta = jnp.array([-1.5, -1.0], jnp.float32)
    problems = unroll.draw(jax.random.key(3))
    weights = np.arange(1, 8) ** 2.0 / np.sum(np.arange(1, 8) ** 2.0)
    estimate, _ = BPTT(unroll, 7, late=2.0).estimate(theta, None, problems, None)
    np.testing.assert_allclose(estimate.gradient, exact(unroll, theta, 7, problems, weights=weights), rtol=2e-5)


def test_a_bound_beyond_every_problems_gradient_changes_nothing_and_a_small_one_bounds_each():
    unroll = toys.Quadratic(16)
    theta = jnp.array([-1.5, -1.0], jnp.float32)
    problems = unroll.draw(jax.random.key(3))

    def gradient(bound):
        return np.asarray(BPTT(unroll, 7, bound).estimate(theta, None, problems, None)[0].gradient)

    np.testing.assert_allclose(gradient(1e6), exact(unroll, theta, 7, problems), rtol=2e-5)
    bounded = gradient(1e-3)
    assert 0 < np.linalg.norm(bounded) <= 1e-3 * (1 + 1e-5)
    np.testing.assert_allclose(gradient(2e-3), 2 * bounded, rtol=1e-4)  # every problem is at its bound


def test_mean_of_bounded_gradients():
    gradients = {"a": jnp.array([3.0, jnp.nan, 0.3]), "b": jnp.array([[4.0], [1.0], [0.4]])}
    found = mean_of_bounded(gradients, 1.0)
    np.testing.assert_allclose(found["a"], (0.6 + 0.3) / 3, rtol=1e-6)
    np.testing.assert_allclose(found["b"], [(0.8 + 0.4) / 3], rtol=1e-6)


def test_ages_are_spread_over_the_episode_and_pairs_share_their_problems():
    unroll = toys.Quadratic(40)
    theta = jnp.array([-1.5, -1.0], jnp.float32)
    pes = PES(unroll, 20, 5)
    particles = pes.begin(theta, unroll.draw(jax.random.key(0)), jax.random.key(1))
    begun = set()
    for step in range(4):
        _, particles = pes.estimate(theta, particles, unroll.draw(jax.random.key(step)), jax.random.key(9 + step))
        begun |= set(np.asarray(particles.age).tolist())
        assert np.all((np.asarray(particles.age) > 0) & (np.asarray(particles.age) <= 20))
    assert begun == {5, 10, 15, 20}
    signs = np.asarray(particles.states)
    np.testing.assert_allclose(signs[0], signs[1], rtol=1.0)
    assert np.all(np.sign(signs[0]) == np.sign(signs[1])), "both signs ran the same problem"


def test_pes_forgets_what_it_accumulated_where_an_episode_ends():
    unroll = toys.Quadratic(8)
    theta = jnp.array([-1.5, -1.0], jnp.float32)
    pes = PES(unroll, 5, 5, std=0.01)  # every truncation is an episode
    particles = pes.begin(theta, unroll.draw(jax.random.key(0)), jax.random.key(1))
    estimate = jax.jit(pes.estimate)
    for step in range(50):
        _, particles = estimate(theta, particles, unroll.draw(jax.random.key(step)), jax.random.key(step))
    assert np.abs(particles.noise).max() < 0.05  # a sum of 50 would be 7 times as large


def test_nres_keeps_its_noise_through_an_episode_and_draws_anew_after():
    unroll = toys.Quadratic(30)
    theta = jnp.array([-1.5, -1.0], jnp.float32)
    nres = NRES(unroll, 10, 5)
    particles = nres.begin(theta, unroll.draw(jax.random.key(0)), jax.random.key(1))
    _, first = nres.estimate(theta, particles, unroll.draw(jax.random.key(2)), jax.random.key(2))
    _, second = nres.estimate(theta, first, unroll.draw(jax.random.key(3)), jax.random.key(3))
    ended = np.asarray(first.age) == 10
    same = np.all(np.asarray(first.noise) == np.asarray(second.noise), axis=1)
    assert ended.any() and not ended.all()
    np.testing.assert_array_equal(same, ~ended)
