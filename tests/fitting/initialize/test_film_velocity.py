"""The velocity that a simulation has to follow: smooth where a film shakes, untouched where a body is thrown about."""

import numpy as np

from motionrecon.fitting.initialize import momentum

FPS, LAG = 30.0, 0.25
TIME = np.arange(90) / FPS


def vertical(path):
    return np.stack([np.zeros_like(path), np.zeros_like(path), path], axis=1)


def force(velocity):
    return np.diff(velocity[:, 2]) * FPS / 9.81


def error(found, true):
    return np.sqrt(np.mean((found - true)[5:-5] ** 2))


def walk():
    """The path of a walk at 1.85 steps a second, its exact velocity a quarter of a frame before each frame."""
    w = 2 * np.pi * 1.85
    return vertical(0.0165 * np.cos(w * TIME)), vertical(-0.0165 * w * np.sin(w * (TIME - LAG / FPS)))


def test_a_filmed_walk_keeps_its_force_and_loses_the_shaking():
    path, exact = walk()
    assert error(force(momentum.film_velocity(path, FPS, LAG)), force(exact)) < 0.03  # body weights; amplitude 0.23
    shaken = path + vertical(1.5e-3 * np.random.default_rng(0).normal(size=len(TIME)))
    slow, usual = momentum.film_velocity(shaken, FPS, LAG), momentum.velocity(momentum.low_pass(shaken, FPS), FPS, LAG)
    assert error(force(slow), force(exact)) < 0.5 * error(force(usual), force(exact))


def test_a_leap_is_low_passed_no_more_than_motion_capture():
    w = 2 * np.pi * 2.8
    run = vertical(0.045 * np.cos(w * TIME))  # 1.4 g
    usual = momentum.velocity(momentum.low_pass(run, FPS), FPS, LAG)
    assert momentum.calm(usual, FPS)[:-3].max() < 0.06
    np.testing.assert_allclose(force(momentum.film_velocity(run, FPS, LAG)), force(usual), atol=0.05)
