"""The recursion of B: dense against low rank, norms, and the share of the identity."""

import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.models.learned.preconditioner import Dense, LowRank, Recursion


@pytest.mark.parametrize("recursion", [Recursion(), Recursion(per_dimension=True), Recursion(remember=False)])
@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_dense_and_low_rank_agree(recursion, leak):
    rng, d = np.random.default_rng(0), 9
    dense, low = Dense(recursion), LowRank(12, recursion)
    a, b = dense.init(jnp.zeros(d)), low.init(jnp.zeros(d))
    for _ in range(6):
        vectors = jnp.asarray(rng.normal(size=(2, d)))
        a, b = dense.update(a, vectors, leak), low.update(b, vectors, leak)
        np.testing.assert_allclose(low.dense(b), a, rtol=1e-9, atol=1e-12)
        v = jnp.asarray(rng.normal(size=d))
        np.testing.assert_allclose(low.apply(b, v), dense.apply(a, v), rtol=1e-9, atol=1e-12)


def test_dropped_vectors_hardly_matter():
    rng, d = np.random.default_rng(1), 30
    dense, low = Dense(), LowRank(24)
    a, b = dense.init(jnp.zeros(d)), low.init(jnp.zeros(d))
    for _ in range(50):
        vectors = jnp.asarray(rng.normal(size=(3, d)))
        a, b = dense.update(a, vectors), low.update(b, vectors)
    assert np.linalg.norm(low.dense(b) - a) < 1e-6 * np.linalg.norm(a)


def test_identity_is_a_fixed_point_per_dimension():
    dense = Dense(Recursion(per_dimension=True))
    matrix = dense.update(dense.init(jnp.zeros(5)), jnp.zeros((2, 5)))
    np.testing.assert_allclose(matrix, np.eye(5), atol=1e-12)


def test_identity_decays_in_the_published_recursion():
    rng, dense, d = np.random.default_rng(2), Dense(), 20
    matrix = dense.init(jnp.zeros(d))
    for _ in range(30):
        matrix = dense.update(matrix, jnp.asarray(rng.normal(size=(1, d)) * np.eye(d)[0] + rng.normal(size=(1, 1))))
    values = np.linalg.eigvalsh(np.asarray(matrix))
    assert values[-3] < 1e-6 * values[-1]
