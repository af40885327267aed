"""The finished rows of a benchmark on disk: one file a problem and method, written whole as it ends.

A run may go on later with other problems, methods or weights. Rows that failed, and rows of other weights, are made
again; all others are not.
"""

from __future__ import annotations

from pathlib import Path

from motionrecon.jobs.rows import Rows
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
        self._rows = Rows(folder, protocol.mark(), protocol.plain(), resume=resume)

    def row(self, problem: Problem, method: str, weights: str | None) -> Row | None:
        """Return a finished row, or None where it is still to be made.

        Args:
          problem: the problem.
          method: name.
          weights: hash of the weights that a learned method has now; None for others.
        """
        found = self._rows.read(*_key(problem, method))
        if found is None:
            return None
        same = found.get("weights") == weights or found["status"] != "ok"
        return found if same and found["status"] != "failed" else None

    def write(self, row: Row) -> None:
        """Keep a row, whole or not at all."""
        self._rows.write(row, *_key(Problem(row["function"], row["d"], row["column"]), row["method"]))


def _key(problem: Problem, method: str) -> tuple[str, str]:
    return problem.column, f"{problem.function}-{problem.d}-{method}"
