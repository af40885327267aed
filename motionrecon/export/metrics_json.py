"""``metrics.json``: the summary of a fit as strict JSON (no NaN, unknown values are null)."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from motionrecon.errors import DataError


def write_metrics(summary: dict[str, Any], path: str | Path) -> Path:
    """Write a summary (``metrics.summarize``) under a temporary name, then rename it.

    Args:
      summary: plain nested dicts, lists, numbers, text and None.
      path: the file to write; its folder exists.

    Returns:
      The path.

    Raises:
      ValueError: a number is not finite.
      OSError: the folder is read-only or full; nothing is left behind.
    """
    path = Path(path)
    text = json.dumps(summary, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(temporary, 0o644)  # mkstemp makes private files; results are meant to be shared
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def read_metrics(path: str | Path) -> dict[str, Any]:
    """Read a ``metrics.json`` back.

    Raises:
      DataError: the file is missing or not JSON with a ``methods`` table.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable metrics.json ({error}); give the file of a result folder") from error
    if not isinstance(content, dict) or "methods" not in content:
        raise DataError(f"{path}: holds no methods; give the metrics.json of a result folder")
    return content
