"""Inner problems: batches of functions, what the rule is shown, what is differentiated, types of arrays."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.errors import ConfigError
from motionrecon.optimizer_lab.meta_train import families, presets
from motionrecon.optimizer_lab.meta_train.bptt import BPTT
from motionrecon.optimizer_lab.meta_train.meta_loss import log_ratio, meta_loss, ratio
from motionrecon.optimizer_lab.meta_train.pes import PES
from motionrecon.optimizer_lab.meta_train.shards import QUICKLY_COMPILED
from motionrecon.optimizer_lab.meta_train.tasks import RuleUnroll, group_of
from motionrecon.optimizer_lab.problems.classical import FUNCTIONS
from motionrecon.optimizer_lab.problems.tasks import Task


class Rate(NamedTuple):
    """Weights of gradient descent: the log of its rate."""

    log: jax.Array


@dataclasses.dataclass(frozen=True)
class Descent:
    """Gradient descent with a learned rate: a rule whose runs can be followed by hand."""

    name: str = "descent"

    def init_weights(self, key):
        return Rate(jnp.asarray(-5.0, jnp.float32))

    def init(self, weights, x, loss, gradient, key):
        return jnp.zeros((), jnp.int32)

    def step(self, weights, state, x, loss, gradient):
        return x - jnp.exp(weights.log) * gradient, state + 1


def unroll_of(*names, d=4, replicas=2, loss=log_ratio, **flags):
    return RuleUnroll(
        Descent(), tuple(group_of(Task(FUNCTIONS[name], offset=True, **flags), replicas) for name in names), d, loss
    )


def drawn(unroll, seed):
    return jax.jit(unroll.draw, compiler_options=QUICKLY_COMPILED)(jax.random.key(seed))


WEIGHTS = Rate(jnp.asarray(-5.0, jnp.float32))


def test_losses_of_the_batch_are_those_of_each_problem():
    unroll = unroll_of("sphere", "rosenbrock")
    problems = drawn(unroll, 0)
    state = unroll.begin(WEIGHTS, problems, shared=True)
    for row, (name, own) in enumerate([("sphere", 0), ("sphere", 1), ("rosenbrock", 0), ("rosenbrock", 1)]):
        task = Task(FUNCTIONS[name], offset=True)
        parameters = jax.tree.map(lambda leaf, own=own: leaf[own], problems.parameters[row // 2])
        loss, gradient = jax.value_and_grad(lambda x, p=parameters, t=task: t.loss(p, x))(problems.x[row])
        np.testing.assert_allclose(state.loss[row], loss, rtol=1e-5)
        np.testing.assert_allclose(state.gradient[row], gradient, rtol=1e-4)
    state, value = unroll.advance(WEIGHTS, state, shared=True)
    np.testing.assert_allclose(value, np.log10(np.asarray(state.loss / state.start) + 1e-8), rtol=1e-5)


def test_weights_of_their_own_give_what_shared_ones_give():
    unroll = unroll_of("sphere", "ackley")
    problems = drawn(unroll, 1)
    many = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (unroll.batch, *leaf.shape)), WEIGHTS)
    one = unroll.advance(WEIGHTS, unroll.begin(WEIGHTS, problems, shared=True), shared=True)
    other = unroll.advance(many, unroll.begin(many, problems, shared=False), shared=False)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_everything_is_single_precision_and_keeps_its_type_although_jax_runs_in_double():
    assert jax.config.jax_enable_x64
    unroll = unroll_of("sphere", "levy", rotated=True, augmented=True)
    pes = PES(unroll, 4, 2)
    problems = drawn(unroll, 0)
    particles = pes.begin(WEIGHTS, problems, jax.random.key(1))
    estimate = jax.jit(pes.estimate)
    for step in range(3):
        result, particles = estimate(WEIGHTS, particles, drawn(unroll, step), jax.random.key(step))
    for leaf in jax.tree.leaves((problems, particles, result)):
        assert leaf.dtype in (jnp.float32, jnp.int32, jnp.uint32), leaf.dtype
        assert not leaf.weak_type
    assert estimate._cache_size() == 1, "the first meta-step compiled another program than the later ones"


def test_bptt_holds_the_objectives_gradient_constant():
    unroll = unroll_of("sphere", d=2, replicas=1, loss=lambda loss, start: loss)
    problems = drawn(unroll, 2)
    offset, x0 = np.asarray(problems.parameters[0].offset[0], float), np.asarray(problems.x[0], float)
    estimate, _ = BPTT(unroll, 2).estimate(WEIGHTS, None, problems, None)
    rate = np.exp(-5.0)
    y0 = x0 - offset
    g0 = 2 * y0
    y1 = y0 - rate * g0
    g1 = 2 * y1
    y2 = y1 - rate * g1
    d1 = -rate * g0  # dy1 / dlog rate
    d2 = d1 - rate * g1  # g1 held constant: no - rate * 2 * d1
    expected = 0.5 * (2 * y1 @ d1 + 2 * y2 @ d2)
    np.testing.assert_allclose(estimate.gradient.log, expected, rtol=1e-4)


def test_select_takes_whole_problems():
    unroll = unroll_of("sphere", "rosenbrock", rotated=True)
    old, fresh = (unroll.begin(WEIGHTS, drawn(unroll, k), shared=True) for k in (0, 1))
    done = jnp.array([True, False, False, True])
    chosen = unroll.select(done, fresh, old)
    loss, _ = unroll._evaluate(chosen.parameters, chosen.x)
    np.testing.assert_allclose(loss, chosen.loss, rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(chosen.x == fresh.x).all(1), done)


def test_a_run_that_leaves_the_numbers_costs_the_worst_and_gives_no_nan():
    unroll = unroll_of("rosenbrock", "sphere")
    wild = Rate(jnp.asarray(30.0, jnp.float32))
    estimate, _ = BPTT(unroll, 6).estimate(wild, None, drawn(unroll, 0), None)
    assert np.isfinite(estimate.gradient.log) and np.isfinite(estimate.loss)
    assert estimate.loss > 10


@pytest.mark.parametrize("loss", [ratio, log_ratio])
def test_meta_losses_are_finite_with_finite_gradients(loss):
    values = jnp.array([0.0, -1e-6, 1e-30, 1.0, 1e20, jnp.inf, jnp.nan, 5.0, 5.0], jnp.float32)
    starts = jnp.array([1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0, jnp.inf, 0.0], jnp.float32)
    value, gradient = loss(values, starts), jax.grad(lambda v: loss(v, starts).sum())(values)
    assert np.isfinite(value).all() and np.isfinite(gradient).all()
    assert np.all(value[-2:] == 0), "a problem whose start has no loss counts nothing"
    assert np.all(value[5:7] == value[5]) and value[5] >= value[4] - 1e-6


def test_log_ratio_counts_every_decade_alike_and_is_not_cut_above():
    values = jnp.array([1e-4, 1e-2, 1.0, 1e2, 1e9], jnp.float32)
    np.testing.assert_allclose(log_ratio(values, jnp.ones(5, jnp.float32)), [-4, -2, 0, 2, 9], atol=1e-3)


def test_the_floor_of_the_log_ratio_is_where_decades_cease_to_count():
    values, start = jnp.array([0.0, 1e-10, 1e-4], jnp.float32), jnp.ones(3, jnp.float32)
    np.testing.assert_allclose(meta_loss("log_ratio")(values, start), [-8, -8, -4], atol=0.02)
    np.testing.assert_allclose(meta_loss("log_ratio", 1e-12)(values, start), [-12, -10, -4], atol=0.02)


def test_unknown_names_are_refused():
    with pytest.raises(ConfigError, match="log_ratio"):
        meta_loss("log-ration")
    with pytest.raises(ConfigError, match="physics is not available yet"):
        families.family("physics")


def test_a_batch_of_the_laptop_preset_holds_every_function_and_variant():
    recipe = presets.recipe("laptop", "adafactor-mlp")
    for d, functions in ((4, 15), (32, 14)):  # Perm's squared gradients leave float32 at d = 32
        unroll = RuleUnroll(Descent(), families.groups(recipe, d), d, log_ratio)
        assert unroll.batch == 2 * functions + 2
    problems = drawn(unroll, 0)
    loss, gradient = jax.jit(unroll._evaluate)(problems.parameters, problems.x)
    assert np.isfinite(loss).all() and np.all(loss > 0)
    assert np.isfinite(np.square(gradient)).all(), "single precision"
    rotation = np.asarray(problems.parameters[0].rotation)
    np.testing.assert_array_equal(rotation[0], np.eye(32))  # the variant that is not turned
    assert abs(rotation[1] - np.eye(32)).max() > 0.1
    assert len(np.unique(problems.x[:, 0])) == unroll.batch, "problems drawn together are not the same"
