"""A few pictures of a finished overlay video, evenly spread, for the strip at the head of the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def key_frames(video: str | Path, count: int = 6, width: int = 480) -> list[np.ndarray]:
    """Take frames from a video, from the middle of each of ``count`` equal parts.

    Args:
      video: a file OpenCV can read.
      count: how many; fewer come back from a shorter video, none from a file that cannot be read.
      width: px, to which wider frames are scaled down.

    Returns:
      BGR images (h, w, 3) uint8.
    """
    import cv2

    capture = cv2.VideoCapture(str(video))
    frames = []
    try:
        total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        wanted = sorted({int((i + 0.5) * total / count) for i in range(count)}) if total > 0 else []
        for index in range(wanted[-1] + 1 if wanted else 0):
            if not capture.grab():
                break
            if index not in wanted:
                continue
            found, image = capture.retrieve()
            if not found:
                break
            scale = min(1.0, width / image.shape[1])
            size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
            frames.append(cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image)
    finally:
        capture.release()
    return frames


def jpeg(image: np.ndarray) -> bytes:
    """Encode a BGR image (h, w, 3) uint8 as JPEG."""
    import cv2

    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
