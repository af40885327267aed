"""Synthetic motions obey mechanics: planted feet, ballistic flight, weight over the feet; files read back."""

import functools

import cv2
import jax
import numpy as np
import pytest

from motionrecon.data.synthetic import mannequin, synthetic_clips
from motionrecon.data.synthetic.mass_model import MassModel
from motionrecon.errors import InputError
from motionrecon.geometry import rotations
from motionrecon.geometry import skeleton as skeletons

HEIGHT, G, DT = 1.75, 9.81, 1.0 / synthetic_clips.FPS


@functools.cache
def moved(name):
    motion = synthetic_clips.motion(name, HEIGHT)
    pos, rot = skeletons.forward_kinematics(motion.skeleton, motion.root_pos, motion.quats)
    return motion, np.asarray(pos), np.asarray(rotations.to_matrix(rot))


def sole_points(name):
    """Return (T, 2, 2, 3): left and right, heel and toe edge."""
    motion, pos, rot = moved(name)
    soles = skeletons.template_soles(HEIGHT)
    ankles = [motion.skeleton.names.index(f"{s}_ankle") for s in ("left", "right")]
    ends = np.stack([soles.heel, soles.toe], 1)
    return np.stack(
        [pos[:, j, None] + np.einsum("tij,kj->tki", rot[:, j], ends[k]) for k, j in enumerate(ankles)], axis=1
    )


def center_of_mass(name):
    motion, pos, rot = moved(name)
    return MassModel(motion.skeleton.names, HEIGHT).center_of_mass(pos, rot)


def second_difference(x):
    return (x[2:] - 2 * x[1:-1] + x[:-2]) / DT**2


@pytest.mark.parametrize("name", synthetic_clips.MOTIONS)
def test_soles_never_pass_through_the_ground(name):
    assert sole_points(name)[..., 2].min() > -1e-3


@pytest.mark.parametrize("name", synthetic_clips.MOTIONS)
def test_planted_points_do_not_slide(name):
    points = sole_points(name)
    low = points[..., 2] < 1e-3
    planted = low[1:] & low[:-1]
    assert planted.mean() > 0.15
    step = np.linalg.norm(np.diff(points, axis=0), axis=-1)[planted]
    assert np.quantile(step, 0.97) < 1e-3 and step.max() < 0.02


@pytest.mark.parametrize("name", ["jump", "run"])
def test_flight_is_ballistic(name):
    height = sole_points(name)[..., 2].min(axis=(1, 2))
    com = center_of_mass(name)
    air = height > 0.001
    inside = air[2:] & air[1:-1] & air[:-2]
    assert inside.sum() >= 4
    assert second_difference(com)[inside] == pytest.approx(np.tile([0, 0, -G], (inside.sum(), 1)), abs=0.6)


@pytest.mark.parametrize("name", ["squat", "wave", "walk", "kick", "turn"])
def test_the_weight_rests_on_the_feet(name):
    motion, pos, rot = moved(name)
    model, com = MassModel(motion.skeleton.names, HEIGHT), center_of_mass(name)
    acc = second_difference(com)
    rate = np.gradient(model.angular_momentum(pos, rot, synthetic_clips.FPS), DT, axis=0)[1:-1]
    lift = acc[:, 2] + G
    assert lift.min() > 0.3 * G
    zmp = com[1:-1, :2] - (com[1:-1, 2:] * acc[:, :2] + np.stack([rate[:, 1], -rate[:, 0]], 1)) / lift[:, None]
    points = sole_points(name)[1:-1].reshape(len(zmp), 4, 3)
    outside = []
    for p, q in zip(zmp, points, strict=True):
        ground = q[q[:, 2] < 0.012, :2]
        outside.append(np.maximum(ground.min(0) - 0.04 - p, p - ground.max(0) - 0.04).max())  # 4 cm: half a shoe
    assert np.quantile(outside, 0.95) < 0.02


@pytest.mark.parametrize("name", synthetic_clips.MOTIONS)
def test_knees_and_elbows_are_hinges_of_one_sign(name):
    motion, _, _ = moved(name)
    vectors = np.asarray(rotations.log(motion.quats))
    i = motion.skeleton.names.index
    for side, sign in (("left", -1.0), ("right", 1.0)):
        knee, elbow = vectors[:, i(f"{side}_knee")], vectors[:, i(f"{side}_elbow")]
        assert np.abs(knee[:, [0, 2]]).max() < 1e-5 and knee[:, 1].min() > 0.1
        assert np.abs(elbow[:, :2]).max() < 1e-5 and (sign * elbow[:, 2]).min() > 0.0


def test_arms_swing_against_the_legs():
    points = synthetic_clips.positions(moved("walk")[0], ("left_wrist", "left_ankle", "pelvis"), HEIGHT)[..., 0]
    wrist, ankle = points[:, 0] - points[:, 2], points[:, 1] - points[:, 2]
    assert np.corrcoef(wrist, ankle)[0, 1] < -0.6


def test_other_stature_and_seed_change_the_motion():
    tall, other = synthetic_clips.motion("jump", 1.95), synthetic_clips.motion("jump", HEIGHT, seed=3)
    base = moved("jump")[0]
    assert tall.root_pos[0, 2] > base.root_pos[0, 2] + 0.08
    assert np.abs(other.root_pos - base.root_pos).max() > 0.01
    again = synthetic_clips.motion("jump", HEIGHT, seed=3)
    assert np.array_equal(other.root_pos, again.root_pos) and np.array_equal(other.quats, again.quats)


def test_load_keeps_the_person_in_the_picture():
    assert len(synthetic_clips.keys()) == len(synthetic_clips.MOTIONS) * len(synthetic_clips.VIEWS)
    for view in ("side", "back"):
        sequence = synthetic_clips.load(f"jump/{view}")
        pixels = sequence.observation.keypoints2d
        assert (pixels > 0).all() and (pixels < sequence.observation.camera.size).all()
        assert sequence.truth.shape == sequence.observation.keypoints3d.shape
        assert sequence.reference.positions.shape[1] == len(sequence.reference.names)


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="walk/side"):
        synthetic_clips.load("walk/above")
    with pytest.raises(InputError, match="walk"):
        synthetic_clips.motion("swim")
    with pytest.raises(InputError, match="metres"):
        synthetic_clips.motion("walk", 175.0)


def test_truth_file_reads_back(tmp_path):
    sequence = synthetic_clips.load("wave/front")
    synthetic_clips.write_truth(sequence, tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz") as data:
        assert list(data["names"]) == list(synthetic_clips.TRUTH_NAMES)
        assert data["positions"] == pytest.approx(sequence.reference.positions, abs=1e-5)
        assert float(data["fps"]) == synthetic_clips.FPS and tuple(data["camera_size"]) == synthetic_clips.SIZE
    assert [p.name for p in tmp_path.iterdir()] == ["t.npz"]


def test_drawn_frames_show_the_person_where_the_truth_is():
    sequence = synthetic_clips.load("wave/front")
    motion, camera = sequence.motion, sequence.observation.camera
    short = type(motion)(motion.skeleton, motion.fps, motion.root_pos[[0, 50]], motion.quats[[0, 50]])
    first, second = mannequin.frames(short, camera)
    assert first.shape == (720, 1280, 3) and first.dtype == np.uint8
    moving = cv2.absdiff(first, second).max(axis=2) > 25
    wrist = sequence.observation.keypoints2d[[0, 50], sequence.observation.names.index("right_wrist")]
    for x, y in np.round(wrist).astype(int):  # the hand left one place for the other
        assert moving[y - 3 : y + 4, x - 3 : x + 4].mean() > 0.5
    assert moving.mean() < 0.05
    again = next(iter(mannequin.frames(short, camera)))
    assert np.array_equal(first, again)


def test_a_clip_of_another_length_compiles_nothing():
    """Else a run over clips of many lengths would keep a program for each of them."""
    compiled = []

    def heard(event: str, seconds: float, **_: object) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(seconds)

    synthetic_clips.load("squat/side")  # 3.5 s
    jax.monitoring.register_event_duration_secs_listener(heard)
    synthetic_clips.load("kick/side")  # 3.2 s
    assert compiled == []
