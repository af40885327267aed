"""Projection through an OpenCV camera, rays back from pixels, and cameras placed or guessed.

Distortion follows OpenCV's radial-tangential model (k1, k2, p1, p2, k3).
"""

# pyright: strict, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from motionrecon.types import Camera

DEFAULT_FOV = math.radians(60.0)  # of the longer image side: a phone's main camera is 60-70 degrees


def _to_camera(camera: Camera, points: Any, xp: ModuleType) -> Any:
    """Transform world points (..., 3) m to camera axes (..., 3) m."""
    turned = xp.sum(xp.asarray(camera.rotation) * xp.asarray(points)[..., None, :], axis=-1)
    return turned + xp.asarray(camera.translation)


def _distort(xy: Any, d: Any, xp: ModuleType) -> Any:
    x, y = xy[..., 0], xy[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (d[0] + r2 * (d[1] + r2 * d[4]))
    return xp.stack(
        [
            x * radial + 2 * d[2] * x * y + d[3] * (r2 + 2 * x * x),
            y * radial + d[2] * (r2 + 2 * y * y) + 2 * d[3] * x * y,
        ],
        axis=-1,
    )


def _projected(camera: Camera, points: Any, xp: ModuleType) -> Any:
    """Project with JAX or NumPy as ``xp``."""
    local = _to_camera(camera, points, xp)
    xy = local[..., :2] / xp.maximum(local[..., 2:], 1e-2)
    xy = _distort(xy, xp.asarray(camera.distortion), xp)
    k = xp.asarray(camera.intrinsics)
    u = k[0, 0] * xy[..., 0] + k[0, 1] * xy[..., 1] + k[0, 2]
    v = k[1, 1] * xy[..., 1] + k[1, 2]
    return xp.stack([u, v], axis=-1)


def project(camera: Camera, points: Array) -> Array:
    """Project world points (..., 3) m to pixels (..., 2); points behind the camera are clamped to 1 cm depth."""
    return _projected(camera, points, jnp)


def project_clip(camera: Camera, points: ArrayLike) -> np.ndarray:
    """Project the points (..., 3) m of a whole clip to pixels (..., 2).

    In NumPy: no program for every clip length, and double precision also where JAX was not asked for it.
    """
    return _projected(camera, np.asarray(points, dtype=float), np)


def undistort(camera: Camera, pixels: ArrayLike) -> np.ndarray:
    """Return normalised image coordinates (..., 2) (x/z, y/z in camera axes) of pixels (..., 2).

    In NumPy, so that no clip length costs a compilation.
    """
    at = np.asarray(pixels, dtype=float)
    matrix = np.asarray(camera.intrinsics, dtype=float)
    k1, k2, p1, p2, k3 = (float(v) for v in np.asarray(camera.distortion))
    v = (at[..., 1] - matrix[1, 2]) / matrix[1, 1]
    u = (at[..., 0] - matrix[0, 2] - matrix[0, 1] * v) / matrix[0, 0]
    x, y = u, v
    for _ in range(8):  # fixed-point inversion, as OpenCV does
        r2 = x * x + y * y
        more = r2 * (k1 + r2 * (k2 + r2 * k3))
        across = x * more + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
        down = y * more + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        x, y = u - across, v - down
    return np.stack([x, y], axis=-1)


def intrinsics_from_fov(size: tuple[int, int], fov: float = DEFAULT_FOV) -> np.ndarray:
    """Return a (3, 3) px matrix with the principal point in the middle.

    Args:
      size: (width, height) px.
      fov: field of view of the longer side, rad.
    """
    f = 0.5 * max(size) / math.tan(0.5 * fov)
    return np.array([[f, 0.0, size[0] / 2], [0.0, f, size[1] / 2], [0.0, 0.0, 1.0]])


def look_at(eye: ArrayLike, target: ArrayLike, intrinsics: ArrayLike, size: tuple[int, int]) -> Camera:
    """Place an undistorted camera at ``eye`` (3,) m that looks at ``target`` (3,) m with world z up in the image."""
    origin = np.asarray(eye, float)
    forward = np.asarray(target, float) - origin
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return Camera(np.asarray(intrinsics, float), np.zeros(5), rotation, -rotation @ origin, (size[0], size[1]))


def level(pitch: float, height: float, intrinsics: ArrayLike, size: tuple[int, int]) -> Camera:
    """Place a camera ``height`` m above the ground, looking along world +x, tilted ``pitch`` rad (down negative).

    Roll is 0; this is the frame in which a camera of unknown pose is estimated.
    """
    target = np.array([math.cos(pitch), 0.0, height + math.sin(pitch)])
    return look_at([0.0, 0.0, height], target, intrinsics, size)
