"""A decoded picture to the one that is looked at: square pixels, turned, mirrored."""

from __future__ import annotations

import cv2
import numpy as np

from motionrecon.types import FilmView

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_ASPECTS = (0.2, 5.0)  # width over height of a pixel; a file that claims anything else is not believed
_SQUARE = 0.005  # what rounding makes of square pixels


def aspect(numerator: float, denominator: float, rotation: int) -> float:
    """Return width over height of a picture's pixels.

    Args:
      numerator, denominator: sample aspect ratio of the stored picture; 0 where the file states none.
      rotation: degrees by which the stored picture has been turned for viewing; 0, 90, 180 or 270.
    """
    ratio = numerator / denominator if denominator > 0 else 0.0
    if not _ASPECTS[0] <= ratio <= _ASPECTS[1] or abs(ratio - 1.0) < _SQUARE:
        return 1.0
    return 1.0 / ratio if rotation in (90, 270) else ratio


def shown(image: np.ndarray, aspect: float, view: FilmView) -> np.ndarray:
    """Return a picture with square pixels, turned and mirrored as asked.

    Args:
      image: (H, W, 3) uint8.
      aspect: width over height of its pixels; the shorter side is stretched, so that nothing is lost.
      view: how it is looked at.
    """
    if aspect != 1.0:
        height, width = image.shape[:2]
        size = (round(width * aspect), height) if aspect > 1.0 else (width, round(height / aspect))
        image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    if view.turn:
        image = cv2.rotate(image, _TURNS[view.turn])
    return cv2.flip(image, 1) if view.mirror else image
