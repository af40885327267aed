"""Arrays with a head of plain values in one NPZ file: how weights, checkpoints and caches lie on disk."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from motionrecon.jobs.atomic_file import replaced

_HEAD = "header"


class ArchiveError(Exception):
    """The file is not such an archive, or is damaged; says how in a few words."""


def write(path: Path, head: dict[str, Any], arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> None:
    """Write an archive, whole or not at all.

    Args:
      path: its folder exists.
      head: anything that JSON holds.
      arrays: by name; none is called "header".
      compressed: smaller, and slower to write.

    Raises:
      OSError: the folder cannot be written.
    """
    save = np.savez_compressed if compressed else np.savez
    with replaced(path) as temporary, temporary.open("wb") as file:
        save(file, **{_HEAD: np.array(json.dumps(head))}, **arrays)  # type: ignore[arg-type]


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return head and arrays of an archive.

    Raises:
      FileNotFoundError: there is no such file.
      ArchiveError: it cannot be read.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:  # numpy leaves a broken one open
            head = json.loads(str(file[_HEAD]))
            arrays = {name: file[name] for name in file.files if name != _HEAD}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, IndexError, zipfile.BadZipFile, zlib.error) as error:
        raise ArchiveError(str(error)) from None
    if not isinstance(head, dict):
        raise ArchiveError("its head is no table")
    return head, arrays
