"""Curves over the gait cycle: known curves come back, spread by hand, sides by their own strides."""

import numpy as np
import pytest

from motionrecon.biomechanics.gait_cycle import PERCENT, gait_cycle
from motionrecon.biomechanics.strides import Stride


def stride(foot, start, stop):
    return Stride(foot, start, stop, start + 0.6 * (stop - start), 0.5 * (start + stop), 1.3)


def test_each_side_is_cut_at_its_own_strikes():
    time = np.arange(0, 4, 0.01)
    strides = (stride(0, 0.5, 1.5), stride(1, 1.0, 2.0), stride(0, 1.5, 2.5))
    wave = np.sin(2 * np.pi * time)
    found = gait_cycle(strides, {"left_x_deg": (time, wave), "right_x_deg": (time, wave), "pelvis_deg": (time, wave)})
    assert found.names == ("left_x_deg", "right_x_deg") and found.strides.tolist() == [2, 1]
    np.testing.assert_allclose(found.mean[0], -np.sin(2 * np.pi * PERCENT / 100), atol=1e-3)
    np.testing.assert_allclose(found.mean[1], np.sin(2 * np.pi * PERCENT / 100), atol=1e-3)
    np.testing.assert_allclose(found.deviation, 0.0, atol=1e-3)
    np.testing.assert_allclose(found.toe_off, 60.0)


def test_spread_over_strides():
    time = np.arange(0, 4, 0.01)
    strides = tuple(stride(0, s, s + 1.0) for s in (0.0, 1.0, 2.0))
    level = np.floor(time + 1e-9) * 2.0  # 0, 2, 4 in the three strides
    found = gait_cycle(strides, {"left_x_deg": (time, level)})
    assert found.mean[0, 50] == pytest.approx(2.0) and found.deviation[0, 50] == pytest.approx(2.0)


def test_each_quantity_has_its_own_times():
    time = np.arange(0, 4, 0.02)
    found = gait_cycle((stride(0, 1.0, 2.0),), {"left_a": (time, time), "left_b": (time + 0.01, time + 0.01)})
    np.testing.assert_allclose(found.mean[0], found.mean[1], atol=1e-12)
    np.testing.assert_allclose(found.mean[0], 1.0 + PERCENT / 100)


def test_no_stride_no_curves():
    assert gait_cycle((), {"left_x": (np.arange(3.0), np.arange(3.0))}) is None
