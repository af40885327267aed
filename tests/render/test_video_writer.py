"""Videos are complete or absent."""

import cv2
import numpy as np
import pytest

from motionrecon.errors import MotionReconError
from motionrecon.render.video_writer import VideoWriter


def test_frames_come_back_in_order(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 25, (64, 48)) as writer:
        for k in range(10):
            writer.write(np.full((48, 64, 3), 20 * k, np.uint8))
        assert not (tmp_path / "a.mp4").exists()
    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    means = []
    while (got := capture.read())[0]:
        means.append(got[1].mean())
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(25)
    assert means == pytest.approx(20 * np.arange(10), abs=4)


def test_an_exception_leaves_nothing_behind(tmp_path):
    with pytest.raises(ValueError), VideoWriter(tmp_path / "a.mp4", 25, (64, 48)) as writer:
        writer.write(np.zeros((48, 64, 3), np.uint8))
        raise ValueError
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path):
    target = tmp_path / "none" / "a.mp4"
    with pytest.raises(MotionReconError, match="none"), VideoWriter(target, 25, (64, 48)) as writer:
        for _ in range(200):
            writer.write(np.zeros((48, 64, 3), np.uint8))
