"""Detections are reused for the same film, times, person and options, and only then."""

import dataclasses

import numpy as np
import pytest

from motionrecon.models.detectors import detection_cache
from motionrecon.models.detectors.pose_estimator import Detections, DetectorOptions

TIMES = np.arange(4) / 30.0


def detections(landmarks: bool) -> Detections:
    rng = np.random.default_rng(0)
    return Detections(
        times=TIMES,
        size=(64, 48),
        layout="halpe26",
        names=("nose", "left_knee"),
        pixels=rng.normal(size=(4, 2, 2)),
        confidence=rng.uniform(size=(4, 2)),
        landmarks3d=rng.normal(size=(4, 2, 3)) if landmarks else None,
        detected=np.array([True, False, True, True]),
        shots=(0, 2),
        people=2,
        enlarged=1,
        outside=np.array([0.0, 0.5]),
    )


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIONRECON_CACHE", str(tmp_path / "cache"))
    (tmp_path / "film.mp4").write_bytes(b"film")
    return tmp_path


@pytest.mark.parametrize("landmarks", [True, False])
def test_the_second_time_comes_from_disk(place, landmarks):
    film, made = place / "film.mp4", detections(landmarks)
    _, reused = detection_cache.cached(film, TIMES, "largest", DetectorOptions(), lambda: made)
    assert not reused
    got, reused = detection_cache.cached(film, TIMES, "largest", DetectorOptions(), lambda: None)
    assert reused
    for field in dataclasses.fields(Detections):
        one, two = getattr(got, field.name), getattr(made, field.name)
        if isinstance(two, np.ndarray):
            np.testing.assert_array_equal(one, two)
        else:
            assert one == two
    assert [p.suffix for p in (place / "cache" / "detections").iterdir()] == [".npz"]


def test_what_differs_is_computed_again(place):
    film, options = place / "film.mp4", DetectorOptions()

    def reused(**change):
        call = {"film": film, "times": TIMES, "person": "largest", "options": options, **change}
        return detection_cache.cached(**call, compute=lambda: detections(True))[1]

    assert not reused()
    assert reused()
    assert not reused(person=1)
    assert not reused(times=TIMES + 0.01)
    assert not reused(options=dataclasses.replace(options, min_confidence=0.1))
    film.write_bytes(b"other film")
    assert not reused()
    (place / "copy.mp4").write_bytes(b"film")
    assert reused(film=place / "copy.mp4")


def test_a_damaged_or_unwritable_cache_is_no_error(place, monkeypatch):
    film = place / "film.mp4"
    detection_cache.cached(film, TIMES, 1, DetectorOptions(), lambda: detections(True))
    (file,) = (place / "cache" / "detections").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert not detection_cache.cached(film, TIMES, 1, DetectorOptions(), lambda: detections(True))[1]
    (place / "blocked").write_text("a file where the folder should be")
    monkeypatch.setenv("MOTIONRECON_CACHE", str(place / "blocked"))
    assert not detection_cache.cached(film, TIMES, 1, DetectorOptions(), lambda: detections(True))[1]
