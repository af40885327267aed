"""Contact, skating, sliding, penetration and float on motions whose values can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionrecon import metrics


def standing(frames: int = 11) -> np.ndarray:
    """Two feet of two points that stand still, 10 cm apart in height (ankle and toe)."""
    feet = np.zeros((frames, 2, 2, 3))
    feet[:, :, 0, 2] = 0.10
    feet[:, 1, :, 1] = -0.2
    return feet


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
def test_skate_threshold_is_a_speed(fps):
    planted = np.ones((11, 2), dtype=bool)
    for speed, expected in ((0.49, 0.0), (0.51, 100.0)):
        feet = standing()
        feet[:, 0, :, 0] = (np.arange(11) * speed / fps)[:, None]
        assert metrics.foot_skate_percent(feet, planted, fps) == expected


def test_skate_counts_frames_in_which_either_foot_slides():
    feet = standing()
    feet[3:, 0, :, 0] = 0.1  # left jumps between frames 2 and 3
    feet[7:, 1, :, 1] = 0.1  # right between 6 and 7
    planted = np.ones((11, 2), dtype=bool)
    assert metrics.foot_skate_percent(feet, planted, 25.0) == pytest.approx(20.0)
    planted[7, 1] = False  # the right foot is in the air in one of its two frames
    assert metrics.foot_skate_percent(feet, planted, 25.0) == pytest.approx(10.0)
    assert metrics.foot_skate_percent(feet[:1], planted[:1], 25.0) is None


def test_skate_uses_the_mean_over_the_points():
    feet = standing()
    feet[5:, 0, 1, 0] += 0.03  # one of two points moves 3 cm: mean 1.5 cm, below 2 cm
    planted = np.ones((11, 2), dtype=bool)
    assert metrics.foot_skate_percent(feet, planted, 25.0) == 0.0
    assert metrics.foot_sliding_mm(feet, planted, 30.0) == pytest.approx(15.0 / 20)
    assert metrics.foot_sliding_mm(feet, planted, 60.0) == pytest.approx(15.0 / 10)
    assert metrics.foot_sliding_mm(feet, np.zeros_like(planted), 30.0) is None


def test_contacts_by_height_and_speed():
    feet = standing(20)
    feet[8:12, 0, :, 2] += 0.2  # the left foot is lifted in frames 8 to 11
    feet[15:, 1, :, 0] += (np.arange(5) * 1.0 / 30.0)[:, None]  # the right one slides away at 1 m/s, at ground height
    found = metrics.foot_contacts(feet, 30.0)
    assert found[:, 0].tolist() == [True] * 8 + [False] * 4 + [True] * 8
    assert found[:16, 1].all() and not found[16:, 1].any()
    by_height = metrics.foot_contacts(feet, 30.0, metrics.ContactRule(speed=None))
    assert by_height[:, 1].all()


def test_feet_that_never_come_down_are_never_planted():
    feet = standing()
    feet[..., 2] += 0.5
    assert not metrics.foot_contacts(feet, 30.0).any()


def test_penetration_and_float_by_hand():
    points = np.zeros((4, 2, 3))
    points[:, 0, 2] = (-0.010, 0.002, 0.300, -0.002)
    points[:, 1, 2] = (-0.004, 0.050, 0.400, 0.100)
    planted = np.array([[1, 0], [0, 1], [0, 0], [1, 1]], dtype=bool)
    assert metrics.penetration_mm(points) == pytest.approx((10 + 0 + 0 + 2) / 4)
    assert metrics.float_mm(points, planted) == pytest.approx(2 / 3)  # flight in frame 2 is no error
    assert metrics.float_mm(points, np.zeros((4, 2))) is None
    assert metrics.penetration_mm(points[:, :0]) is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), raised=st.floats(0.0, 0.05))
def test_ground_metrics_ignore_where_and_in_which_order(seed, raised):
    rng = np.random.default_rng(seed)
    feet = 0.02 * rng.standard_normal((12, 2, 3, 3))
    planted = rng.random((12, 2)) > 0.3
    moved = feet[:, ::-1, ::-1] + np.array([*rng.standard_normal(2), 0.0])
    assert metrics.foot_skate_percent(moved, planted[:, ::-1], 30.0) == metrics.foot_skate_percent(feet, planted, 30.0)
    points = feet.reshape(12, -1, 3)
    up = points + np.array([0.0, 0.0, raised])
    assert metrics.penetration_mm(up) <= metrics.penetration_mm(points)
    assert metrics.penetration_mm(up) >= metrics.penetration_mm(points) - 1000 * raised - 1e-9
