"""Everything a user can hand over by mistake, through the whole command: one line, exit code 2, nothing left behind."""

import json
import subprocess
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
import pytest

from motionrecon.cli.main import run

_SAMPLE = Path(__file__).parents[2] / "examples" / "walk.mp4"
_BVH = """HIERARCHY
ROOT Hips
{
 OFFSET 0 0 0
 CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
 JOINT LeftUpLeg
 {
  OFFSET 9 0 0
  CHANNELS 3 Zrotation Xrotation Yrotation
  End Site
  {
   OFFSET 0 -40 0
  }
 }
}
MOTION
Frames: 3
Frame Time: 0.0333333
0 90 0 0 0 0 0 0 0
0 90 1 0 0 0 0 5 0
0 90 2 0 0 0 0 9 0
"""
# Somebody who stands, in COCO's order, and drifts.
_FIGURE = [
    (300, 120), (306, 114), (294, 114), (314, 118), (286, 118), (335, 165), (265, 165), (345, 225), (255, 225),
    (350, 280), (250, 280), (322, 285), (278, 285), (324, 370), (276, 370), (326, 455), (274, 455),
]  # fmt: skip
_KEYPOINTS = np.array([[(x, y, 1) for x, y in _FIGURE]], float) + 5.0 * np.arange(20)[:, None, None]
_KEYPOINTS[..., 2] = 1.0
_MOVING = {"keypoints": _KEYPOINTS.tolist(), "fps": 30, "width": 640, "height": 640}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refused(place, capfd):
    """Run the command on arguments that it has to refuse; the words have to stand in its one line."""

    def check(arguments, *words):
        before = sorted(place.rglob("*"))
        assert run(["fit", *map(str, arguments), "-q", "-o", "out/deep"]) == 2
        out, err = capfd.readouterr()
        assert out == ""
        assert err.startswith("motionrecon: error: ")
        assert err.count("\n") == 1, err
        for word in words:
            assert word in err
        assert sorted(place.rglob("*")) == before

    return check


def _film(path, frames, size=(320, 240)):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 30, size)
    for index in range(frames):
        writer.write(np.full((size[1], size[0], 3), 90 + index, np.uint8))
    writer.release()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mp4", b"", ["is empty", "record it again"]),
        ("text.mp4", b"this is not a video\n" * 20, ["is a text file", "give an mp4"]),
        (
            "cut.mp4",
            b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0\0\x10\0mdat" + b"x" * 99,
            ["cut off", "again"],
        ),
        ("bytes.webm", bytes(range(256)) * 20, ["not a video", "re-encode"]),
        ("odd.json", b'{"what": [1, 2, 3]}', ["unknown kind", "accepted are"]),
        ("list.json", b"[]", ["empty list", "accepted are"]),
        ("cut.json", b'{"keypoints": [[[1, 2', ["not valid JSON", "truncated"]),
        ("strange.xyz", b"something else entirely", ["unknown kind", "accepted are"]),
        ("text.npz", b"no archive", ["NumPy archive", "numpy.savez"]),
        ("text.c3d", b"no C3D" * 200, ["not a C3D file", "export"]),
        ("text.trc", b"no TRC\n" * 9, ["not a whole TRC file", "export it again"]),
        ("alone.amc", b"#!OML:ASF\n:FULLY-SPECIFIED\n:DEGREES\n1\nroot 0 0 0 0 0 0\n", ["skeleton", "--asf"]),
        ("bones.asf", b":version 1.10\n:bonedata\n", ["skeleton without motion", ".amc"]),
        ("open.bvh", b"HIERARCHY\nROOT Hips\n{\n OFFSET 0 0 0\n", ["not a whole BVH file", "export it again"]),
        ("short.bvh", _BVH.replace(" 5 0\n", " 5\n").encode(), ["frame 1 holds 8 numbers", "export it again"]),
        ("channels.bvh", _BVH.replace("CHANNELS 3", "CHANNELS 2").encode(), ["missing or unknown channels", "export"]),
        ("count.bvh", _BVH.replace("Frames: 3", "Frames: 300").encode(), ["says 300 frames but holds 3", "correct"]),
        ("word.bvh", _BVH.replace("0 90 2", "0 up 2").encode(), ["no number", "export it again"]),
        ("nan.bvh", _BVH.replace("0 90 2", "0 nan 2").encode(), ["not finite", "export"]),
        ("still.bvh", _BVH.replace("Frame Time: 0.0333333", "Frame Time: 0").encode(), ["Frame Time", "correct"]),
        ("few.bvh", _BVH.encode(), ["known body points", "name joints"]),
    ],
)
def test_files_that_are_not_what_they_claim(place, refused, name, content, words):
    (place / name).write_bytes(content)
    refused([name], name, *words)


def _with(**changes):
    return json.dumps(_MOVING | changes)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nan.json", _with(keypoints=[[[float("nan")] * 3] * 17] * 9), ["nobody was detected", "check"]),
        ("none.json", _with(keypoints=[None] * 9), ["nobody was detected", "check"]),
        ("still.json", _with(keypoints=[_KEYPOINTS[0].tolist()] * 9), ["same in every frame", "check the export"]),
        ("count.json", _with(keypoints=_KEYPOINTS[:, :13].tolist()), ["13 keypoints", "17 (coco17)"]),
        ("one.json", _with(keypoints=_KEYPOINTS[:1].tolist()), ["1 frame(s)", "longer clip"]),
        ("rate.json", _with(fps=0.001), ["0.001 Hz", "--source-fps"]),
    ],
)
def test_keypoints_that_cannot_be_a_motion(place, refused, name, content, words):
    (place / name).write_text(content)
    refused([name], name, *words)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"keypoints": np.full_like(_KEYPOINTS, np.nan)}, ["all keypoints are missing", "check the export"]),
        ({"keypoints": _KEYPOINTS * [1, 1, 0]}, ["all keypoints are missing"]),
        ({"keypoints": _KEYPOINTS[:, :12]}, ["12 keypoints", "26 (halpe26)"]),
        ({"positions": np.full((9, 18, 3), np.inf)}, ["all keypoints are missing"]),
        ({"positions": np.ones((9, 18, 3))}, ["same in every frame"]),
        ({"positions": np.ones((9, 5, 3))}, ["no names", "names"]),
        ({"other": np.ones(3)}, ["holds", "other;", "accepted are"]),
    ],
)
def test_archives_that_cannot_be_a_motion(place, refused, arrays, words):
    np.savez(place / "a.npz", fps=30, width=640, height=640, **arrays)
    refused(["a.npz"], "a.npz", *words)


def test_film_without_a_motion(place, refused):
    _film(place / "one.mp4", 1)
    refused(["one.mp4"], "single frame", "longer video")


def test_film_with_nobody_in_it(place, refused):
    _film(place / "nobody.mp4", 8)
    refused(["nobody.mp4"], "nobody was found", "give a clip")


def test_sound_only(place, refused):
    for name in ("sound.mp4", "sound.mkv"):
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "sine=d=0.2", name]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        refused([name], name, "sound but no picture", "video track")


def test_folders_that_hold_no_keypoints(place, refused):
    folder = place / "folder"
    folder.mkdir()
    refused(["folder"], "folder without keypoint files", "give a file")
    (folder / "a.json").write_text('{"x": 1}')
    refused(["folder"], "a.json is not an OpenPose file", "leave only such files")


def test_times_outside_the_clip(place, refused):
    _film(place / "a.mp4", 30)
    (place / "a.json").write_text(_with())
    for name in ("a.mp4", "a.json"):
        refused([name, "--time-range", "40", "50"], name, "lies outside", "give times within it")
        refused([name, "--time-range", "0", "0.02"], name, "give a longer")


def test_person_who_is_not_there(place, refused):
    (place / "a.json").write_text(_with())
    refused(["a.json", "--person", "7"], "no person 7", "1 (leftmost) to 1", "--person")


@pytest.mark.parametrize("content", [b"x = [", b"x = 3\n", bytes(range(256))])
def test_camera_file_is_read_before_the_person_is_looked_for(place, refused, content):
    (place / "cam.toml").write_bytes(content)
    refused([_SAMPLE, "--camera", "cam.toml"], "cam.toml", "give a")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": np.ones(3)}, ["no truth file", "give an NPZ"]),
        ({"names": ["pelvis"], "positions": np.ones((4, 2, 3)), "fps": 30}, ["(4, 2, 3)", "save"]),
        (None, ["not a NumPy archive", "give an NPZ"]),
    ],
)
def test_truth_file_is_read_before_the_person_is_looked_for(place, refused, arrays, words):
    path = place / "truth.npz"
    if arrays is None:
        path.write_text("no archive")
    else:
        np.savez(path, **arrays)
    refused([_SAMPLE, "--truth", "truth.npz"], "truth.npz", *words)


def test_skeleton_that_is_none(place, refused):
    (place / "a.amc").write_text(":FULLY-SPECIFIED\n1\nroot 0 0 0 0 0 0\n2\nroot 0 1 0 0 0 0\n")
    (place / "a.bvh").write_text(_BVH)
    refused(["a.amc", "--asf", "a.bvh"], "a.bvh", "not a whole ASF skeleton", "give the .asf")


def test_each_bad_input_of_several_has_its_line(place, capfd):
    (place / "count.bvh").write_text(_BVH.replace("Frames: 3", "Frames: 4"))
    assert run(["fit", "none.mp4", "count.bvh", "-q", "-o", "out"]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert [line.split(":")[2].strip() for line in lines] == ["none.mp4", "count.bvh"]
    assert not (place / "out").exists()
