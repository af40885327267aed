"""The stage-wise solver against a dense KKT system."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.models.trajectory.riccati import Stages, solve

T, N, K, M = 6, 4, 2, 5  # stages, states, knots, controls (the knots' steps and three more)
SOLVE = jax.jit(solve)


def random_stages(seed):
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(T, N, N))
    return Stages(
        a=rng.normal(size=(T - 1, N, N + K)), b=rng.normal(size=(T - 1, N, M)), c=rng.normal(size=(T - 1, N)),
        q=half @ half.transpose(0, 2, 1) + 0.1 * np.eye(N), d=rng.uniform(0.1, 2.0, T),
        p=rng.normal(size=(T, N + K)), r=rng.uniform(0.1, 2.0, (T - 1, M)), s=rng.normal(size=(T - 1, M)),
    )  # fmt: skip


def dense(stages, damping, damping0, free):
    """Solve all stages at once with multipliers: returns z (T, N + K) and w (T - 1, M)."""
    size = N + K
    nz, nw = T * size, (T - 1) * M
    h, g = np.zeros((nz + nw, nz + nw)), np.zeros(nz + nw)
    for t in range(T):
        i = slice(t * size, (t + 1) * size)
        h[i, i][:N, :N], g[i] = stages.q[t], stages.p[t]
        h[i, i][N:, N:] = stages.d[t] * np.eye(K)
    h[:size, :size] += damping0 * np.eye(size)
    rows, right = [], []
    for t in range(T - 1):
        j = slice(nz + t * M, nz + (t + 1) * M)
        h[j, j], g[j] = np.diag(stages.r[t] + damping), stages.s[t]
        row = np.zeros((size, nz + nw))
        row[:, t * size : (t + 1) * size] = -np.concatenate([stages.a[t], np.eye(K, size, N)])
        row[:, (t + 1) * size : (t + 2) * size] = np.eye(size)
        row[:, j] = -np.concatenate([stages.b[t], np.eye(K, M)])
        rows.append(row)
        right.append(np.concatenate([stages.c[t], np.zeros(K)]))
    if not free:
        rows.append(np.eye(size, nz + nw))
        right.append(np.zeros(size))
    e, d = np.concatenate(rows), np.concatenate(right)
    kkt = np.block([[h, e.T], [e, np.zeros((len(e), len(e)))]])
    x = np.linalg.solve(kkt, np.concatenate([-g, d]))[: nz + nw]
    return x[:nz].reshape(T, size), x[nz:].reshape(T - 1, M)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("free", [0.0, 1.0])
def test_agrees_with_dense_solution(seed, free):
    stages, damping, damping0 = random_stages(seed), np.array([0.3, 0.0, 2.0, 0.1, 1.0]), 0.7
    z, w = dense(stages, damping, damping0, free)
    found = SOLVE(jax.tree.map(jnp.asarray, stages), damping, damping0, free)
    np.testing.assert_allclose(found.z[0], z[0], atol=1e-9)
    np.testing.assert_allclose(found.w, w, atol=1e-9)
    np.testing.assert_allclose(found.k + np.einsum("tij,tj->ti", found.gain, z[:-1]), w, atol=1e-9)


@pytest.mark.parametrize("free", [0.0, 1.0])
def test_stage_variables_follow_the_linear_model(free):
    stages, damping, damping0 = random_stages(5), np.array([0.3, 0.0, 2.0, 0.1, 1.0]), 0.7
    found = SOLVE(jax.tree.map(jnp.asarray, stages), damping, damping0, free)
    z, w = np.asarray(found.z), np.asarray(found.w)
    assert z.shape == (T, N + K)
    np.testing.assert_array_equal(z[0], found.z[0])
    assert np.any(z[0]) == (free == 1.0)
    states = np.einsum("tij,tj->ti", stages.a, z[:-1]) + np.einsum("tij,tj->ti", stages.b, w) + stages.c
    np.testing.assert_allclose(z[1:, :N], states, atol=1e-10)
    np.testing.assert_allclose(z[1:, N:], z[:-1, N:] + w[:, :K], atol=1e-10)
    np.testing.assert_allclose(z, dense(stages, damping, damping0, free)[0], atol=1e-9)


def test_heavy_damping_leaves_controls_alone():
    stages = random_stages(9)
    found = SOLVE(jax.tree.map(jnp.asarray, stages), np.full(M, 1e12), 1e12, 1.0)
    assert float(jnp.abs(found.w).max()) < 1e-6
    assert float(jnp.abs(found.z[0]).max()) < 1e-6
