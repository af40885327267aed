"""Net force and zero-moment point against closed forms, and against where a planned motion rests its weight."""

import numpy as np

from motionrecon.fitting.initialize.support.net_load import GRAVITY, low_pass, net_load
from motionrecon.geometry.skeleton import template_soles
from tests.fixtures import carried_clips as clips

UP = np.array([0.0, 0.0, 1.0])


def _load(motion):
    return net_load(motion, template_soles(clips.H), clips.H)


def test_a_standing_body_weighs_one_body_weight_under_its_centre_of_mass():
    load = _load(clips.still(1.0, clips.ARMS))
    np.testing.assert_allclose(load.weight, 1.0, atol=1e-6)
    np.testing.assert_allclose(load.point, load.com[:, :2], atol=1e-6)


def test_a_ballistic_body_weighs_nothing_up_to_the_clips_ends():
    motion = clips.still(0.6)
    t = np.arange(len(motion.root_pos)) / clips.FPS
    load = _load(clips.moved(motion, (2.0 * t - 0.5 * GRAVITY * t**2)[:, None] * UP))
    np.testing.assert_allclose(load.weight, 0.0, atol=0.01)


def test_a_slow_oscillation_keeps_its_acceleration_and_a_fast_one_is_taken_out():
    t = np.arange(0.0, 4.0, 1.0 / 100.0)
    slow, fast = 0.03 * np.sin(2 * np.pi * t), 0.001 * np.sin(2 * np.pi * 25 * t)
    _, speed, bend = low_pass(np.stack([slow, fast], axis=1), 100.0)
    inner = slice(30, -30)
    expected = -0.03 * (2 * np.pi) ** 2 * np.sin(2 * np.pi * t)
    np.testing.assert_allclose(bend[inner, 0], expected[inner], atol=0.01)
    np.testing.assert_allclose(speed[inner, 0], 0.03 * 2 * np.pi * np.cos(2 * np.pi * t)[inner], atol=0.002)
    assert np.abs(bend[inner, 1]).max() < 0.02 * 0.001 * (2 * np.pi * 25) ** 2


def test_the_point_is_where_a_planned_motion_rests_its_weight():
    motion, weight = clips.sitting()
    load = _load(motion)
    off = np.linalg.norm(load.point - weight, axis=1)
    assert np.median(off) < 0.02 and off.max() < 0.07  # the planner has other segment masses (men's)
