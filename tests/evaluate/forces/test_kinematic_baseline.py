"""The double-differentiated recording against closed forms: a body that bobs, leans, jumps and steps."""

import numpy as np
import pytest

from motionrecon.evaluate.forces import kinematic_baseline, segment_masses
from tests.fixtures import standing_points
from tests.fixtures.standing_points import POSE, RATE

MASS, G = 70.0, 9.81


def test_center_of_mass_of_a_standing_person():
    center = segment_masses.center_of_mass(standing_points.standing())[0]
    assert center[1] == pytest.approx(0.0, abs=1e-12)
    assert 0.5 * 1.75 < center[2] < 0.6 * 1.75  # 55-57 % of stature in anatomy books
    shares = sum(2 * limb.mass for limb in segment_masses.LIMBS.values()) + 2 * segment_masses.FOOT.mass
    assert shares + 0.4302 + 0.0681 == pytest.approx(1.0, abs=0.03)


def test_standing_shares_the_weight_by_the_lever():
    points = standing_points.standing()
    force = kinematic_baseline.forces(points, MASS)
    np.testing.assert_allclose(force[..., 2], 0.5 * MASS * G, rtol=1e-6)
    leaning = np.tile([0.0, 0.05, 0.0], (200, 1))
    force = kinematic_baseline.forces(standing_points.points(leaning), MASS)
    center = segment_masses.center_of_mass(standing_points.points(leaning))[0, 1]
    share = (center + 0.1) / 0.2  # moments about the right foot, which stands at y = -0.1
    np.testing.assert_allclose(force[:, 0, 2], share * MASS * G, rtol=1e-6)


def test_net_force_of_a_body_that_bobs():
    time = np.arange(400) / RATE
    move = np.zeros((400, 3))
    omega = 2 * np.pi * 0.8
    move[:, 2] = 0.05 * np.sin(omega * time)
    points = standing_points.points(move)
    moving = np.ptp(segment_masses.center_of_mass(points)[:, 2]) / 0.1  # feet stand still
    expected = MASS * (G - moving * 0.05 * omega**2 * np.sin(omega * time))
    force = kinematic_baseline.forces(points, MASS).sum(axis=1)
    np.testing.assert_allclose(force[50:-50, 2], expected[50:-50], atol=0.01 * MASS * G)
    np.testing.assert_allclose(force[50:-50, :2], 0.0, atol=1e-6)


def test_no_force_in_flight():
    time = np.arange(120) / RATE
    height = np.clip(0.5 * G * (0.36 - (time - 0.6) ** 2), 0.0, None) * [[0], [0], [1]]
    points = standing_points.points(height.T, height.T)
    force = kinematic_baseline.forces(points, MASS)
    assert np.abs(force[(time > 0.3) & (time < 0.9)]).max() < 0.2 * MASS * G  # 6 Hz smear the landing a little


def test_double_support_hands_over_along_half_a_cosine():
    frames = 150
    soles = np.zeros((frames, 2, 2, 3))
    soles[:, 0, :, 1], soles[:, 1, :, 1] = 0.1, -0.1
    soles[:60, 1, :, 2] = 0.2  # right in the air, then down; left leaves 20 frames later
    soles[80:, 0, :, 2] = 0.2
    share = kinematic_baseline.shares(soles, RATE, np.zeros((frames, 3)), np.tile([0.0, 0.0, 1.0], (frames, 1)))
    assert share[50].tolist() == [1.0, 0.0] and share[100].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(share.sum(axis=1), 1.0)
    both = (share > 0).all(axis=1)
    assert 15 <= both.sum() <= 25 and np.all(np.diff(share[both, 1]) > 0)


def test_a_missing_heel_is_the_ankle():
    points = standing_points.standing()
    kept = [i for i, n in enumerate(points.names) if not n.endswith(("heel", "ball"))]
    names = tuple(points.names[i] for i in kept)
    fewer = type(points)(names, points.positions[:, kept], RATE, points.time, points.rotation)
    assert fewer.soles().shape == (200, 2, 1, 3)
    np.testing.assert_allclose(kinematic_baseline.forces(fewer, MASS).sum(axis=1)[:, 2], MASS * G, rtol=1e-6)
    assert "left_heel" in POSE
