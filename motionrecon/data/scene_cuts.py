"""Finds hard cuts in a film: the frames that start a new shot.

A cut is a frame whose small colour thumbnail no longer resembles the one before, by far more than the frames
before it changed. Brightness and contrast are removed first, so a flash or an exposure step is no cut; dissolves
and wipes, which change slowly, are not found.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

_THUMBNAIL = (48, 27)
_SAMPLES = 3  # pixels each way of an image that a thumbnail's pixel is the mean of; all of them say no more
_DIFFERENCE = 0.25  # 1 - correlation of thumbnails: fast motion before a still camera stays below 0.1
_RATIO = 4.0  # times the median change of recent frames: a panning camera changes all the time
_MEMORY = 15  # frames


class CutFinder:
    """Feed it the frames in order; it says which one starts a new shot."""

    def __init__(self):
        self._last: np.ndarray | None = None
        self._recent: deque[float] = deque(maxlen=_MEMORY)

    def starts_shot(self, image: np.ndarray) -> bool:
        """Whether ``image`` (H, W, 3) uint8 starts a new shot; False for the first image of all."""
        stride = max(1, min(image.shape[1] // _THUMBNAIL[0], image.shape[0] // _THUMBNAIL[1]) // _SAMPLES)
        sampled = np.ascontiguousarray(image[::stride, ::stride])
        thumbnail = cv2.resize(sampled, _THUMBNAIL, interpolation=cv2.INTER_AREA).astype(float)
        thumbnail -= thumbnail.mean()
        last, self._last = self._last, thumbnail
        if last is None:
            return False
        scale = float(np.linalg.norm(thumbnail) * np.linalg.norm(last))
        flat = np.sqrt(scale / thumbnail.size) < 2.0  # grey levels: black or blank frames resemble nothing
        difference = 0.0 if flat else 1.0 - float(np.sum(thumbnail * last)) / scale
        usual = float(np.median(self._recent)) if self._recent else 0.0
        cut = difference > _DIFFERENCE and difference > _RATIO * usual
        if cut:
            self._recent.clear()
        else:
            self._recent.append(difference)
        return cut
