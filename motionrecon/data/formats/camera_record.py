"""A calibrated camera as a file gives it, and the numbers that all calibration formats share."""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np


@dataclasses.dataclass(frozen=True)
class CameraFile:
    """A calibrated camera as a file gives it: always its intrinsics, its pose only where it stands in the file.

    Attributes:
      name: the camera's name in the file.
      intrinsics: (3, 3) px.
      distortion: (5,) k1, k2, p1, p2, k3.
      size: (width, height) px of the calibrated image, or None where the file does not say.
      rotation: (3, 3) world (z up) to camera (OpenCV axes), or None.
      translation: (3,) m, or None.
      warnings: sentences about what was taken otherwise than it stands in the file, or left out.
    """

    name: str
    intrinsics: np.ndarray
    distortion: np.ndarray
    size: tuple[int, int] | None = None
    rotation: np.ndarray | None = None
    translation: np.ndarray | None = None
    warnings: tuple[str, ...] = ()


def distortion(values: Any) -> np.ndarray:
    """Return k1, k2, p1, p2, k3; raises ValueError where others are not zero."""
    values = np.array(values, float).ravel()
    if np.any(values[5:] != 0):
        raise ValueError("more than 5 distortion coefficients; calibrate with k1, k2, p1, p2, k3 only")
    return np.concatenate([values, np.zeros(5)])[:5]


def rotation(values: Any) -> np.ndarray:
    """Return a rotation matrix from one, or from a Rodrigues vector."""
    values = np.array(values, float)
    return values.reshape(3, 3) if values.size == 9 else cv2.Rodrigues(values.reshape(3))[0]


def size(values: Any) -> tuple[int, int]:
    """Return (width, height) px."""
    width, height = (round(float(v)) for v in np.ravel(values))
    return width, height


def lens(fx: float, fy: float, cx: float, cy: float) -> np.ndarray:
    """Return the matrix (3, 3) of focal lengths and centre, px."""
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])
