"""Rates, gaps, ranges: what resampling keeps and what it must not invent."""

import dataclasses

import numpy as np
import pytest

from motionrecon.data import preprocess
from motionrecon.errors import DataError
from motionrecon.types import Observation


def _clip(fps: float, seconds: float = 2.0, keypoints: int = 3) -> Observation:
    time = np.arange(round(fps * seconds) + 1) / fps
    base = np.stack([np.sin(2 * time), np.cos(3 * time), 0.5 * time], axis=-1)
    values = base[:, None] + np.arange(keypoints)[:, None]
    return Observation(fps, ("a", "b", "c"), "test", np.ones(values.shape[:2]), keypoints3d=values)


@pytest.mark.parametrize(
    ("source", "rate"),
    [(120, 30), (60, 30), (30, 30), (240, 30), (25, 25), (50, 25), (100, 25), (24, 30), (16, 30), (59.94, 29.97)],
)
def test_fitting_rate(source, rate):
    assert preprocess.fitting_rate(source) == pytest.approx(rate)


def test_even_rates_pick_frames_exactly():
    clip = _clip(120.0)
    out = preprocess.resample(clip, 30.0)
    np.testing.assert_array_equal(out.keypoints3d, clip.keypoints3d[::4])
    assert out.fps == 30.0 and (out.confidence == 1).all()


def test_uneven_rates_interpolate():
    out = preprocess.resample(_clip(16.0), 30.0)
    truth = _clip(30.0)
    assert out.keypoints3d.shape == truth.keypoints3d.shape
    np.testing.assert_allclose(out.keypoints3d[2:-2], truth.keypoints3d[2:-2], atol=2e-4)


def test_short_gaps_are_bridged_and_long_ones_stay():
    clip = _clip(60.0)
    confidence = np.ones((121, 3))
    confidence[30:36, 0] = 0.0  # 0.117 s between the neighbours
    confidence[60:90, 1] = 0.0  # 0.5 s
    values = np.where(confidence[..., None] > 0, clip.keypoints3d, 1e3)
    gappy = dataclasses.replace(clip, confidence=confidence, keypoints3d=values)
    out = preprocess.resample(gappy, 30.0)
    np.testing.assert_allclose(out.confidence[15:18, 0], preprocess.GAP_CONFIDENCE)
    np.testing.assert_allclose(out.keypoints3d[15:18, 0], clip.keypoints3d[30:36:2, 0], atol=1e-4)
    assert (out.confidence[30:45, 1] == 0).all() and (out.confidence[:30, 1] == 1).all()
    assert np.abs(out.keypoints3d).max() < 10  # no placeholder of the source survives


def test_confidence_is_the_smaller_neighbour():
    clip = _clip(20.0)
    confidence = np.ones((41, 3))
    confidence[10, 0] = 0.3
    out = preprocess.resample(dataclasses.replace(clip, confidence=confidence), 40.0)
    assert out.confidence[19:22, 0].tolist() == pytest.approx([0.3, 0.3, 0.3])
    assert out.confidence[18, 0] == out.confidence[22, 0] == 1.0


def test_nothing_is_seen_before_the_first_sample():
    clip = _clip(30.0)
    confidence = np.ones((61, 3))
    confidence[:5, 2] = 0.0
    out = preprocess.resample(dataclasses.replace(clip, confidence=confidence), 30.0)
    assert (out.confidence[:5, 2] == 0).all()
    np.testing.assert_array_equal(out.keypoints3d[:5, 2], np.tile(clip.keypoints3d[5, 2], (5, 1)))


def test_crop_keeps_both_ends_and_the_start_time():
    out = preprocess.crop(_clip(30.0), (0.5, 1.0))
    assert len(out.confidence) == 16 and out.start_time == pytest.approx(0.5)
    again = preprocess.crop(out, (0.6, 0.8))
    assert again.start_time == pytest.approx(0.6)


@pytest.mark.parametrize("time_range", [(1.0, 0.5), (-1.0, 1.0), (0.0, 9.0), (3.0, 4.0), (0.501, 0.502)])
def test_crop_refuses_what_is_not_there(time_range):
    with pytest.raises(DataError, match=r"walk.bvh.*\bs\b|walk.bvh.*frame"):
        preprocess.crop(_clip(30.0), time_range, "walk.bvh")


def test_crop_names_the_length():
    with pytest.raises(DataError, match=r"0\.00 to 2\.00 s"):
        preprocess.crop(_clip(30.0), (1.0, 5.0))


def test_fill_missing_is_finite_even_where_nothing_was_seen():
    values = _clip(30.0).keypoints3d.copy()
    confidence = np.ones(values.shape[:2])
    values[:, 1], confidence[:, 1] = np.nan, 0.0
    values[3:5, 0] = np.nan
    filled = preprocess.fill_missing(values, confidence)
    assert np.isfinite(filled).all()
    np.testing.assert_allclose(filled[:, 1], (filled[:, 0] + filled[:, 2]) / 2)


@pytest.mark.parametrize("kind", ["constant", "unseen", "single"])
def test_check_refuses_what_is_no_motion(kind):
    clip = _clip(30.0)
    bad = {
        "constant": dataclasses.replace(clip, keypoints3d=np.ones_like(clip.keypoints3d)),
        "unseen": dataclasses.replace(clip, confidence=np.zeros_like(clip.confidence)),
        "single": dataclasses.replace(clip, keypoints3d=clip.keypoints3d[:1], confidence=clip.confidence[:1]),
    }[kind]
    with pytest.raises(DataError, match=r"x\.npz"):
        preprocess.check(bad, "x.npz")
