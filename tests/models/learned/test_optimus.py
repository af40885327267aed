"""Algorithm 1 step by step against NumPy, and what the architecture promises."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.errors import ConfigError
from motionrecon.models.learned import catalog, features
from motionrecon.models.learned.network import NetworkSize
from motionrecon.models.learned.optimus import Optimus
from motionrecon.models.learned.rollout import rollout

TINY = NetworkSize(layers=2, width=8, heads=2, key_size=3, hidden=12)


def quadratic(x):
    h = jnp.arange(1.0, x.shape[0] + 1)
    return 0.5 * jnp.sum(h * x * x), h * x


def layer_norm(weights, x):
    mean, deviation = x.mean(-1, keepdims=True), x.std(-1, keepdims=True)
    return (x - mean) / np.sqrt(deviation**2 + 1e-5) * weights["scale"] + weights["offset"]


def linear(weights, x):
    return x @ weights["w"] + weights["b"]


def network(weights, z, size):
    """Fig. 2 in NumPy: embedding, pre-norm encoders, u_l, the 4-layer MLP."""
    get = {name: jax.device_get(value) for name, value in weights.items()}
    embedded = linear(get["embedding"], z)
    tokens, vectors, d = embedded, [], z.shape[0]
    for layer in range(size.layers):
        prefix = f"encoder_{layer}"
        normed = layer_norm(get[f"{prefix}/norm_attention"], tokens)
        q, k, v = (
            linear(get[f"{prefix}/attention/{name}"], normed).reshape(d, size.heads, size.key_size)
            for name in ("query", "key", "value")
        )
        heads = []
        for h in range(size.heads):
            logits = q[:, h] @ k[:, h].T / np.sqrt(size.key_size)
            share = np.exp(logits - logits.max(1, keepdims=True))
            heads.append(share / share.sum(1, keepdims=True) @ v[:, h])
        tokens = tokens + linear(get[f"{prefix}/attention/linear"], np.stack(heads, 1).reshape(d, -1))
        hidden = np.maximum(linear(get[f"{prefix}/hidden"], layer_norm(get[f"{prefix}/norm_hidden"], tokens)), 0)
        tokens = tokens + linear(get[f"{prefix}/output"], hidden)
        if layer == size.layers - 1:
            tokens = layer_norm(get["norm_last"], tokens)
        vectors.append(linear(get[f"vector_{layer}"], tokens)[:, 0])
    hidden = embedded
    for layer in range(2):
        hidden = linear(get[f"mlp_{layer}"], np.maximum(hidden, 0))
    return linear(get["step"], np.maximum(hidden, 0)), np.stack(vectors)


@pytest.mark.parametrize("remember", [True, False])
def test_algorithm_1_step_by_step(remember):
    rule = Optimus(size=TINY, structure="full" if remember else "no_state")
    weights = rule.init_weights(jax.random.PRNGKey(3))
    x = np.array([1.0, -2.0, 0.5, 3.0, -1.0])
    state = rule.init(weights, jnp.asarray(x), *quadratic(jnp.asarray(x)), jax.random.PRNGKey(0))
    averages, matrix, place = features.init(jnp.asarray(x)), np.eye(5), x
    step = jax.jit(rule.step)
    for _ in range(4):
        loss, gradient = quadratic(jnp.asarray(x))
        z, averages = features.update(averages, weights.decays, jnp.asarray(place), gradient)
        found, state = step(weights, state, jnp.asarray(x), loss, gradient)
        outputs, vectors = network(weights.network, np.asarray(z, float), TINY)
        matrix = (matrix if remember else np.eye(5)) + sum(np.outer(u, u) for u in vectors)
        matrix = matrix / np.linalg.norm(matrix)
        expected = place + matrix @ (0.1 * np.exp(0.1 * outputs[:, 0]) * outputs[:, 1])
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)
        np.testing.assert_allclose(state.matrix, matrix, rtol=1e-4, atol=1e-5)
        x = place = np.asarray(found)


@pytest.mark.parametrize("name", sorted(catalog.PAPER_COUNTS))
def test_parameter_counts_are_the_papers(name):
    weights = jax.eval_shape(catalog.make_rule(name).init_weights, jax.random.PRNGKey(0))
    assert catalog.count_weights(weights) == catalog.PAPER_COUNTS[name].count


@pytest.mark.parametrize(
    "rule",
    [
        Optimus(size=TINY),
        Optimus(size=TINY, rank=8, linear_attention=True),
        Optimus(size=TINY, structure="none"),
        Optimus(size=TINY, run_features=True),
        Optimus(size=TINY, step_state=True),
        Optimus(size=TINY, guard=True),
    ],
)
def test_permutation_equivariance(rule):
    weights = rule.init_weights(jax.random.PRNGKey(0))
    x, scale, order = jnp.array([1.0, -2.0, 0.5, 3.0]), jnp.array([1.0, 5.0, 2.0, 0.3]), np.array([2, 0, 3, 1])

    def run(x, scale):
        return rollout(rule, weights, jax.value_and_grad(lambda x: jnp.sum(scale * x**2)), x, 6, jax.random.PRNGKey(0))

    (straight, losses), (permuted, losses_permuted) = run(x, scale), run(x[order], scale[order])
    np.testing.assert_allclose(permuted.x, straight.x[order], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(losses_permuted, losses, rtol=1e-5)


@pytest.mark.parametrize("d", [1, 3, 40])
def test_any_dimension_and_positive_definite_matrix(d):
    rule = Optimus(size=TINY)
    weights = rule.init_weights(jax.random.PRNGKey(1))
    end, losses = rollout(rule, weights, quadratic, jnp.linspace(-1.0, 2.0, d), 10, jax.random.PRNGKey(0))
    assert np.all(np.isfinite(losses))
    matrix = np.asarray(end.state.matrix)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    assert np.linalg.eigvalsh(matrix).min() > 0
    np.testing.assert_allclose(np.linalg.norm(matrix), 1.0, rtol=1e-6)


def test_low_rank_is_dense_until_a_vector_is_dropped():
    weights = Optimus(size=TINY).init_weights(jax.random.PRNGKey(2))
    x = jnp.array([1.0, -2.0, 0.5, 3.0, 0.1, 7.0])
    runs = [
        rollout(Optimus(size=TINY, rank=rank), weights, quadratic, x, 6, jax.random.PRNGKey(0))[1]
        for rank in (None, 12)
    ]
    np.testing.assert_allclose(runs[1], runs[0], rtol=1e-9)


def test_start_relative_features_make_translation_invariant():
    rule = Optimus(size=TINY, from_start=True)
    weights, shift = rule.init_weights(jax.random.PRNGKey(0)), 7.0
    x = jnp.array([1.0, -2.0, 0.5])
    losses = [
        rollout(
            rule, weights, jax.value_and_grad(lambda x, c=c: jnp.sum((x - c) ** 4)), x + c, 8, jax.random.PRNGKey(0)
        )[1]
        for c in (0.0, shift)
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-6)


def test_identity_leak_keeps_the_matrix_full():
    x, rows = jnp.linspace(-1.0, 2.0, 20), []
    for leak in (False, True):
        rule = Optimus(size=TINY, per_dimension=True, leak=leak)
        weights = rule.init_weights(jax.random.PRNGKey(0))
        end, _ = rollout(rule, weights, quadratic, x, 150, jax.random.PRNGKey(0))
        values = np.linalg.eigvalsh(np.asarray(end.state.matrix))
        rows.append(values[0] / values[-1])
    assert rows[0] < 1e-6
    assert rows[1] > 1e-3


def test_unknown_name_is_answered():
    with pytest.raises(ConfigError, match="did you mean 'optimus'"):
        catalog.make_rule("optimuss")


def test_switches_after_the_name():
    rule = catalog.make_rule("optimus-small+leak+low-rank")
    assert rule == Optimus("optimus-small+leak+low-rank", size=catalog.SMALL, leak=True, rank=32)
    with pytest.raises(ConfigError, match="unknown switch 'leek'"):
        catalog.make_rule("optimus+leek")
    with pytest.raises(ConfigError, match="has no switches"):
        catalog.make_rule("adafactor-mlp+leak")
