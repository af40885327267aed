"""Picks the camera meant from a calibration file, fits it to the picture's size, and writes cameras.

Own format: TOML in Pose2Sim's layout (size, matrix, distortions, Rodrigues rotation world to camera, translation
in metres), so that both sides read each other's files.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import cv2
import numpy as np

from motionrecon.data.formats import camera_formats
from motionrecon.data.formats.camera_record import CameraFile
from motionrecon.errors import DataError
from motionrecon.types import Camera

_ASPECT = 0.01  # relative difference of aspect ratios up to which an image counts as a scaled one
_TRIMMED = 8  # px by which sizes may differ without scaling: encoders round, Human3.6M cuts 2 rows


def read_camera_file(
    path: str | Path, name: str | None = None, size: tuple[int, int] | None = None, hint: str | None = None
) -> CameraFile:
    """Return one camera of a calibration file, its pose included where the file has it.

    Args:
      path: TOML, JSON, YAML or XML; the format is recognised by its content. "FILE:NAME" also names the camera.
      name: the camera's name ("cam_03", "S9/60457274"), loosely matched ("cam03"); must be in the file.
      size: (width, height) px of the pictures it shall be used for; the intrinsics are scaled to it.
      hint: where ``name`` is None, a text that may contain the name, such as the video's file name.

    Raises:
      DataError: unknown format, camera not found or not unique, or a picture of another shape.
    """
    path, said = split_name(path)
    cameras = camera_formats.parse(path)
    camera = _pick(path, cameras, name or said, hint)
    return camera if size is None else _resize(path, camera, (int(size[0]), int(size[1])))


def picture_size(path: str | Path, name: str | None = None, hint: str | None = None) -> tuple[int, int] | None:
    """Return the (width, height) px for which a file's camera was calibrated: the size of its pictures, if stated.

    Raises:
      DataError: as ``read_camera_file``.
    """
    return read_camera_file(path, name, hint=hint).size


def split_name(path: str | Path) -> tuple[Path, str | None]:
    """Split FILE:NAME where no file is called so as a whole; the name is None where there is none."""
    text = str(path)
    if not Path(text).exists():
        for place in sorted((i for i, c in enumerate(text) if c == ":"), reverse=True):
            if text[place + 1 :] and Path(text[:place]).exists():
                return Path(text[:place]), text[place + 1 :]
    return Path(text), None


def read_camera(
    path: str | Path, name: str | None = None, size: tuple[int, int] | None = None, hint: str | None = None
) -> Camera:
    """Return one camera with its pose; arguments and errors as ``read_camera_file``.

    Raises:
      DataError: also where the file gives no pose, or no image size and ``size`` is None.
    """
    return as_camera(path, read_camera_file(path, name, size, hint))


def as_camera(path: str | Path, camera: CameraFile) -> Camera:
    """Return a camera that was read as one with a pose; ``path`` is for messages.

    Raises:
      DataError: it has no pose or no image size.
    """
    if camera.rotation is None or camera.translation is None:
        why = f" ({camera.warnings[-1]})" if camera.warnings else ""
        raise DataError(
            f'{path}: camera "{camera.name}" has no pose (rotation, translation) of use{why}; add it or name another'
        )
    if camera.size is None:
        raise DataError(f'{path}: camera "{camera.name}" has no image size; add size = [width, height]')
    return Camera(camera.intrinsics, camera.distortion, camera.rotation, camera.translation, camera.size)


def write_camera(camera: Camera, path: str | Path, name: str = "camera") -> None:
    """Write a camera as TOML that ``read_camera`` reads back; replaces the file in one step."""
    path = Path(path)
    rotation = cv2.Rodrigues(np.asarray(camera.rotation, float))[0].ravel()

    def numbers(values) -> str:
        return "[" + ", ".join(repr(float(v)) for v in np.ravel(values)) + "]"

    rows = ", ".join(numbers(row) for row in np.asarray(camera.intrinsics))
    text = (
        "# size px, matrix px; rotation (Rodrigues) and translation (m): world (z up) to camera (x right, y down)\n"
        f'[{name}]\nname = "{name}"\nsize = [{camera.size[0]}, {camera.size[1]}]\nmatrix = [{rows}]\n'
        f"distortions = {numbers(camera.distortion)}\nrotation = {numbers(rotation)}\n"
        f"translation = {numbers(camera.translation)}\nfisheye = false\n"
    )
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise DataError(f"{path}: the camera cannot be written ({error.strerror}); choose another folder") from None


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _pick(path: Path, cameras: list[CameraFile], name: str | None, hint: str | None) -> CameraFile:
    listed = ", ".join(c.name for c in cameras[:12]) + (f" and {len(cameras) - 12} more" if len(cameras) > 12 else "")
    if name is not None:
        for match in (
            [c for c in cameras if c.name == name],
            [c for c in cameras if _plain(c.name) == _plain(name)],
            [c for c in cameras if _plain(name) and _plain(name) in _plain(c.name)],
        ):
            if len(match) == 1:
                return match[0]
            if len(match) > 1:
                names = ", ".join(c.name for c in match)
                raise DataError(f'{path}: camera "{name}" is not unique; name one of: {names}')
        raise DataError(f'{path}: holds no camera "{name}"; it has: {listed}')
    if len(cameras) == 1:
        return cameras[0]
    wanted = _plain(hint or "")
    match = [c for c in cameras if wanted and (_plain(c.name) in wanted or wanted in _plain(c.name))]
    if len(match) == 1:
        return match[0]
    raise DataError(f"{path}: holds {len(cameras)} cameras; say which one with --camera FILE:NAME: {listed}")


def _resize(path: Path, camera: CameraFile, size: tuple[int, int]) -> CameraFile:
    if camera.size is None or max(abs(camera.size[0] - size[0]), abs(camera.size[1] - size[1])) <= _TRIMMED:
        center = camera.intrinsics[:2, 2]
        if not (np.all(center > 0) and np.all(center < size)):
            raise DataError(
                f'{path}: camera "{camera.name}" is for a larger picture than {size[0]}x{size[1]} (its centre is at '
                f"{center[0]:.0f}, {center[1]:.0f}); give the calibration of this picture size"
            )
        return dataclasses.replace(camera, size=size)
    scale = np.array(size) / np.array(camera.size)
    if abs(scale[0] / scale[1] - 1.0) > _ASPECT:
        raise DataError(
            f'{path}: camera "{camera.name}" was calibrated for {camera.size[0]}x{camera.size[1]}, the picture is '
            f"{size[0]}x{size[1]}, another shape (cropped or turned); give the calibration of this picture"
        )
    matrix = camera.intrinsics.copy()
    matrix[0, 0], matrix[0, 1] = matrix[0, 0] * scale[0], matrix[0, 1] * scale[0]
    matrix[1, 1] *= scale[1]
    matrix[:2, 2] = (matrix[:2, 2] + 0.5) * scale - 0.5  # pixel centres sit at whole numbers
    said = (
        f'Camera "{camera.name}" was calibrated for {camera.size[0]} x {camera.size[1]}, the picture is {size[0]} x '
        f"{size[1]}: its lens is scaled."
    )
    return dataclasses.replace(camera, intrinsics=matrix, size=size, warnings=(*camera.warnings, said))
