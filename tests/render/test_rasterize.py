"""Surfaces land on the pixels where the camera sees them, nearer ones in front, edges smooth."""

import numpy as np
import pytest

from motionrecon.geometry import camera as cameras
from motionrecon.render import rasterize, shapes
from motionrecon.types import Camera

INTRINSICS = np.array([[800.0, 0, 320], [0, 800.0, 240], [0, 0, 1]])
CAMERA = cameras.look_at([4.0, 1.0, 1.5], [0, 0, 1.0], INTRINSICS, (640, 480))
BENT = Camera(INTRINSICS, np.array([-0.25, 0.08, 0.002, -0.001, 0.01]), CAMERA.rotation, CAMERA.translation, (640, 480))


@pytest.mark.parametrize("camera", [CAMERA, BENT], ids=["pinhole", "distorted"])
def test_projection_equals_the_camera_module(camera):
    points = np.random.default_rng(0).uniform(-1, 1, (50, 3)) + np.array([0.0, 0.0, 1.0])
    pixels, depth = rasterize.project(camera, points)
    assert pixels == pytest.approx(np.asarray(cameras.project(camera, points)), abs=1e-6)
    assert depth == pytest.approx(
        (points @ np.asarray(camera.rotation).T + np.asarray(camera.translation))[:, 2], abs=1e-9
    )


def _ball(center, radius, color):
    part = shapes.ellipsoid(center, (radius,) * 3, color, 0, subdivisions=4)
    return part.vertices, part.normals, part.faces, part.colors


@pytest.mark.parametrize("camera", [CAMERA, BENT], ids=["pinhole", "distorted"])
def test_a_ball_is_drawn_where_the_camera_sees_it(camera):
    center = np.array([0.2, 0.6, 1.2])
    image = np.zeros((480, 640, 3), np.uint8)
    rasterize.draw_surface(image, camera, *_ball(center, 0.03, (1.0, 1.0, 1.0)))
    cover = (image.astype(float).max(axis=2) > 38).astype(float)
    v, u = np.mgrid[0:480, 0:640]
    where = [(u * cover).sum() / cover.sum(), (v * cover).sum() / cover.sum()]
    assert where == pytest.approx(np.asarray(cameras.project(camera, center)), abs=0.25)
    depth = float((np.asarray(camera.rotation) @ center + np.asarray(camera.translation))[2])
    assert cover.sum() == pytest.approx(np.pi * (800 * 0.03 / depth) ** 2, rel=0.15)


def test_the_nearer_surface_hides_the_farther_one():
    eye = rasterize.center(CAMERA)
    near, far = eye + 0.5 * (np.array([0, 0, 1.0]) - eye), np.array([0, 0, 1.0])
    for order in (1, -1):
        balls = [_ball(near, 0.1, (0.0, 0.0, 1.0)), _ball(far, 0.1, (1.0, 0.0, 0.0))][::order]
        n = len(balls[0][0])
        v, nn, c = (np.concatenate([b[k] for b in balls]) for k in (0, 1, 3))
        f = np.concatenate([balls[0][2], balls[1][2] + n])
        image = np.zeros((480, 640, 3), np.uint8)
        rasterize.draw_surface(image, CAMERA, v, nn, f, c)
        blue, _, red = image[240, 320]
        assert red > 100 > blue


def test_edges_are_anti_aliased_and_opacity_mixes():
    image = np.full((480, 640, 3), 40, np.uint8)
    rasterize.draw_surface(image, CAMERA, *_ball(np.array([0, 0, 1.0]), 0.2, (0.0, 1.0, 0.0)), alpha=0.5)
    row = image[240, :, 2].astype(int)
    assert row[320] < 40 and row[320] > 0.35 * 40
    assert row[0] == 40


def test_shadow_darkens_the_floor_only_near_the_body():
    image = np.full((480, 640, 3), 200, np.uint8)
    v, _, f, _ = _ball(np.array([0, 0, 0.3]), 0.2, (1, 1, 1))
    rasterize.draw_shadow(image, CAMERA, v, f, strength=0.5)
    assert 80 < image.min() < 130 and image.max() == 200
    assert (image[:100] == 200).all()


def test_nothing_is_drawn_behind_the_camera():
    image = np.full((480, 640, 3), 9, np.uint8)
    behind = rasterize.center(CAMERA) + np.array([2.0, 0.5, 0])
    assert rasterize.draw_surface(image, CAMERA, *_ball(behind, 0.2, (1, 1, 1))) is None
    assert (image == 9).all()
