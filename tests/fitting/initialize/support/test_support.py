"""What carries the body: clips whose support is known, and recordings."""

import numpy as np
import pytest

from motionrecon.config import Config, InputOptions, PersonOptions
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.fitting import fit
from motionrecon.fitting.initialize.support.support import BEYOND, find_unsupported, sentences
from motionrecon.types import UnsupportedInterval
from tests.fixtures import carried_clips as clips


def _found(motion, start_time=0.0):
    return find_unsupported(clips.start(motion, start_time))


def _share(found):
    return 1.0 - found.supported.mean()


@pytest.mark.parametrize("name", list(synthetic_clips.MOTIONS))
def test_motions_on_the_floor_are_supported(name):
    found = _found(synthetic_clips.motion(name, clips.H))
    assert found.intervals == () and found.supported.all() and sentences(found) == []


POSES = {
    "kneeling": clips.ARMS | clips.KNEES | clips.TOES,
    "lying": {"pelvis": (0.0, -np.pi / 2, 0.0)},
    "lying on the front": {"pelvis": (0.0, np.pi / 2, 0.0)},
    "sitting on the floor": {"left_hip": (0.0, -1.5, 0.0), "right_hip": (0.0, -1.5, 0.0)},
}


@pytest.mark.parametrize("pose", POSES)
def test_bodies_on_the_floor_are_supported(pose):
    assert _found(clips.still(2.0, POSES[pose])).intervals == ()


@pytest.mark.parametrize("height", [0.15, 0.3, 0.6])
def test_a_box_carries_until_the_feet_land(height):
    motion, landing = clips.off_a_box(height, rest=1.2, speed=1.0)
    (interval,) = _found(motion).intervals
    assert interval.start_s == 0.0 and interval.end_s == pytest.approx(landing, abs=0.07)
    assert interval.cause == f"standing {height:.2f} m above the floor"
    assert _found(motion, start_time=7.0).intervals[0].end_s == pytest.approx(7.0 + interval.end_s)


def test_a_floor_below_the_one_that_was_found_is_told():
    motion, landing = clips.off_a_box(0.3, rest=1.2, speed=1.0)
    (interval,) = _found(clips.moved(motion, [0.0, 0.0, -0.3])).intervals
    assert landing - 0.15 < interval.start_s <= landing  # it falls through the level before it lands
    assert interval.end_s == pytest.approx(len(motion.root_pos) / clips.FPS)
    assert interval.cause == "standing 0.30 m below the level taken for the floor"


def test_a_leap_needs_no_support():
    motion, _ = clips.off_a_box(0.0, rest=0.5, speed=2.8)  # 0.57 s in the air, 0.4 m high
    assert _found(motion).intervals == ()


def test_a_body_that_hangs_is_carried():
    (interval,) = _found(clips.moved(clips.still(2.0, clips.ARMS | clips.KNEES), [0.0, 0.0, 0.5])).intervals
    assert (interval.start_s, interval.end_s) == (0.0, 2.0) and "0.50 m above the floor" in interval.cause


def test_a_seat_carries_while_the_weight_is_behind_the_feet():
    motion, weight = clips.sitting()
    found = _found(motion)
    (interval,) = found.intervals
    heel = -0.042 * clips.H
    behind = np.flatnonzero(weight[:, 0] < heel) / clips.FPS
    assert interval.cause == BEYOND
    assert behind[0] <= interval.start_s < behind[0] + 0.5 and behind[-1] - 0.5 < interval.end_s <= behind[-1] + 0.1
    assert not found.supported[round(1.7 * clips.FPS) : round(3.2 * clips.FPS)].any()


def test_a_rail_carries_while_the_weight_is_beside_the_feet():
    (interval,) = _found(clips.leaning()).intervals
    assert interval.cause == BEYOND and 1.0 < interval.start_s < 1.7 and 2.7 < interval.end_s < 3.4


def test_a_walk_less_a_belts_travel_moves_on_a_belt():
    walk = synthetic_clips.motion("walk", clips.H)
    speed = float(np.ptp(walk.root_pos[:, 0])) / (len(walk.root_pos) - 1) * clips.FPS
    t = np.arange(len(walk.root_pos)) / clips.FPS
    found = _found(clips.moved(walk, -speed * t[:, None] * np.array([1.0, 0.0, 0.0])))
    (interval,) = found.intervals
    assert _share(found) == 1.0 and f"moves at {speed:.2f} m/s" in interval.cause


def test_stairs_are_feet_on_different_heights():
    found = _found(clips.up_the_stairs())
    assert _share(found) > 0.6 and any("different heights" in i.cause for i in found.intervals)


def test_one_sentence_a_cause():
    intervals = tuple(UnsupportedInterval(i, i + 0.5, "a box" if i < 2 else "a seat") for i in range(6))
    found = find_unsupported(clips.start(clips.still(1.0)))
    told = sentences(type(found)(found.supported, intervals))
    assert len(told) == 2
    assert told[0].startswith("From 0.00 to 0.50 s, 1.00 to 1.50 s the person is carried") and "(a box)" in told[0]
    assert told[1].startswith("In 4 stretches between 2.00 and 5.50 s")


def _recording(samples, path, height=None):
    if not (samples / path).exists():
        pytest.skip(f"no {path} in the sample data")
    options = Config(input=InputOptions(), person=PersonOptions(height=height))
    return find_unsupported(fit.kinematic_start(fit.observe_file(str(samples / path), options.input), options))


@pytest.mark.dataset
@pytest.mark.parametrize(
    ("path", "height"),
    [
        ("mocap/cmu/02_03.bvh", None), ("mocap/cmu/05_08.bvh", None), ("mocap/cmu/05_15.bvh", None),
        ("mocap/cmu/06_02.bvh", None), ("mocap/cmu/07_01_walk.bvh", None), ("mocap/cmu/09_06.bvh", None),
        ("mocap/deepmimic/humanoid3d_backflip.txt", None), ("mocap/deepmimic/humanoid3d_walk.txt", None),
        ("aistpp/annotation/keypoints3d/gBR_sBM_cAll_d04_mBR2_ch08.pkl", None),
        ("aistpp/annotation/keypoints3d/gBR_sBM_cAll_d06_mBR2_ch06.pkl", None),
        ("forces/walk_oc1.joints.npz", 1.68), ("forces/squat_oc.joints.npz", 1.68),
        ("forces/walk_gait2392.joints.npz", 1.803),
    ],
)  # fmt: skip
def test_recordings_on_the_floor_are_supported(samples, path, height):
    assert _recording(samples, path, height).intervals == ()


@pytest.mark.dataset
def test_a_recorded_drop_jump_stands_on_its_box_first(samples):
    (interval,) = _recording(samples, "forces/dropjump_oc1.joints.npz", 1.68).intervals
    assert interval.start_s == 0.0 and interval.end_s == pytest.approx(1.42, abs=0.05)  # the plates' first load
    assert interval.cause.startswith("standing 0.3")


@pytest.mark.dataset
@pytest.mark.parametrize("path", ["cases/03-down-the-stairs.npz", "mocap/cmu/03_02.bvh"])
def test_recorded_stairs_and_uneven_ground_are_found(samples, path):
    found = _recording(samples, path)
    assert _share(found) > 0.6 and "different heights" in found.intervals[0].cause


@pytest.mark.dataset
def test_a_recorded_treadmill_is_found(samples, tmp_path):
    path = samples / "forces" / "walk_gait2392.joints.npz"
    if not path.exists():
        pytest.skip(f"no {path.name} in the sample data")
    arrays = dict(np.load(path))
    travel = 1.125 * np.arange(len(arrays["positions"])) / arrays["fps"]
    arrays["positions"] = arrays["positions"] - travel[:, None, None] * np.array([1.0, 0.0, 0.0])
    np.savez(tmp_path / "belt.npz", **arrays)
    found = _recording(tmp_path, "belt.npz", 1.803)
    assert _share(found) == 1.0 and "moves at 1.1" in found.intervals[0].cause
