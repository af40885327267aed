"""Lit, anti-aliased pictures of posed surfaces, drawn over an image through a camera of any distortion.

Vertices are projected with the camera's full model and handed to OpenCV's triangle rasterizer (z-buffer,
colors interpolated between vertices) in a window around the person, at one and a half or twice the resolution; the
result is averaged down and laid over the picture.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from motionrecon.types import Camera

_SUPERSAMPLE = 2
_MOST = 1200  # px that a window is rasterized high at most; what is large in the picture needs less of it...
_LEAST = 1.5  # ...but never less than this
_FAR, _NEAR = 1e4, 1e-2


@dataclasses.dataclass(frozen=True)
class Light:
    """Key light from ``direction`` (towards the light, world axes), sky and ground light, highlight and rim."""

    direction: tuple[float, float, float] = (0.30, 0.35, 0.89)
    key: float = 0.50
    sky: float = 0.50
    ground: float = 0.32
    fill: float = 0.24
    highlight: float = 0.55
    shininess: float = 24.0
    rim: float = 0.16


def project(camera: Camera, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project world points (N, 3) m; the NumPy twin of ``camera.project`` for one frame at a time.

    Returns:
      Pixels (N, 2) and depths (N,) m; points behind the camera get the pixel of a point 1 cm in front.
    """
    local = np.asarray(points) @ np.asarray(camera.rotation, float).T + np.asarray(camera.translation, float)
    z = np.maximum(local[:, 2], 1e-2)
    x, y = local[:, 0] / z, local[:, 1] / z
    distortion = np.asarray(camera.distortion, float)
    if distortion.any():
        k1, k2, p1, p2, k3 = distortion.tolist()
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        x, y = (
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
        )
    k = np.asarray(camera.intrinsics, float)
    return np.stack([k[0, 0] * x + k[0, 1] * y + k[0, 2], k[1, 1] * y + k[1, 2]], axis=1), local[:, 2]


def center(camera: Camera) -> np.ndarray:
    """Return the camera center (3,) m in the world."""
    return -np.asarray(camera.rotation, float).T @ np.asarray(camera.translation, float)


def shade(vertices, normals, colors, gloss, eye, light: Light = Light()) -> np.ndarray:
    """Light vertices: hemisphere ambient, Lambert key and fill, Blinn highlight, rim.

    Args:
      vertices: (V, 3) m; normals: (V, 3) unit; colors: (V, 3) in 0..1; gloss: (V,) in 0..1.
      eye: (3,) m, the camera center.
      light: the lights.

    Returns:
      (V, 3) colors in 0..1, float32.
    """
    to_light = np.asarray(light.direction, np.float32)
    to_light = to_light / np.linalg.norm(to_light)
    view = np.asarray(eye, np.float32) - np.asarray(vertices, np.float32)
    view /= np.sqrt(np.einsum("vi,vi->v", view, view))[:, None]
    facing = np.einsum("vi,vi->v", normals, view)
    key = normals @ to_light
    ambient = light.ground + (light.sky - light.ground) * (0.5 + 0.5 * normals[:, 2])
    lit = ambient + light.key * np.maximum(key, 0.0) + light.fill * np.maximum(facing, 0.0)
    half = view + to_light
    half /= np.sqrt(np.einsum("vi,vi->v", half, half) + 1e-12)[:, None]
    shine = np.maximum(np.einsum("vi,vi->v", normals, half), 0.0) ** light.shininess * (key > 0)
    rim = light.rim * (1.0 - np.clip(facing, 0.0, 1.0)) ** 3
    extra = light.highlight * gloss * shine + rim
    return np.clip(colors * lit[:, None] + extra[:, None], 0.0, 1.0).astype(np.float32)


def _window(pixels, visible, size, margin: int):
    """Return the box (x0, y0, x1, y1) of visible pixels, clipped to the image; None where empty."""
    if not visible.any():
        return None
    u, v = pixels[visible].T
    low = np.floor([u.min(), v.min()]).astype(int) - margin
    high = np.ceil([u.max(), v.max()]).astype(int) + margin
    x0, y0 = np.maximum(low, 0)
    x1, y1 = np.minimum(high, np.asarray(size))
    return (x0, y0, x1, y1) if x1 - x0 > 1 and y1 - y0 > 1 else None


def _raster(pixels, depth, faces, colors, box, scale: float, cull: bool):
    """Rasterize into a window; returns colors (h, w, 3) and coverage (h, w), float32 in 0..1."""
    x0, y0, x1, y1 = box
    w, h = round((x1 - x0) * scale), round((y1 - y0) * scale)
    # The rasterizer projects on its own: hand it the points that its 90 degree camera sees at our pixels.
    u = (pixels[:, 0] + 0.5 - x0) * scale - 0.5 * w
    v = (pixels[:, 1] + 0.5 - y0) * scale - 0.5 * h
    z = depth / (0.5 * h)
    points = np.stack([u * z, -v * z, -depth], axis=1).astype(np.float32)
    settings = cv2.TriangleRasterizeSettings()
    settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)
    settings.setCullingMode(cv2.RASTERIZE_CULLING_CW if cull else cv2.RASTERIZE_CULLING_NONE)
    image = np.zeros((h, w, 3), np.float32)
    zbuffer = np.full((h, w), _FAR, np.float32)
    cv2.triangleRasterize(
        points, faces, colors, image, zbuffer, np.eye(4, dtype=np.float32), np.pi / 2, _NEAR, _FAR, settings
    )
    return image, (zbuffer < 0.5 * _FAR).astype(np.float32)


def draw_surface(
    image: np.ndarray, camera: Camera, vertices: np.ndarray, normals: np.ndarray, faces: np.ndarray,
    colors: np.ndarray, gloss: np.ndarray | float = 0.2, *, alpha: float = 1.0, light: Light = Light(),
    quick: bool = False,
) -> tuple[int, int, int, int] | None:  # fmt: skip
    """Draw a closed surface over a picture, in place.

    Args:
      image: (H, W, 3) uint8 BGR of the camera's size.
      camera: where it is seen from.
      vertices: (V, 3) m, world; normals: (V, 3) unit; faces: (F, 3) int32, counter-clockwise from outside.
      colors: (V, 3) BGR in 0..1; gloss: (V,) or one number.
      alpha: opacity, 0..1.
      light: the lights.
      quick: always the least samples, averaged the quick way: edges a little less even, for pictures that move.

    Returns:
      The box (x0, y0, x1, y1) px drawn into, or None when nothing is in view.
    """
    pixels, depth = project(camera, vertices)
    ahead = depth > 0.1
    box = _window(pixels, ahead, (image.shape[1], image.shape[0]), 2)
    if box is None:
        return None
    if not ahead.all():
        faces = faces[ahead[faces].all(axis=1)]
    gloss = np.broadcast_to(np.asarray(gloss, np.float32), len(vertices))
    lit = shade(vertices, normals, colors, gloss, center(camera), light)
    scale = _LEAST if quick else min(_SUPERSAMPLE, max(_LEAST, _MOST / (box[3] - box[1])))
    color, cover = _raster(pixels, depth, faces, lit, box, scale, True)
    _lay_over(image, box, color, cover, alpha, cv2.INTER_LINEAR if quick else cv2.INTER_AREA)
    return box


def _lay_over(image, box, color, cover, alpha: float, interpolation: int) -> None:
    x0, y0, x1, y1 = box
    size = (x1 - x0, y1 - y0)
    color = cv2.resize(color, size, interpolation=interpolation)
    cover = cv2.resize(cover, size, interpolation=interpolation)
    under = image[y0:y1, x0:x1]
    keep = cv2.merge([1.0 - alpha * cover] * 3)
    mixed = cv2.addWeighted(cv2.multiply(under.astype(np.float32), keep), 1.0, color, 255.0 * alpha, 0.0)
    under[:] = cv2.convertScaleAbs(mixed)


def draw_shadow(
    image: np.ndarray, camera: Camera, vertices: np.ndarray, faces: np.ndarray, *, strength: float = 0.35,
    softness: float = 7.0, light: Light = Light(), scale: float = 0.5,
) -> None:  # fmt: skip
    """Darken the floor z = 0 where a surface keeps the key light off, in place.

    Args:
      image: (H, W, 3) uint8 BGR of the camera's size.
      camera: where it is seen from.
      vertices: (V, 3) m, world; faces: (F, 3) int32, counter-clockwise from outside.
      strength: share of the light that is kept off, 0..1.
      softness: of the edges, px.
      light: the lights.
      scale: samples a pixel each way.
    """
    ray = np.asarray(light.direction, float)
    flat = vertices - vertices[:, 2:] * (ray / ray[2])
    pixels, depth = project(camera, flat)
    ahead = depth > 0.1
    box = _window(pixels, ahead, (image.shape[1], image.shape[0]), int(3 * softness))
    if box is None:
        return
    if not ahead.all():
        faces = faces[ahead[faces].all(axis=1)]
    white = np.ones((len(vertices), 3), np.float32)
    _, cover = _raster(pixels, depth, faces, white, box, scale, True)
    x0, y0, x1, y1 = box
    cover = cv2.GaussianBlur(cover, (0, 0), scale * softness)
    cover = cv2.resize(cover, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    part = image[y0:y1, x0:x1]
    part[:] = cv2.convertScaleAbs(cv2.multiply(part.astype(np.float32), cv2.merge([1.0 - strength * cover] * 3)))
