"""Marks in pictures: solid force arrows, contact dots, keypoint dots and text."""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np

from motionrecon.render import rasterize, shapes
from motionrecon.render.rasterize import Light
from motionrecon.types import Camera

FORCE = (0.25, 0.80, 0.30)  # BGR in 0..1
CONTACT = (60, 190, 255)  # BGR 0..255
KEYPOINT = (40, 220, 250)
_SUBPIXEL = 4  # bits


@functools.cache
def _arrow_parts():
    """Return a shaft and a head of unit length along z: shaft radius and head size are scaled apart when drawn."""
    ring = np.linspace(0.0, 1.0, 4)[:, None] * np.array([[0, 0, 1.0]])
    shaft = shapes.loft(ring, np.ones((4, 2)), FORCE, 0, sides=12, caps=0)
    taper = np.array([[1.0, 1.0], [0.66, 0.66], [0.33, 0.33], [0.02, 0.02]])
    head = shapes.loft(ring, taper, FORCE, 0, sides=16, caps=0)
    return shaft, head


def _turn(direction) -> np.ndarray:
    """Return a rotation that takes +z to a unit direction."""
    a, b, c = (float(v) for v in direction)
    x, y, z = (0.0, -c, b) if abs(a) < 0.9 else (c, 0.0, -a)  # the direction crossed with the x or the y axis
    size = math.sqrt(x * x + y * y + z * z)
    x, y, z = x / size, y / size, z / size
    return np.array([[x, b * z - c * y, a], [y, c * x - a * z, b], [z, a * y - b * x, c]])


def draw_arrows(
    image,
    camera: Camera,
    arrows,
    *,
    radius: float = 0.014,
    color=FORCE,
    light: Light = Light(),
    alpha: float = 0.95,
) -> None:
    """Draw solid arrows, in place.

    Args:
      image: (H, W, 3) uint8 BGR.
      camera: where they are seen from.
      arrows: pairs of foot (3,) m, world, and vector (3,) m to the tip; those shorter than 2 cm are left out.
      radius: of the shafts, m.
      color: BGR in 0..1.
      light: the lights.
      alpha: opacity.
    """
    vertices, normals, faces, offset = [], [], [], 0
    for start, vector in arrows:
        length = float(np.linalg.norm(vector))
        if length < 0.02:
            continue
        turn = _turn(np.asarray(vector, float) / length)
        cap = min(5.5 * radius, 0.5 * length)
        for part, low, high, r in zip(
            _arrow_parts(), (0.0, length - cap), (length - cap, length), (radius, 2.3 * radius), strict=True
        ):
            local = part.vertices * np.array([r, r, high - low]) + np.array([0, 0, low])
            vertices.append(local @ turn.T + np.asarray(start, float))
            normals.append(part.normals @ turn.T)
            faces.append(part.faces + offset)
            offset += len(local)
    if not vertices:
        return
    vertices = np.concatenate(vertices).astype(np.float32)
    colors = np.tile(np.asarray(color, np.float32), (len(vertices), 1))
    normals, faces = np.concatenate(normals).astype(np.float32), np.concatenate(faces).astype(np.int32)
    rasterize.draw_surface(image, camera, vertices, normals, faces, colors, 0.3, alpha=alpha, light=light)


def draw_dots(image, pixels, radius: float, color, outline=(30, 30, 30)) -> None:
    """Draw anti-aliased dots of ``radius`` px at pixels (N, 2), in place; the outline keeps them visible anywhere."""
    scale = 1 << _SUBPIXEL
    limit = 4 * max(image.shape[:2])
    for x, y in np.asarray(pixels, float):
        if not (-limit < x < limit and -limit < y < limit):
            continue
        spot = (round(x * scale), round(y * scale))
        cv2.circle(image, spot, round((radius + 1.2) * scale), outline, -1, cv2.LINE_AA, _SUBPIXEL)
        cv2.circle(image, spot, round(radius * scale), color, -1, cv2.LINE_AA, _SUBPIXEL)


def draw_text(
    image, text: str, place: tuple[int, int], size: int = 20, color=(250, 250, 250), *, strip: bool = True
) -> None:
    """Write a line of text with its left baseline at ``place`` px, in place; ``strip`` darkens the back."""
    if strip:
        x0, y0, w, h = cv2.getTextSize((image.shape[1], image.shape[0]), text, place, _font(), size)
        pad = size // 3
        rows, columns = slice(max(y0 - pad, 0), y0 + h + pad), slice(max(x0 - pad, 0), x0 + w + pad)
        image[rows, columns] = cv2.convertScaleAbs(np.ascontiguousarray(image[rows, columns]), alpha=0.42)
    cv2.putText(image, text, place, color, _font(), size)


@functools.cache
def _font():
    return cv2.FontFace("sans")
