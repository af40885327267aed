"""The pieces of the video start: translation from 2D, bone frames, lifting, contacts, levelling, camera guess."""

import numpy as np
import pytest

from motionrecon.errors import InputError
from motionrecon.fitting.initialize import level
from motionrecon.fitting.initialize.mocap import bone_frames
from motionrecon.fitting.initialize.video import foot_contacts, lift, pnp, video_body
from motionrecon.fitting.initialize.video.camera_guess import assume
from motionrecon.fitting.initialize.video.video_weights import swing_prior
from motionrecon.geometry import camera as cameras
from motionrecon.geometry import rotations, skeleton
from motionrecon.geometry.keypoints import COCO17, MEDIAPIPE19
from motionrecon.types import Motion, Observation, Soles

NAMES = tuple(MEDIAPIPE19.values())


def posed(count: int = 12, seed: int = 0):
    """A template with bent knees and elbows, and its named points (T, K, 3)."""
    rng = np.random.default_rng(seed)
    person = skeleton.template(1.7)
    vectors = np.zeros((count, len(person.names), 3))
    vectors[:, 0] = rng.normal(size=(count, 3)) * [0.1, 0.1, 1.0]
    for j, name in enumerate(person.names):
        side = 1.0 if name.startswith("left") else -1.0
        if "knee" in name:
            vectors[:, j, 1] = rng.uniform(0.9, 1.5, count)
        elif "elbow" in name:
            vectors[:, j, 2] = -side * rng.uniform(0.9, 1.5, count)
        elif "shoulder" in name:
            vectors[:, j, 0] = -side * rng.uniform(0.8, 1.3, count)
        elif "hip" in name:
            vectors[:, j] = rng.normal(size=(count, 3)) * 0.3
    quats = np.asarray(rotations.exp(vectors))
    root = rng.normal(size=(count, 3)) * 0.2 + [0, 0, 0.9]
    pos, rot = skeleton.forward_kinematics(person, root, quats)
    sites = skeleton.template_sites(NAMES, 1.7)
    return Motion(person, 30.0, root, quats), np.asarray(skeleton.site_positions(sites, pos, rot)), np.asarray(pos)


def test_translation_is_found_despite_an_outlier():
    _, points, _ = posed()
    truth = np.array([0.4, -0.1, 4.5])
    relative = points - points.mean(axis=(0, 1))
    seen = relative + truth
    flat = seen[..., :2] / seen[..., 2:]
    flat[:, 3] += 0.2
    found = pnp.solve_translation(relative, flat, np.ones(flat.shape[:2]), rounds=8)
    assert np.abs(found - truth).max() < 0.02


def test_ray_rotation_turns_the_axis_into_the_ray():
    rays = np.array([[0.3, -0.2, 0.9], [0.0, 0.0, 1.0]])
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    turned = pnp.ray_rotations(rays)
    np.testing.assert_allclose(turned @ np.array([0.0, 0.0, 1.0]), rays, atol=1e-12)
    np.testing.assert_allclose(turned @ np.swapaxes(turned, 1, 2), np.tile(np.eye(3), (2, 1, 1)), atol=1e-12)


def test_bone_frames_reproduce_limb_positions_and_hinges():
    motion, points, pos = posed()
    named = {name: points[:, k] for k, name in enumerate(NAMES)}
    quats = bone_frames.local_quaternions(bone_frames.world_rotations(named))
    again = np.asarray(skeleton.forward_kinematics(motion.skeleton, motion.root_pos, quats)[0])
    legs = [motion.skeleton.names.index(f"{s}_{b}") for s in ("left", "right") for b in ("knee", "ankle")]
    shift = again[:, 4:5] - pos[:, 4:5]
    assert np.abs(again[:, legs[:2]] - pos[:, legs[:2]] - shift).max() < 1e-6  # left leg, relative to its hip
    vectors = np.asarray(rotations.log(quats))
    for name in ("left_knee", "right_knee"):
        assert vectors[:, motion.skeleton.names.index(name), 1].min() > 0.8
    assert vectors[:, motion.skeleton.names.index("left_elbow"), 2].max() < -0.8
    assert vectors[:, motion.skeleton.names.index("right_elbow"), 2].min() > 0.8
    dots = np.sum(quats[1:] * quats[:-1], axis=-1)
    assert dots.min() >= 0


def test_a_foot_seen_pointing_backwards_starts_square_to_its_shin():
    _, points, _ = posed()
    named = {name: points[:, k].copy() for k, name in enumerate(NAMES)}
    toe, heel = named["left_toe"].copy(), named["left_heel"].copy()
    named["left_toe"], named["left_heel"] = heel, toe
    quats = bone_frames.local_quaternions(bone_frames.world_rotations(named))
    ankle = np.asarray(rotations.log(quats[:, skeleton.JOINT_NAMES.index("left_ankle")]))
    assert np.linalg.norm(ankle, axis=-1).max() < 0.1


def test_arms_that_answer_the_legs_cost_nothing():
    row = swing_prior()
    vectors = np.zeros((len(skeleton.JOINT_NAMES), 3))
    at = skeleton.JOINT_NAMES.index
    vectors[at("left_hip"), 1], vectors[at("right_hip"), 1] = -0.4, 0.4
    vectors[at("left_shoulder"), 1], vectors[at("right_shoulder"), 1] = 0.28, -0.28
    assert abs(np.sum(row * vectors)) < 1e-9
    vectors[:, 1] = np.abs(vectors[:, 1])  # both forward alike
    assert abs(np.sum(row * vectors)) < 1e-9
    vectors[at("left_shoulder"), 1] = -0.28
    assert abs(np.sum(row * vectors)) > 2.0


@pytest.mark.parametrize("turn", [0.0, 1.0, 2.2, -1.0, 3.1])
def test_lift_finds_which_way_a_person_is_turned(turn):
    person = skeleton.template(1.7)
    quats = np.tile([1.0, 0, 0, 0], (20, len(person.names), 1))
    quats[:, 0] = [np.cos(turn / 2), 0, 0, np.sin(turn / 2)]
    pos, rot = skeleton.forward_kinematics(person, np.zeros((20, 3)), quats)
    points = np.asarray(skeleton.site_positions(skeleton.template_sites(NAMES, 1.7), pos, rot))
    local = points @ np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]).T  # seen along world +x
    flat = (local + [0, 0, 5.0])[..., :2] / (local + [0, 0, 5.0])[..., 2:]
    lifted = lift.lift(flat, np.ones(flat.shape[:2]), NAMES, 1.7, 30.0)
    across = lifted[:, NAMES.index("left_shoulder")] - lifted[:, NAMES.index("right_shoulder")]
    truth = local[:, NAMES.index("left_shoulder")] - local[:, NAMES.index("right_shoulder")]
    cosine = np.sum(across * truth, -1) / np.linalg.norm(across, axis=-1) / np.linalg.norm(truth, axis=-1)
    assert cosine.min() > 0.93


def test_the_still_foot_stands_and_the_swinging_one_does_not():
    camera = cameras.look_at([0.0, -5, 1.4], [0, 0, 0.8], cameras.intrinsics_from_fov((1280, 720)), (1280, 720))
    t = np.arange(30) / 30.0
    still, swing = np.zeros_like(t), -0.5 + 2.0 * t
    feet = np.stack([np.stack([x + dx, dy + 0 * t, 0.045 + 0 * t], -1)
                     for x, dy in ((still, 0.1), (swing, -0.1)) for dx in (0.0, 0.2)], axis=1)  # fmt: skip
    pixels = np.asarray(cameras.project(camera, feet))
    speed = foot_contacts.ray_speeds(camera, pixels, np.full(4, 0.045), 30.0)
    np.testing.assert_allclose(speed[5:-5, 2:], 2.0, atol=1e-6)
    contact = foot_contacts.planted(speed, np.ones((30, 4)), None)
    assert contact[:, :2].min() > 0.9
    assert contact[:, 2:].max() == 0.0
    unseen = foot_contacts.planted(speed, np.zeros((30, 4)), None)
    assert unseen.max() == 0.0


@pytest.mark.parametrize(("eye", "sign"), [(-5.0, 1.0), (5.0, -1.0)])  # from behind, from the front
def test_a_ray_on_a_plane_that_rises_with_the_foot_sees_its_true_speed(eye, sign):
    camera = cameras.look_at([eye, 0, 1.4], [0, 0, 0.8], cameras.intrinsics_from_fov((1280, 720)), (1280, 720))
    t = np.arange(20) / 30.0
    foot = np.stack([0.5 * t, 0 * t, 0.045 + 0.4 * t], axis=-1)[:, None]
    pixels = np.asarray(cameras.project(camera, foot))
    raised = foot_contacts.ray_speeds(camera, pixels, foot[..., 2], 30.0)
    np.testing.assert_allclose(raised, np.hypot(0.5, 0.4), atol=1e-9)
    flat = foot_contacts.ray_speeds(camera, pixels, np.full(1, 0.045), 30.0)
    slides = 0.4 * 5.0 / (1.4 - 0.045)  # on the floor, a foot that lifts slides away from the camera
    assert flat[0, 0] == pytest.approx(abs(0.5 + sign * slides), rel=0.15)


def test_level_brings_standing_feet_to_the_floor():
    lowest = np.full(60, 0.05)
    shift = level.vertical_shift(lowest, np.ones(60), 30.0)
    np.testing.assert_allclose(lowest + shift, -level.DEPTH, atol=1e-9)
    assert np.all(level.vertical_shift(lowest, np.zeros(60), 30.0) == 0)


def test_sole_corners_of_the_rest_pose_lie_on_one_plane():
    person = skeleton.template(1.7)
    quats = np.tile([1.0, 0, 0, 0], (1, len(person.names), 1))
    motion = Motion(person, 30.0, np.array([[0.0, 0, skeleton.HIP_HEIGHT * 1.7]]), quats)
    soles: Soles = video_body.scaled(video_body.build(NAMES, 1.7, video_body.MEDIAPIPE_HEIGHTS), np.zeros(9), NAMES)[2]
    corners = level.sole_corners(motion, soles)
    np.testing.assert_allclose(corners[..., 2], 0.0, atol=0.005)
    assert corners[0, 0, :, 1].max() - corners[0, 0, :, 1].min() == pytest.approx(2 * video_body.HALF_WIDTH)


def test_scaled_body_scales_its_own_groups_only():
    body = video_body.build(NAMES, 1.7, video_body.MEDIAPIPE_HEIGHTS)
    logs = np.zeros(9)
    logs[video_body.GROUPS.index("shin")] = 0.1
    person, sites, soles = video_body.scaled(body, logs, NAMES)
    base, base_sites, base_soles = video_body.scaled(body, np.zeros(9), NAMES)
    changed = np.any(person.offsets != base.offsets, axis=1)
    assert {person.names[j] for j in np.flatnonzero(changed)} == {"left_ankle", "right_ankle"}
    moved = np.any(sites.offset != base_sites.offset, axis=1)
    assert {NAMES[k] for k in np.flatnonzero(moved)} == {"left_ankle", "right_ankle"}
    np.testing.assert_array_equal(soles.heel, base_soles.heel)


def test_unknown_camera_is_said_to_be_a_guess():
    pixels = np.random.default_rng(0).uniform(100, 600, size=(10, 17, 2))
    seen = Observation(30.0, COCO17, "coco17", np.ones((10, 17)), keypoints2d=pixels)
    guess = assume(seen, None, None, (1280, 720))
    assert guess.pose_free and "focal length is unknown" in guess.warnings[0]
    assert guess.camera.intrinsics[0, 0] == pytest.approx(640 / np.tan(np.radians(30)))
    given = assume(seen, guess.camera, None, None)
    assert not given.pose_free and given.warnings == ()


def test_a_field_of_view_that_is_known_is_no_guess():
    seen = Observation(30.0, NAMES, "mediapipe33", np.ones((4, len(NAMES))), keypoints2d=np.ones((4, len(NAMES), 2)))
    known = assume(seen, None, None, (1280, 720), np.radians(90.0))
    assert known.camera.intrinsics[0, 0] == pytest.approx(640.0) and known.pose_free
    assert not any("focal length" in text for text in known.warnings)
    guessed = assume(seen, None, None, (1280, 720))
    assert any("--fov" in text for text in guessed.warnings)
    with pytest.raises(InputError, match="leave out --fov"):
        assume(seen, known.camera, None, None, np.radians(90.0))


def test_thick_soles_raise_the_foot_over_the_floor():
    heights = video_body.landmark_heights("mediapipe33")
    plain, thick = (video_body.build(NAMES, 1.7, heights, s) for s in (0.0, 0.03))
    np.testing.assert_allclose(thick.floor, plain.floor + 0.03)
    np.testing.assert_array_equal(thick.site, plain.site)
    usual, lower = (video_body.scaled(b, np.zeros(video_body.FIXED), NAMES)[2] for b in (plain, thick))
    for name in ("heel", "ball", "toe"):
        np.testing.assert_allclose(getattr(lower, name), getattr(usual, name) - [0.0, 0.0, 0.03], atol=1e-12)
