"""The one door: recognition by content, resampling, cropping, and bad input in one clear line."""

import json
import shutil

import numpy as np
import pytest

from motionrecon.data import load as door
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import COCO17, MOCAP18


def _archive(path, walking, fps=120.0, frames=121):
    np.savez(path, positions=walking(frames=frames), names=np.array(MOCAP18), fps=fps)
    return path


def test_is_video():
    assert door.is_video("a/b.MP4") and door.is_video("x.mov") and not door.is_video("x.bvh")


def test_resamples_to_the_fitting_rate(tmp_path, walking):
    path = _archive(tmp_path / "a.npz", walking)
    found = door.load(path)
    assert found.observation.fps == 30.0 and found.recording.fps == 120.0
    np.testing.assert_array_equal(found.observation.keypoints3d, walking(frames=121)[::4])
    assert door.load(path, fps=60.0).observation.keypoints3d.shape[0] == 61
    assert door.load(path, source_fps=100.0).observation.fps == 25.0


def test_crops(tmp_path, walking):
    path = _archive(tmp_path / "a.npz", walking)
    observation = door.load(path, time_range=(0.25, 0.75)).observation
    assert len(observation.confidence) == 16 and observation.start_time == pytest.approx(0.25)
    with pytest.raises(DataError, match=r"a\.npz.*lasts from 0\.00 to 1\.00 s"):
        door.load(path, time_range=(0.5, 3.0))
    with pytest.raises(DataError, match="at least 4 are needed"):
        door.load(path, time_range=(0.5, 0.55))


def test_content_decides(tmp_path, walking):
    shutil.move(_archive(tmp_path / "a.npz", walking), tmp_path / "a.dat")
    assert door.load(tmp_path / "a.dat").observation.layout == "npz"
    pixels = np.concatenate([100 + 200 * walking(names=COCO17)[..., [0, 2]], np.ones((30, 17, 1))], axis=-1)
    (tmp_path / "k.txt").write_text(json.dumps({"keypoints": pixels.tolist(), "fps": 30, "width": 640, "height": 480}))
    assert door.load(tmp_path / "k.txt").observation.layout == "coco17"
    (tmp_path / "b.bvh").write_text('{"a": 1}')
    with pytest.raises(DataError, match="unknown kind"):
        door.load(tmp_path / "b.bvh")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.bvh", None, "no such file"),
        ("empty.bvh", b"", "is empty"),
        ("text.bvh", b"hello\n", "not a whole BVH"),
        ("text.c3d", b"hello\n", "not a C3D"),
        ("text.trc", b"hello\n", "not a whole TRC"),
        ("text.amc", b"hello\n", "skeleton is missing"),
        ("bones.asf", b":version 1.1\n:bonedata\n", "give the .amc"),
        ("text.pkl", b"hello\n", "not a pickle"),
        ("text.json", b"hello\n", "not valid JSON"),
        ("page.json", b'{"a": 1}', "unknown kind; accepted are a folder of OpenPose"),
        ("notes.doc", b"hello\n", "unknown kind; accepted are video"),
        ("bytes.bvh", bytes(range(256)), "not a text file"),
        ("clip.mp4", b"hello\n", "is a video"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        door.load(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name)) and "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_directory_without_keypoints(tmp_path):
    with pytest.raises(DataError, match="folder without OpenPose"):
        door.load(tmp_path)


@pytest.mark.parametrize(
    ("path", "frames", "points"),
    [
        ("mocap/cmu/07_01_walk.bvh", 79, 20),
        ("mocap/cmu/11_01_kick.amc", 150, 20),
        ("mocap/deepmimic/humanoid3d_walk.txt", 39, 18),
        ("mocap/deepmimic/humanoid3d_backflip.txt", 53, 18),
        ("aistpp/annotation/keypoints3d/gBR_sBM_cAll_d04_mBR2_ch08.pkl", 288, 17),
    ],
)
def test_samples_at_the_fitting_rate(samples, path, frames, points):
    found = door.load(samples / path)
    assert found.observation.fps == 30.0 and found.observation.keypoints3d.shape == (frames, points, 3)
    assert (found.observation.confidence == 1.0).all() and found.warnings is not None
