"""AIST++ pickles: only arrays are built, the floor is found, the published clips are plausible."""

import pickle

import numpy as np
import pytest

from motionrecon.data.formats import aist
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import COCO17


def _file(path, walking, floor=66.0, protocol=2, key="keypoints3d_optim", edit=lambda v: v):
    world = walking(frames=60, names=COCO17)
    values = edit(world / 0.01 @ aist.ROTATION + np.array([0.0, floor, 0.0]))
    path.write_bytes(pickle.dumps({key: values, "keypoints3d": values}, protocol=protocol))
    return path, world


def _floor(found):
    """The floor in cm, as it is said in words."""
    return float(found.floor.split()[0])


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_round_trip(tmp_path, walking, protocol):
    path, world = _file(tmp_path / "d01.pkl", walking, protocol=protocol)
    found = aist.read(path)
    moved = found.observation.keypoints3d - world
    np.testing.assert_allclose(moved, np.broadcast_to(moved[0, 0], moved.shape), atol=1e-9)
    assert np.abs(moved[0, 0, :2]).max() < 1e-9 and abs(moved[0, 0, 2]) < 0.03  # the floor is an estimate
    assert found.observation.fps == 60.0 and found.key == "d01"
    again = found.recording.scale * np.array([1.0, 2.0, 3.0]) @ found.recording.rotation.T + found.recording.offset
    np.testing.assert_allclose(again, [0.01, -0.03, 0.02 - 0.01 * _floor(found)], atol=6e-4)


def test_missing_values_are_masked(tmp_path, walking):
    def hole(values):
        values[4, 9] = np.nan
        return values

    found = aist.read(_file(tmp_path / "a.pkl", walking, edit=hole)[0])
    assert np.argwhere(found.observation.confidence == 0).tolist() == [[4, 9]]
    assert np.isfinite(found.observation.keypoints3d).all()


class _Evil:
    def __reduce__(self):
        return (print, ("this must never run",))


def test_nothing_but_arrays_is_built(tmp_path, capsys):
    for content in ({"keypoints3d_optim": _Evil()}, _Evil(), {"a": np.random.default_rng}):
        (tmp_path / "evil.pkl").write_bytes(pickle.dumps(content))
        with pytest.raises(DataError, match=r"evil\.pkl.*not a pickle of plain NumPy arrays"):
            aist.read(tmp_path / "evil.pkl")
    assert "never" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "plain NumPy"),
        (b"hello", "plain NumPy"),
        (pickle.dumps([1, 2]), "list"),
        (pickle.dumps({"smpl_poses": np.zeros((3, 72))}), "holds smpl_poses"),
        (pickle.dumps({"keypoints3d": np.zeros((3, 18, 3))}), "shape"),
        (pickle.dumps({"keypoints3d": np.full((3, 17, 3), np.nan)}), "missing in every frame"),
        (pickle.dumps({"keypoints3d": np.zeros((3, 17, 3))}), "same in every frame"),
    ],
)
def test_broken_files_are_refused(tmp_path, content, message):
    (tmp_path / "a.pkl").write_bytes(content)
    with pytest.raises(DataError, match=message):
        aist.read(tmp_path / "a.pkl")


@pytest.mark.parametrize(
    ("key", "frames"),
    [("gBR_sBM_cAll_d06_mBR2_ch06", 576), ("gBR_sBM_cAll_d04_mBR2_ch08", 576), ("gJS_sFM_cAll_d02_mJS4_ch09", 1919)],
)
def test_published_clips(samples, key, frames):
    found = aist.read(samples / f"aistpp/annotation/keypoints3d/{key}.pkl")
    observation = found.observation
    points = observation.keypoints3d
    assert points.shape == (frames, 17, 3) and (observation.confidence == 1).all()

    def length(a, b):
        return np.median(np.linalg.norm(points[:, COCO17.index(a)] - points[:, COCO17.index(b)], axis=-1))

    for side in ("left", "right"):
        assert 0.34 < length(f"{side}_hip", f"{side}_knee") < 0.42
        assert 0.34 < length(f"{side}_knee", f"{side}_ankle") < 0.38
    assert 62.0 < _floor(found) < 66.0
    ankles = points[:, [COCO17.index("left_ankle"), COCO17.index("right_ankle")], 2]
    assert 0.06 < np.percentile(ankles, 5) < 0.11
    assert np.linalg.norm(np.diff(points, axis=0), axis=-1).max() * 60 < 20
    if "d04" in key:  # hands flat on the floor
        assert np.percentile(points[:, [9, 10], 2].min(axis=1), 75) < 0.09
