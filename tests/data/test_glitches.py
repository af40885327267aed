"""What is no motion is left out and told; what is motion stays as it is."""

import numpy as np
import pytest

from motionrecon.data import glitches, sequence
from motionrecon.data.formats import bvh
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import MOCAP18
from tests.fixtures.rig_files import SCHOOLS, write

_FRAMES = 60


def _read(tmp_path, positions, fps=30.0, layout="npz"):
    points = sequence.Points(layout, MOCAP18, MOCAP18, positions, fps, "z", 1.0, True)
    return sequence.to_sequence(tmp_path / "a", points)


def _pose(walking):
    """A T-pose somewhere else: the standing body, arms stretched upwards."""
    pose = walking(frames=1)[0] + np.array([1.5, -0.7, 0.1])
    for k, name in enumerate(MOCAP18):
        if "wrist" in name or "elbow" in name:
            pose[k, 2] += 0.45
    return pose


def test_motion_is_not_touched(tmp_path, walking):
    clip = walking(frames=_FRAMES)
    found = _read(tmp_path, clip)
    np.testing.assert_array_equal(found.observation.keypoints3d, clip)
    assert (found.observation.confidence == 1).all() and not found.warnings


@pytest.mark.parametrize("count", [1, 2, 5, 20])
@pytest.mark.parametrize("end", ["start", "end"])
@pytest.mark.parametrize("layout", ["bvh", "trc"])
def test_rest_poses_of_any_number(tmp_path, walking, count, end, layout):
    clip = walking(frames=_FRAMES)
    rest = np.repeat(_pose(walking)[None], count, axis=0)
    found = _read(tmp_path, np.concatenate([rest, clip] if end == "start" else [clip, rest]), layout=layout)
    np.testing.assert_array_equal(found.observation.keypoints3d, clip)
    assert (found.observation.confidence == 1).all()
    (told,) = found.warnings
    numbers = (0, count - 1) if end == "start" else (_FRAMES, _FRAMES + count - 1)
    assert f"{numbers[0]} " in told and (count == 1 or f"to {numbers[1]} are a rest pose" in told) and "dropped" in told
    late = count / 30.0 if end == "start" and layout == "trc" else 0.0  # a device's clock runs on
    assert found.observation.start_time == pytest.approx(late)


@pytest.mark.parametrize(("first", "count"), [(25, 1), (25, 3), (0, 4), (55, 5)])
def test_frames_of_zeros_are_not_seen(tmp_path, walking, first, count):
    clip = walking(frames=_FRAMES)
    bad = clip.copy()
    bad[first : first + count] = 0.0
    found = _read(tmp_path, bad)
    assert any("0, 0, 0" in w for w in found.warnings)
    seen = found.observation
    lost = np.isin(np.arange(_FRAMES), np.arange(first, first + count))
    if first == 25:
        assert (seen.confidence[lost] == 0).all() and (seen.confidence[~lost] == 1).all()
        np.testing.assert_array_equal(seen.keypoints3d[~lost], clip[~lost])
        assert np.abs(seen.keypoints3d[lost] - clip[lost]).max() < 0.05  # the placeholder lies between
    else:
        np.testing.assert_array_equal(seen.keypoints3d, clip[~lost])
        assert seen.start_time == pytest.approx(count / 30.0 if first == 0 else 0.0)


def test_one_point_at_zero_is_not_seen(tmp_path, walking):
    bad = walking(frames=_FRAMES)
    bad[20:23, 5] = 0.0
    seen = _read(tmp_path, bad).observation
    assert (seen.confidence[20:23, 5] == 0).all() and seen.confidence.sum() == seen.confidence.size - 3


def test_a_root_at_the_origin_is_motion(tmp_path, walking):
    clip = walking(frames=_FRAMES)
    clip -= clip[30, :1]  # the pelvis passes through 0, 0, 0
    found = _read(tmp_path, clip)
    assert (found.observation.confidence == 1).all() and not found.warnings


@pytest.mark.parametrize(("at", "kept"), [(20, slice(20, 60)), (40, slice(0, 40))])
def test_a_teleport_cuts_the_clip(tmp_path, walking, at, kept):
    clip = walking(frames=_FRAMES)
    bad = clip.copy()
    bad[at:] += np.array([0.0, 2.0, 0.0])
    found = _read(tmp_path, bad)
    np.testing.assert_array_equal(found.observation.keypoints3d, bad[kept])
    assert found.observation.start_time == pytest.approx(kept.start / 30.0)
    (told,) = found.warnings
    assert f"from frame {at - 1} to {at}" in told and f"frames {kept.start} to {kept.stop - 1}" in told


@pytest.mark.parametrize("count", [1, 3, 10])
def test_away_and_back_is_a_gap(tmp_path, walking, count):
    clip = walking(frames=_FRAMES)
    bad = clip.copy()
    bad[30 : 30 + count] += np.array([2.0, 0.0, 0.5])
    found = _read(tmp_path, bad)
    lost = np.isin(np.arange(_FRAMES), np.arange(30, 30 + count))
    assert (found.observation.confidence[lost] == 0).all() and (found.observation.confidence[~lost] == 1).all()
    np.testing.assert_array_equal(found.observation.keypoints3d[~lost], clip[~lost])
    assert np.abs(found.observation.keypoints3d - clip).max() < 0.1  # placeholders lie between
    assert any("away and back" in w for w in found.warnings)


@pytest.mark.parametrize("point", ["left_wrist", "right_elbow", "left_ankle", "right_knee", "left_hip", "head_top"])
@pytest.mark.parametrize("first", [0, 30, 57])
def test_one_marker_that_jumps_is_a_gap_of_that_point(tmp_path, walking, point, first):
    clip = walking(frames=_FRAMES)
    bad, k = clip.copy(), MOCAP18.index(point)
    bad[first : first + 3, k] += np.array([0.2, 0.4, 0.3])
    found = _read(tmp_path, bad)
    expected = np.ones((_FRAMES, len(MOCAP18)))
    expected[first : first + 3, k] = 0.0
    np.testing.assert_array_equal(found.observation.confidence, expected)
    assert any(point.replace("_", " ") in w and f"{first} to {first + 2}" in w for w in found.warnings)


def test_rest_frames_and_zero_channels_of_a_rig(tmp_path):
    path = write(tmp_path / "a.bvh", SCHOOLS["cmu"])
    clean = bvh.read(path).observation
    head, motion = path.read_text().split("Frame Time: 0.0333333\n")
    rows = motion.splitlines()
    zero = " ".join("0" for _ in rows[0].split())
    rows = [zero] * 3 + rows[:20] + [zero] * 2 + rows[20:]
    path.write_text(head.replace("Frames: 40", "Frames: 45") + "Frame Time: 0.0333333\n" + "\n".join(rows) + "\n")
    found = bvh.read(path)
    seen = found.observation
    assert len(seen.confidence) == 42 and seen.start_time == 0.0
    lost = np.isin(np.arange(42), [20, 21])
    assert (seen.confidence[lost] == 0).all() and (seen.confidence[~lost] == 1).all()
    np.testing.assert_allclose(seen.keypoints3d[~lost], clean.keypoints3d, atol=1e-9)
    assert len([w for w in found.warnings if "rest pose" in w or "away and back" in w]) == 2


def test_nothing_but_zeros_is_refused(tmp_path, walking):
    with pytest.raises(DataError):
        _read(tmp_path, np.zeros((30, 18, 3)))


@pytest.mark.dataset
@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_a_walk_with_more_rest_frames(samples, tmp_path, count):
    path = samples / "mocap/cmu/07_01_walk.bvh"
    head, motion = path.read_text().split("Frame Time: .0083333\n")
    rows = motion.splitlines()
    more = tmp_path / "more.bvh"
    text = head.replace("Frames: 317", f"Frames: {316 + count}") + "Frame Time: .0083333\n"
    more.write_text(text + "\n".join([rows[0]] * count + rows[1:]) + "\n")
    found, clean = bvh.read(more), bvh.read(path)
    np.testing.assert_array_equal(found.observation.keypoints3d, clean.observation.keypoints3d)
    assert any("rest pose" in w for w in found.warnings)
    assert not any("jumps (faster" in w for w in found.warnings)


@pytest.mark.dataset
def test_fast_motion_is_no_glitch(samples):
    from motionrecon.data import load as door

    for name in ("mocap/deepmimic/humanoid3d_backflip.txt", "mocap/cmu/11_01_kick.amc", "mocap/cmu/02_05.bvh"):
        found = door.load(samples / name)
        names, points = found.observation.names, np.asarray(found.observation.keypoints3d)
        result = glitches.find(names, points, found.observation.fps)
        assert result.sentences == () and result.keep == slice(0, len(points)), name


@pytest.mark.parametrize("count", [5, 9])
@pytest.mark.parametrize("end", ["start", "end"])
def test_held_frames_at_an_end(tmp_path, walking, count, end):
    """A tracker holds the first pose while the person walks on: the same pose, but at full speed in the next frame."""
    clip = walking(frames=_FRAMES)
    held = clip.copy()
    if end == "start":
        held[:count], kept = clip[0], clip[count:]
    else:
        held[-count:], kept = clip[-1], clip[:-count]
    found = _read(tmp_path, held, fps=120.0)
    np.testing.assert_array_equal(found.observation.keypoints3d, kept)
    assert any("rest pose" in w for w in found.warnings)
