"""A suite from its evaluations to its files: each evaluation keeps its own rows, so that a suite can be resumed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motionrecon import config
from motionrecon.evaluate import run, suite_tables, tables
from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.run import Told
from motionrecon.evaluate.suite import Run, Suite
from motionrecon.jobs import text_grid, versions
from motionrecon.jobs.atomic_file import replaced

FORMAT_VERSION = 1
PARTS = "parts"


def evaluate(
    suite: Suite,
    runs: list[Run],
    folder: Path,
    *,
    count: int | None = None,
    ray: str | None = None,
    resume: bool = False,
    told: Told | None = None,
) -> list[Row]:
    """Do a suite's evaluations one after the other and return all rows, each with its clip's name and its part.

    Args:
      suite: what.
      runs: of ``suite.runs``.
      folder: of the result; every evaluation keeps its finished clips in a folder of its own in it.
      count, ray, resume, told: as for ``run.run``.

    Raises:
      CheckpointError: ``resume``, and the folder holds rows made with other options.
    """
    rows: list[Row] = []
    for one in runs:
        place = folder / PARTS / re.sub(r"[^\w.]+", "-", one.label)
        made = run.run(one.protocol, list(one.clips), place, count=count, ray=ray, resume=resume, told=told)
        views = {clip.key: clip.camera for clip in one.clips}
        for row in made:
            about = {"name": suite.title(row["sequence"]), "view": views[row["sequence"]], **one.said}
            rows.append({"suite": suite.name, **about, **row})
    return rows


def content(suite: Suite, runs: list[Run], rows: list[Row], skipped: list[str], hardware: dict) -> dict[str, Any]:
    """Return what ``results.json`` of a suite holds.

    Args:
      suite: that was evaluated.
      runs: what was done.
      rows: of ``evaluate``.
      skipped: a line for every clip that was not there.
      hardware: of ``run.machine``.
    """
    found = suite_tables.content(suite, rows)
    first = runs[0].protocol
    return {
        "format_version": FORMAT_VERSION,
        "suite": suite.name,
        "about": suite.about,
        "dataset": suite.dataset,
        "split": f"suite {suite.name}",
        "input": suite.mode,
        "partial": True,  # no suite is a protocol of the paper
        "skipped": skipped,
        "rows": rows,
        "summaries": found["summaries"],
        "goals": found["goals"],
        "runs": [{"label": one.label, "protocol": one.protocol.plain()} for one in runs],
        "config": config.to_dict(first.fit),
        "versions": versions.installed(),
        "hardware": hardware,
    }


def printed(suite: Suite, result: Mapping[str, Any]) -> tuple[list[text_grid.Grid], list[str]]:
    """Return the tables of a suite's result, and the lines below them."""
    found = suite_tables.content(suite, result["rows"])
    return found["grids"], [*found["lines"], *tables.failures(result["rows"]), *result["skipped"]]


def write(suite: Suite, result: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Write results.json, table.md and rows.csv; returns the files by name."""
    grids, lines = printed(suite, result)
    texts = {
        "results.json": json.dumps(result, indent=1),
        "table.md": "\n".join([*(text_grid.markdown(grid) for grid in grids), *(f"- {line}" for line in lines)]) + "\n",
        "rows.csv": run.comma_separated(result["rows"], ("name", "part", "view", "seed", "start")),
    }
    for name, text in texts.items():
        with replaced(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return {name: folder / name for name in texts}
