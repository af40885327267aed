"""Residual terms of one frame, by hand."""

import dataclasses

import numpy as np
import pytest

from motionrecon.fitting.objective_terms import TERMS, Frames, LossWeights, residuals
from motionrecon.geometry import camera as cameras
from motionrecon.physics.body import SOLE_POINTS
from motionrecon.physics.features import Features

K, A, P = 2, 13, SOLE_POINTS
ALL = LossWeights(
    keypoints=1.0, velocity_time=0.2, planted=2.0, reprojection=3.0, com=5.0, joint_limits=7.0, effort=11.0,
    clearance=13.0, com_velocity=17.0, pose=19.0,
)  # fmt: skip


def frame(**changes):
    values = Frames(
        points=np.zeros((K, 3)), point_velocity=np.zeros((K, 3)), point_share=np.ones(K), ray=np.zeros(3),
        planted=np.zeros(P), image=np.zeros((K, 2)),
        image_share=np.zeros(K), com=np.zeros(3), limit_low=np.full((A, 3), -1.0), limit_high=np.full((A, 3), 0.5),
        camera_rotation=np.eye(3), camera_translation=np.zeros(3), valid=np.array(1.0), calm=np.array(1.0),
        sole_height=np.zeros(P), swinging=np.zeros(P), com_velocity=np.zeros(3), joints=np.zeros((A, 3)),
    )  # fmt: skip
    return dataclasses.replace(values, **changes)


def seen(**changes):
    values = Features(
        points=np.zeros((K, 3)), point_velocity=np.zeros((K, 3)), soles=np.zeros((P, 3)),
        sole_velocity=np.zeros((P, 3)), com=np.zeros(3), com_velocity=np.zeros(3),
        joints=np.zeros((A, 3)), effort=np.zeros((A, 3)),
    )  # fmt: skip
    return dataclasses.replace(values, **changes)


def share(term, f, o):
    return float(np.sum(np.asarray(TERMS[term](f, o, ALL)) ** 2))


def test_reprojection_is_the_pixel_error_times_depth_over_focal_length():
    focal, pixels = 800.0, np.array([6.0, -8.0])
    camera = cameras.look_at(
        [5.0, 1.0, 1.5], [0.0, 0.0, 1.0], [[focal, 0, 640], [0, focal, 360], [0, 0, 1.0]], (1280, 720)
    )
    points = np.array([[0.0, 0.2, 1.1], [0.3, -0.4, 0.2]])
    depth = (points @ np.asarray(camera.rotation).T + np.asarray(camera.translation))[:, 2]
    where = np.asarray(cameras.project(camera, points))
    o = frame(
        image=np.asarray(cameras.undistort(camera, where + pixels)), image_share=np.array([1.0, 0.25]),
        camera_rotation=camera.rotation, camera_translation=camera.translation,
    )  # fmt: skip
    r = np.asarray(TERMS["reprojection"](seen(points=points), o, ALL)).reshape(K, 2)
    expected = np.sqrt(ALL.reprojection * o.image_share)[:, None] * -pixels * depth[:, None] / focal
    np.testing.assert_allclose(r, expected, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(r[0]) / np.sqrt(3.0), 10.0 * depth[0] / focal)


def test_each_term_by_hand():
    offset = np.array([[0.3, 0.0, 0.4], [0.0, 0.0, 0.0]])
    assert share("keypoints3d", seen(points=offset), frame()) == pytest.approx(0.25)
    assert share("keypoint_velocity", seen(point_velocity=offset), frame()) == pytest.approx(0.04 * 0.25)
    slip = np.zeros((P, 3))
    slip[2] = [0.0, 0.6, 0.8]
    planted = np.zeros(P)
    planted[2] = 1.0
    assert share("foot_contact", seen(sole_velocity=slip), frame(planted=planted)) == pytest.approx(2.0 / P)
    assert share("foot_contact", seen(sole_velocity=slip), frame(planted=1 - planted)) == 0.0
    assert share("centre_of_mass", seen(com=np.array([0.0, 2.0, 0.0])), frame()) == pytest.approx(5.0 * 4)
    assert share("effort", seen(effort=np.full((A, 3), 0.1)), frame()) == pytest.approx(11.0 * 0.01 * 3 * A)
    fast = np.array([0.0, 2.0, -1.0])
    target = frame(com_velocity=np.array([0.0, 1.0, 1.0]))
    assert share("momentum", seen(com_velocity=fast), target) == pytest.approx(17.0 * (1 + 4))
    turned = np.zeros((A, 3))
    turned[3] = [0.3, 0.0, -0.4]
    assert share("pose", seen(joints=turned), frame()) == pytest.approx(19.0 * 0.25)
    assert share("pose", seen(joints=turned), frame(joints=turned)) == 0.0


def test_keypoints_count_less_along_the_viewing_ray():
    """In axes of the ray the weights of squared errors are depth, 1 and 1 times confidence."""
    ray, across = np.array([0.6, 0.0, 0.8]), np.array([0.8, 0.0, -0.6])
    weights = dataclasses.replace(ALL, keypoints=50.0, depth=0.3)
    o = frame(ray=ray, point_share=np.array([0.5, 0.0]))
    error = np.stack([2.0 * ray + 0.7 * across, np.ones(3)])
    for term, field, factor in (("keypoints3d", "points", 1.0), ("keypoint_velocity", "point_velocity", 0.2**2)):
        rows = np.asarray(TERMS[term](seen(**{field: error}), o, weights))
        assert np.sum(rows**2) == pytest.approx(factor * 50.0 * 0.5 * (0.3 * 2.0**2 + 0.7**2))
        assert not rows[3:].any()


def test_clearance_is_the_height_of_what_swings():
    """Across the floor a swinging sole point may go anywhere: only its height counts, and only while it swings."""
    height = np.linspace(0.01, 0.05, P)
    where = np.random.default_rng(0).normal(size=(P, 3))
    where[:, 2] = height + 0.02
    swinging = np.zeros(P)
    swinging[[1, 4]] = [1.0, 0.5]
    target = frame(sole_height=height, swinging=swinging)
    assert share("foot_clearance", seen(soles=where), target) == pytest.approx(13.0 * 1.5 * 0.02**2 / P)
    assert share("foot_clearance", seen(soles=where), frame(sole_height=height)) == 0.0
    where[:, 2] = height
    assert share("foot_clearance", seen(soles=where), target) == 0.0


def test_where_the_body_is_thrown_about_some_prices_fall_and_others_stay():
    rng = np.random.default_rng(1)
    f = seen(**{x.name: rng.normal(size=np.shape(getattr(seen(), x.name))) for x in dataclasses.fields(Features)})
    on = {"planted": np.ones(P), "swinging": np.ones(P), "image_share": np.ones(K)}
    calm, wild = frame(**on), frame(**on, calm=np.array(0.25))
    eased = {"keypoint_velocity", "foot_contact", "foot_clearance", "pose"}
    for name in TERMS:
        before = share(name, f, calm)
        assert before > 0.0
        assert share(name, f, wild) == pytest.approx((0.25 if name in eased else 1.0) * before), name


@pytest.mark.parametrize(("angle", "excess"), [(0.4, 0.0), (0.5, 0.0), (0.7, 0.2), (-0.9, 0.0), (-1.3, 0.3)])
def test_joint_limits_count_only_beyond(angle, excess):
    joints = np.zeros((A, 3))
    joints[4, 1] = angle
    r = np.asarray(TERMS["joint_limits"](seen(joints=joints), frame(), ALL)).reshape(A, 3)
    np.testing.assert_allclose(np.abs(r[4, 1]), np.sqrt(7.0) * excess, atol=1e-12)
    assert np.count_nonzero(r) == (excess > 0)
    if excess:
        assert np.sign(r[4, 1]) == np.sign(angle)


def test_a_frame_of_padding_has_no_residual():
    rng = np.random.default_rng(0)
    f = seen(**{x.name: rng.normal(size=np.shape(getattr(seen(), x.name))) for x in dataclasses.fields(Features)})
    padding = frame(point_share=np.zeros(K), valid=np.array(0.0))
    assert not np.asarray(residuals(f, padding, ALL)).any()
    total = sum(share(name, f, frame()) for name in TERMS)
    assert float(np.sum(np.asarray(residuals(f, frame(), ALL)) ** 2)) == pytest.approx(total)
