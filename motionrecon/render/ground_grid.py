"""A checkered floor that fades into a plain background, drawn fast enough to follow a moving camera."""

from __future__ import annotations

import cv2
import numpy as np

from motionrecon.render import rasterize
from motionrecon.types import Camera

_BACKGROUND = np.array([236.0, 232.0, 228.0], np.float32)
_LIGHT, _DARK = np.array([226.0, 222.0, 217.0], np.float32), np.array([206.0, 200.0, 194.0], np.float32)
_TILE, _REACH = 0.5, 9.0  # m


class GroundGrid:
    """Draws the floor for cameras that differ only by a horizontal shift.

    What such cameras share, all but the dark tiles, is drawn once.

    Args:
      camera: any of them, without distortion.
    """

    def __init__(self, camera: Camera):
        w, h = camera.size
        k, r = np.asarray(camera.intrinsics, float), np.asarray(camera.rotation, float)
        v, u = np.arange(h)[:, None], np.arange(w)[None]
        rise = ((u - k[0, 2]) / k[0, 0] * r[0, 2] + (v - k[1, 2]) / k[1, 1] * r[1, 2] + r[2, 2]).astype(np.float32)
        height = float(rasterize.center(camera)[2])
        reach = np.where(rise < -1e-4, -height / np.minimum(rise, -1e-4), 1e3)
        clear = 1.0 - np.clip((reach - 0.35 * _REACH) / (0.55 * _REACH), 0.0, 1.0)[..., None].astype(np.float32)
        fade = (1.0 - 0.07 * np.clip(1.0 - v / h * 1.6, 0, 1))[..., None].astype(np.float32)
        self._light = np.rint(_LIGHT * clear + _BACKGROUND * fade * (1.0 - clear)).astype(np.uint8)
        floor = np.flatnonzero((clear > 0).any(axis=(1, 2)))
        self._top = int(floor[0]) if len(floor) else h  # the first row with floor in it
        self._darker = np.rint((_LIGHT - _DARK) * clear[self._top :]).astype(np.uint8)

    def draw(self, camera: Camera) -> np.ndarray:
        """Return the empty floor, (H, W, 3) uint8 BGR, seen from ``camera``."""
        image = self._light.copy()
        if self._top == len(image):
            return image
        tiles = np.zeros(self._darker.shape[:2], np.uint8)
        for quad in self._dark_tiles(camera):
            cv2.fillConvexPoly(tiles, quad, 255, cv2.LINE_AA, 4)
        darker = cv2.multiply(cv2.merge([tiles] * 3), self._darker, scale=1.0 / 255.0)
        floor = image[self._top :]
        cv2.subtract(floor, darker, dst=floor)
        return image

    def _dark_tiles(self, camera: Camera) -> np.ndarray:
        """Return the corners (N, 4, 2) of the dark tiles in view, in 1/16 px below and right of the first floor row."""
        eye = rasterize.center(camera)
        first = np.floor((eye[:2] - _REACH) / _TILE).astype(int)
        squares = _SQUARES[first.sum() % 2] + np.append(first * _TILE, 0.0)
        ahead = ((squares - eye) @ np.asarray(camera.rotation, float)[2]).min(axis=1) > 0.3
        pixels, _ = rasterize.project(camera, squares[ahead].reshape(-1, 3))
        pixels = np.clip(pixels.reshape(-1, 4, 2), -8000, 8000)
        low, high = pixels.min(1), pixels.max(1)
        seen = (high > [0, self._top]).all(1) & (low < np.asarray(camera.size)).all(1)
        return np.round((pixels[seen] - [0, self._top]) * 16).astype(np.int32)


def _squares(odd: int) -> np.ndarray:
    """Return the corners (N, 4, 3) m of every other tile of a square field with its corner in the origin."""
    n = int(2 * _REACH / _TILE) + 2
    i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    corner = np.stack([i, j], -1)[(i + j + odd) % 2 == 1]
    square = (corner[:, None] + np.array([[0, 0], [1, 0], [1, 1], [0, 1]])) * _TILE
    return np.concatenate([square, np.zeros((*square.shape[:2], 1))], axis=-1)


_SQUARES = (_squares(0), _squares(1))
