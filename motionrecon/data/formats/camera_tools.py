"""Calibrations that do not name a camera's matrix in OpenCV's way: EasyMocap, stereo files, COLMAP, Kalibr."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from motionrecon.data.formats import camera_record
from motionrecon.data.formats.camera_record import CameraFile

_NUMBERED = re.compile(r"^(?:K_|M|K|cameraMatrix|camera_matrix_?)(?P<name>[0-9]\w*|(?<=_)\w+)$")
_COLMAP = re.compile(r"^\d+\s+[A-Z_]+\s+\d+\s+\d+(\s+\S+)+$")
# COLMAP's models: place of (fx, fy, cx, cy) and of k1, k2, p1, p2 among its parameters.
_MODELS = {
    "SIMPLE_PINHOLE": ((0, 0, 1, 2), ()), "PINHOLE": ((0, 1, 2, 3), ()), "SIMPLE_RADIAL": ((0, 0, 1, 2), (3,)),
    "RADIAL": ((0, 0, 1, 2), (3, 4)), "OPENCV": ((0, 1, 2, 3), (4, 5, 6, 7)),
    "FULL_OPENCV": ((0, 1, 2, 3), (4, 5, 6, 7, 8, 9, 10, 11)),
}  # fmt: skip


def numbered(data: Mapping[str, Any]) -> list[CameraFile]:
    """Parse matrices of several cameras side by side: EasyMocap's K_01, dist_01 (R_01, T_01), a stereo file's M1, D1.

    Args:
      data: the file's content; for EasyMocap, of intri.yml and extri.yml together.
    """
    cameras = []
    for key in data:
        match = _NUMBERED.match(key)
        if match is None:
            continue
        name = match["name"]
        bent = next((data[k] for k in (f"dist_{name}", f"D{name}", f"distCoeffs{name}") if k in data), [])
        turn = next((data[k] for k in (f"Rot_{name}", f"R_{name}") if k in data), None)
        shift = data.get(f"T_{name}")
        posed = turn is not None and shift is not None
        sides = data.get(f"W_{name}"), data.get(f"H_{name}")
        cameras.append(
            CameraFile(
                name,
                np.array(data[key], float).reshape(3, 3),
                camera_record.distortion(bent),
                camera_record.size(sides) if all(v is not None and float(v) > 0 for v in sides) else None,
                camera_record.rotation(turn) if posed else None,
                np.array(shift, float).reshape(3) if posed else None,
            )
        )
    return cameras


def is_colmap(text: str) -> bool:
    """Tell whether a text is COLMAP's list of cameras: number, model, width, height, parameters a line."""
    lines = _lines(text)
    return bool(lines) and all(_COLMAP.match(line) for line in lines)


def colmap(text: str) -> list[CameraFile]:
    """Parse cameras.txt. A corner of its first pixel is at (0, 0), where OpenCV puts the pixel's middle."""
    cameras = []
    for line in _lines(text):
        number, model, width, height, *values = line.split()
        if model not in _MODELS:
            raise ValueError(f"camera {number} is of the model {model}; undistort the pictures, or use OPENCV")
        lens, bent = _MODELS[model]
        parameters = [float(v) for v in values]
        fx, fy, cx, cy = (parameters[i] for i in lens)
        cameras.append(
            CameraFile(
                number,
                camera_record.lens(fx, fy, cx - 0.5, cy - 0.5),
                camera_record.distortion([parameters[i] for i in bent]),
                (int(width), int(height)),
            )
        )
    return cameras


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def kalibr(data: Mapping[str, Any]) -> list[CameraFile]:
    """Parse Kalibr's camchain: cam0: {intrinsics: [fx, fy, cx, cy], distortion_coeffs, resolution}."""
    cameras = []
    for name, camera in data.items():
        if not isinstance(camera, dict) or np.size(camera.get("intrinsics", [])) != 4:
            continue
        model = str(camera.get("distortion_model", "radtan")).lower()
        if model not in ("radtan", "none", "plumb_bob"):
            raise ValueError(
                f'camera "{name}" has distortion {model}, which is not supported; undistort the video first'
            )
        size = camera.get("resolution")
        cameras.append(
            CameraFile(
                name,
                camera_record.lens(*(float(v) for v in np.ravel(camera["intrinsics"]))),
                camera_record.distortion(camera.get("distortion_coeffs", [])),
                None if size is None else camera_record.size(size),
            )
        )
    return cameras
