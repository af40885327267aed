"""Tables of named points: Anipose's and FreeMoCap's CSV (``nose_x, nose_y, nose_z``), DeepLabCut's CSV and HDF5.

Three coordinates make 3D points, two with a likelihood 2D keypoints in pixels.
"""

from __future__ import annotations

import csv
import io
import pickle
import re
from pathlib import Path

import h5py
import numpy as np

from motionrecon.data import sequence
from motionrecon.data.formats import keypoint_sequence, point_array
from motionrecon.errors import DataError
from motionrecon.types import Sequence

_COLUMN = re.compile(r"^(?P<name>.+?)[_ .:](?P<axis>x|y|z|likelihood|score|confidence)$", re.IGNORECASE)
_TIMES = ("time", "timestamp", "t", "seconds")
_SURE = ("likelihood", "score", "confidence")
_ASSUMED_FPS = 30.0


def read(path: str | Path, *, fps: float | None = None, size: tuple[int, int] | None = None) -> Sequence:
    """Read a table of named points.

    Args:
      path: a .csv or .h5 file.
      fps: Hz, instead of the rate of its column of times; 30 is assumed where neither is there.
      size: (width, height) px of the image of 2D keypoints.

    Returns:
      Sequence with ``keypoints3d`` m, or ``keypoints2d`` px.

    Raises:
      DataError: no table of named coordinates, or too few known names.
    """
    path = Path(path)
    with path.open("rb") as file:
        columns, table = _hdf5(path) if file.read(4) == b"\x89HDF" else _csv(path)
    places: dict[str, dict[str, int]] = {}
    for i, column in enumerate(columns):
        match = _COLUMN.match(column)
        if match:
            places.setdefault(match["name"], {}).setdefault(match["axis"].lower(), i)
    warnings: list[str] = []
    rate = fps or _rate(columns, table)
    if rate is None:
        rate = _ASSUMED_FPS
        warnings.append(f"The file does not state its frame rate; {rate:g} Hz assumed (give --source-fps).")
    solid = [name for name, axes in places.items() if {"x", "y", "z"} <= axes.keys()]
    if solid:
        values = np.stack([table[:, [places[n][a] for a in "xyz"]] for n in solid], axis=1)
        return point_array.named(path, "table", tuple(solid), values, rate, warnings)
    flat = [name for name, axes in places.items() if {"x", "y"} <= axes.keys()]
    if not flat:
        raise DataError(
            f"{path}: has no columns of points (such as nose_x, nose_y, nose_z) among {', '.join(columns[:6])}, ...; "
            "give Anipose's or FreeMoCap's 3D table"
        )
    ones = np.ones(len(table))
    sure = [next((table[:, places[n][k]] for k in _SURE if k in places[n]), ones) for n in flat]
    values = np.stack([np.column_stack([table[:, [places[n][a] for a in "xy"]], c])
                       for n, c in zip(flat, sure, strict=True)], axis=1)  # fmt: skip
    tracked = keypoint_sequence.TrackedKeypoints(values, rate, size, tuple(flat), tuple(warnings), source="table")
    return keypoint_sequence.to_sequence(path, tracked)


def _rate(columns: list[str], table: np.ndarray) -> float | None:
    """Return the rate of a column of times in s, Hz; None without one that increases evenly."""
    place = next((i for i, c in enumerate(columns) if c.strip().lower() in _TIMES), None)
    steps = np.diff(table[:, place]) if place is not None else np.zeros(0)
    if len(steps) < 2 or not np.isfinite(steps).all() or steps.min() <= 0:
        return None
    rate = 1.0 / float(np.median(steps))
    return rate if 5.0 <= rate <= sequence.MAX_FPS else None


def _csv(path: Path) -> tuple[list[str], np.ndarray]:
    """Return the names of columns and their numbers (T, C); NaN where blank or no number."""
    rows = [row for row in csv.reader(io.StringIO(sequence.read_text(path))) if any(cell.strip() for cell in row)]
    head = 1
    if len(rows) > 3 and rows[0][0].strip().lower() == "scorer":  # DeepLabCut: scorer, bodyparts, coords
        head = next((i + 1 for i, row in enumerate(rows[:5]) if row[0].strip().lower() == "coords"), 1)
        parts = rows[head - 2]
        people = rows[head - 3] if rows[head - 3][0].strip().lower() == "individuals" else None
        if people is not None and len(set(people[1:])) > 1:
            raise DataError(f"{path}: holds {len(set(people[1:]))} individuals; export one of them")
        columns = ["frame", *(f"{part}_{axis}" for part, axis in zip(parts[1:], rows[head - 1][1:], strict=False))]
    else:
        columns = [cell.strip() for cell in rows[0]]
    widths = {len(row) for row in rows[head:]}
    if len(rows) <= head or widths != {len(columns)}:
        raise DataError(f"{path}: its rows hold {sorted(widths)} columns, {len(columns)} are named; export it again")
    return columns, np.array([[_number(cell) for cell in row] for row in rows[head:]])


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan


class _Names(pickle.Unpickler):
    """Builds lists, tuples and texts; refuses everything else."""

    def find_class(self, module: str, name: str) -> object:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _hdf5(path: Path) -> tuple[list[str], np.ndarray]:
    """Return the columns of a table that pandas stored (DeepLabCut, Anipose's 2D files)."""
    try:
        with h5py.File(path, "r") as file:
            nodes = [group.get("table") for group in file.values() if isinstance(group, h5py.Group)]
            node = next((node for node in nodes if isinstance(node, h5py.Dataset)), None)
            if node is None:
                raise DataError(f"{path}: holds no table of DeepLabCut or Anipose; export it as CSV")
            values = np.asarray(node["values_block_0"], float)
            names = _Names(io.BytesIO(bytes(node.attrs["values_block_0_kind"]))).load()
            columns = ["_".join(str(part) for part in name[-2:]) for name in names]
    except (OSError, KeyError, ValueError, TypeError, EOFError, pickle.UnpicklingError) as error:
        reason = (str(error).splitlines() or ["damaged"])[0][:100]
        raise DataError(f"{path}: cannot be read as a table of points ({reason}); export it as CSV") from None
    if values.ndim != 2 or values.shape[1] != len(columns):
        raise DataError(f"{path}: its table names {len(columns)} columns and holds {values.shape}; export it as CSV")
    return columns, values
