"""A folder of finished rows that belongs to one protocol: how a run that goes on knows that it is the same run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from motionrecon.errors import CheckpointError
from motionrecon.jobs.atomic_file import replaced

FOLDER, _RUN = "rows", "run.json"


def claim(folder: Path, mark: str, options: dict[str, Any], *, resume: bool) -> Path:
    """Return the folder of rows in a result folder, made where it is not there.

    Args:
      folder: the result folder.
      mark: what says that two protocols, and the versions they were run with, are the same.
      options: the protocol's, to name those that differ.
      resume: go on from the rows that are there; otherwise they are removed.

    Raises:
      CheckpointError: ``resume``, and what is there was made with another mark, or cannot be read.
    """
    rows = folder / FOLDER
    if not resume:
        shutil.rmtree(rows, ignore_errors=True)
    rows.mkdir(parents=True, exist_ok=True)
    path = rows / _RUN
    if not path.is_file():
        with replaced(path) as temporary:
            temporary.write_text(json.dumps({"mark": mark, "protocol": options}, indent=1), encoding="utf-8")
        return rows
    found = read(path)
    if found.get("mark") != mark:
        old = found.get("protocol", {})
        other = [f"{name} {old.get(name)}" for name in options if old.get(name) != options[name]]
        raise CheckpointError(
            f"{folder}: its rows were made with other options ({', '.join(other) or 'version'}); give the "
            "same, another folder with -o, or --overwrite"
        )
    return rows


def read(path: Path) -> dict[str, Any]:
    """Return what a file of the folder holds.

    Raises:
      CheckpointError: it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read ({error}); remove it, and it is made again") from None
