"""Surroundings: a tiled floor under a plain wall for drawn videos, a light grid for rendered views."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from motionrecon.render.rasterize import Light, center
from motionrecon.types import Camera

_SUPERSAMPLE = 2
_BAND = 60  # rows of the picture drawn at a time: a whole one at full precision takes 0.9 GB


@dataclasses.dataclass(frozen=True)
class Room:
    """A floor z = 0 with square tiles and a wall behind, upright and facing the camera.

    Attributes:
      wall: distance of the wall from the camera, m; None leaves the floor without end (it fades into the background).
      tile: side of a tile, m.
      light, dark: BGR 0..255 of the two tiles; joint: of the gaps between them.
      background: BGR 0..255 of the wall, or of the haze without a wall.
      grain: strength of the plaster on the wall, grey levels.
    """

    wall: float | None = 8.0
    tile: float = 0.5
    light: tuple[float, float, float] = (176.0, 186.0, 192.0)
    dark: tuple[float, float, float] = (158.0, 168.0, 175.0)
    joint: tuple[float, float, float] = (132.0, 140.0, 146.0)
    background: tuple[float, float, float] = (205.0, 208.0, 204.0)
    grain: float = 3.0


def key_light(camera: Camera) -> Light:
    """Place the key light above the camera's left shoulder."""
    rotation = np.asarray(camera.rotation, float)
    right, forward = rotation[0], rotation[2]
    forward = forward * np.array([1.0, 1.0, 0.0]) / max(np.linalg.norm(forward[:2]), 1e-6)
    direction = -0.55 * forward - 0.45 * right + np.array([0.0, 0.0, 1.0])
    return Light(direction=tuple(direction / np.linalg.norm(direction)))


def _rays(camera: Camera, factor: int, rows: range) -> tuple[np.ndarray, np.ndarray]:
    """Return directions (h, w, 3) of pixel rays at ``factor`` times the resolution: world, camera axes.

    Args:
      camera: whose rays.
      factor: rays each way of a pixel.
      rows: of pixels.
    """
    w, h = camera.size[0], len(rows)
    u = (np.arange(w * factor) + 0.5) / factor - 0.5
    v = (np.arange(rows.start * factor, rows.stop * factor) + 0.5) / factor - 0.5
    grid = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 1, 2)
    xy = cv2.undistortPoints(grid, np.asarray(camera.intrinsics, float), np.asarray(camera.distortion, float))
    local = np.concatenate([xy[:, 0], np.ones((len(xy), 1))], axis=1).reshape(h * factor, w * factor, 3)
    return local @ np.asarray(camera.rotation, float), local


def _tiles(room: Room, x, y, reach) -> np.ndarray:
    """Color floor points; the pattern fades where a tile gets smaller than a few pixels."""
    i, j = np.floor(x / room.tile), np.floor(y / room.tile)
    color = np.where((np.mod(i + j, 2) == 0)[..., None], room.light, room.dark)
    edge = np.minimum(np.abs(x / room.tile - np.round(x / room.tile)), np.abs(y / room.tile - np.round(y / room.tile)))
    width = 0.012 * np.maximum(1.0, reach / 8.0)
    gap = np.clip(1.5 - edge / width, 0.0, 1.0) * np.clip(12.0 / reach, 0.0, 1.0)
    color = color + gap[..., None] * (np.asarray(room.joint) - color)
    mean = 0.5 * (np.asarray(room.light) + np.asarray(room.dark))
    fade = np.clip((reach - 12.0) / 25.0, 0.0, 1.0)[..., None]
    return color + fade * (mean - color)


def draw_room(camera: Camera, room: Room = Room(), seed: int = 0) -> np.ndarray:
    """Draw the empty surroundings.

    Args:
      camera: where they are seen from.
      room: floor and wall.
      seed: of the wall's grain.

    Returns:
      (H, W, 3) uint8 BGR.
    """
    width, height = camera.size
    plaster = None if room.wall is None else _plaster((height * _SUPERSAMPLE, width * _SUPERSAMPLE), seed)
    bands = []
    for top in range(0, height, _BAND):
        rows = range(top, min(top + _BAND, height))
        part = None if plaster is None else plaster[rows.start * _SUPERSAMPLE : rows.stop * _SUPERSAMPLE]
        picture = _band(camera, room, rows, part).astype(np.float32)
        bands.append(cv2.resize(picture, (width, len(rows)), interpolation=cv2.INTER_AREA))
    return cv2.convertScaleAbs(np.concatenate(bands))


def _plaster(size: tuple[int, int], seed: int) -> np.ndarray:
    """Return the grain (h, w) of a wall, fine and coarse."""
    rng = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(rng.standard_normal(size).astype(np.float32), (0, 0), 3.0)
    coarse = rng.standard_normal((24, 40)).astype(np.float32)
    return 5.0 * fine + 0.35 * cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)


def _band(camera: Camera, room: Room, rows: range, plaster: np.ndarray | None) -> np.ndarray:
    """Draw rows of the picture, (h, w, 3) at the rays' resolution."""
    direction, _ = _rays(camera, _SUPERSAMPLE, rows)
    eye = center(camera)
    down = direction[..., 2]
    floor_at = np.where(down < -1e-6, -eye[2] / np.minimum(down, -1e-6), np.inf)
    forward = np.asarray(camera.rotation, float)[2] * np.array([1.0, 1.0, 0.0])
    forward /= max(np.linalg.norm(forward), 1e-6)
    ahead = direction @ forward
    wall_at = np.full_like(down, np.inf)
    if room.wall is not None:
        wall_at = np.where(ahead > 1e-6, room.wall / np.maximum(ahead, 1e-6), np.inf)
    on_floor = floor_at < wall_at
    s = np.where(on_floor, floor_at, 1.0)
    point = eye + s[..., None] * direction
    reach = np.linalg.norm(point - eye, axis=-1)
    picture = np.where(
        on_floor[..., None], _tiles(room, point[..., 0], point[..., 1], reach), np.asarray(room.background)
    )
    if plaster is None:
        haze = np.clip((reach - 6.0) / 16.0, 0.0, 1.0)[..., None] * on_floor[..., None]
        return picture + haze * (np.asarray(room.background) - picture)
    return _wall(picture, room, on_floor, wall_at, direction, eye, forward, plaster)


def _wall(picture, room, on_floor, wall_at, direction, eye, forward, plaster):
    """Add a skirting board, a soft fall-off of light and plaster grain."""
    height = np.where(on_floor, 1.0, eye[2] + np.where(on_floor, 0.0, wall_at) * direction[..., 2])
    aside = np.where(on_floor, 0.0, wall_at) * (direction @ np.array([-forward[1], forward[0], 0.0]))
    shade = 1.0 - 0.10 * np.clip(np.abs(aside) / 6.0, 0, 1) - 0.06 * np.clip(1.0 - height / 1.5, 0, 1)
    wall = picture * shade[..., None] + (room.grain * plaster)[..., None]
    board = (height < 0.10)[..., None]
    wall = np.where(board, np.array([150.0, 156.0, 158.0]) * shade[..., None], wall)
    return np.where(on_floor[..., None], picture, wall)
