"""The finished rows of a run on disk: one file a clip, written whole as the clip ends.

A run may go on later with other clips or optimizers; rows that failed are tried again, rows that are there are not.
"""

from __future__ import annotations

from pathlib import Path

from motionrecon.data.datasets.dataset import Clip
from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.protocol import Protocol, Task
from motionrecon.jobs.rows import Rows


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
        self._protocol = protocol

    def rows(self, clip: Clip) -> list[Row]:
        """Return a clip's rows; none where it was not evaluated yet."""
        found = self._rows.read(clip.key)
        return found["rows"] if found is not None else []

    def task(self, clip: Clip, methods: tuple[str, ...]) -> Task | None:
        """Return what is still to do for a clip, or None where all its rows are there."""
        done = {row["method"] for row in self.rows(clip) if row["status"] == "ok"}
        left = tuple(name for name in methods if name.replace("_", "-") not in done)
        return Task(clip, self._protocol, left) if left else None

    def write(self, clip: Clip, rows: list[Row]) -> None:
        """Add a clip's new rows to those it has; rows of the same method are replaced, good ones never by failed."""
        kept = {row["method"]: row for row in self.rows(clip)}
        for row in rows:
            if row["status"] == "ok" or kept.get(row["method"], {}).get("status") != "ok":
                kept[row["method"]] = row
        self._rows.write({"key": clip.key, "rows": list(kept.values())}, clip.key)
