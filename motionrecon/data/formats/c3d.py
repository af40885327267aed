"""C3D marker and joint files (Vicon, Qualisys, OptiTrack, Theia): points of the POINT group by label.

Read with the pure-Python ``c3d`` package: a damaged file then ends in an exception, never in a crash of the process.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from motionrecon.data.formats import trc
from motionrecon.data.markers.marker_points import MarkerOptions
from motionrecon.errors import DataError
from motionrecon.types import Sequence

_Taken = TypeVar("_Taken")
_UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254}
_MAGIC = 0x50  # second byte of every C3D file
_BLOCK = 512  # bytes; the header is one block, the data starts at a block


def read(path: str | Path, *, fps: float | None = None, surface: MarkerOptions = MarkerOptions()) -> Sequence:
    """Read a C3D file.

    Args:
      path: the file.
      fps: Hz, instead of the file's point rate.
      surface: how surface markers are read.

    Returns:
      Sequence with ``keypoints3d`` m, z up; points with a negative residual are missing.

    Raises:
      DataError: not a C3D file, truncated, no points, or too few known labels.
    """
    path = Path(path)
    labels, unit, rate, frames = parsed(path, _points)
    if not frames:
        raise DataError(f"{path}: holds no frames of points; export it again")
    points = np.stack(frames).astype(float)
    positions = np.where(points[..., 3:4] < 0, np.nan, points[..., :3])
    count = min(len(labels), positions.shape[1])
    return trc.from_markers(path, "c3d", labels[:count], positions[:, :count], fps or rate, "z", unit, [], surface)


def _points(reader: Any) -> tuple[list[str], float | None, float, list[np.ndarray]]:
    """Take labels, metres per unit (None: not said), rate in Hz and the frames' points (K, 5)."""
    labels = [str(label).strip() for label in reader.point_labels]
    group = reader.get("POINT:UNITS")
    unit = _UNITS.get(group.string_value.strip().lower()[:2].strip()) if group is not None else None
    frames = [points.copy() for _, points, _ in reader.read_frames(copy=False)]
    return labels, unit, float(reader.point_rate), frames


def parsed(path: Path, take: Callable[[Any], _Taken]) -> _Taken:
    """Open a C3D file and return what ``take`` reads from its ``c3d.Reader``.

    Args:
      path: the file.
      take: reads everything that is wanted; anything it raises means a damaged file.

    Raises:
      DataError: not a C3D file, truncated, or damaged.
    """
    import c3d  # here, so that every other format works without it

    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    if len(content) < _BLOCK or content[1] != _MAGIC:
        raise DataError(f"{path}: is empty or not a C3D file; export or download it again")
    _check_size(path, content)
    try:
        # The package prints and warns about oddities that do not matter here.
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return take(c3d.Reader(io.BytesIO(content)))
    except Exception as error:  # a damaged file can raise anything
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path}: cannot be read as C3D ({reason[:120]}); export it again") from None


def _check_size(path: Path, content: bytes) -> None:
    """Raise DataError where the file ends before its data does.

    Only the points are counted: how many analog samples a frame has is not always stated rightly.
    """
    words = np.frombuffer(content[:_BLOCK], dtype="<u2")
    points, first, last, start = (int(words[i]) for i in (1, 3, 4, 8))
    if last == 0xFFFF:  # longer than the header can say
        return
    frames = last - first + 1
    width = 4 if np.frombuffer(content[12:16], dtype="<f4")[0] < 0 else 2  # a negative scale marks floating point
    needed = (start - 1) * _BLOCK + frames * points * 4 * width
    if len(content) < needed:
        raise DataError(f"{path}: is truncated ({frames} frames announced); export or download it again")
