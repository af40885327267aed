"""Velocities of a kinematic motion: the low-pass, the shifted instant, and what counts as calm; known curves."""

import numpy as np
import pytest

from motionrecon.fitting.initialize import momentum

FPS = 60.0
TIME = np.arange(240) / FPS


def gain(hertz, fps=FPS, cutoff=momentum.CUTOFF):
    """Amplitude that the low-pass leaves of a sine, in the middle of a long clip."""
    time = np.arange(int(10 * fps)) / fps
    inside = slice(len(time) // 4, -len(time) // 4)
    wave = np.stack([np.sin(2 * np.pi * hertz * time), np.cos(2 * np.pi * hertz * time)], axis=1)
    out = momentum.low_pass(wave, fps, cutoff)[inside]
    assert np.ptp(np.linalg.norm(out, axis=1)) < 1e-3  # no lag: the two stay a quarter of a period apart
    np.testing.assert_allclose(out, wave[inside] * np.linalg.norm(out, axis=1).mean(), atol=1e-3)
    return np.linalg.norm(out, axis=1).mean()


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
def test_a_parabola_passes_unchanged_to_the_very_ends(fps):
    time = np.arange(int(2 * fps)) / fps
    path = np.stack([0.3 + 1.2 * time, 2.0 - 4.9 * time**2, -1.0 + 0.5 * time - 3.0 * time**2], axis=1)
    np.testing.assert_allclose(momentum.low_pass(path, fps), path, atol=1e-8)


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
def test_gain_at_low_high_and_cutoff_frequencies(fps):
    assert gain(1.0, fps) == pytest.approx(1.0, abs=1e-3)
    assert gain(momentum.CUTOFF, fps) == pytest.approx(np.sqrt(0.5), abs=0.002)
    assert gain(3.0, fps, cutoff=3.0) == pytest.approx(np.sqrt(0.5), abs=0.002)
    if fps > 30.0:
        assert gain(15.0, fps) < 0.02
    else:  # 15 Hz is the fastest that there is
        assert gain(14.9, fps) < 0.1


def test_little_is_left_of_noise_and_the_shape_is_kept():
    rng = np.random.default_rng(0)
    clean = np.sin(2 * np.pi * 0.8 * TIME)[:, None, None] * np.ones((1, 2, 3))
    noisy = clean + 0.01 * rng.normal(size=clean.shape)
    out = momentum.low_pass(noisy, FPS)
    assert out.shape == clean.shape
    # a white signal keeps the integral of the squared gain, here about a fifth of its power
    assert np.std(out - clean) < 0.55 * np.std(noisy - clean)


def test_a_rate_too_low_for_the_cutoff_and_short_clips_are_left_alone():
    values = np.random.default_rng(1).normal(size=(50, 3))
    np.testing.assert_array_equal(momentum.low_pass(values, 12.0), values)
    for frames in range(7):
        np.testing.assert_array_equal(momentum.low_pass(values[:frames], FPS), values[:frames])


@pytest.mark.parametrize("lag", [0.0, 0.25, 0.5])
def test_velocity_of_a_cubic_is_exact_at_the_shifted_time(lag):
    """Also at the first frame, whose instant lies before the clip."""
    factors = np.array([[1.0, -2.0, 0.7, 0.9], [0.0, 0.3, -4.9, -2.0]])  # of 1, t, t^2, t^3
    path = np.stack([np.polynomial.polynomial.polyval(TIME, f) for f in factors], axis=1)
    at = TIME - lag / FPS
    exact = np.stack([np.polynomial.polynomial.polyval(at, np.polynomial.polynomial.polyder(f)) for f in factors], 1)
    np.testing.assert_allclose(momentum.velocity(path, FPS, lag), exact, atol=1e-9)


def test_velocity_at_half_a_step_is_the_mean_over_the_step():
    """What a simulated state holds: the change of place over the step that led to it."""
    path = np.stack([np.sin(3 * TIME), np.cos(2 * TIME)], axis=1)
    steps = np.diff(path, axis=0) * FPS
    np.testing.assert_allclose(momentum.velocity(path, FPS, 0.5)[1:], steps, atol=1e-3)
    assert np.abs(momentum.velocity(path, FPS, 0.0)[1:] - steps).max() > 0.05  # at the frames it would lag behind


def test_a_single_frame_has_no_velocity():
    np.testing.assert_array_equal(momentum.velocity(np.ones((1, 3)), FPS, 0.5), np.zeros((1, 3)))


@pytest.mark.parametrize("fps", [30.0, 120.0])
def test_calm_is_one_in_quiet_and_little_in_flight(fps):
    time = np.arange(int(4 * fps)) / fps
    quiet = np.stack([np.full_like(time, 1.3), 0 * time, 0.02 * np.sin(6 * time)], axis=1)
    assert momentum.calm(quiet, fps).min() > 0.999
    leap = quiet.copy()
    leap[:, 2] -= 9.81 * time  # nothing but gravity
    assert momentum.calm(leap, fps).max() < 0.03
    walk = quiet.copy()
    walk[:, 2] += 0.2 * 9.81 / 12.0 * np.sin(12.0 * time)  # 0.2 g at a walk's two steps a second
    assert momentum.calm(walk, fps).min() > 0.9
    burst = quiet.copy()
    middle = np.abs(time - 2.0) < 0.25
    burst[:, 2] += 9.81 * np.clip(time - 1.75, 0.0, 0.5)
    calm = momentum.calm(burst, fps)
    assert calm[middle].max() < 0.3 and calm[np.abs(time - 2.0) > 0.8].min() > 0.99
    assert ((calm >= 0) & (calm <= 1)).all()


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_calm_of_next_to_nothing_is_one(frames):
    np.testing.assert_array_equal(momentum.calm(np.full((frames, 3), 7.0), FPS), np.ones(frames))
