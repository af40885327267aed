"""Drawn videos of a clothed person with a face, for a known motion and camera: real input with exact truth.

The face is what lets a pose detector tell front from back. Blur and noise are those of an ordinary camera.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import cv2
import numpy as np

from motionrecon.geometry import skeleton as skeletons
from motionrecon.render import figure, rasterize, scene
from motionrecon.render.limbs import Palette
from motionrecon.types import Camera, Motion

CLOTHED = Palette(
    skin=(0.60, 0.70, 0.86), shirt=(0.34, 0.40, 0.70), trousers=(0.42, 0.32, 0.25), shoes=(0.17, 0.17, 0.19),
    sole=(0.88, 0.89, 0.90), hair=(0.10, 0.14, 0.20),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Look:
    """How the video looks.

    Attributes:
      palette: colors of the person.
      blur: standard deviation of the lens blur, px; noise: of the sensor noise, grey levels.
      shadow: strength of the shadow on the floor, 0..1.
      margin: distance of the wall behind the farthest point of the path, m.
      seed: of wall grain and noise.
    """

    palette: Palette = CLOTHED
    blur: float = 0.7
    noise: float = 2.5
    shadow: float = 0.42
    margin: float = 2.2
    seed: int = 0


def _wall_distance(motion: Motion, camera: Camera, margin: float) -> float:
    forward = np.asarray(camera.rotation, float)[2, :2]
    forward = forward / max(np.linalg.norm(forward), 1e-6)
    path = np.asarray(motion.root_pos, float)[:, :2] - rasterize.center(camera)[:2]
    return float((path @ forward).max()) + margin


def frames(motion: Motion, camera: Camera, look: Look = Look(), height: float | None = None) -> Iterator[np.ndarray]:
    """Draw a person who moves.

    Args:
      motion: on a skeleton with the template's joints; ground at z = 0.
      camera: fixed; may have distortion.
      look: colors, blur, noise.
      height: stature, m; estimated from the skeleton by default.

    Yields:
      (H, W, 3) uint8 BGR frames, one for each frame of the motion.
    """
    body = figure.build(motion.skeleton, height, palette=look.palette, face=True)
    pos, rot = skeletons.clip_poses(motion.skeleton, motion.root_pos, motion.quats)
    wall = _wall_distance(motion, camera, look.margin)
    empty = scene.draw_room(camera, scene.Room(wall=wall), look.seed)
    light = scene.key_light(camera)
    rng = np.random.default_rng(look.seed)
    grain = rng.normal(0.0, look.noise, (camera.size[1] + 64, camera.size[0] + 64, 1)).astype(np.float32)
    grain = np.repeat(grain, 3, axis=2)
    for p, r in zip(pos, rot, strict=True):
        vertices, normals = figure.pose(body, p, r)
        picture = empty.copy()
        rasterize.draw_shadow(picture, camera, vertices, body.faces, strength=look.shadow, light=light)
        rasterize.draw_surface(picture, camera, vertices, normals, body.faces, body.colors, body.gloss, light=light)
        if look.blur > 0:
            picture = cv2.GaussianBlur(picture, (0, 0), look.blur)
        y, x = rng.integers(0, 64, 2)
        if look.noise > 0:
            noise = grain[y : y + camera.size[1], x : x + camera.size[0]]
            picture = cv2.add(picture, noise, dtype=cv2.CV_8U)
        yield picture
