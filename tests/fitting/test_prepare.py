"""From a kinematic start to padded, weighted frames."""

import dataclasses

import numpy as np

from motionrecon.fitting import prepare
from motionrecon.geometry import rotations
from motionrecon.physics.body import SOLE_POINTS
from tests.fixtures import small_clip


def test_shapes_are_padded_to_one_program():
    clip = small_clip.prepared()
    k = len(small_clip.sequence().observation.names)
    assert clip.frames.points.shape == (small_clip.FRAMES, 24, 3) and len(clip.sites.names) == 24
    assert not clip.frames.point_share[:, k:].any() and not clip.seen[:, k:].any()
    assert [len(prepare.padded(np.zeros((n, 2)))) for n in (1, 64, 65, 330)] == [64, 64, 128, 384]


def test_missing_points_weigh_nothing_and_stay_finite():
    start = small_clip.start()
    confidence = np.array(start.observation.confidence)
    confidence[5, 3] = 0.0
    points = np.array(start.observation.keypoints3d)
    points[5, 3] = 99.0  # a placeholder must not matter
    observation = dataclasses.replace(start.observation, confidence=confidence, keypoints3d=points)
    clip = prepare.prepare(dataclasses.replace(start, observation=observation), small_clip.MASS)
    assert clip.frames.point_share[5, 3] == 0.0 and clip.seen[5, 3] == 0
    assert clip.frames.point_share[5, 4] > 0.0
    assert np.abs(clip.frames.points[5, 3]).max() < 3.0


def test_frames_hold_confidence_and_viewing_rays_but_no_weight():
    clip, k = small_clip.prepared(), len(small_clip.sequence().observation.names)
    np.testing.assert_allclose(clip.frames.point_share[:, :k], clip.seen[:, :k] / k)
    assert clip.frames.point_share.sum(axis=1).max() <= 1.0 + 1e-12
    assert not clip.frames.ray.any()  # motion capture knows no direction worse than another
    ray = np.tile([0.6, 0.0, 0.8], (small_clip.FRAMES, 1))
    film = prepare.prepare(dataclasses.replace(small_clip.start(), depth_axes=ray), small_clip.MASS)
    np.testing.assert_array_equal(film.frames.ray, ray)


def test_strength_scales_what_the_joints_can_exert_and_nothing_else():
    usual, strong = small_clip.prepared(), prepare.prepare(small_clip.start(), small_clip.MASS, 1.5)
    np.testing.assert_allclose(strong.body.gains.torque_limit, 1.5 * usual.body.gains.torque_limit)
    np.testing.assert_array_equal(strong.body.gains.kp, usual.body.gains.kp)
    np.testing.assert_array_equal(strong.body.mass, usual.body.mass)
    np.testing.assert_allclose(strong.reference, usual.reference, atol=1e-12)


def test_slices_beyond_the_end_repeat_and_weigh_nothing():
    clip = small_clip.prepared()
    frames, reference, states, knots = prepare.slice_frames(clip, 30, 40)
    np.testing.assert_array_equal(frames.valid, [1] * 6 + [0] * 4)
    assert not frames.point_share[6:].any() and not frames.planted[6:].any()
    assert not frames.swinging[6:].any() and clip.frames.swinging.shape == (small_clip.FRAMES, SOLE_POINTS)
    np.testing.assert_array_equal(reference[6:], np.repeat(clip.reference[-1:], 4, axis=0))
    np.testing.assert_array_equal(states.position[:6], clip.states.position[30:36])
    np.testing.assert_array_equal(knots[:6], clip.knots[30:36])
    assert clip.frames.valid.all()  # the clip itself is untouched


def test_the_signs_of_the_motions_quaternions_do_not_matter():
    start, clip = small_clip.start(), small_clip.prepared()
    quats = np.array(start.motion.quats)
    quats[12:, 3] *= -1.0
    motion = dataclasses.replace(start.motion, quats=quats)
    other = prepare.prepare(dataclasses.replace(start, motion=motion), small_clip.MASS)
    np.testing.assert_allclose(other.reference, clip.reference, atol=1e-12)


def test_planted_and_swinging_follow_heel_and_ball_and_leave_toes_free():
    start = small_clip.start()
    planted = np.random.default_rng(0).uniform(size=np.shape(start.planted))
    frames = prepare.prepare(dataclasses.replace(start, planted=planted), small_clip.MASS).frames
    names = small_clip.prepared().body.contact_names[:SOLE_POINTS]
    for i, name in enumerate(names):
        side, part = name.split("_")[:2]
        if part == "toe":
            assert not frames.planted[:, i].any() and not frames.swinging[:, i].any()
            continue
        expected = planted[:, int(side == "right"), int(part == "ball")]
        np.testing.assert_array_equal(frames.planted[:, i], expected)
        low = frames.sole_height[:, i] < prepare.NEAR_FLOOR - 0.03
        np.testing.assert_allclose(frames.swinging[low, i], 1.0 - expected[low], atol=0.06)
        high = frames.sole_height[:, i] > prepare.NEAR_FLOOR + 0.05
        assert (frames.swinging[high, i] < 0.01).all()


def test_targets_run_ahead_of_the_pose_by_what_damping_takes():
    """reference = pose turned by kd / kp times the joint's velocity; its frames' velocity is the controllers' rate."""
    clip = small_clip.prepared()
    gains = clip.body.gains
    ratio = (np.asarray(gains.kd) / np.asarray(gains.kp))[:, None]
    expected = ratio * np.asarray(clip.states.velocity)[:, 6:].reshape(len(clip.reference), -1, 3)
    pose = np.asarray(clip.states.quats)[:, 1:]
    ahead = np.asarray(rotations.log(rotations.mul(rotations.conj(pose), clip.reference)))
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(ahead, expected, atol=1e-9)


def test_the_com_moves_as_its_path_does_and_a_squat_is_calm():
    clip = small_clip.prepared()
    fps = float(small_clip.sequence().observation.fps)
    path = np.asarray(clip.frames.com)
    steps = np.diff(path, axis=0) * fps * 0.5  # frame to frame, about the frames' middles
    velocity = np.asarray(clip.frames.com_velocity)
    assert np.abs(steps).max() > 0.01
    between = 0.5 * (velocity[1:] + velocity[:-1])
    np.testing.assert_allclose(between[3:-3], 2 * steps[3:-3], atol=0.12 * np.abs(2 * steps).max())
    assert clip.frames.calm.shape == (small_clip.FRAMES,) and clip.frames.calm.min() > 0.5
    assert clip.frames.joints.shape == (small_clip.FRAMES, 13, 3)
    np.testing.assert_allclose(clip.frames.joints, rotations.log(np.asarray(clip.states.quats)[:, 1:]), atol=1e-9)
