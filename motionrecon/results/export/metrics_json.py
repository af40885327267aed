"""``metrics.json``: the summary of a fit as strict JSON (no NaN, unknown values are null)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from motionrecon.jobs.atomic_file import replaced


def _plain(value: Any) -> Any:
    """Turn NumPy scalars and arrays into plain values."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in metrics.json")


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
    text = json.dumps(summary, indent=2, allow_nan=False, ensure_ascii=False, default=_plain) + "\n"
    with replaced(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
    return path
