"""Two worlds a rigid motion apart: there and back again, and a camera that sees the same picture in both."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon.geometry import camera as cameras
from motionrecon.geometry import skeleton, world
from motionrecon.types import SAME_WORLD, WorldTransform
from tests.fixtures import walking_result

TILT = WorldTransform(Rotation.from_euler("xyz", [4, -3, 20], degrees=True).as_matrix(), np.array([0.3, -0.2, 0.07]))


@pytest.fixture(scope="module")
def motion():
    return walking_result.walk(12)


def test_there_and_back():
    points = np.random.default_rng(0).normal(size=(5, 4, 3))
    np.testing.assert_allclose(world.to_recording(TILT, world.to_fitted(TILT, points)), points, atol=1e-12)
    step = world.to_recording(TILT, points + points) - world.to_recording(TILT, points)
    np.testing.assert_allclose(world.turned_to_recording(TILT, points), step, atol=1e-12)


def test_missing_points_stay_missing():
    points = np.ones((2, 3, 3))
    points[1, 2] = np.nan
    carried = world.to_fitted(TILT, points)
    assert np.isnan(carried[1, 2]).all() and np.isfinite(carried).sum() == 15


def test_the_same_world_changes_nothing(motion):
    np.testing.assert_array_equal(world.to_recording(SAME_WORLD, motion.root_pos), motion.root_pos)
    np.testing.assert_array_equal(world.motion_in_recording(SAME_WORLD, motion).quats, motion.quats)
    assert world.seen_from(TILT, "world") is SAME_WORLD and world.seen_from(TILT, "recording") is TILT


def test_a_motion_is_carried_as_its_joints_are(motion):
    there = world.motion_in_recording(TILT, motion)
    joints, carried = (skeleton.clip_poses(m.skeleton, m.root_pos, m.quats)[0] for m in (motion, there))
    np.testing.assert_allclose(carried, world.to_recording(TILT, joints), atol=1e-9)
    assert (np.sum(there.quats[1:, 0] * there.quats[:-1, 0], axis=-1) > 0).all()


def test_a_camera_sees_the_same_picture(motion):
    view = cameras.look_at([2.0, -5.0, 1.4], [2.0, 0.0, 0.9], cameras.intrinsics_from_fov((1280, 720)), (1280, 720))
    moved = world.camera_in_fitted(TILT, view)
    seen = cameras.project_clip(moved, world.to_fitted(TILT, motion.root_pos))
    np.testing.assert_allclose(seen, cameras.project_clip(view, motion.root_pos), atol=1e-9)
