"""The whole start from video on a walk of known truth: accuracy, unknown camera, other layouts, gaps, bad input."""

import dataclasses

import numpy as np
import pytest

from motionrecon.data.synthetic import synthetic_clips
from motionrecon.errors import DetectionError, InputError
from motionrecon.fitting.initialize.video import video_body
from motionrecon.fitting.initialize.video.video_start import start_from_video
from motionrecon.geometry import camera as cameras
from motionrecon.geometry import skeleton
from motionrecon.geometry.keypoints import COCO17, MEDIAPIPE19
from motionrecon.types import Motion, Observation

NAMES = tuple(MEDIAPIPE19.values())
HEIGHT = 1.75


@pytest.fixture(scope="module")
def walk() -> Motion:
    whole = synthetic_clips.motion("walk", HEIGHT)
    return Motion(whole.skeleton, whole.fps, np.asarray(whole.root_pos)[:60], np.asarray(whole.quats)[:60])


def observe(motion: Motion, view: str, names=NAMES, seed: int = 0) -> Observation:
    """See the walk as the detector would: its foot landmarks, 3 px noise, outliers, depth of half size."""
    rng = np.random.default_rng(seed)
    body = video_body.build(names, HEIGHT, video_body.MEDIAPIPE_HEIGHTS)
    sites = video_body.scaled(body, np.zeros(9), names)[1]
    pos, rot = skeleton.forward_kinematics(motion.skeleton, motion.root_pos, motion.quats)
    points = np.asarray(skeleton.site_positions(sites, pos, rot))
    camera = synthetic_clips.view_camera(motion, view)
    pixels = np.asarray(cameras.project(camera, points)) + rng.normal(size=(*points.shape[:2], 2)) * 3
    wild = rng.random(points.shape[:2]) < 0.02
    pixels[wild] += rng.normal(size=(wild.sum(), 2)) * 60
    local = points @ np.asarray(camera.rotation).T + np.asarray(camera.translation)
    local -= 0.5 * (local[:, [names.index("left_hip")]] + local[:, [names.index("right_hip")]])
    local = local * [1.0, 1.0, 0.5] + rng.normal(size=local.shape) * 0.02
    return Observation(30.0, names, "mediapipe33", np.where(wild, 0.5, 0.95), pixels, None, local, camera)


def joints(motion: Motion) -> np.ndarray:
    return np.asarray(skeleton.forward_kinematics(motion.skeleton, motion.root_pos, motion.quats)[0])


def root_error(start, truth: Motion) -> float:
    found, true = joints(start.motion), joints(truth)
    return float(np.linalg.norm((found - found[:, :1]) - (true - true[:, :1]), axis=-1).mean())


@pytest.mark.parametrize("view", ["side", "front"])
def test_known_camera_gives_pose_place_and_contacts(walk, view):
    start = start_from_video(observe(walk, view), height=HEIGHT)
    assert root_error(start, walk) < (0.04 if view == "side" else 0.06)
    assert np.linalg.norm(joints(start.motion) - joints(walk), axis=-1).mean() < 0.12
    assert 0.4 < start.planted.max(axis=-1).mean() < 0.8  # each foot stands a good half of the time
    np.testing.assert_allclose(np.linalg.norm(start.depth_axes, axis=-1), 1.0)
    assert any("front or the back" in note for note in start.warnings) == (view == "front")
    assert np.all(np.sum(start.motion.quats[1:] * start.motion.quats[:-1], axis=-1) > 0)


def test_unknown_camera_pose_is_estimated(walk):
    seen = observe(walk, "oblique")
    unknown = dataclasses.replace(seen, camera=None)
    start = start_from_video(unknown, height=HEIGHT, intrinsics=seen.camera.intrinsics, size=seen.camera.size)
    rotation = np.asarray(start.observation.camera.rotation)
    center = -rotation.T @ np.asarray(start.observation.camera.translation)
    truth = np.asarray(seen.camera.rotation)
    assert abs(np.arcsin(rotation[2, 2]) - np.arcsin(truth[2, 2])) < np.radians(3.0)
    assert abs(center[2] - synthetic_clips.CAMERA_HEIGHT) < 0.25
    assert rotation[0, 2] == pytest.approx(0.0, abs=1e-12)  # no roll
    found, true = joints(start.motion)[:, 0], joints(walk)[:, 0]
    assert np.linalg.norm(found[-1] - found[0]) == pytest.approx(np.linalg.norm(true[-1] - true[0]), rel=0.1)


def test_two_dimensional_keypoints_alone_are_enough(walk):
    seen = dataclasses.replace(observe(walk, "side", COCO17), landmarks3d=None, layout="coco17")
    start = start_from_video(seen, height=HEIGHT)
    assert root_error(start, walk) < 0.09
    assert start.sites.names == COCO17


def test_a_gap_is_bridged(walk):
    seen = observe(walk, "side")
    confidence = np.array(seen.confidence)
    confidence[20:32] = 0.0
    pixels = np.array(seen.keypoints2d)
    pixels[20:32] = 0.0
    start = start_from_video(dataclasses.replace(seen, confidence=confidence, keypoints2d=pixels), height=HEIGHT)
    path = np.linalg.norm(joints(start.motion)[20:32, 0] - joints(walk)[20:32, 0], axis=-1)
    assert path.max() < 0.2


def test_bad_input_is_refused_in_one_line(walk):
    seen = observe(walk, "side")
    with pytest.raises(InputError, match="stature"):
        start_from_video(seen, height=-1.0)
    with pytest.raises(InputError, match="no 2D keypoints"):
        start_from_video(dataclasses.replace(seen, keypoints2d=None))
    with pytest.raises(InputError, match="lack left_shoulder"):
        start_from_video(dataclasses.replace(seen, names=("nose", *NAMES[1:3], "left_eye", *NAMES[4:])))
    with pytest.raises(DetectionError, match="missing"):
        start_from_video(dataclasses.replace(seen, confidence=np.zeros_like(seen.confidence)))
