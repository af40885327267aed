"""Says whether the camera of a film moves, from how the picture as a whole shifts.

Pictures about a third of a second apart are compared at a small size: corners are followed (Lucas and Kanade, 1981) and
a shift with rotation and zoom is fitted to most of them. A person before a plain wall has corners in one part of the
picture only, which proves nothing: the corners that agree must spread over the picture. Across a cut nothing agrees.
"""

from __future__ import annotations

import cv2
import numpy as np

_WIDTH = 320  # px of the pictures compared
_INTERVAL = 0.3  # s between them: long enough to add a slow pan up, short enough to follow a fast one
_CORNERS = 150
_AGREE = 0.6  # least share of the corners that move as one
_SPREAD = 0.5  # least part of the picture's width and height that they span
_SHIFT = 0.008  # of the picture's width between two pictures; a tripod in wind or a rolling codec stays below
_SHARE = 0.3  # of the pairs: one knock against the tripod is no moving camera
_MIN_PAIRS = 2


class CameraMotion:
    """Feed it the frames in order; it knows how much the background moved so far."""

    def __init__(self):
        self._last: np.ndarray | None = None
        self._since = -np.inf
        self._shifts: list[float] = []

    def see(self, time: float, image: np.ndarray) -> None:
        """Compare the image (H, W, 3) uint8 at ``time`` s with one seen about a third of a second before."""
        if self._last is not None and time - self._since < _INTERVAL:
            return
        height, width = image.shape[:2]
        size = (_WIDTH, max(16, round(_WIDTH * height / width)))
        small = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
        if self._last is not None:
            shift = _shift(self._last, small)
            if shift is not None:
                self._shifts.append(shift)
        self._last, self._since = small, time

    def shift(self) -> float:
        """Return the typical shift between two pictures, as part of the picture's width; 0 for a camera that stands."""
        moved = [s for s in self._shifts if s > _SHIFT]
        if len(self._shifts) < _MIN_PAIRS or len(moved) < max(_MIN_PAIRS, _SHARE * len(self._shifts)):
            return 0.0
        return float(np.median(moved))


def _shift(before: np.ndarray, after: np.ndarray) -> float | None:
    """Return how far the picture moved, as part of its width (mean over its corners), or None where that is unclear."""
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, 0.02, 6)
    if corners is None or len(corners) < 12:
        return None
    found, status, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, np.empty_like(corners))
    kept = status.ravel() == 1
    old, new = corners.reshape(-1, 2)[kept], found.reshape(-1, 2)[kept]
    if len(old) < 12:
        return None
    matrix, inside = cv2.estimateAffinePartial2D(old, new, ransacReprojThreshold=1.0)
    if matrix is None:
        return None
    agree = inside.ravel() == 1
    height, width = before.shape
    span = np.ptp(old[agree], axis=0) if agree.any() else np.zeros(2)
    if agree.sum() < _AGREE * len(corners) or (span < _SPREAD * np.array([width, height])).any():
        return None
    edges = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float)
    return float(np.linalg.norm(edges @ matrix.T - edges[:, :2], axis=1).mean() / width)
