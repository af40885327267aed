"""The detector's own result: its 3D landmarks placed in the world frame by frame, with no motion between them."""

from __future__ import annotations

import numpy as np

from motionrecon.fitting.initialize.video import pnp
from motionrecon.geometry import camera as cameras
from motionrecon.geometry import skeleton
from motionrecon.types import Camera, Observation


def placed(seen: Observation, camera: Camera, height: float) -> np.ndarray:
    """Bring landmarks to the person's leg length, turn them onto the viewing ray and place them (PnP).

    Args:
      seen: of a film.
      camera: that it was, or is taken to be, filmed with.
      height: stature of the person, m.

    Returns:
      (T, K, 3) m, in the camera's world.
    """
    names, confidence, base = seen.names, np.asarray(seen.confidence), skeleton.template(height)
    hips = [names.index("left_hip"), names.index("right_hip")]
    flat = np.asarray(cameras.undistort(camera, seen.keypoints2d))
    toward = np.concatenate([flat[:, hips].mean(axis=1), np.ones((len(flat), 1))], axis=-1)
    turn = pnp.ray_rotations(toward / np.linalg.norm(toward, axis=-1, keepdims=True))
    landmarks = np.asarray(seen.landmarks3d)
    landmarks = landmarks - landmarks[:, hips].mean(axis=1, keepdims=True)
    leg = -float(sum(base.offsets[base.names.index(f"left_{part}"), 2] for part in ("knee", "ankle")))
    relative = pnp.landmark_scale(landmarks, names, confidence, leg) * landmarks @ np.swapaxes(turn, 1, 2)
    local = relative + pnp.solve_translation(relative, flat, confidence)[:, None]
    return (local - np.asarray(camera.translation)) @ np.asarray(camera.rotation)
