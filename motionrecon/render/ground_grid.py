"""A checkered floor that fades into a plain background, drawn fast enough to follow a moving camera."""

from __future__ import annotations

import cv2
import numpy as np

from motionrecon.render import rasterize
from motionrecon.types import Camera

_BACKGROUND = np.array([236.0, 232.0, 228.0])
_LIGHT, _DARK = np.array([226.0, 222.0, 217.0]), np.array([206.0, 200.0, 194.0])
_TILE, _REACH = 0.5, 9.0  # m


class GroundGrid:
    """Draws the floor for cameras that differ only by a horizontal shift.

    Args:
      camera: any of them, without distortion.
    """

    def __init__(self, camera: Camera):
        w, h = camera.size
        k, r = np.asarray(camera.intrinsics, float), np.asarray(camera.rotation, float)
        v, u = np.mgrid[0:h, 0:w]
        local = np.stack([(u - k[0, 2]) / k[0, 0], (v - k[1, 2]) / k[1, 1], np.ones((h, w))], axis=-1)
        ray = local @ r
        height = rasterize.center(camera)[2]
        reach = np.where(ray[..., 2] < -1e-4, -height / np.minimum(ray[..., 2], -1e-4), 1e3)
        haze = np.clip((reach - 0.35 * _REACH) / (0.55 * _REACH), 0.0, 1.0)
        fade = 1.0 - 0.07 * np.clip(1.0 - v / h * 1.6, 0, 1)[..., None]
        self._clear = np.repeat(1.0 - haze[..., None], 3, axis=2).astype(np.float32)
        self._hazy = (_BACKGROUND * fade * haze[..., None]).astype(np.float32)

    def draw(self, camera: Camera) -> np.ndarray:
        """Return the empty floor, (H, W, 3) uint8 BGR, seen from ``camera``."""
        image = np.empty((camera.size[1], camera.size[0], 3), np.uint8)
        image[:] = _LIGHT
        eye = rasterize.center(camera)
        forward = np.asarray(camera.rotation, float)[2]
        first = np.floor((eye[:2] - _REACH) / _TILE).astype(int)
        n = int(2 * _REACH / _TILE) + 2
        i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
        corner = np.stack([i, j], -1)[(i + j + first.sum()) % 2 == 1] + first
        square = (corner[:, None] + np.array([[0, 0], [1, 0], [1, 1], [0, 1]])) * _TILE
        points = np.concatenate([square, np.zeros((*square.shape[:2], 1))], axis=-1)
        ahead = ((points - eye) @ forward).min(axis=1) > 0.3
        pixels, _ = rasterize.project(camera, points[ahead].reshape(-1, 3))
        pixels = np.clip(pixels.reshape(-1, 4, 2), -8000, 8000)
        low, high = pixels.min(1), pixels.max(1)
        seen = (high > 0).all(1) & (low < np.asarray(camera.size)).all(1)
        for quad in np.round(pixels[seen] * 16).astype(np.int32):
            cv2.fillConvexPoly(image, quad, _DARK.tolist(), cv2.LINE_AA, 4)
        return cv2.convertScaleAbs(cv2.multiply(image, self._clear, dtype=cv2.CV_32F) + self._hazy)
