"""TRC marker and joint files (OpenSim, OpenCap, Pose2Sim, Sports2D, Cortex): five header lines, then a table."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import numpy as np

from motionrecon.data import axes, sequence
from motionrecon.data.formats import joint_names
from motionrecon.data.markers import marker_points
from motionrecon.data.markers.marker_points import MarkerOptions
from motionrecon.errors import DataError
from motionrecon.types import Sequence

UNITS = {
    "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0, "cm": 0.01, "centimeters": 0.01, "mm": 0.001,
    "millimeter": 0.001, "millimeters": 0.001, "in": 0.0254, "inch": 0.0254, "inches": 0.0254, "ft": 0.3048,
}  # fmt: skip
_RATES_AGREE = 0.02  # relative: DataRate and the column of times differ by no more than rounding


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
    header = _header(lines[1], lines[2])
    labels = _labels(lines[3])
    times, positions = _table(path, lines[5:], labels, header)
    try:
        rate = float(fps or header["datarate"])
        stated = int(float(header.get("numframes") or len(positions)))
    except (KeyError, ValueError):
        raise DataError(
            f"{path}: its header does not state DataRate and NumFrames as numbers; export it again"
        ) from None
    warnings = []
    if stated != len(positions):
        warnings.append(f"The header says {stated} frames, the table holds {len(positions)}; the table was used.")
    counted = _rate(times)
    if fps is None and counted is not None and rate > 0 and abs(counted / rate - 1.0) > _RATES_AGREE:
        warnings.append(f"The header says {rate:g} Hz, the times of the rows {counted:g} Hz; the times were used.")
        rate = counted
    unnamed = sum(not label for label in labels) + positions.shape[1] - len(labels)
    if unnamed:
        warnings.append(f"{unnamed} trajectories have no name; they were left out.")
    named = [i for i, label in enumerate(labels) if label]
    unit = UNITS.get(header.get("units", "").lower())
    return from_markers(
        path, "trc", [labels[i] for i in named], positions[:, named], rate, "x forward y", unit, warnings, surface
    )


def _header(keys: str, values: str) -> dict[str, str]:
    """Pair the header's keys with its values, which are separated by tabs where any is blank."""
    tabs = keys.count("\t") == values.rstrip("\t").count("\t") and "\t" in keys
    pairs = zip(keys.split("\t" if tabs else None), values.split("\t" if tabs else None), strict=False)
    return {key.strip().lower(): value.strip() for key, value in pairs}


def _labels(line: str) -> list[str]:
    """Return the names in the order of the columns; "" for a trajectory in their midst that has none.

    A name stands over the first of its three columns. Where they do not stand there, they are taken in their order.
    """
    cells = [cell.strip() for cell in line.split("\t")][2:]
    places = [i for i, cell in enumerate(cells) if cell]
    if not places:
        return line.split()[2:]
    if all(place % 3 == 0 for place in places):
        return [cells[i] for i in range(0, places[-1] + 1, 3)]
    return [cells[i] for i in places]


def _rate(times: np.ndarray) -> float | None:
    """Return the rows' rate in Hz; None where their times are missing, uneven or too few."""
    steps = np.diff(times)
    if len(steps) < 3 or not np.isfinite(steps).all() or steps.min() <= 0:
        return None
    mean = float(steps.mean())
    return 1.0 / mean if np.abs(steps - mean).max() < 0.2 * mean else None


def _table(path: Path, lines: list[str], labels: list[str], header: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Parse the rows to times (T,) s and positions (T, M, 3), named and unnamed; NaN where blank."""
    split = [
        (number, line.rstrip("\r\n").split("\t") if "\t" in line else line.split())
        for number, line in enumerate(lines, start=6)
        if line.strip()
    ]
    with contextlib.suppress(ValueError):  # trajectories without a name are counted, here or by the rows
        stated = int(float(header.get("nummarkers") or 0))
        widths = sorted(len(cells) for _, cells in split) or [0]
        markers = max(len(labels), min(stated, (widths[-1] - 2) // 3), (widths[len(widths) // 2] - 2) // 3)
        labels = labels + [""] * (markers - len(labels))
    width = 2 + 3 * len(labels)
    rows = []
    for number, cells in split:
        if any(c.strip() for c in cells[width:]) or len(cells) < 2:
            raise DataError(f"{path}: line {number} holds {len(cells)} columns, {width} expected; export it again")
        cells = cells[1:width] + [""] * (width - len(cells))
        try:
            rows.append([float(c) if c.strip() else np.nan for c in cells])
        except ValueError as error:
            raise DataError(
                f"{path}: line {number} holds something that is no number ({error}); export it again"
            ) from None
    values = np.array(rows, dtype=float).reshape(len(rows), width - 1)
    return values[:, 0], values[:, 1:].reshape(len(rows), len(labels), 3)


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
    if unit is not None and picked.size:
        unit, sentence = axes.believable_unit(names, picked, unit)
        warnings = [*warnings, *([sentence] if sentence else [])]
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
