"""The finished rows of a benchmark on disk: one file a problem and method, written whole as it ends.

A run may go on later with other problems, methods or weights. Rows that failed, and rows of other weights, are made
again; all others are not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from motionrecon.jobs import row_folder
from motionrecon.jobs.atomic_file import replaced
from motionrecon.optimizer_lab.benchmark.protocol import Problem, Protocol
from motionrecon.optimizer_lab.benchmark.row import Row


class Store:
    """Rows in a result folder.

    Args:
      folder: the result folder.
      protocol: of the run.
      resume: go on from what is there; otherwise it is removed.

    Raises:
      CheckpointError: ``resume``, and what is there was made by another protocol, or cannot be read.
    """

    def __init__(self, folder: Path, protocol: Protocol, *, resume: bool):
        self._folder = row_folder.claim(folder, protocol.mark(), protocol.plain(), resume=resume)

    def row(self, problem: Problem, method: str, weights: str | None) -> Row | None:
        """Return a finished row, or None where it is still to be made.

        Args:
          problem: the problem.
          method: name.
          weights: hash of the weights that a learned method has now; None for others.
        """
        path = self._path(problem, method)
        if not path.is_file():
            return None
        found = row_folder.read(path)
        same = found.get("weights") == weights or found["status"] != "ok"
        return found if same and found["status"] != "failed" else None

    def write(self, row: Row) -> None:
        """Keep a row, whole or not at all."""
        path = self._path(Problem(row["function"], row["d"], row["column"]), row["method"])
        with replaced(path) as temporary:
            temporary.write_text(json.dumps(row), encoding="utf-8")

    def rows(self) -> Iterator[Row]:
        """Return all rows on disk, in the order of their names."""
        for path in sorted(self._folder.glob("*/*.json")):
            yield row_folder.read(path)

    def _path(self, problem: Problem, method: str) -> Path:
        folder = self._folder / problem.column
        folder.mkdir(exist_ok=True)
        return folder / f"{problem.function}-{problem.d}-{method}.json"
