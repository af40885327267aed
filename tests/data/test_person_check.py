"""A person on level ground passes; each fault of the input fails the check that is meant for it."""

import numpy as np
import pytest

from motionrecon.data import load as door
from motionrecon.data import person_check
from motionrecon.data.formats import bvh
from tests.fixtures.rig_files import SCHOOLS, write


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """A walk with feet that stand: (names, (T, K, 3) m)."""
    observation = bvh.read(write(tmp_path_factory.mktemp("walk") / "a.bvh", SCHOOLS["cmu"])).observation
    return observation.names, np.asarray(observation.keypoints3d)


def _check(walk, points=None, names=None, **options):
    points = walk[1] if points is None else points
    found = person_check.check_person(names or walk[0], points, np.ones(points.shape[:2]), 30.0, **options)
    return {f.check: f for f in found}


def _failed(found):
    return {name for name, f in found.items() if not f.passed}


def _renamed(names, swap):
    return tuple(swap.get(n, n) for n in names)


def test_a_walk_passes(walk):
    found = _check(walk)
    assert not _failed(found), [f.sentence for f in found.values()]
    assert {"stature", "left and right alike", "constant bones", "hips between", "head up", "upright"} < set(found)
    assert all(f.sentence.endswith(".") and f.limit for f in found.values())


@pytest.mark.parametrize("scale", [100.0, 10.0, 0.1, 0.01])
def test_wrong_units(walk, scale):
    found = _check(walk, scale * walk[1])
    assert "stature" in _failed(found) and "--height" in found["stature"].sentence
    assert found["stature"].value == pytest.approx(scale * _check(walk)["stature"].value)


def test_a_height_that_is_given_stands(walk):
    small = 0.45 * walk[1]
    assert "stature" in _failed(_check(walk, small))
    assert "stature" not in _failed(_check(walk, small, height=0.45 * _check(walk)["stature"].value))
    assert "stature" in _failed(_check(walk, height=1.1))


def test_mirrored(walk):
    assert _failed(_check(walk, walk[1] * np.array([1.0, -1.0, 1.0]))) == {"not mirrored"}
    swap = {n: ("right_" + n[5:] if n.startswith("left_") else "left_" + n[6:]) for n in walk[0] if "_" in n[:6]}
    swap.pop("head_top", None)
    assert "not mirrored" in _failed(_check(walk, names=_renamed(walk[0], swap)))


def test_mirrored_without_feet(walk):
    keep = [k for k, n in enumerate(walk[0]) if not n.endswith(("ball", "toe"))]
    names = tuple(walk[0][k] for k in keep)
    assert "not mirrored" not in _failed(_check(walk, walk[1][:, keep], names))
    mirrored = walk[1][:, keep] * np.array([1.0, -1.0, 1.0])
    assert "not mirrored" in _failed(_check(walk, mirrored, names))


def test_upside_down_and_lying(walk):
    assert "head up" in _failed(_check(walk, walk[1] * np.array([1.0, -1.0, -1.0])))
    laid = walk[1][..., [2, 1, 0]] * np.array([1.0, 1.0, -1.0])
    found = _check(walk, laid)
    assert "upright" in _failed(found) and found["upright"].fatal  # it travels
    rest = laid - laid.mean(axis=1, keepdims=True)
    found = _check(walk, rest)
    assert "upright" in _failed(found) and not found["upright"].fatal  # somebody who lies is a person


def test_one_limb_too_long(walk):
    points = walk[1].copy()
    for name in ("left_ankle", "left_ball", "left_toe"):
        k, knee = walk[0].index(name), walk[0].index("left_knee")
        points[:, k] = points[:, knee] + 1.5 * (points[:, k] - points[:, knee])
    assert "left and right alike" in _failed(_check(walk, points))


def test_points_of_two_people(walk):
    points = walk[1].copy()
    points[::2, walk[0].index("left_wrist")] += np.array([0.0, 0.5, 0.2])
    assert "constant bones" in _failed(_check(walk, points))


def test_hips_and_shoulders_exchanged(walk):
    swap = {f"{s}_{a}": f"{s}_{b}" for s in ("left", "right") for a, b in (("hip", "shoulder"), ("shoulder", "hip"))}
    assert "hips between" in _failed(_check(walk, names=_renamed(walk[0], swap)))


def _stepping(heights):
    """A body that steps on places of the given heights: each foot stands 0.5 s, then swings to the next but one."""
    names = ("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_ball", "right_ball")
    each, frames = 15, 15 * (len(heights) - 1)
    points = np.zeros((frames, len(names), 3))
    for t in range(frames):
        step, share = divmod(t, each)
        places = {}
        for k in (step, step + 1):
            places[k % 2] = np.array([0.4 * k, 0.1 if k % 2 == 0 else -0.1, heights[k]])
        if share < 8 and step > 0:  # the foot that comes next still swings
            start = np.array([0.4 * (step - 1), places[(step + 1) % 2][1], heights[step - 1]])
            end = places[(step + 1) % 2]
            places[(step + 1) % 2] = start + (end - start) * share / 8 + np.array([0, 0, 0.1])
        middle = 0.5 * (places[0] + places[1])
        for foot, side in enumerate(("left", "right")):
            ball = places[foot]
            ankle = ball + np.array([-0.12, 0.0, 0.07])
            hip = np.array([middle[0], ball[1], middle[2] + 0.9])
            for name, at in (("hip", hip), ("knee", 0.5 * (hip + ankle)), ("ankle", ankle), ("ball", ball)):
                points[t, names.index(f"{side}_{name}")] = at
    return names, points


@pytest.mark.parametrize(
    ("heights", "fails", "fatal", "word"),
    [
        ([0.0] * 8, False, False, ""),
        ([0.03, 0.0, 0.02, 0.0, 0.03, 0.01, 0.0, 0.02], False, False, ""),
        ([0.18 * k for k in range(7)], True, True, "stairs"),
        ([0.9 - 0.18 * k for k in range(6)], True, True, "stairs"),
        ([0.04 * k for k in range(9)], True, True, "slope"),
        ([0.0, 0.0, 0.0, 0.3, 0.3, 0.3, 0.3, 0.3], True, False, "a step or a box"),
    ],
)
def test_ground(heights, fails, fatal, word):
    names, points = _stepping(heights)
    finding = _check(None, points, names)["level ground"]
    assert finding.passed != fails, finding
    if fails:
        assert finding.fatal == fatal and word in finding.sentence
        spread = max(heights) - min(heights)  # the ends, where a foot only swings or is the higher one, may lack
        assert 0.5 * spread < finding.value < spread + 0.01


def test_missing_points_do_not_count(walk):
    points, seen = walk[1].copy(), np.ones(walk[1].shape[:2])
    points[5:9], seen[5:9] = 1e3, 0.0
    found = person_check.check_person(walk[0], points, seen, 30.0)
    assert not [f for f in found if not f.passed]
    assert person_check.check_person(walk[0], points, 0 * seen, 30.0) == []


@pytest.mark.dataset
def test_stairs_are_refused(samples):
    observation = door.load(samples / "cases/03-down-the-stairs.npz").observation
    found = person_check.check_person(
        observation.names, observation.keypoints3d, observation.confidence, observation.fps
    )
    (failed,) = [f for f in found if not f.passed]
    assert failed.fatal and "stairs" in failed.sentence and failed.value > 0.7


@pytest.mark.dataset
def test_no_recording_on_a_floor_is_accused(samples):
    paths = [p for end in ("*.bvh", "*.amc", "humanoid3d_*.txt") for p in sorted((samples / "mocap").rglob(end))]
    paths += sorted((samples / "aistpp/annotation/keypoints3d").glob("*.pkl"))
    paths += sorted((samples / "forces").glob("*.joints.npz"))
    assert len(paths) > 40
    told = {}
    for path in paths:
        observation = door.load(path).observation
        found = person_check.check_person(
            observation.names, observation.keypoints3d, observation.confidence, observation.fps
        )
        failed = [f for f in found if not f.passed]
        assert not any(f.fatal for f in failed), (path, failed)
        if failed:
            told[path.name] = {f.check for f in failed}
    # the uneven ground of 03_02, and a jump from a box
    assert told == {"03_02.bvh": {"level ground"}, "dropjump_oc1.joints.npz": {"level ground"}}
