"""A whole benchmark: problems and methods to rows on disk, rows to tables and plots."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from motionrecon.jobs import versions
from motionrecon.jobs.atomic_file import replaced
from motionrecon.optimizer_lab.benchmark import workers
from motionrecon.optimizer_lab.benchmark.methods import make_methods
from motionrecon.optimizer_lab.benchmark.protocol import Problem, Protocol
from motionrecon.optimizer_lab.benchmark.row import Row
from motionrecon.optimizer_lab.benchmark.store import Store

FORMAT_VERSION = 1
Told = Callable[[int, int, Row], None]


def run(
    problems: list[Problem],
    names: tuple[str, ...],
    protocol: Protocol,
    folder: Path,
    *,
    weights: dict[str, Path] | None = None,
    count: int = 1,
    device: str = "cpu",
    resume: bool = False,
    told: Told | None = None,
) -> list[Row]:
    """Run methods on problems and return all their rows, those of an earlier run included.

    Args:
      problems: which, in order.
      names: of the methods.
      protocol: how.
      folder: of the result; rows are kept in it as they end.
      weights: files in place of shipped weights, by rule.
      count: worker processes.
      device: of the workers.
      resume: go on from what the folder holds.
      told: called as each row ends with (rows ended, rows to do, row).

    Raises:
      ConfigError: an unknown method.
      CheckpointError: the folder holds rows of another protocol; unreadable weights.
    """
    weights = weights or {}
    methods = make_methods(names, protocol, weights)
    hashes = {method.name: getattr(method, "details", {}).get("weights") for method in methods}
    store = Store(folder, protocol, resume=resume)
    rows = {(p, name): store.row(p, name, hashes[name]) for p in problems for name in names}
    todo = [key for key, row in rows.items() if row is None]
    for done, row in enumerate(workers.run(workers.jobs(todo, protocol, weights), count, device), 1):
        store.write(row)
        rows[Problem(row["function"], row["d"], row["column"]), row["method"]] = row
        if told is not None:
            told(done, len(todo), row)
    return [row for row in rows.values() if row is not None]


def content(rows: list[Row], names: tuple[str, ...], protocol: Protocol, hardware: dict[str, Any]) -> dict[str, Any]:
    """Return what ``results.json`` holds, the curves left out (they are in the rows' files)."""
    kept = [{key: value for key, value in row.items() if key not in _LONG} for row in rows]
    return {
        "format_version": FORMAT_VERSION,
        "protocol": protocol.plain(),
        "methods": list(names),
        "rows": kept,
        "versions": versions.installed(),
        "hardware": {**hardware, "python": platform.python_version()},
    }


_LONG = ("curves", "best", "last", "evaluations_by_iteration", "traceback")


def write_text(folder: Path, texts: dict[str, str]) -> None:
    """Write files whole."""
    for name, text in texts.items():
        with replaced(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def as_json(result: dict[str, Any]) -> str:
    """Return JSON text."""
    return json.dumps(result, indent=1)
