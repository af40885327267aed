"""Detections from both detectors: gaps, points outside the image, warnings, errors."""

import sys
import types
from typing import ClassVar

import numpy as np
import pytest

from motionrecon.data.video import frame_times, probe, read_frames
from motionrecon.errors import DetectionError, InputError
from motionrecon.geometry.keypoints import HALPE26, MEDIAPIPE19
from motionrecon.models.detectors import pose_estimator
from motionrecon.models.detectors.pose_estimator import DetectorOptions

SIZE = (640, 480)
RTM = DetectorOptions(name="rtmpose")


class FakeBody:
    """Stands in for rtmlib.BodyWithFeet: reads the answer from the image's first pixel."""

    made: ClassVar[dict] = {}

    def __init__(self, **arguments):
        FakeBody.made = arguments
        self.shape = np.random.default_rng(0).uniform(0, 1, (26, 2)) * (80, 200)

    def __call__(self, image):
        index = int(image[0, 0, 0])
        if index == 99:  # as rtmlib does where nobody is: the whole image, low scores
            return np.zeros((1, 26, 2)), np.full((1, 26), 0.1)
        people = [self.shape + np.array([400 + index, 200]), 1.3 * self.shape + np.array([50 + index, 100])]
        return np.stack(people), np.full((2, 26), 0.8)


@pytest.fixture
def rtmlib(monkeypatch):
    module = types.ModuleType("rtmlib")
    module.BodyWithFeet = FakeBody
    monkeypatch.setitem(sys.modules, "rtmlib", module)


def film(indices):
    for number, index in enumerate(indices):
        image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        image[0, 0] = index
        yield number / 30.0, image


def test_rtmpose_follows_the_person_asked_for(rtmlib):
    done = []
    right = pose_estimator.detect(film([0, 1, 99, 99, 4]), RTM, person=2, progress=done.append)
    assert FakeBody.made["to_openpose"] is False
    assert done == [1, 2, 3, 4, 5]
    assert right.names == HALPE26
    assert right.layout == "halpe26"
    assert right.landmarks3d is None
    assert right.people == 2
    np.testing.assert_array_equal(right.detected, [True, True, False, False, True])
    np.testing.assert_allclose(right.pixels[4] - right.pixels[0], np.tile([4.0, 0.0], (26, 1)))
    assert np.all(right.confidence[2:4] == 0)
    assert right.pixels[0, :, 0].min() > 390
    largest = pose_estimator.detect(film([0, 1]), RTM)
    assert largest.pixels[0, :, 0].max() < 200
    assert any("--person" in line for line in pose_estimator.warnings(largest, "largest"))


def test_observation_and_points_outside_the_image(rtmlib):
    seen = pose_estimator.detect(((t, image[:330]) for t, image in film([0, 1, 2])), RTM, person=2)
    out = seen.pixels[0, :, 1] >= 330
    assert 0 < out.sum() < 26
    assert np.all(seen.confidence[:, out] == 0)
    assert np.all(seen.confidence[:, ~out] == 0.8)
    observation = pose_estimator.to_observation(seen, 30.0)
    assert observation.keypoints2d.shape == (3, 26, 2)
    assert observation.landmarks3d is None
    told = pose_estimator.warnings(seen, 2)
    legs_out = out[[HALPE26.index(f"{side}_{j}") for side in ("left", "right") for j in ("knee", "ankle")]].any()
    assert any("legs" in line for line in told) == legs_out


def test_shots_and_runs(rtmlib):
    cuts = iter([False, False, False, True, False, False, False, False])
    seen = pose_estimator.detect(film([0, 1, 2, 3, 4, 99, 99, 7]), RTM, starts_shot=lambda _: next(cuts))
    assert seen.shots == (0, 3)
    assert pose_estimator.runs(seen, 0.5) == [(0, 3), (3, 8)]
    assert pose_estimator.runs(seen, 0.0) == [(0, 3), (3, 5), (7, 8)]
    part = pose_estimator.cut(seen, 3, 8)
    assert part.shots == (0,)
    assert part.times[0] == pytest.approx(0.1)
    assert part.pixels.shape == (5, 26, 2)


def test_errors(rtmlib, monkeypatch, tmp_path):
    with pytest.raises(DetectionError, match="nobody"):
        pose_estimator.detect(film([99, 99]), RTM)
    with pytest.raises(DetectionError, match="at most 2"):
        pose_estimator.detect(film([0, 1]), RTM, person=3)
    with pytest.raises(InputError, match="no frame"):
        pose_estimator.detect(film([]), RTM)
    with pytest.raises(InputError, match="unknown"):
        pose_estimator.detect(film([0]), DetectorOptions(name="openpose"))
    with pytest.raises(InputError, match="no such model"):
        pose_estimator.detect(film([0]), DetectorOptions(name="rtmpose", model=str(tmp_path / "pose.onnx")))
    monkeypatch.setitem(sys.modules, "rtmlib", None)
    with pytest.raises(InputError, match=r"pip install \"motionrecon\[rtmpose\]\""):
        pose_estimator.detect(film([0]), RTM)


def test_mediapipe_model_files(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIONRECON_CACHE", str(tmp_path / "cache"))
    with pytest.raises(InputError, match="cannot be read"):
        pose_estimator.detect(film([0]), DetectorOptions(model=str(tmp_path / "none.tflite")))
    (tmp_path / "text.tflite").write_text("not a model at all")
    with pytest.raises(InputError, match="not a TFLite model"):
        pose_estimator.detect(film([0]), DetectorOptions(model=str(tmp_path / "text.tflite")))


def _walk(samples, stop, shrink=1.0):
    import cv2

    info = probe(samples / "video" / "sports2d" / "walk_single_crop.mp4")
    for time, image in read_frames(info.path, frame_times(info, 30.0, (0.0, stop))):
        small = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        height, width = small.shape[:2]
        yield time, cv2.copyMakeBorder(small, 0, 520 - height, 0, 1408 - width, cv2.BORDER_REPLICATE)


def test_mediapipe_on_a_real_walk_large_and_small(samples, capfd):
    whole = pose_estimator.detect(_walk(samples, 0.5), DetectorOptions())
    assert whole.names == tuple(MEDIAPIPE19.values())
    assert whole.detected.all()
    assert whole.confidence.mean() > 0.85
    assert whole.enlarged == 0
    hips = whole.landmarks3d[:, [whole.names.index("left_hip"), whole.names.index("right_hip")]].mean(axis=1)
    assert np.abs(hips).max() < 0.02
    head, foot = (whole.landmarks3d[:, whole.names.index(n), 1].mean() for n in ("nose", "left_ankle"))
    assert head < -0.3 and foot > 0.4  # camera axes: y down
    again = pose_estimator.detect(_walk(samples, 0.1), DetectorOptions())
    np.testing.assert_array_equal(again.pixels, whole.pixels[: len(again.pixels)])
    small = pose_estimator.detect(_walk(samples, 0.3, 0.25), DetectorOptions())  # about 95 px tall
    assert small.detected.all()
    assert small.enlarged == len(small.times)
    sure = whole.confidence[: len(small.times)] > 0.5
    error = np.linalg.norm(small.pixels / 0.25 - whole.pixels[: len(small.times)], axis=-1)[sure] * 0.25
    assert np.median(error) < 1.5
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_mediapipe_finds_nobody_in_noise():
    noise = np.random.default_rng(0).integers(0, 256, (2, 240, 320, 3), dtype=np.uint8)
    with pytest.raises(DetectionError, match="nobody"):
        pose_estimator.detect(enumerate(noise), DetectorOptions())


@pytest.mark.slow
def test_a_heavy_model_is_loaded_from_its_file(samples, tmp_path, monkeypatch):
    """The full model under the heavy one's name must give the full model's result, from outside the package."""
    from pathlib import Path

    import mediapipe

    monkeypatch.setenv("MOTIONRECON_CACHE", str(tmp_path / "cache"))
    package = Path(mediapipe.__file__).parent / "modules" / "pose_landmark"
    before = sorted(p.name for p in package.iterdir())
    copy = tmp_path / "any_name.tflite"
    copy.write_bytes((package / "pose_landmark_full.tflite").read_bytes())
    one = pose_estimator.detect(_walk(samples, 0.1), DetectorOptions(model=str(copy)))
    two = pose_estimator.detect(_walk(samples, 0.1), DetectorOptions())
    np.testing.assert_allclose(one.pixels, two.pixels, atol=1e-3)
    assert sorted(p.name for p in package.iterdir()) == before
