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
from motionrecon.types import Camera, FitResult

# How the overlay looks.
OPACITY = 0.82  # of the body over a film, 0..1
ARROW_LENGTH = 0.55  # length of an arrow for a force of one body weight, m
LEAST_FORCE = 0.03  # smallest force drawn, body weights
QUALITY = 22  # constant rate factor of the video (lower is better and larger)
PANEL = (640, 720)  # (width, height) px of each of the two rendered views


@dataclasses.dataclass(frozen=True)
class _Posed:
    """The simulated body at every frame: surface, joint poses, forces (foot, body weights) and contacts."""

    body: figure.Figure
    pos: np.ndarray
    rot: np.ndarray
    arrows: list[list[tuple[np.ndarray, np.ndarray]]]
    dots: list[np.ndarray]
    vertical: np.ndarray


def _forces(result: FitResult):
    """Join the forces of each foot at its centre of pressure; others stay single. Forces in body weights."""
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
    return _Posed(body, pos, rot, *_forces(result))


def _draw_body(image, camera: Camera, posed: _Posed, k: int, opacity: float, shadow: float) -> None:
    vertices, normals = figure.pose(posed.body, posed.pos[k], posed.rot[k])
    light = scene.key_light(camera)
    if shadow > 0:
        rasterize.draw_shadow(image, camera, vertices, posed.body.faces, strength=shadow, light=light)
    rasterize.draw_surface(
        image,
        camera,
        vertices,
        normals,
        posed.body.faces,
        posed.body.colors,
        posed.body.gloss,
        alpha=opacity,
        light=light,
    )
    if len(posed.dots[k]):
        pixels, depth = rasterize.project(camera, posed.dots[k])
        scale = float(np.asarray(camera.intrinsics)[0, 0]) / max(float(np.median(depth)), 0.5)
        annotate.draw_dots(image, pixels[depth > 0.1], max(2.0, 0.011 * scale), annotate.CONTACT)
    for start, vector in posed.arrows[k]:
        annotate.draw_arrow(image, camera, start, vector * ARROW_LENGTH, light=light)


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
        _draw_body(image, camera, posed, k, OPACITY, 0.0)
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
        out.append(
            [
                cameras.look_at([*(c + distance * away), 0.75 * height], [*c, 0.52 * height], intrinsics, (w, h))
                for c in path
            ]
        )
    return out


def _two_views(result: FitResult, posed: _Posed) -> Iterator[np.ndarray]:
    views = _following_cameras(posed, result.height)
    grids = [GroundGrid(v[0]) for v in views]
    points = None if result.observation.keypoints3d is None else np.asarray(result.observation.keypoints3d, float)
    seen = np.asarray(result.observation.confidence) > 0
    for k in range(len(posed.pos)):
        panels = []
        for title, view, grid in zip(("side", "front"), views, grids, strict=True):
            image = grid.draw(view[k])
            _draw_body(image, view[k], posed, k, 1.0, 0.30)
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
) -> None:
    """Write the overlay video of a fit.

    Args:
      result: the fit; for a film its observation carries the camera.
      path: target, .mp4 (H.264 where the bundled ffmpeg has it).
      frames: BGR frames (H, W, 3) uint8, one for each frame of the result; None draws a side and a front view that
        follow the person, with the observed keypoints as small dots.

    Raises:
      MotionReconError: the video cannot be written.
    """
    posed = _posed(result)
    if frames is not None and result.observation.camera is not None:
        size, pictures = result.observation.camera.size, _over_film(result, posed, frames)
    else:
        size = (2 * PANEL[0], PANEL[1])
        pictures = _two_views(result, posed)
    with VideoWriter(path, float(result.motion.fps), size, quality=QUALITY) as writer:
        for picture in pictures:
            writer.write(picture)
