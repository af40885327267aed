"""The head: a modelled skull with jaw and nose and, for clothed figures, eyes, brows, ears, mouth and hair.

A pose detector tells front from back by the face: a figure without one is taken for its mirror image.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.render import shapes
from motionrecon.render.shapes import Color, Part

_WHITE: Color = (0.94, 0.95, 0.96)
_IRIS: Color = (0.20, 0.13, 0.08)
_LIPS: Color = (0.36, 0.36, 0.66)


def _skull(center, h: float, color: Color, link: int) -> Part:
    """Deform a sphere to cranium, cheeks, jaw and chin; ``h`` is the height of the head, m."""
    ball = shapes.ellipsoid((0, 0, 0), (1, 1, 1), color, link, subdivisions=3)
    x, y, z = ball.vertices.T
    width = 0.335 * (1.0 - 0.30 * shapes.smoothstep(-z, 0.05, 1.0)) * np.ones_like(z)
    depth = np.where(x > 0, 0.405, 0.47 - 0.12 * shapes.smoothstep(-z, 0.0, 0.9))
    px = x * depth + 0.13 * shapes.smoothstep(-z, 0.1, 1.0) * np.where(x > -0.2, 1.0, 0.6)
    px = px - 0.022 * np.exp(-(((z - 0.12) / 0.10) ** 2) - ((np.abs(y) - 0.36) / 0.2) ** 2) * (x > 0)  # eye sockets
    px = px + 0.014 * np.exp(-(((z + 0.80) / 0.14) ** 2) - (y / 0.22) ** 2) * (x > 0)  # chin
    round_top = 1.0 + 0.16 * shapes.smoothstep(z, 0.15, 0.85)
    px, y = px * round_top, y * round_top
    vertices = np.stack([px * h, y * width * h, z * 0.5 * h], axis=1) + center
    return shapes.reshape(ball, vertices)


def _about_z(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _features(center, h: float, link: int, hair: Color) -> list[Part]:
    """Make eyes, brows and mouth as small solids set into the front of the head."""
    parts = [
        shapes.ellipsoid(
            center + np.array([0.405, 0, -0.262]) * h, (0.022 * h, 0.080 * h, 0.022 * h), _LIPS, link, subdivisions=2
        )
    ]
    for side in (1.0, -1.0):
        eye = center + np.array([0.350, side * 0.125, 0.045]) * h
        parts += [
            shapes.ellipsoid(eye, (0.026 * h, 0.055 * h, 0.028 * h), _WHITE, link, gloss=0.6, subdivisions=2),
            shapes.ellipsoid(
                eye + np.array([0.016, 0, 0]) * h,
                (0.016 * h, 0.026 * h, 0.026 * h),
                _IRIS,
                link,
                gloss=0.8,
                subdivisions=2,
            ),
            shapes.ellipsoid(
                eye + np.array([0.010, side * 0.012, 0.070]) * h,
                (0.020 * h, 0.078 * h, 0.015 * h),
                hair,
                link,
                subdivisions=2,
                turn=_about_z(side * 0.42),
            ),
        ]
    return parts


def _hair(center, h: float, color: Color, link: int) -> Part:
    """Make a cap of short hair that leaves the face free."""
    cap = _skull(np.zeros(3), h, color, link)
    x, y, z = (cap.vertices / h).T
    line = 0.20 + 0.10 * (1 - (y / 0.34) ** 2) - 0.62 * shapes.smoothstep(-x, -0.16, 0.10)  # hairline by depth
    above = shapes.smoothstep(z - line, -0.03, 0.05)
    grow = 1.0 + (above * 0.085 - (1.0 - above) * 0.06)[:, None]
    part = shapes.reshape(cap, cap.vertices * grow + center)
    return dataclasses.replace(part, gloss=np.full(len(z), 0.25))


def build(
    top, scale: float, link: int, skin: Color, *, face: bool = False, hair: Color = (0.10, 0.14, 0.20)
) -> list[Part]:
    """Model a head that faces +x.

    Args:
      top: (3,) m, the crown.
      scale: stature that sets the size of the head, m.
      link: joint that carries the head.
      skin: BGR, 0..1.
      face: add eyes, brows, mouth and hair.
      hair: BGR, 0..1.
    """
    h = 0.138 * scale
    center = np.asarray(top, float) - np.array([0.0, 0.0, 0.5 * h])
    parts = [_skull(center, h, skin, link)]
    tilt = np.array([[np.cos(0.45), 0, np.sin(0.45)], [0, 1, 0], [-np.sin(0.45), 0, np.cos(0.45)]])
    parts.append(
        shapes.ellipsoid(
            center + np.array([0.412, 0, -0.085]) * h,
            (0.052 * h, 0.040 * h, 0.100 * h),
            skin,
            link,
            subdivisions=2,
            turn=tilt.T,
        )
    )
    for side in (1.0, -1.0):
        parts.append(
            shapes.ellipsoid(
                center + np.array([-0.01, side * 0.335, -0.02]) * h,
                (0.065 * h, 0.028 * h, 0.115 * h),
                skin,
                link,
                subdivisions=2,
            )
        )
    if face:
        parts += _features(center, h, link, hair)
        parts.append(_hair(center, h, hair, link))
    return parts
