"""Filters and interpolation against closed forms and SciPy."""

import numpy as np
import pytest

from motionrecon.evaluate.forces import time_series


def test_low_pass_halves_power_at_its_cutoff_and_keeps_phase():
    time = np.arange(4000) / 1000.0
    for hz, gain in ((1.0, 1.0), (6.0, 0.5**0.5), (60.0, 0.0)):  # -3 dB at the cut-off after both passes
        wave = np.sin(2 * np.pi * hz * time)
        found = time_series.low_pass(wave, 1000.0, 6.0)[1000:3000]
        assert found @ wave[1000:3000] / (wave[1000:3000] @ wave[1000:3000]) == pytest.approx(gain, abs=0.02)
    short = np.arange(12.0)
    assert time_series.low_pass(short, 100.0, 6.0) is short


def test_acceleration_of_a_parabola():
    time = np.arange(30) / 50.0
    np.testing.assert_allclose(time_series.acceleration(3.0 * time**2, 50.0), 6.0, atol=1e-9)


def test_interpolation_mean_and_stretches():
    time = np.array([0.0, 1.0, 3.0])
    values = np.array([[0.0, 1.0], [2.0, 1.0], [6.0, 1.0]])
    np.testing.assert_allclose(time_series.at_times(time, values, np.array([-1.0, 0.5, 2.0, 9.0])),
                               [[0, 1], [1, 1], [4, 1], [6, 1]])  # fmt: skip
    noise = np.random.default_rng(0).standard_normal((50, 2, 3))
    for width in (1, 4, 5):
        padded = np.pad(noise[:, 1, 2], (width // 2, width - 1 - width // 2), "edge")
        expected = np.convolve(padded, np.ones(width) / width, "valid")
        np.testing.assert_allclose(time_series.moving_mean(noise, width)[:, 1, 2], expected, atol=1e-12)
    assert time_series.stretches(np.array([1, 0, 1, 1, 0, 1], bool)) == [(0, 1), (2, 4), (5, 6)]
    assert time_series.stretches(np.zeros(3, bool)) == []


def test_correlation_is_undefined_without_variation():
    assert time_series.correlation(np.ones(9), np.arange(9.0)) is None
    assert time_series.correlation(np.arange(9.0), -2 * np.arange(9.0)) == pytest.approx(-1.0)
