"""Leg moments from the plates against levers and a pendulum."""

import dataclasses

import numpy as np
import pytest

from motionrecon.evaluate.forces import plate_inverse_dynamics, segment_masses
from tests.fixtures import standing_points
from tests.fixtures.standing_points import POSE, RATE

LEFT, MASS, G = np.array([0.0, 1.0, 0.0]), 70.0, 9.81


def test_standing_is_levers():
    points = standing_points.standing()
    force = np.tile([30.0, 0.0, 350.0], (200, 1))
    where = np.tile([0.06, 0.1, 0.0], (200, 1))
    found = plate_inverse_dynamics.leg_moments(points, "left", MASS, force, where, LEFT)
    foot, shank, thigh = segment_masses.FOOT, segment_masses.LIMBS["shank"], segment_masses.LIMBS["thigh"]

    def middle(name, near, far, segment):
        return POSE[f"left_{near}"] + segment.center * (POSE[f"left_{far}"] - POSE[f"left_{near}"])

    weights = [
        (foot.mass, middle("foot", "heel", "ball", foot)), (shank.mass, middle("shank", "knee", "ankle", shank)),
        (thigh.mass, middle("thigh", "hip", "knee", thigh)),
    ]  # fmt: skip
    for joint, count in (("ankle", 1), ("knee", 2), ("hip", 3)):
        at = POSE[f"left_{joint}"]
        below = np.cross(where[0] - at, force[0])
        for share, center in weights[:count]:
            below = below + np.cross(center - at, [0.0, 0.0, -share * MASS * G])
        np.testing.assert_allclose(found[joint], below[1], atol=1e-6)  # the joint's moment holds it: -(-y)
    assert found["ankle"][0] < 0  # load ahead of the ankle: plantarflexors work


def test_swinging_leg_is_a_pendulum():
    time = np.arange(300) / RATE
    angle = 0.3 * np.sin(2 * np.pi * 0.7 * time)
    points = standing_points.standing(3.0)
    hip = POSE["left_hip"]
    turned = points.positions.copy()
    for name in ("knee", "ankle", "heel", "ball"):
        r = POSE[f"left_{name}"] - hip
        c, s = np.cos(angle), np.sin(angle)
        path = np.stack([c * r[0] + s * r[2], 0 * c + r[1], -s * r[0] + c * r[2]], axis=-1) + hip
        turned[:, points.names.index(f"left_{name}")] = path
    swung = dataclasses.replace(points, positions=turned)
    found = plate_inverse_dynamics.leg_moments(swung, "left", MASS, np.zeros((300, 3)), np.zeros((300, 3)), LEFT)
    inertia, pull = 0.0, np.zeros(3)
    for near, far, segment in (
        ("heel", "ball", segment_masses.FOOT), ("knee", "ankle", segment_masses.LIMBS["shank"]),
        ("hip", "knee", segment_masses.LIMBS["thigh"]),
    ):  # fmt: skip
        a, b = POSE[f"left_{near}"], POSE[f"left_{far}"]
        r = a + segment.center * (b - a) - hip
        length = np.linalg.norm(b - a)
        inertia += segment.mass * MASS * (r[0] ** 2 + r[2] ** 2 + (segment.gyration * length) ** 2)
        pull += segment.mass * MASS * r
    # I alpha = torque of gravity + moment at the hip, all about +y; flexion turns about -y
    gravity = G * (np.cos(angle) * pull[0] + np.sin(angle) * pull[2])
    alpha = -0.3 * (2 * np.pi * 0.7) ** 2 * np.sin(2 * np.pi * 0.7 * time)
    expected = -(inertia * alpha - gravity)
    np.testing.assert_allclose(found["hip"][30:-30], expected[30:-30], atol=0.02 * np.ptp(expected))


def test_a_leg_without_a_foot_has_no_moments():
    points = standing_points.standing()
    kept = [i for i, n in enumerate(points.names) if not n.endswith("ball")]
    fewer = dataclasses.replace(points, names=tuple(points.names[i] for i in kept), positions=points.positions[:, kept])
    assert plate_inverse_dynamics.has_leg(points, "left") and not plate_inverse_dynamics.has_leg(fewer, "left")
    assert POSE["left_ball"][0] == pytest.approx(0.12)
