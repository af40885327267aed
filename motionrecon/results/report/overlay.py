"""The result as a video: the simulated body with the ground's forces, drawn into the film or seen from two sides."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from motionrecon.biomechanics.foot_loads import FOOT_WORDS
from motionrecon.geometry import camera as cameras
from motionrecon.geometry import skeleton as skeletons
from motionrecon.geometry.world import GRAVITY
from motionrecon.render import annotate, figure, rasterize, scene
from motionrecon.render.ground_grid import GroundGrid
from motionrecon.render.video_writer import VideoWriter
from motionrecon.results.report import stills
from motionrecon.types import Camera, FitResult

_SHADOW_SCALE = 0.25  # samples a pixel each way: its edges are soft
_LARGE = 700  # px of stature from which the outline shows the corners of the coarse body


# How the overlay looks.
OPACITY = 0.82  # of the body over a film, 0..1
ARROW_LENGTH = 0.55  # length of an arrow for a force of one body weight, m
LEAST_FORCE = 0.03  # smallest force drawn, body weights
# Constant rate factor of the video (lower is better and larger); the quick encoder needs 3 more for what the thorough
# one makes of a number.
QUALITY = 25
PANEL = (640, 720)  # (width, height) px of each of the two rendered views


@dataclasses.dataclass(frozen=True)
class _Posed:
    """The simulated body at every frame: surfaces, joint poses, forces (foot, body weights) and contacts."""

    body: figure.Figure
    coarse: figure.Figure
    height: float
    pos: np.ndarray
    rot: np.ndarray
    arrows: list[list[tuple[np.ndarray, np.ndarray]]]
    dots: list[np.ndarray]
    vertical: np.ndarray


def _forces(result: FitResult):
    """Join the forces of each foot at its center of pressure; others stay single. Forces in body weights."""
    weight = result.mass * GRAVITY
    force = np.asarray(result.rollout.contact_force, float) / weight
    place = np.asarray(result.rollout.contact_pos, float)
    group = {}
    for i, name in enumerate(result.contact_names):
        foot = name.split("_")[0] if any(word in name for word in FOOT_WORDS) else name
        group.setdefault(foot, []).append(i)
    arrows, dots = [], []
    for f, p in zip(force, place, strict=True):
        size = np.linalg.norm(f, axis=1)
        found = []
        for index in group.values():
            total = f[index].sum(0)
            if np.linalg.norm(total) > LEAST_FORCE:
                share = np.maximum(f[index, 2], 0.0) + 1e-9
                found.append((share @ p[index] / share.sum(), total))
        arrows.append(found)
        dots.append(p[size > 0.5 * LEAST_FORCE])
    return arrows, dots, force[..., 2].sum(1)


def _posed(result: FitResult) -> _Posed:
    motion = result.motion
    pos, rot = skeletons.clip_poses(motion.skeleton, motion.root_pos, motion.quats)
    body = figure.build(motion.skeleton, result.height, result.soles)
    return _Posed(body, figure.coarser(body), result.height, pos, rot, *_forces(result))


@dataclasses.dataclass(frozen=True)
class _Surface:
    """The body at one frame: vertices (V, 3) m and normals (V, 3), world, of a figure."""

    body: figure.Figure
    vertices: np.ndarray
    normals: np.ndarray


def _surface(posed: _Posed, k: int, camera: Camera) -> _Surface:
    """Pose the body, coarse where the camera sees it small."""
    far = float((np.asarray(camera.rotation) @ posed.pos[k, 0] + np.asarray(camera.translation))[2])
    tall = float(np.asarray(camera.intrinsics)[0, 0]) * posed.height / max(far, 0.1)
    body = posed.body if tall > _LARGE else posed.coarse
    return _Surface(body, *figure.pose(body, posed.pos[k], posed.rot[k]))


def _draw_body(image, camera: Camera, posed: _Posed, k: int, surface: _Surface, opacity: float, shadow: float) -> None:
    body, light = surface.body, scene.key_light(camera)
    if shadow > 0:
        rasterize.draw_shadow(
            image, camera, surface.vertices, body.faces, strength=shadow, light=light, scale=_SHADOW_SCALE
        )
    rasterize.draw_surface(
        image, camera, surface.vertices, surface.normals, body.faces, body.colors, body.gloss, alpha=opacity,
        light=light, quick=True,
    )  # fmt: skip
    if len(posed.dots[k]):
        pixels, depth = rasterize.project(camera, posed.dots[k])
        scale = float(np.asarray(camera.intrinsics)[0, 0]) / max(float(np.median(depth)), 0.5)
        annotate.draw_dots(image, pixels[depth > 0.1], max(2.0, 0.011 * scale), annotate.CONTACT)
    annotate.draw_arrows(
        image, camera, [(start, vector * ARROW_LENGTH) for start, vector in posed.arrows[k]], light=light
    )


def _legend(image, posed: _Posed, k: int, fps: float) -> None:
    h = image.shape[0]
    size = max(14, round(h / 36))
    text = f"{k / fps:5.2f} s    ground force {max(posed.vertical[k], 0.0):4.2f} body weights"
    annotate.draw_text(image, text, (round(0.6 * size), h - round(0.8 * size)), size)


def _over_film(result: FitResult, posed: _Posed, frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    camera = result.observation.camera
    assert camera is not None, "a film is drawn over with its camera"
    for k, frame in zip(range(len(posed.pos)), frames, strict=False):  # a film may end early
        if frame.shape[1::-1] != tuple(camera.size):
            frame = cv2.resize(frame, tuple(camera.size), interpolation=cv2.INTER_AREA)
        image = np.ascontiguousarray(frame).copy()
        _draw_body(image, camera, posed, k, _surface(posed, k, camera), OPACITY, 0.0)
        _legend(image, posed, k, result.motion.fps)
        yield image


def _facing(posed: _Posed) -> float:
    """Return the mean direction, rad, in which the pelvis faces."""
    ahead = np.asarray(posed.rot[:, 0, :2, 0].sum(0))
    return math.atan2(ahead[1], ahead[0]) if np.linalg.norm(ahead) > 1e-6 else 0.0


def _following_cameras(posed: _Posed, height: float) -> list[list[Camera]]:
    """Place a side and a front camera that glide along with the person."""
    w, h = PANEL
    path = np.asarray(gaussian_filter1d(posed.pos[:, 0, :2], 12.0, axis=0, mode="nearest"))
    reach = float(np.abs(posed.pos[:, 0, :2] - path).max()) + 0.55 * height
    focal = 1.45 * h
    distance = max(2.2 * height, focal * reach / (0.46 * w))
    intrinsics = np.array([[focal, 0, w / 2], [0, focal, h / 2], [0, 0, 1.0]])
    out = []
    for turn in (-0.5 * math.pi, 0.0):  # from the person's right, moving to the right in the picture; from the front
        angle = _facing(posed) + turn
        away = np.array([math.cos(angle), math.sin(angle)])
        first = cameras.look_at([*distance * away, 0.75 * height], [0.0, 0.0, 0.52 * height], intrinsics, (w, h))
        turned = np.asarray(first.rotation)[:, :2]
        moved = np.asarray(first.translation) - path @ turned.T  # only the place changes
        out.append([dataclasses.replace(first, translation=t) for t in moved])
    return out


def _two_views(result: FitResult, posed: _Posed) -> Iterator[np.ndarray]:
    views = _following_cameras(posed, result.height)
    grids = [GroundGrid(v[0]) for v in views]
    points = None if result.observation.keypoints3d is None else np.asarray(result.observation.keypoints3d, float)
    seen = np.asarray(result.observation.confidence) > 0
    for k in range(len(posed.pos)):
        panels, surface = [], _surface(posed, k, views[0][k])
        for title, view, grid in zip(("side", "front"), views, grids, strict=True):
            image = grid.draw(view[k])
            _draw_body(image, view[k], posed, k, surface, 1.0, 0.30)
            if points is not None:
                pixels, depth = rasterize.project(view[k], points[k][seen[k]])
                annotate.draw_dots(image, pixels[depth > 0.1], 2.6, annotate.KEYPOINT)
            annotate.draw_text(image, title, (18, 34), 22, (90, 90, 90), strip=False)
            panels.append(image)
        picture = np.hstack(panels)
        picture[:, PANEL[0] - 1 : PANEL[0] + 1] = 255
        _legend(picture, posed, k, result.motion.fps)
        yield picture


def write_overlay(
    result: FitResult,
    path: str | Path,
    frames: Iterable[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Write the overlay video of a fit.

    Args:
      result: the fit; for a film its observation carries the camera.
      path: target, .mp4 (H.264 where the bundled ffmpeg has it).
      frames: BGR frames (H, W, 3) uint8, one for each frame of the result; None draws a side and a front view that
        follow the person, with the observed keypoints as small dots.

    Returns:
      A few of its pictures for the head of the report, evenly spread (``stills.Strip``).

    Raises:
      MotionReconError: the video cannot be written.
    """
    posed = _posed(result)
    if frames is not None and result.observation.camera is not None:
        size, pictures = result.observation.camera.size, _over_film(result, posed, frames)
    else:
        size = (2 * PANEL[0], PANEL[1])
        pictures = _two_views(result, posed)
    strip = stills.Strip(len(posed.pos))
    rate = float(result.motion.fps)
    with VideoWriter(path, rate, size, quality=QUALITY, threads=1, quick=True) as writer:
        for k, picture in enumerate(pictures):
            strip.see(k, picture)
            writer.write(picture)
    return strip.images
