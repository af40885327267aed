"""The centre of mass over the feet: shares, support, and the raised foot that does not count."""

import numpy as np

from motionrecon.fitting.initialize.video.balance import balance_form, center_of_mass
from motionrecon.fitting.initialize.video.video_body import ENDS, FEET
from motionrecon.geometry import skeleton

NAMES = skeleton.JOINT_NAMES + FEET + ENDS


def points(height: float) -> np.ndarray:
    """Moving points (P, 3) m of the template in its rest pose, hips over the origin."""
    pose = np.tile([1.0, 0.0, 0.0, 0.0], (14, 1))
    pos, rot = skeleton.forward_kinematics(skeleton.template(height), np.zeros(3), pose)
    rest = skeleton.site_positions(skeleton.template_sites(FEET + ENDS, height), pos, rot)
    return np.concatenate([np.asarray(pos), np.asarray(rest)])


def test_the_centre_of_mass_is_where_anthropometry_puts_it():
    at = center_of_mass() @ points(1.75)
    assert np.isclose(center_of_mass().sum(), 1.0)
    assert abs(at[1]) < 1e-9
    # de Leva: 57 % of stature over the floor, arms down; the T-pose's arms lie some centimetres higher
    assert 0.54 < (at[2] + skeleton.HIP_HEIGHT * 1.75) / 1.75 < 0.62


def test_rows_measure_what_they_say():
    standing = np.ones((40, 4))
    at = points(1.75)
    beside = balance_form(standing, 30.0) @ at
    middle = np.mean(at[14:18], axis=0)
    np.testing.assert_allclose(beside, np.tile(center_of_mass() @ at - middle, (40, 1)), atol=1e-12)
    shifted = balance_form(standing, 30.0) @ (at + [3.0, -2.0, 0.5])
    np.testing.assert_allclose(shifted, beside, atol=1e-12)


def test_a_foot_raised_for_long_carries_nothing_and_flight_is_left_alone():
    one = np.zeros((90, 4))
    one[:, 2:] = 1.0
    rows = balance_form(one, 30.0)
    assert np.abs(rows[45, 14:16]).max() < 0.02  # the left foot's own mass only
    assert np.isclose(rows[45, 16:18].sum(), -1.0, atol=0.03)
    assert np.abs(balance_form(np.zeros((90, 4)), 30.0)).max() < 1e-6


def test_both_feet_of_a_walk_count_alike():
    time = np.arange(90) / 30.0
    left = (np.mod(time, 1.0) < 0.6).astype(float)
    right = (np.mod(time + 0.5, 1.0) < 0.6).astype(float)
    rows = balance_form(np.stack([left, left, right, right], axis=1), 30.0)
    carried = -(rows[30:60, 14:18] - center_of_mass()[14:18])
    assert carried[:, :2].sum(axis=1).min() > 0.33
    assert carried[:, 2:].sum(axis=1).min() > 0.33
