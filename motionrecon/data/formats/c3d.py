"""C3D marker and joint files (Vicon, Qualisys, OptiTrack, BTS, Theia): points of the POINT group by label."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.data.formats import c3d_file, trc
from motionrecon.data.formats.c3d_file import C3DFile
from motionrecon.data.markers.marker_points import MarkerOptions
from motionrecon.errors import DataError
from motionrecon.types import Sequence


def read(path: str | Path, *, fps: float | None = None, surface: MarkerOptions = MarkerOptions()) -> Sequence:
    """Read a C3D file.

    Args:
      path: the file.
      fps: Hz, instead of the file's point rate.
      surface: how surface markers are read.

    Returns:
      Sequence with ``keypoints3d`` m, z up; points with a negative residual are missing.

    Raises:
      DataError: not a C3D file, truncated, no points, no labels, no rate, or too few known labels.
    """
    path = Path(path)
    file = c3d_file.read(path)
    _check_points(path, file)
    if not (fps or file.rate):
        raise DataError(f"{path}: does not state its rate (POINT:RATE); give it with --source-fps")
    labels, count = file.labels, file.points.shape[1]
    warnings = list(file.warnings)
    if len(labels) < count:
        warnings.append(f"{count - len(labels)} of {count} points have no label; they were left out.")
    kept = [i for i, label in enumerate(labels[:count]) if label]
    labels, points = [labels[i] for i in kept], file.points[:, kept]
    unit = trc.UNITS.get("".join(file.parameters.joined("POINT:UNITS")[:1]).lower())
    return trc.from_markers(path, "c3d", labels, points, fps or file.rate, "z", unit, warnings, surface)


def _check_points(path: Path, file: C3DFile) -> None:
    """Raise DataError where the file holds no labelled points."""
    if not file.points.shape[1] or not len(file.points):
        if file.parameters.number("ROTATION:USED"):
            raise DataError(f"{path}: holds rotations of segments only, no points; export joint centres as points")
        held = "analog channels only" if file.analog.size else "no frames"
        raise DataError(f"{path}: holds {held} and no points; export it with its points")
    if not any(file.labels):
        raise DataError(
            f"{path}: its {file.points.shape[1]} points have no labels (POINT:LABELS); label them in the program that "
            "recorded them, and export it again"
        )
    if not np.isfinite(file.points).any():
        raise DataError(f"{path}: all its points are marked as missing; reconstruct the trial and export it again")
