"""Means and intervals by hand; pairs over common sequences only."""

import numpy as np
import pytest

from motionrecon.evaluate import statistics
from tests.fixtures.eval_work import row


def test_the_interval_is_the_percentiles_of_resampled_means():
    values = np.random.default_rng(5).gamma(2.0, 10.0, 25)
    mean, (low, high), n = statistics.interval(values)
    drawn = values[np.random.default_rng(1).integers(0, 25, (5000, 25))].mean(axis=1)
    assert mean == pytest.approx(values.mean()) and n == 25
    np.testing.assert_allclose((low, high), np.percentile(drawn, [2.5, 97.5]), rtol=0.03)
    assert statistics.interval(values) == (mean, (low, high), n)  # the same every time


def test_curves_have_an_interval_at_every_point():
    curves = np.random.default_rng(2).normal(size=(9, 4)) * [1.0, 2.0, 3.0, 0.0]
    low, high = statistics.bootstrap(curves, 1000)
    for k in range(3):
        np.testing.assert_allclose((low[k], high[k]), [v[0] for v in statistics.bootstrap(curves[:, [k]], 1000)])
    assert low[3] == high[3] == 0.0


def test_few_or_unknown_values():
    assert statistics.interval([None, float("nan")]) == (None, None, 0)
    assert statistics.interval([3.0, None, 5.0]) == (4.0, None, 2)
    assert statistics.interval([2.0, 2.0, 2.0])[1] == (2.0, 2.0)


def test_means_leave_failed_rows_out_and_count_them():
    rows = [row("a", "bfgs", 10.0), row("b", "bfgs", 20.0), row("c", "bfgs", 99.0, status="failed")]
    (found,) = statistics.means(rows, ["mpjpe_g_mm", "seconds", "rte_percent"])
    assert (found["n"], found["failed"]) == (2, 1)
    assert found["mean"] == {"mpjpe_g_mm": 15.0, "seconds": 0.1, "rte_percent": None}


def test_pairs_are_of_the_same_sequence():
    rows = [row(k, "bfgs", e) for k, e in (("a", 11.0), ("b", 22.0), ("c", 33.0), ("d", 1000.0))]
    rows += [row(k, "smoothed", e) for k, e in (("c", 30.0), ("b", 20.0), ("a", 10.0))]
    mean, (low, high), n = statistics.paired(rows, "bfgs", "smoothed", "mpjpe_g_mm")
    assert (mean, n) == (2.0, 3) and 1.0 <= low <= mean <= high <= 3.0
    assert statistics.paired(rows[:2], "bfgs", "smoothed", "mpjpe_g_mm") is None
