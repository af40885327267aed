"""Files of compiled programs: whole or not there, read only where no one else can write, bounded in size."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
from pathlib import Path

from motionrecon.jobs import runtime
from motionrecon.jobs.atomic_file import replaced

LIMIT = 512 * 2**20  # bytes of all entries together
_MAGIC = b"motionrecon program 1\n"
_writing = threading.Lock()


def folder() -> Path:
    """Return the folder of the entries."""
    return runtime.cache_dir() / "programs"


def entries() -> list[Path]:
    """Return all entries, the least recently used first."""
    with contextlib.suppress(OSError):
        files = (path for kind in ("index", "program") for path in folder().glob(f"[!.]*.{kind}"))
        return sorted(files, key=lambda path: path.stat().st_mtime)
    return []


def size() -> int:
    """Return the bytes of all entries together."""
    total = 0
    for path in entries():
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def clear() -> int:
    """Delete all entries; return how many files they were."""
    found = entries()
    for path in found:
        remove(path)
    return len(found)


def _trusted(path: Path) -> bool:
    """Whether only this user can have written a file: what is read from it is executed."""
    if not hasattr(os, "getuid"):
        return True
    return all(
        info.st_uid == os.getuid() and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        for info in (path.stat(), path.parent.stat())
    )


def read(path: Path) -> bytes | None:
    """Return what was written, or None where the file is missing, damaged or not ours."""
    try:
        if not _trusted(path):
            return None
        content = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    start = len(_MAGIC) + 32
    if not content.startswith(_MAGIC) or hashlib.sha256(content[start:]).digest() != content[len(_MAGIC) : start]:
        remove(path)
        return None
    return content[start:]


def write(path: Path, body: bytes) -> None:
    """Write an entry whole or not at all, and remove the oldest where all grow too large."""
    with _writing, contextlib.suppress(OSError):  # a full or read-only disk only costs time
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replaced(path) as part:
            part.write_bytes(_MAGIC + hashlib.sha256(body).digest() + body)
        excess = size() - LIMIT
        for old in entries():
            if excess <= 0:
                break
            excess -= old.stat().st_size
            remove(old)


def remove(path: Path) -> None:
    """Delete an entry if that is possible."""
    with contextlib.suppress(OSError):
        path.unlink()
