"""The states of a batch's inputs on disk, so that what is done, failed or left can be read at any time."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

from motionrecon.errors import InputError
from motionrecon.jobs.atomic_file import replaced

NAME = "manifest.json"
FORMAT_VERSION = 1
State = Literal["waiting", "running", "done", "failed", "interrupted"]


@dataclasses.dataclass
class Entry:
    """One input.

    Attributes:
      input: as it was given.
      folder: of its result.
      state: where it stands.
      seconds: wall time of its fit, s; None: not ended, or ended in an earlier run whose record is lost.
      error: one line, where it failed.
    """

    input: str
    folder: str
    state: State = "waiting"
    seconds: float | None = None
    error: str | None = None


class Manifest:
    """Entries and their file, which is written whole at every change; leave the block, and none is "running".

    Args:
      root: folder of the file, made where it is not there; None: no file is written.
      inputs: (input, folder of its result) of each.
    """

    def __init__(self, root: Path | None, inputs: Sequence[tuple[str, Path]]):
        self._path = None if root is None else root / NAME
        self._made: list[Path] = []
        self.entries = [Entry(source, str(folder)) for source, folder in inputs]

    def __enter__(self) -> Self:
        """Write the file, all waiting; seconds of an earlier run are taken over with ``done``.

        Raises:
          InputError: the folder cannot be made.
        """
        if self._path is not None:
            folders = (self._path.parent, *self._path.parent.parents)
            self._made = [folder for folder in folders if not folder.exists()]
            self._before = _read(self._path)
            _make(self._path.parent)
        else:
            self._before = {}
        self._write()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Mark what ran as interrupted; without any result, and not stopped, nothing stays of file and folder."""
        for entry in self.entries:
            if entry.state == "running":
                entry.state = "interrupted"
        self._write()
        stopped = kind is not None and not issubclass(kind, Exception)
        if self._path is None or stopped or any(path != self._path for path in self._path.parent.iterdir()):
            return
        self._path.unlink()
        with contextlib.suppress(OSError):
            for folder in self._made:
                folder.rmdir()

    def began(self, index: int) -> None:
        """Note that an input is worked on."""
        self._set(index, "running")

    def done(self, index: int, seconds: float | None = None) -> None:
        """Note that an input has its result; without seconds: since an earlier run."""
        entry = self.entries[index]
        before = self._before.get(entry.folder, {})
        known = before.get("seconds") if before.get("input") == entry.input else None
        self._set(index, "done", known if seconds is None else seconds)

    def failed(self, index: int, error: str, seconds: float) -> None:
        """Note that an input has no result, and why."""
        self._set(index, "failed", seconds, error)

    def count(self, state: State) -> int:
        """Return how many inputs are in a state."""
        return sum(entry.state == state for entry in self.entries)

    def _set(self, index: int, state: State, seconds: float | None = None, error: str | None = None) -> None:
        entry = self.entries[index]
        entry.state, entry.error = state, error
        entry.seconds = None if seconds is None else round(seconds, 1)
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        content = {"format_version": FORMAT_VERSION, "inputs": [dataclasses.asdict(entry) for entry in self.entries]}
        with replaced(self._path) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.strerror or error}); choose another folder with -o/--output"
        ) from None


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of an earlier run by folder; none where the file is absent or damaged: it is only a record."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {entry["folder"]: entry for entry in content["inputs"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
