"""Whether a camera's pose in its file is of use: it must be in metres, in a world whose z is up.

Tools that calibrate cameras against each other (Anipose, FreeMoCap, COLMAP) put the world where a camera is, in the
unit of a board or of nothing. Such a pose is left out, with a word; the intrinsics stay.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from motionrecon.data.formats.camera_record import CameraFile

_FARTHEST = 100.0  # m; no camera films a person from farther away, so that such numbers are millimetres
_DEEP = -1.0  # m; no camera is so far under the floor
_STRAIGHT = 0.95  # cosine between the line of sight and the vertical


def judged(cameras: list[CameraFile], metadata: Any = None) -> list[CameraFile]:
    """Return the cameras with poses in metres, or without pose and with a word about it.

    Args:
      cameras: all of a file.
      metadata: the file's table of that name (Anipose, FreeMoCap), or None.
    """
    far = any(camera.translation is not None and np.linalg.norm(camera.translation) > _FARTHEST for camera in cameras)
    anipose = far and isinstance(metadata, dict) and "adjusted" in metadata  # Pose2Sim's has it too, and metres
    if anipose and isinstance(metadata, dict) and metadata.get("groundplane_calibration"):
        return [_in_meters(camera, 0.001) for camera in cameras]
    if anipose or any(_is_world(camera) for camera in cameras):
        return [_without_pose(camera, "the file's world is that of a camera, not the floor's") for camera in cameras]
    return [_checked(camera) for camera in cameras]


def _is_world(camera: CameraFile) -> bool:
    """Tell whether a camera stands at the origin and looks along z: the world is its own."""
    if camera.rotation is None or camera.translation is None:
        return False
    return bool(np.allclose(camera.rotation, np.eye(3), atol=1e-6) and np.allclose(camera.translation, 0.0, atol=1e-6))


def _checked(camera: CameraFile) -> CameraFile:
    if camera.rotation is None or camera.translation is None or not _is_rotation(camera.rotation):
        return camera
    turn = camera.rotation
    center = -turn.T @ camera.translation
    if np.linalg.norm(center) > _FARTHEST:
        camera = _in_meters(camera, 0.001)
        center = center / 1000.0
        if np.linalg.norm(center) > _FARTHEST:
            return _without_pose(camera, f"the camera would stand {np.linalg.norm(center):.0f} m away")
    if abs(turn[2, 2]) > _STRAIGHT:
        way = "down" if turn[2, 2] < 0 else "up"
        return _without_pose(camera, f"the camera would look straight {way}, if z is up there")
    if center[2] < _DEEP:
        return _without_pose(camera, f"the camera would stand {-center[2]:.1f} m under the floor, if z is up there")
    return camera


def _is_rotation(matrix: np.ndarray) -> bool:
    """Tell whether it is one; another is refused by whoever reads the file."""
    return bool(np.abs(matrix @ matrix.T - np.eye(3)).max() < 1e-3)


def _in_meters(camera: CameraFile, unit: float) -> CameraFile:
    if camera.translation is None:
        return camera
    said = f'The translation of camera "{camera.name}" was taken for millimetres.'
    return dataclasses.replace(camera, translation=unit * camera.translation, warnings=(*camera.warnings, said))


def _without_pose(camera: CameraFile, why: str) -> CameraFile:
    if camera.rotation is None:
        return camera
    said = f'The pose of camera "{camera.name}" was left out: {why}. Where it stands is estimated.'
    return dataclasses.replace(camera, rotation=None, translation=None, warnings=(*camera.warnings, said))
