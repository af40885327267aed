"""C3D marker and joint files (Vicon, Qualisys, OptiTrack, Theia): points of the POINT group by label."""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np

from motionrecon.data import trc
from motionrecon.errors import DataError
from motionrecon.types import Sequence

_UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254}
_MAGIC = 0x50  # second byte of every C3D file
_BLOCK = 512  # bytes; the header is one block, the data starts at a block


def read(path: str | Path, *, fps: float | None = None) -> Sequence:
    """Read a C3D file.

    Args:
      path: the file.
      fps: Hz, instead of the file's point rate.

    Returns:
      Sequence with ``keypoints3d`` m, z up; points with a negative residual are missing.

    Raises:
      DataError: not a C3D file, no points, or too few known labels.
    """
    path = Path(path)
    try:
        head = path.read_bytes()[:_BLOCK]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    if len(head) < 2 or head[1] != _MAGIC:
        raise DataError(f"{path}: is empty or not a C3D file; export or download it again")
    try:
        content = ezc3d.c3d(str(path))
        point = content["parameters"]["POINT"]
        labels = [label.strip() for label in point["LABELS"]["value"]]
        unit = _UNITS.get("".join(point["UNITS"]["value"][:1]).strip().lower()) if "UNITS" in point else None
        rate = float(content["header"]["points"]["frame_rate"])
        positions = np.asarray(content["data"]["points"], dtype=float)[:3].transpose(2, 1, 0)
        residual = np.asarray(content["data"]["meta_points"]["residuals"])[0].T
    except (OSError, RuntimeError, ValueError, KeyError, IndexError) as error:
        raise DataError(
            f"{path}: cannot be read as C3D ({str(error).splitlines()[0][:120]}); export it again"
        ) from None
    _check_size(path, head)
    extra = 2  # further label lists are used when there are more than 255 points
    while f"LABELS{extra}" in point:
        labels += [label.strip() for label in point[f"LABELS{extra}"]["value"]]
        extra += 1
    count = min(len(labels), positions.shape[1])
    positions = np.where(residual[..., None] < 0, np.nan, positions)[:, :count]
    return trc.from_markers(path, "c3d", labels[:count], positions, fps or rate, "z", unit, [])


def _check_size(path: Path, head: bytes) -> None:
    """Raise DataError where the file ends before its data does, which the library shortens silently.

    Only the points are counted: how many analog samples a frame has is not always stated rightly.
    """
    words = np.frombuffer(head, dtype="<u2")
    points, first, last, start = (int(words[i]) for i in (1, 3, 4, 8))
    if last == 0xFFFF:  # longer than the header can say
        return
    frames = last - first + 1
    width = 4 if np.frombuffer(head[12:16], dtype="<f4")[0] < 0 else 2  # a negative scale marks floating point
    needed = (start - 1) * _BLOCK + frames * points * 4 * width
    if path.stat().st_size < needed:
        raise DataError(f"{path}: is truncated ({frames} frames announced); export or download it again")
