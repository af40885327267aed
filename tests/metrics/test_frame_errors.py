"""Percentile, worst frame, thirds and falls, by hand."""

import numpy as np
import pytest

from motionrecon.metrics import frame_errors


def test_each_frame_is_the_mean_over_its_visible_points():
    reference = np.zeros((3, 2, 3))
    predicted = reference.copy()
    predicted[0, :, 0] = [0.010, 0.030]
    predicted[1, :, 1] = [0.050, 9.0]
    mask = np.array([[1, 1], [1, 0], [0, 0]], float)
    errors = frame_errors.frame_errors_mm(predicted, reference, mask)
    assert errors == pytest.approx([20.0, 50.0])  # the third frame shows nothing and is left out


def test_spread_of_known_errors():
    found = frame_errors.spread(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 301.0]))
    assert found["mpjpe_g_max_mm"] == 301.0
    assert found["mpjpe_g_p95_mm"] == pytest.approx(5.0 + 0.75 * 296.0)
    thirds = [found[f"mpjpe_g_{n}_third_mm"] for n in ("first", "middle", "last")]
    assert thirds == [1.5, 3.5, 153.0]
    assert found["fallen_percent"] == pytest.approx(100 / 6)
    assert frame_errors.spread(np.full(9, 300.0))["fallen_percent"] == 0.0


def test_unknown_is_none():
    assert set(frame_errors.spread(np.array([])).values()) == {None}
    assert frame_errors.spread(np.array([4.0]))["mpjpe_g_last_third_mm"] is None
