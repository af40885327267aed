"""OpenSim's tables (MOT force and motion files, STO results): a header up to ``endheader``, column names, numbers."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from motionrecon.data import sequence
from motionrecon.errors import DataError


class Table(NamedTuple):
    """Column names and their values (S, C)."""

    names: tuple[str, ...]
    values: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """Return a column (S,)."""
        return self.values[:, self.names.index(name)]


def read(path: str | Path) -> Table:
    """Read a table whose first column is ``time`` in s.

    Raises:
      DataError: no such file, no ``endheader``, no rows, a row of another length or with something that is no number.
    """
    path = Path(path)
    lines = sequence.read_text(path).splitlines()
    end = next((i for i, line in enumerate(lines) if line.strip().lower() == "endheader"), None)
    if end is None or end + 2 >= len(lines):
        raise DataError(f"{path}: is not an OpenSim table (a line endheader, names, numbers); export it again")
    names = tuple(lines[end + 1].split())
    rows = []
    for number, line in enumerate(lines[end + 2 :], start=end + 3):
        cells = line.split()
        if not cells:
            continue
        if len(cells) != len(names):
            raise DataError(f"{path}: line {number} holds {len(cells)} columns, {len(names)} expected; export it again")
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError as error:
            raise DataError(
                f"{path}: line {number} holds something that is no number ({error}); export it again"
            ) from None
    if not rows or names[0].lower() != "time":
        raise DataError(f"{path}: its first column is not the time of one or more rows; export it again")
    return Table(names, np.array(rows))
