"""Human3.6M's cameras: from the official ``metadata.xml`` or the well-known JSON of its numbers.

``metadata.xml`` holds one vector ``w0``: for each of 4 cameras and 11 subjects three angles and the camera's place in
mm, then for each camera f (2), c (2), k1, k2, k3, p1, p2. OpenCV wants k1, k2, p1, p2, k3.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from motionrecon.data.datasets import h36m_names
from motionrecon.data.formats import camera_files
from motionrecon.errors import DataError
from motionrecon.types import Camera

_SIZES = {"54138969": (1000, 1002), "55011271": (1000, 1000), "58860488": (1000, 1000), "60457274": (1000, 1002)}
_NUMBERS, _SUBJECTS = 300, 11
_JSON = ("camera-parameters.json", "cameras.json", "h36m-cameras.json")


def find(root: Path) -> Path | None:
    """Return the camera file in a folder or beside it, the official one first."""
    for folder in (root, root.parent, root / "metadata"):
        for name in ("metadata.xml", *_JSON):
            if (folder / name).is_file():
                return folder / name
    return None


def read(path: Path, subject: str, camera: str) -> Camera:
    """Read one camera of one subject.

    Raises:
      DataError: missing or malformed file, or the camera is not in it.
    """
    if camera not in h36m_names.CAMERAS:
        raise DataError(f'{path}: holds no camera "{camera}"; Human3.6M has {", ".join(h36m_names.CAMERAS)}')
    if path.suffix.lower() == ".xml":
        return _from_vector(_vector(path), subject, camera)
    return camera_files.read_camera(path, f"{subject}/{camera}")


def _vector(path: Path) -> np.ndarray:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    match = re.search(r"<w0>\s*\[?([^<\]]*)\]?\s*</w0>", text)
    try:
        numbers = np.array([float(word) for word in re.split(r"[\s,;]+", match[1].strip())]) if match else np.zeros(0)
    except ValueError:
        numbers = np.zeros(0)
    if len(numbers) != _NUMBERS:
        raise DataError(
            f"{path}: holds {len(numbers)} camera numbers (w0), {_NUMBERS} expected; give Human3.6M's own metadata.xml"
        )
    return numbers


def _from_vector(w0: np.ndarray, subject: str, camera: str) -> Camera:
    index, person = h36m_names.CAMERAS.index(camera), int(subject.removeprefix("S")) - 1
    start = 6 * (_SUBJECTS * index + person)
    a, b, c = w0[start : start + 3]
    place = 1e-3 * w0[start + 3 : start + 6]
    inner = w0[6 * 4 * _SUBJECTS + 9 * index :][:9]
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    rotation = about_x @ about_y @ about_z
    f, center, k, p = inner[:2], inner[2:4], inner[4:7], inner[7:9]
    intrinsics = np.array([[f[0], 0, center[0]], [0, f[1], center[1]], [0, 0, 1.0]])
    distortion = np.array([k[0], k[1], p[0], p[1], k[2]])
    return Camera(intrinsics, distortion, rotation, -rotation @ place, _SIZES[camera])
