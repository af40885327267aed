"""The perturbations' distribution, and that nothing in them depends on anything else in them."""

import jax
import numpy as np
import pytest
import scipy.stats

from motionrecon.optimizer_lab.meta_train.noise import normal


def test_numbers_are_normal():
    drawn = np.asarray(normal(jax.random.key(0), (40, 25_001), 0.5), float)
    assert drawn.shape == (40, 25_001)
    flat = drawn.ravel() / 0.5
    n = flat.size
    assert abs(flat.mean()) < 4 / np.sqrt(n)
    assert flat.var() == pytest.approx(1.0, abs=4 * np.sqrt(2 / n))
    assert scipy.stats.kurtosis(flat) == pytest.approx(0.0, abs=4 * np.sqrt(24 / n) + 1e-3)
    assert scipy.stats.kstest(flat, "norm").pvalue > 1e-3


@pytest.mark.parametrize("lag", [1, 2, 3, 64, 25_000])
def test_neighbours_are_independent(lag):
    flat = np.asarray(normal(jax.random.key(1), (8, 100_000), 1.0), float).ravel()
    for one in (lambda x: x, np.abs, np.sign):
        values = one(flat) - one(flat).mean()
        correlation = (values[lag:] * values[:-lag]).mean() / values.var()
        assert abs(correlation) < 4.5 / np.sqrt(flat.size)


def test_rows_keys_and_steps_of_a_key_stream_are_independent():
    base = jax.random.key(7)
    drawn = [np.asarray(normal(jax.random.fold_in(base, k), (6, 40_000), 1.0), float) for k in range(8)]
    rows = np.concatenate(drawn)
    correlations = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(correlations).max() < 5 / np.sqrt(40_000)
    assert len(np.unique(rows[:, 0])) == len(rows)


def test_the_same_key_gives_the_same_numbers():
    one, other = (np.asarray(normal(jax.random.key(3), (2, 5), 1.0)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
