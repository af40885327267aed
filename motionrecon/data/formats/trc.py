"""TRC marker and joint files (OpenSim, OpenCap, Pose2Sim, Sports2D, Cortex): five header lines, then a table."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import numpy as np

from motionrecon.data import sequence
from motionrecon.data.formats import joint_names
from motionrecon.data.markers import marker_points
from motionrecon.data.markers.marker_points import MarkerOptions
from motionrecon.errors import DataError
from motionrecon.types import Sequence

_UNITS = {"m": 1.0, "meters": 1.0, "cm": 0.01, "mm": 0.001, "millimeters": 0.001, "inches": 0.0254, "in": 0.0254}


def read(path: str | Path, *, fps: float | None = None, surface: MarkerOptions = MarkerOptions()) -> Sequence:
    """Read a TRC file.

    Args:
      path: the file.
      fps: Hz, instead of the file's DataRate.
      surface: how surface markers are read.

    Returns:
      Sequence with ``keypoints3d`` m, z up; blanks, NaN and exact zeros are missing.

    Raises:
      DataError: not a TRC file, a wrong number of columns or frames, or too few known labels.
    """
    path = Path(path)
    lines = sequence.read_text(path).splitlines()
    if len(lines) < 6 or not lines[0].lower().startswith("pathfiletype"):
        raise DataError(
            f"{path}: is not a whole TRC file (five header lines starting with PathFileType expected); export it again"
        )
    header = dict(zip(lines[1].lower().split(), lines[2].split(), strict=False))
    # Columns are separated by tabs; a name spans three columns, two of them blank.
    labels = [label.strip() for label in lines[3].split("\t")[2:] if label.strip()] or lines[3].split()[2:]
    positions = _table(path, lines[5:], len(labels))
    try:
        rate = float(fps or header["datarate"])
        stated = int(float(header.get("numframes", len(positions))))
    except (KeyError, ValueError):
        raise DataError(
            f"{path}: its header does not state DataRate and NumFrames as numbers; export it again"
        ) from None
    warnings = []
    if stated != len(positions):
        warnings.append(f"The header says {stated} frames, the table holds {len(positions)}; the table was used.")
    unit = _UNITS.get(header.get("units", "").lower())
    return from_markers(path, "trc", labels, positions, rate, "x forward y", unit, warnings, surface)


def _table(path: Path, lines: list[str], markers: int) -> np.ndarray:
    """Parse the rows to (T, M, 3); NaN where blank."""
    rows = []
    for number, line in enumerate(lines, start=6):
        if not line.strip():
            continue
        cells = line.rstrip("\r\n").split("\t") if "\t" in line else line.split()
        width = 2 + 3 * markers
        if (len(cells) > width and any(c.strip() for c in cells[width:])) or len(cells) < 2:
            raise DataError(f"{path}: line {number} holds {len(cells)} columns, {width} expected; export it again")
        cells = cells[2:width] + [""] * (width - len(cells))
        try:
            rows.append([float(c) if c.strip() else np.nan for c in cells])
        except ValueError as error:
            raise DataError(
                f"{path}: line {number} holds something that is no number ({error}); export it again"
            ) from None
    return np.array(rows, dtype=float).reshape(len(rows), markers, 3)


def first_time(path: str | Path) -> float:
    """Return the time in s of the table's first row, which other files of the recording count from; 0 if unreadable."""
    for line in sequence.read_text(Path(path)).splitlines()[5:]:
        cells = line.split()
        if len(cells) > 1:
            with contextlib.suppress(ValueError):
                return float(cells[1])
            break
    return 0.0


def from_markers(
    path: Path,
    layout: str,
    labels: list[str],
    positions: np.ndarray,
    fps: float,
    up: str,
    unit: float | None,
    warnings: list[str],
    surface: MarkerOptions = MarkerOptions(),
) -> Sequence:
    """Build a Sequence from labelled markers or joints (T, M, 3), NaN where missing; names unknown labels.

    Surface markers of a known set are replaced by the joint centres under them; ``recording.marker_body``
    is then what the recording gives as a static trial.
    """
    positions = np.where((positions == 0.0).all(axis=-1, keepdims=True), np.nan, positions)
    names, origin, picked = joint_names.pick_markers(labels, positions)
    centres = [o for n, o in zip(names, origin, strict=True) if n.split("_")[-1] in ("hip", "knee", "ankle")]
    under = marker_points.points_under_markers(path, labels, positions, fps, unit, centres, surface)
    if under is not None:
        unused = [label for i, label in enumerate(labels) if i not in under.used]
        return _from_surface(path, layout, under, up, unit, [*warnings, *under.sentences, *_not_used(unused)])
    if picked.size:
        seen = np.flatnonzero(np.isfinite(picked).all(axis=-1).any(axis=0))
        names, origin = tuple(names[i] for i in seen), tuple(origin[i] for i in seen)
        picked = picked[:, seen]
    used = {label for group in origin for label in group.split(" + ")}
    unknown = [label for label in labels if label not in used]
    return sequence.to_sequence(
        path,
        sequence.Points(layout, names, origin, picked, fps, up, unit, warnings=(*warnings, *_not_used(unknown))),
    )


def _from_surface(
    path: Path, layout: str, under: marker_points.MarkerPoints, up: str, unit: float | None, warnings: list[str]
) -> Sequence:
    seen = np.flatnonzero(np.isfinite(under.positions).all(axis=-1).any(axis=0))
    names = tuple(under.names[i] for i in seen)
    points = sequence.Points(
        layout, names, names, under.positions[:, seen], under.fps, up, unit, warnings=tuple(warnings)
    )
    clip = sequence.to_sequence(path, points)
    assert clip.recording is not None
    return dataclasses.replace(clip, recording=dataclasses.replace(clip.recording, marker_body=under.learned))


def _not_used(unknown: list[str]) -> list[str]:
    listed = ", ".join(unknown[:12]) + (", ..." if len(unknown) > 12 else "")
    return [f"Markers not used ({len(unknown)}): {listed}."] if unknown else []
