"""The filter: half power at its cut-off, no lag, level where the force is level."""

import numpy as np
import pytest

from motionrecon.biomechanics.force_filter import cutoff, low_pass


@pytest.mark.parametrize("fps, expected", [(25.0, 10.0), (30.0, 12.0), (50.0, 20.0), (200.0, 20.0)])
def test_half_power_at_the_cutoff_and_no_lag(fps, expected):
    assert cutoff(fps) == pytest.approx(expected)
    time = np.arange(4000) / fps
    for frequency, gain in ((expected, 1 / np.sqrt(2)), (0.1 * expected, 1.0)):
        wave = np.exp(2j * np.pi * frequency * time)
        out = low_pass(wave.real, fps) + 1j * low_pass(wave.imag, fps)
        ratio = (out / wave)[1000:3000]
        np.testing.assert_allclose(ratio.real, gain, atol=2e-3)
        np.testing.assert_allclose(ratio.imag, 0.0, atol=1e-6)


@pytest.mark.parametrize("frames", [1, 2, 5, 9, 10, 40])
def test_any_length_keeps_a_level_force(frames):
    force = np.tile([[[1.0, -2.0, 700.0], [0.0, 0.0, 0.0]]], (frames, 1, 1))
    np.testing.assert_allclose(low_pass(force, 30.0), force, atol=1e-9)
