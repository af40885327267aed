"""Projection of whole clips: as point by point, and one compiled program for many clip lengths."""

import dataclasses

import jax
import numpy as np

from motionrecon.geometry import camera


def test_project_clip_agrees_and_compiles_few_shapes():
    intrinsics = camera.intrinsics_from_fov((1280, 720))
    view = camera.look_at([4.0, 1.0, 1.5], [0.0, 0.0, 0.9], intrinsics, (1280, 720))
    view = dataclasses.replace(view, distortion=np.array([-0.2, 0.05, 0.001, -0.002, 0.01]))
    rng = np.random.default_rng(0)
    for shape in ((1, 1, 3), (40, 17, 3), (3,), (1919, 17, 3)):
        points = rng.normal(size=shape)
        np.testing.assert_allclose(camera.project_clip(view, points), camera.project(view, points), atol=1e-9)
    compiled = []

    def heard(event: str, seconds: float, **_: object) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(seconds)

    camera.project_clip(view, np.zeros((33, 17, 3)))
    jax.monitoring.register_event_duration_secs_listener(heard)
    for frames in range(34, 50):
        camera.project_clip(view, np.zeros((frames, 17, 3)))
    assert compiled == []


def test_undistort_inverts_projection():
    intrinsics = camera.intrinsics_from_fov((1280, 720)) + np.array([[0, 3.0, 0], [0, 0, 0], [0, 0, 0]])
    view = camera.look_at([4.0, 1.0, 1.5], [0.0, 0.0, 0.9], intrinsics, (1280, 720))
    view = dataclasses.replace(view, distortion=np.array([-0.2, 0.05, 0.001, -0.002, 0.01]))
    pixels = np.random.default_rng(0).uniform([0, 0], [1280, 720], (40, 17, 2))
    flat = camera.undistort(view, pixels)
    local = 3.0 * np.concatenate([flat, np.ones((40, 17, 1))], axis=-1)
    world = (local - np.asarray(view.translation)) @ np.asarray(view.rotation)
    np.testing.assert_allclose(camera.project(view, world), pixels, atol=1e-3)  # px: eight rounds, worst in a corner
    assert np.abs(flat - camera.undistort(dataclasses.replace(view, distortion=np.zeros(5)), pixels)).max() > 0.01
