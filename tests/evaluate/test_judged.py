"""Truth and result in one world: exact motions judged as exact, whatever the world, the camera or the points."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon import metrics
from motionrecon.data.datasets.synthetic_dataset import BODY13, Synthetic
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.errors import DataError
from motionrecon.evaluate import judged, observed
from motionrecon.evaluate.protocol import Protocol
from motionrecon.geometry import camera as cameras
from motionrecon.types import SAME_WORLD, WorldTransform
from tests.fixtures import walking_result


@pytest.fixture(scope="module")
def data():
    return Synthetic()


@pytest.fixture(scope="module")
def clip(data):
    return data.load(next(c for c in data.clips("side") if c.action == "wave"))


class Start:
    """The part of a kinematic start that says in which world it stands."""

    def __init__(self, observation, world=SAME_WORLD):
        self.observation, self.world = observation, world


def test_mocap_is_what_the_data_set_has_and_noise_is_seeded(data, clip):
    clean = observed.observed(clip, data, Protocol())
    np.testing.assert_array_equal(clean.truth, clean.observation.keypoints3d)
    assert clean.observation.camera is None and clean.observation.keypoints2d is None
    noisy = [observed.observed(clip, data, Protocol(noise_mm=20.0, seed=s)) for s in (0, 0, 1)]
    off = [n.observation.keypoints3d - clean.truth for n in noisy]
    np.testing.assert_array_equal(off[0], off[1])
    assert not np.allclose(off[0], off[2])
    assert off[0].std() == pytest.approx(0.020, rel=0.03)
    np.testing.assert_array_equal(noisy[0].truth, clean.truth)


def test_outliers_are_a_share_of_the_keypoints_and_lie_off_by_one_distance(data, clip):
    clean = observed.observed(clip, data, Protocol())
    spoiled = observed.observed(clip, data, Protocol(outliers=10.0))
    off = np.linalg.norm(spoiled.observation.keypoints3d - clean.truth, axis=-1)
    np.testing.assert_allclose(off[off > 1e-9], observed.JUMP)
    assert (off > 1e-9).mean() == pytest.approx(0.10, abs=0.02)
    both = observed.observed(clip, data, Protocol(outliers=10.0, noise_mm=20.0)).observation.keypoints3d
    noisy = observed.observed(clip, data, Protocol(noise_mm=20.0)).observation.keypoints3d
    np.testing.assert_allclose(both - noisy, spoiled.observation.keypoints3d - clean.truth, atol=1e-12)


def test_2d_keypoints_are_the_projected_truth(data, clip):
    seen = observed.observed(clip, data, Protocol(mode="keypoints2d"))
    expected = cameras.project(clip.camera, np.asarray(clip.observation.keypoints3d))
    np.testing.assert_allclose(seen.observation.keypoints2d, expected)
    assert seen.observation.keypoints3d is None
    noisy = observed.observed(clip, data, Protocol(mode="keypoints2d", noise_px=4.0))
    assert (noisy.observation.keypoints2d - expected).std() == pytest.approx(4.0, rel=0.03)


def test_2d_that_the_data_set_has_is_used(data, clip):
    given = dataclasses.replace(clip.observation, keypoints3d=None, keypoints2d=np.ones((*clip.truth.shape[:2], 2)))
    own = dataclasses.replace(clip, image=given)
    assert (observed.observed(own, data, Protocol(mode="keypoints2d")).observation.keypoints2d == 1.0).all()


def test_without_a_camera_or_film_it_is_said(data, clip):
    bare = dataclasses.replace(clip, film=None, camera=None)
    with pytest.raises(DataError, match="no camera file"):
        observed.observed(bare, data, Protocol(mode="keypoints2d"))
    with pytest.raises(DataError, match="film is not there"):
        observed.observed(bare, data, Protocol(mode="video"))


def test_cutting_keeps_everything_together(clip):
    short = observed.cut(clip, 20)
    assert len(short.truth) == len(short.observation.confidence) == len(short.reference.positions) == 20
    assert observed.cut(clip, None) is clip


def test_a_levelled_world_carries_truth_and_camera(data, clip):
    seen = observed.observed(clip, data, Protocol())
    turn = Rotation.from_euler("xyz", [3, -2, 40], degrees=True).as_matrix()
    shift = np.array([0.4, -0.1, 0.06])
    moved = dataclasses.replace(seen.observation, keypoints3d=seen.observation.keypoints3d @ turn.T + shift)
    world = judged.world(clip, seen, Start(moved, WorldTransform(turn, shift)))
    np.testing.assert_allclose(world.carry(seen.truth), moved.keypoints3d, atol=1e-9)
    pixels = cameras.project(clip.camera, seen.truth)
    np.testing.assert_allclose(cameras.project(world.camera, np.asarray(moved.keypoints3d)), pixels, atol=1e-6)


def test_a_known_camera_leaves_the_world_as_it_is(data, clip):
    seen = observed.observed(clip, data, Protocol(mode="keypoints2d"))
    world = judged.world(clip, seen, Start(dataclasses.replace(seen.observation, camera=clip.camera)))
    np.testing.assert_array_equal(world.carry(seen.truth), seen.truth)
    assert world.camera is clip.camera


def test_a_guessed_camera_gets_the_truth_before_it(data, clip):
    """The true camera in the guess's world stands above the same spot, looks the same way, keeps height and pitch."""
    seen = observed.observed(clip, data, Protocol(mode="keypoints2d"))
    true = clip.camera
    guess = cameras.level(-0.1, 1.2, np.asarray(true.intrinsics), true.size)
    world = judged.world(clip, seen, Start(dataclasses.replace(seen.observation, camera=guess)))
    eye = -world.camera.rotation.T @ world.camera.translation
    np.testing.assert_allclose(eye, [0.0, 0.0, synthetic_clips.CAMERA_HEIGHT], atol=1e-9)
    assert abs(world.camera.rotation[2, 1]) < 1e-9 and world.camera.rotation[2, 0] > 0  # looks along +x
    pixels = cameras.project(true, seen.truth)
    np.testing.assert_allclose(cameras.project(world.camera, world.carry(seen.truth)), pixels, atol=1e-6)


def test_an_exact_result_is_judged_exact_on_the_joint_set(data, clip):
    """A film's result that moves as the truth does has no error at the joints, whatever the detector saw."""
    made = walking_result.walking_result("video")
    exact = synthetic_clips.load("wave/side").motion
    frames = len(clip.truth)
    names = ("left_shoulder", "right_shoulder", "left_ankle", "right_ankle", "left_toe", "right_toe")
    seen = dataclasses.replace(
        clip.observation, names=names, confidence=np.ones((frames, 6)), keypoints3d=None, camera=clip.camera,
        keypoints2d=np.zeros((frames, 6, 2)),
    )  # fmt: skip
    result = dataclasses.replace(made, observation=seen, motion=exact, kinematic=exact, height=1.75, truth=None)
    world = judged.World(SAME_WORLD, clip.camera)
    found = judged.judged(result, clip, dataclasses.replace(clip, observation=seen), world, BODY13)
    assert set(BODY13) < set(found.observation.names)
    error = metrics.mpjpe_g(found.rollout.keypoints, np.nan_to_num(found.truth), np.isfinite(found.truth).all(-1))
    assert error < 12.0  # toes sit where this result's own body has them
    joints = [found.observation.names.index(n) for n in BODY13]
    np.testing.assert_allclose(found.rollout.keypoints[:, joints], found.truth[:, joints], atol=1e-6)
    pixels = cameras.project(clip.camera, found.truth[:, joints])
    np.testing.assert_allclose(found.observation.keypoints2d[:, joints], pixels, atol=1e-6)
