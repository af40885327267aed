"""Baselines and starts of a suite: the filter finds the width that is best, landmarks land where they were seen."""

import dataclasses

import numpy as np
import pytest

from motionrecon import metrics
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.errors import ConfigError
from motionrecon.evaluate import best_filter, frame_by_frame, starts
from motionrecon.evaluate.protocol import Protocol
from motionrecon.geometry import camera as cameras
from tests.fixtures import small_clip


def test_the_best_filter_is_the_best_of_its_widths():
    rng = np.random.default_rng(3)
    time = np.arange(90.0)[:, None, None] / 30.0
    truth = np.sin(2.0 * time + np.arange(4.0)[:, None] + np.arange(3.0)) * 0.3
    noisy = truth + 0.02 * rng.normal(size=truth.shape)
    mask = np.ones(truth.shape[:2], bool)
    found = best_filter.best(noisy, truth, mask)
    for width in best_filter.WIDTHS:
        assert found.error_mm <= metrics.mpjpe_g(metrics.gaussian_smooth(noisy, width), truth, mask)
    assert found.error_mm < 0.6 * metrics.mpjpe_g(noisy, truth, mask)
    spoiled = noisy.copy()
    spoiled[::9] += 0.2
    robust = best_filter.best_after_median(spoiled, truth, mask)
    assert robust.error_mm < 0.8 * best_filter.best(spoiled, truth, mask).error_mm


def test_landmarks_that_are_exact_are_placed_exactly():
    clip = synthetic_clips.load("walk/side")
    seen, camera = clip.observation, clip.observation.camera
    points = np.asarray(seen.keypoints3d)
    local = points @ np.asarray(camera.rotation).T + np.asarray(camera.translation)
    hips = [seen.names.index(f"{side}_hip") for side in ("left", "right")]
    pixels = np.asarray(cameras.project(camera, points))
    flat = np.asarray(cameras.undistort(camera, pixels))[:, hips].mean(axis=1)
    ray = np.concatenate([flat, np.ones((len(flat), 1))], axis=-1)
    turn = frame_by_frame.pnp.ray_rotations(ray / np.linalg.norm(ray, axis=-1, keepdims=True))
    relative = local - local[:, hips].mean(axis=1, keepdims=True)
    exact = dataclasses.replace(seen, keypoints2d=pixels, keypoints3d=None, landmarks3d=relative @ turn)
    off = np.linalg.norm(frame_by_frame.placed(exact, camera, 1.75) - points, axis=-1)
    assert np.median(off) < 0.03  # the person's legs are the template's within a centimetre


def test_nearby_starts_are_near_seeded_and_different():
    start = small_clip.start()
    first, again, other = (starts.nearby(start, seed) for seed in (0, 0, 1))
    moved = np.asarray(first.motion.root_pos) - np.asarray(start.motion.root_pos)
    assert moved.std() == pytest.approx(starts.PLACE, rel=0.3)
    np.testing.assert_array_equal(first.motion.quats, again.motion.quats)
    assert not np.array_equal(first.motion.quats, other.motion.quats)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"baselines": ("filter",)}, "--baselines filter: give filters or pnp"),
        ({"baselines": ("filters",)}, "--noise-mm"),
        ({"baselines": ("pnp",), "mode": "video"}, "--points observed"),
        ({"points": "observed"}, "--input video"),
        ({"points": "fitted", "mode": "keypoints2d"}, "--input mocap"),
    ],
)
def test_baselines_that_do_not_go_with_the_input(values, word):
    with pytest.raises(ConfigError, match=word):
        Protocol(**values)


def test_rows_that_come_with_every_fit():
    assert Protocol().baseline_methods() == ("kinematic", "smoothed")
    noisy = Protocol(noise_mm=20.0, baselines=("filters",))
    assert noisy.baseline_methods() == ("kinematic", "smoothed", "input", "gaussian", "median-gaussian")
    assert noisy.mark() != Protocol(noise_mm=20.0).mark() != Protocol(noise_mm=20.0, start_seed=0).mark()
