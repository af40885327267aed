"""Finished rows on disk that belong to one set of options: how a run that goes on knows that it is the same run."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zlib
from pathlib import Path
from typing import Any

from motionrecon.errors import CheckpointError
from motionrecon.jobs.atomic_file import replaced

FOLDER, _RUN = "rows", "run.json"


def mark(options: Any) -> str:
    """Return a short text that is equal for equal options (anything that JSON holds; the rest as its text)."""
    return hashlib.sha256(json.dumps(options, sort_keys=True, default=str).encode()).hexdigest()[:16]


class Rows:
    """One JSON file a key in the subfolder ``rows`` of a result folder, each written whole.

    Args:
      folder: the result folder; the subfolder is made where it is not there.
      marked: what says that two runs' options, and the versions they were made with, are the same.
      options: of the run, to name those that differ.
      resume: go on from the rows that are there; otherwise they are removed.

    Raises:
      CheckpointError: ``resume``, and what is there was made with another mark, or cannot be read.
    """

    def __init__(self, folder: Path, marked: str, options: dict[str, Any], *, resume: bool):
        self._folder = folder / FOLDER
        if not resume:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _RUN
        if not path.is_file():
            _write(path, json.dumps({"mark": marked, "protocol": options}, indent=1))
            return
        found = _read(path)
        if found.get("mark") != marked:
            old = found.get("protocol", {})
            other = [f"{name} {old.get(name)}" for name in options if old.get(name) != options[name]]
            raise CheckpointError(
                f"{folder}: its rows were made with other options ({', '.join(other) or 'version'}); give the "
                "same, another folder with -o, or --overwrite"
            )

    def read(self, *key: str) -> dict[str, Any] | None:
        """Return what was written under a key, or None.

        Raises:
          CheckpointError: its file cannot be read.
        """
        path = self._path(key)
        return _read(path) if path.is_file() else None

    def write(self, content: dict[str, Any], *key: str) -> None:
        """Keep a key's content, whole or not at all, in place of what was there."""
        path = self._path(key)
        path.parent.mkdir(exist_ok=True)
        _write(path, json.dumps(content))

    def _path(self, key: tuple[str, ...]) -> Path:
        """Return folder / key / key.json: words that are no plain file name get a checksum behind them."""
        names = [_name(word) for word in key]
        return self._folder.joinpath(*names[:-1], f"{names[-1]}.json")


def _name(word: str) -> str:
    if re.fullmatch(r"\w[\w.+-]{0,79}", word) and f"{word}.json" != _RUN:
        return word
    plain = re.sub(r"[^\w.+-]+", "_", word)[-80:]
    return f"{plain}-{zlib.crc32(word.encode()):08x}"


def _write(path: Path, text: str) -> None:
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read ({error}); remove it, and it is made again") from None
