"""An input and the files beside it: each is read once, and 3D keypoints have no camera."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from motionrecon import config
from motionrecon.data import truth
from motionrecon.data.formats import camera_files
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.errors import DataError, InputError
from motionrecon.fitting import fit, observe, read_input
from motionrecon.geometry import camera as cameras
from motionrecon.jobs.progress import NullProgress
from motionrecon.types import Film, Sequence
from tests.fixtures import films

SIZE = (640, 480)
SAMPLE = Path(__file__).parents[2] / "examples" / "walk.mp4"


@pytest.fixture
def camera():
    return cameras.level(0.1, 1.4, cameras.intrinsics_from_fov(SIZE, 1.0), SIZE)


def clip(flat: bool) -> Sequence:
    made = synthetic_clips.load("wave/side")
    absent = {"keypoints3d": None} if flat else {"keypoints2d": None}
    seen = dataclasses.replace(made.observation, camera=None, **absent)
    return Sequence("clip", seen, image_size=SIZE if flat else None)


def lens_only(path, camera):
    """Write a camera without its pose."""
    camera_files.write_camera(camera, path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(li for li in lines if not li.startswith(("rotation", "translation"))))


def test_keypoints_beside_motion_capture_are_refused():
    options = config.InputOptions(keypoints="seen.json")
    with pytest.raises(InputError, match=r"seen\.json: replaces the detector of a video, and walk\.bvh is none"):
        fit.observe_file("walk.bvh", options)


def test_a_camera_with_its_pose_is_seen_through(tmp_path, camera):
    camera_files.write_camera(camera, tmp_path / "camera.toml")
    options = config.InputOptions(camera=str(tmp_path / "camera.toml"))
    found = read_input.completed(clip(flat=True), options)
    np.testing.assert_allclose(found.observation.camera.rotation, camera.rotation, atol=1e-9)
    assert found.camera is found.observation.camera and found.intrinsics is None
    other = read_input.completed(
        dataclasses.replace(found, camera_file=None), options
    )  # a file goes before what is there
    assert other.camera is not found.camera
    in_space = read_input.completed(clip(flat=False), options)
    assert in_space.observation.camera is None and in_space.camera is not None


def test_a_camera_without_its_pose_leaves_the_pose_to_be_estimated(tmp_path, camera):
    lens_only(tmp_path / "camera.toml", camera)
    found = read_input.completed(clip(flat=True), config.InputOptions(camera=str(tmp_path / "camera.toml")))
    assert found.observation.camera is None and found.camera is None
    np.testing.assert_allclose(found.intrinsics, camera.intrinsics)


def test_truth_is_read_with_the_input(tmp_path):
    made = synthetic_clips.load("wave/side")
    np.savez(tmp_path / "t.npz", names=np.array(made.reference.names), positions=made.reference.positions, fps=30.0)
    found = read_input.completed(clip(flat=False), config.InputOptions(truth=str(tmp_path / "t.npz")))
    assert found.reference.names == made.reference.names and found.reference.fps == 30.0
    assert found.truth is None
    own = read_input.completed(made, config.InputOptions(truth=str(tmp_path / "t.npz")))  # the file goes before
    assert own.reference.file is not None
    late = dataclasses.replace(found.observation, start_time=1e3)
    with pytest.raises(DataError, match="shares no keypoint or no time"):
        truth.placed(late, found.reference, "t.npz")


def test_a_film_s_camera_and_truth_are_read_once_and_before_the_person_is_looked_for(tmp_path, monkeypatch):
    """The files are gone when the detector starts: nothing may ask for them again."""
    for name in ("camera.toml", "truth.npz"):
        shutil.copy(SAMPLE.with_name(f"walk.{name}"), tmp_path / name)

    def looked_for(path, **_):
        for name in ("camera.toml", "truth.npz"):
            (tmp_path / name).unlink()
        return dataclasses.replace(clip(flat=True), film=Film(Path(path)))

    monkeypatch.setattr(observe, "observe_video", looked_for)
    options = config.InputOptions(camera=str(tmp_path / "camera.toml"), truth=str(tmp_path / "truth.npz"))
    found = fit.observe_file(str(SAMPLE), options)
    assert found.observation.camera is not None and found.reference is not None
    assert read_input.completed(found, options) == found


@pytest.mark.parametrize(("file", "given", "turned"), [
    ("camera.toml", None, 0), ("lens.toml", None, None), (None, None, None), ("camera.toml", 180, 180),
])  # fmt: skip
def test_a_camera_with_a_pose_says_where_up_is(tmp_path, monkeypatch, file, given, turned):
    heard = {}

    def looked_for(path, **options):
        heard.update(options)
        return dataclasses.replace(clip(flat=True), film=Film(Path(path)))

    monkeypatch.setattr(observe, "observe_video", looked_for)
    of_film = dataclasses.replace(
        cameras.level(0.1, 1.4, cameras.intrinsics_from_fov((1280, 720), 1.0), (1280, 720)), size=(1280, 720)
    )
    camera_files.write_camera(of_film, tmp_path / "camera.toml")
    lens_only(tmp_path / "lens.toml", of_film)
    options = config.InputOptions(camera=file and str(tmp_path / file), rotate=given)
    fit.observe_file(str(SAMPLE), options)
    assert heard["rotate"] == turned


def test_keypoints_beside_a_film_lie_in_the_picture_that_is_looked_at(tmp_path):
    films.ffmpeg("-i", films.write(tmp_path / "a.mp4", 20), "-vf", "setsar=2/1", "-c:v", "libx264", tmp_path / "w.mp4")
    body = np.concatenate([20 + 30 * np.random.default_rng(0).random((20, 17, 2)), np.ones((20, 17, 1))], axis=-1)
    (tmp_path / "k.json").write_text(json.dumps({"keypoints": body.tolist()}))
    options = config.InputOptions(keypoints=str(tmp_path / "k.json"), layout="coco17", source_fps=60.0, mirror=True)
    found = fit.observe_file(str(tmp_path / "w.mp4"), options)
    assert found.image_size == (192, 64) and found.observation.fps == 30.0
    assert len(found.observation.confidence) == 10
    text = " ".join(found.warnings)
    assert "192 x 64" in text and "--source-fps 60" in text and "--mirror is not used" in text


class _Listener(NullProgress):
    """Writes down what it is told."""

    def __init__(self):
        self.heard = []

    def stage(self, name):
        self.heard.append(name)

    def frames(self, done, total):
        self.heard.append((done, total))

    def detail(self, text):
        self.heard.append(text)


@pytest.mark.parametrize("reused", [False, True])
def test_looking_for_the_person_is_told(monkeypatch, reused):
    def observe_video(source, *, progress, **_):
        if not reused:
            progress(1, 2)
            progress(2, 2)
        return dataclasses.replace(clip(flat=True), film=Film(Path(source), span=(0.0, 1.0), detection_reused=reused))

    monkeypatch.setattr(read_input.observe, "observe_video", observe_video)
    listener = _Listener()
    read_input.observe_file(str(SAMPLE), config.InputOptions(), progress=listener)
    assert listener.heard == (["detect", "reused"] if reused else ["detect", (1, 2), (2, 2)])
