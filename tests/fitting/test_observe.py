"""A video becomes a sequence: the longest stretch of one shot, with sentences about the rest."""

import sys
import types

import cv2
import numpy as np
import pytest

from motionrecon.errors import DetectionError, InputError
from motionrecon.fitting.observe import observe_video
from motionrecon.geometry.keypoints import HALPE26
from motionrecon.models.detectors.pose_estimator import DetectorOptions
from motionrecon.types import FilmView

RTM = DetectorOptions(name="rtmpose")
_SHAPE = np.random.default_rng(0).uniform(0, 1, (26, 2))


class Body:
    """Stands in for rtmlib: a person wherever the picture has something bright."""

    def __init__(self, **_):
        pass

    def __call__(self, image):
        rows, columns = np.nonzero(image[..., 0] > 200)
        if len(rows) < 50:
            return np.zeros((1, 26, 2)), np.zeros((1, 26))
        low = np.array([columns.min(), rows.min()])
        size = np.array([np.ptp(columns), np.ptp(rows)])
        return (low + _SHAPE * size)[None], np.full((1, 26), 0.9)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    module = types.ModuleType("rtmlib")
    module.BodyWithFeet = Body
    monkeypatch.setitem(sys.modules, "rtmlib", module)
    monkeypatch.setenv("MOTIONRECON_CACHE", str(tmp_path / "cache"))


def film(path, present, fps=30.0, background=None):
    """One frame for each entry of ``present``; ``background`` gives each frame's scene number."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (320, 240))
    scenes = [
        cv2.resize(np.random.default_rng(s).integers(0, 150, (6, 8, 3)).astype(np.uint8), (320, 240)) for s in (0, 1)
    ]
    for index, there in enumerate(present):
        image = scenes[0 if background is None else background[index]].copy()
        if there:
            image[60:130, 100 + index : 120 + index] = 255
        writer.write(image)
    writer.release()
    return path


def test_whole_film_and_reuse(tmp_path):
    done = []
    path = film(tmp_path / "walk.mp4", [True] * 60, fps=60.0)
    got = observe_video(path, detector=RTM, progress=lambda n, of: done.append((n, of)))
    assert got.key == "walk"
    assert got.observation.fps == 30.0
    assert got.observation.keypoints2d.shape == (30, 26, 2)
    assert got.warnings == ()
    assert got.film.span == pytest.approx((0.0, 1.0))
    assert not got.film.detection_reused
    assert done[-1] == (30, 30)
    speed = np.diff(got.observation.keypoints2d[:, 0, 0]).mean()
    assert speed == pytest.approx(2.0, abs=0.1)
    again = observe_video(path, detector=RTM)
    assert again.film.detection_reused
    np.testing.assert_array_equal(again.observation.keypoints2d, got.observation.keypoints2d)


def test_person_in_part_of_the_film(tmp_path):
    present = [False] * 20 + [True] * 20 + [False] * 5 + [True] * 20 + [False] * 25 + [True] * 8
    got = observe_video(film(tmp_path / "part.mp4", present), detector=RTM)
    assert got.observation.start_time == pytest.approx(20 / 30)
    assert len(got.observation.confidence) == 45
    assert np.all(got.observation.confidence[20:25] == 0)
    x = got.observation.keypoints2d[18:27, 0, 0]
    np.testing.assert_allclose(np.diff(x), 1.0, atol=0.8)  # placeholders lie on the way
    told = " ".join(got.warnings)
    assert "0.67 to 2.17 s" in told
    assert "3.00 to 3.27 s" in told


def test_shots_are_separate(tmp_path):
    path = film(tmp_path / "cut.mp4", [True] * 50, background=[0] * 20 + [1] * 30)
    got = observe_video(path, detector=RTM)
    assert len(got.observation.confidence) == 30
    assert "2 shots" in got.warnings[0]
    first = observe_video(path, detector=RTM, time_range=(0.0, 0.6))
    assert len(first.observation.confidence) == 18


def test_a_cut_off_recording_is_used_as_far_as_it_goes(tmp_path):
    whole, part = film(tmp_path / "whole.mkv", [True] * 150), tmp_path / "part.mkv"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    got = observe_video(part, detector=RTM)
    assert 20 < len(got.observation.confidence) < 140
    assert "breaks off" in got.warnings[0]


def test_nobody_hardly_anybody_and_bad_range(tmp_path):
    with pytest.raises(DetectionError, match="nobody"):
        observe_video(film(tmp_path / "none.mp4", [False] * 20), detector=RTM)
    with pytest.raises(DetectionError, match="3 frames only"):
        observe_video(film(tmp_path / "short.mp4", [True] * 3 + [False] * 20), detector=RTM)
    with pytest.raises(InputError, match="--time-range"):
        observe_video(tmp_path / "none.mp4", detector=RTM, time_range=(3.0, 4.0))


_LEVELS = {"ear": 0.05, "eye": 0.05, "nose": 0.05, "shoulder": 0.2, "wrist": 0.5, "hip": 0.5, "knee": 0.75}


class Standing(Body):
    """Stands in for rtmlib: a person in the bright box, whose head is where the box is brightest; arms hang."""

    def __call__(self, image):
        rows, columns = np.nonzero(image[..., 0] > 130)
        light = np.nonzero(image[..., 0] > 220)[0]
        level = np.array([_LEVELS.get(name.split("_")[-1], 1.0) for name in HALPE26])
        level[HALPE26.index("head_top")] = 0.0
        top, bottom = (rows.min(), rows.max()) if light.mean() < rows.mean() else (rows.max(), rows.min())
        points = np.stack([np.full(26, columns.mean()), top + level * (bottom - top)], axis=1)
        return points[None], np.full((1, 26), 0.9)


def person_film(path, inverted, count=20):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 30.0, (320, 240))
    for index in range(count):
        image = np.full((240, 320, 3), 40, np.uint8)
        image[60:180, 50 + 4 * index : 80 + 4 * index] = 170
        image[60:80, 50 + 4 * index : 80 + 4 * index] = 255
        writer.write(image[::-1, ::-1].copy() if inverted else image)
    writer.release()
    return path


def test_a_film_that_is_upside_down_is_turned(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["rtmlib"], "BodyWithFeet", Standing)
    upright = observe_video(person_film(tmp_path / "up.mp4", False), detector=RTM)
    assert upright.warnings == () and upright.film.view == FilmView()
    path = person_film(tmp_path / "down.mp4", True)
    turned = observe_video(path, detector=RTM)
    assert turned.film.view == FilmView(turn=180)
    assert "upside down and was turned by 180 degrees" in turned.warnings[0]
    np.testing.assert_allclose(turned.observation.keypoints2d, upright.observation.keypoints2d, atol=2.0)
    for rotate in (180, 0):  # what is stated goes before what is guessed
        stated = observe_video(path, detector=RTM, rotate=rotate)
        assert stated.film.view.turn == rotate and stated.warnings == ()
    mirrored = observe_video(path, detector=RTM, mirror=True)
    assert mirrored.film.view == FilmView(turn=180, mirror=True)
    x = np.asarray(turned.observation.keypoints2d)[..., 0]
    np.testing.assert_allclose(np.asarray(mirrored.observation.keypoints2d)[..., 0], 319 - x, atol=2.0)


def test_a_slow_film_is_fitted_at_the_speed_of_the_motion(tmp_path):
    path = film(tmp_path / "slow.mp4", [True] * 120)
    played = observe_video(path, detector=RTM)
    got = observe_video(path, detector=RTM, source_fps=120.0)
    assert "its clock is replaced" in got.warnings[0]
    assert (played.observation.fps, len(played.observation.confidence)) == (30.0, 120)
    assert (got.observation.fps, len(got.observation.confidence)) == (30.0, 30)
    assert got.film.span == pytest.approx((0.0, 1.0)) and got.film.view.pace == pytest.approx(0.25)
    np.testing.assert_allclose(got.observation.keypoints2d, played.observation.keypoints2d[::4], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "frames"), [("sports2d/walk_single_crop.mp4", 110), ("pose2sim/cam03.mp4", 50)])
def test_real_films(samples, name, frames):
    got = observe_video(samples / "video" / name)
    assert len(got.observation.confidence) == frames
    assert got.observation.confidence.mean() > 0.8
    assert got.warnings == ()
