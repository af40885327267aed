"""The kinematic start from 3D keypoints, on motions whose answer is known."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.errors import DataError
from motionrecon.fitting.initialize.mocap import inverse_kinematics
from motionrecon.fitting.initialize.mocap.mocap_start import start_from_keypoints3d
from motionrecon.fitting.initialize.mocap.sole_calibration import sole_points
from motionrecon.geometry import keypoints, rotations
from motionrecon.geometry.skeleton import forward_kinematics, site_positions, template, template_sites
from motionrecon.types import KinematicStart, Observation

FPS, FRAMES, HEIGHT = 30.0, 60, 1.75
NAMES = template(HEIGHT).names


def _march(names=keypoints.MOCAP18, height=HEIGHT) -> Observation:
    """Marching on the spot while drifting forward: each leg is lifted in turn, the other stands flat."""
    skeleton, time = template(height), np.arange(FRAMES) / FPS
    vectors = np.zeros((FRAMES, len(NAMES), 3))
    for side, phase, sign in (("left", 0.0, 1.0), ("right", np.pi, -1.0)):
        lift = np.maximum(np.sin(2 * np.pi * time + phase), 0.0) ** 2
        vectors[:, NAMES.index(f"{side}_hip"), 1] = -0.6 * lift
        vectors[:, NAMES.index(f"{side}_knee"), 1] = 1.1 * lift
        vectors[:, NAMES.index(f"{side}_ankle"), 1] = -0.5 * lift
        vectors[:, NAMES.index(f"{side}_shoulder"), 0] = -1.2 * sign
        vectors[:, NAMES.index(f"{side}_elbow"), 2] = -sign * (0.6 + 0.4 * lift)
    root = np.zeros((FRAMES, 3))
    root[:, 2] = (0.491 + 0.039) * height
    pose = forward_kinematics(skeleton, jnp.asarray(root), rotations.exp(jnp.asarray(vectors)))
    points = np.asarray(site_positions(template_sites(names, height), *pose))
    return Observation(FPS, names, "test", np.ones(points.shape[:2]), keypoints3d=points)


def _distance(start: KinematicStart, target: np.ndarray | None = None) -> np.ndarray:
    pose = forward_kinematics(start.motion.skeleton, start.motion.root_pos, start.motion.quats)
    target = start.observation.keypoints3d if target is None else target
    return 1000.0 * np.linalg.norm(np.asarray(site_positions(start.sites, *pose)) - target, axis=-1)


def _largest_step(start: KinematicStart) -> float:
    q = jnp.asarray(start.motion.quats)
    return float(jnp.linalg.norm(rotations.log(rotations.mul(rotations.conj(q[:-1]), q[1:])), axis=-1).max())


def test_what_was_not_observed_stands_upright_hangs_and_is_told():
    legs = tuple(n for n in keypoints.MOCAP18 if n.endswith(("hip", "knee", "ankle", "ball")))
    start = start_from_keypoints3d(_march(legs))
    assert any("Not observed: trunk, head, left arm, right arm." in w for w in start.warnings)
    joints, _ = forward_kinematics(start.motion.skeleton, start.motion.root_pos, start.motion.quats)
    joints = np.asarray(joints)
    assert (joints[:, NAMES.index("neck"), 2] - joints[:, 0, 2]).min() > 0.35
    for side in ("left", "right"):
        arm = joints[:, NAMES.index(f"{side}_elbow")] - joints[:, NAMES.index(f"{side}_shoulder")]
        assert (arm[:, 2] / np.linalg.norm(arm, axis=-1)).max() < -0.9


def test_recovers_a_known_motion_and_body():
    start = start_from_keypoints3d(_march())
    assert _distance(start).mean() < 1.0
    assert start.height == pytest.approx(HEIGHT, abs=0.01)
    knee = NAMES.index("left_knee")
    bend = np.asarray(rotations.log(jnp.asarray(start.motion.quats[:, knee])))
    assert bend[:, 1].max() == pytest.approx(1.1, abs=0.12)
    assert np.abs(bend[:, [0, 2]]).max() < 0.05
    shank = np.linalg.norm(np.asarray(start.motion.skeleton.offsets)[NAMES.index("left_ankle")])
    assert shank == pytest.approx(0.246 * HEIGHT, abs=0.005)
    assert start.warnings == ()


def test_tilted_raised_floor_is_levelled_and_feet_stand_on_it():
    flat = _march()
    angle = np.radians(1.0)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    drift = np.zeros((FRAMES, 1, 3))
    drift[..., 0] = 4.0 * np.round(np.arange(FRAMES) / FRAMES * 4)[:, None] / 4  # in hops, so that stance is still
    points = (flat.keypoints3d + drift) @ turn.T + np.array([0.0, 0.0, 0.7])
    start = start_from_keypoints3d(dataclasses.replace(flat, keypoints3d=points))
    ankles = start.observation.keypoints3d[:, [flat.names.index(f"{s}_ankle") for s in ("left", "right")], 2].min(1)
    assert np.median(ankles) == pytest.approx(0.039 * HEIGHT, abs=0.012)
    slope = np.polyfit(start.observation.keypoints3d[:, flat.names.index("pelvis"), 0],
                       start.observation.keypoints3d[:, flat.names.index("pelvis"), 2], 1)[0]  # fmt: skip
    assert abs(np.degrees(slope)) < 0.25


def test_soles_lie_on_the_floor_and_planted_follows_the_lifted_foot():
    start = start_from_keypoints3d(_march())
    heights = sole_points(start.motion, start.soles)[..., 2]
    assert np.mean(heights.min(axis=(1, 2)) < -0.005) <= 0.01
    lifted = 8  # left foot on its way up, right one standing
    assert start.planted.shape == (FRAMES, 2, 2)
    assert start.planted[lifted, 0].max() < 0.2
    assert start.planted[lifted, 1].min() > 0.7


def test_missing_points_are_bridged_without_flips():
    observation = _march()
    truth, confidence = observation.keypoints3d, np.array(observation.confidence)
    wrist, ankle = observation.names.index("left_wrist"), observation.names.index("right_ankle")
    confidence[20:28, wrist] = confidence[40:46, ankle] = 0.0
    points = np.where(confidence[..., None] > 0, truth, 0.0)
    start = start_from_keypoints3d(dataclasses.replace(observation, keypoints3d=points, confidence=confidence))
    shift = start.observation.keypoints3d[0, 0] - truth[0, 0]
    gap = confidence == 0
    assert _distance(start, truth + shift)[gap].max() < 40.0
    assert _largest_step(start) < 0.5
    np.testing.assert_array_equal(start.observation.confidence[gap], 0.0)


def test_noise_is_measured_smoothed_and_outliers_lose_confidence():
    observation, rng = _march(), np.random.default_rng(3)
    noise = 0.02 * rng.standard_normal(observation.keypoints3d.shape)
    bad = rng.random(noise.shape[:2]) < 0.1
    kick = rng.standard_normal(noise.shape)
    noise += bad[..., None] * 0.2 * kick / np.linalg.norm(kick, axis=-1, keepdims=True)
    noisy = dataclasses.replace(observation, keypoints3d=observation.keypoints3d + noise)
    start = start_from_keypoints3d(noisy)
    truth = start.observation.keypoints3d - noise  # the levelling turns by well under a degree
    assert _distance(start, truth).mean() < 0.45 * 1000.0 * np.linalg.norm(noise, axis=-1).mean()
    assert start.observation.confidence[bad].mean() < 0.1
    assert start.observation.confidence[~bad].mean() > 0.5
    assert any("noisy" in w for w in start.warnings)


def test_coco_without_toes_keeps_average_soles_above_the_floor():
    start = start_from_keypoints3d(_march(keypoints.COCO17))
    assert _distance(start).mean() < 3.0
    heights = sole_points(start.motion, start.soles)[..., 2]
    assert np.mean(heights.min(axis=(1, 2)) < -0.005) <= 0.01
    assert np.median(heights.min(axis=(1, 2))) < 0.01
    assert any("toes" in w for w in start.warnings)


def test_new_lengths_and_people_cost_no_compilation():
    start_from_keypoints3d(_march())
    before = inverse_kinematics._solve.variants
    other = _march(height=1.55)
    cut = {"keypoints3d": other.keypoints3d[:41], "confidence": other.confidence[:41]}
    start_from_keypoints3d(dataclasses.replace(other, **cut))
    assert inverse_kinematics._solve.variants == before


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"keypoints3d": None}, "3D keypoints"),
        ({"keypoints3d": np.full((FRAMES, 18, 3), np.nan)}, "NaN"),
        ({"keypoints3d": np.zeros((FRAMES, 17, 3))}, "do not match"),
        ({"keypoints3d": np.zeros((FRAMES, 18, 3))}, "unit"),
        ({"confidence": np.zeros((FRAMES, 18))}, "No keypoint"),
    ],
)
def test_bad_input_is_one_clear_line(change, word):
    with pytest.raises(DataError, match=word) as caught:
        start_from_keypoints3d(dataclasses.replace(_march(), **change))
    assert "\n" not in str(caught.value)


def test_impossible_height_is_refused():
    with pytest.raises(DataError, match="metres"):
        start_from_keypoints3d(_march(), height=175.0)
