"""A whole run: clips to tasks, tasks to workers, rows to disk as they end, tables and plots at the end."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from motionrecon import config
from motionrecon.data.datasets.dataset import Clip, Dataset
from motionrecon.evaluate import published, statistics, tables, workers
from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.protocol import BASELINES, MORE_BASELINES, Protocol
from motionrecon.evaluate.store import Store
from motionrecon.jobs import text_grid, versions
from motionrecon.jobs.atomic_file import replaced

FORMAT_VERSION = 1
_BASELINES = (*BASELINES, *(name for names in MORE_BASELINES.values() for name in names))
_COSTS = ("compile_seconds", "loss", "windows_plain", "windows_shooting", "windows_ladder", "peak_mb")
Told = Callable[[int, int, Clip, list[Row]], None]


def run(
    protocol: Protocol,
    clips: list[Clip],
    folder: Path,
    *,
    count: int | None = None,
    ray: str | None = None,
    resume: bool = False,
    told: Told | None = None,
) -> list[Row]:
    """Evaluate clips and return all their rows, those of an earlier run included.

    Args:
      protocol: how.
      clips: which.
      folder: of the result; finished clips are kept in it at once.
      count: worker processes; None: one a core.
      ray: address of a Ray cluster, or "auto"; None: this machine's processes.
      resume: go on from what the folder holds.
      told: called as each clip ends with (clips ended, clips to do, clip, its new rows).

    Raises:
      InputError: the folder holds rows of another protocol, or Ray does not answer.
    """
    store = Store(folder, protocol, resume=resume)
    tasks = [task for clip in clips if (task := store.task(clip, protocol.methods)) is not None]
    device = protocol.fit.run.device
    if tasks:
        ended = workers.run(tasks, count, ray=ray, device=device)
        for done, (task, rows) in enumerate(ended, 1):
            store.write(task.clip, rows)
            if told is not None:
                told(done, len(tasks), task.clip, rows)
    wanted = {*protocol.baseline_methods(), *(name.replace("_", "-") for name in protocol.methods)}
    return [row for clip in clips for row in _ordered(store.rows(clip)) if row["method"] in wanted]


def _ordered(rows: list[Row]) -> list[Row]:
    first = {name: place for place, name in enumerate(_BASELINES)}
    return sorted(rows, key=lambda row: first.get(row["method"], len(first)))


def content(protocol: Protocol, dataset: Dataset, rows: list[Row], clips: list[Clip], hardware: dict) -> dict[str, Any]:
    """Return what ``results.json`` holds.

    Args:
      protocol: of the run.
      dataset: that was evaluated.
      rows: of ``run``.
      clips: that were chosen.
      hardware: of ``machine``.
    """
    whole = dataset.clips(protocol.split)
    joints = sorted({name for row in rows for name in row.get("joints", ())})
    summary = statistics.means(rows, tables.KEYS)
    groups = {
        group: statistics.means([r for r in rows if r["group"] == group], tables.KEYS)
        for group in dict.fromkeys(row["group"] for row in rows)
        if group
    }
    quoted = {
        f"table{i}": [q._asdict() for q in table]
        for i, table in enumerate((published.TABLE1, published.TABLE2, published.TABLE3, published.TABLE4), 1)
    }
    return {
        "format_version": FORMAT_VERSION,
        "dataset": protocol.dataset,
        "split": protocol.split,
        "input": protocol.mode,
        "partial": len(clips) < len(whole) or protocol.frames is not None,
        "joint_set": dataset.joint_set.name,
        "joints": joints,
        "rows": rows,
        "mean": {entry["method"]: entry["mean"] for entry in summary},
        "ci95": {entry["method"]: entry["ci95"] for entry in summary},
        "n": {entry["method"]: entry["n"] for entry in summary},
        "groups": groups,
        "verdicts": tables.verdicts(rows),
        "quoted": quoted,
        "protocol": {**protocol.plain(), "methods": list(protocol.methods), "split": protocol.split},
        "config": config.to_dict(protocol.fit),
        "versions": versions.installed(),
        "hardware": hardware,
    }


def machine(count: int | None, ray: str | None) -> dict[str, Any]:
    """Return what the run was made on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": _cpu(), "cores": cores, "workers": count, "ray": ray, "python": platform.python_version()}


def write(result: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Write results.json, table.md, rows.csv, mean.csv and the plots; returns the files by name."""
    from motionrecon.evaluate import plots

    rows = result["rows"]
    grids = [*tables.run_grids(result), *tables.filled_by(result)]
    lines = [text_grid.markdown(grid) for grid in grids]
    lines += [f"- {line}" for line in [*result["verdicts"], *tables.failures(rows)]]
    texts = {
        "results.json": json.dumps(result, indent=1),
        "table.md": "\n".join(lines) + "\n",
        "rows.csv": comma_separated(rows),
        "mean.csv": _mean_csv(result),
    }
    for name, text in texts.items():
        with replaced(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    drawn = plots.write(rows, folder, f"{result['dataset']}, {result['input']}")
    return {name: folder / name for name in texts} | {path.name: path for path in drawn}


def comma_separated(rows: list[Row], more: tuple[str, ...] = ()) -> str:
    """Return rows as CSV, one a sequence and method; ``more`` names columns beside those of every row."""
    out = io.StringIO()
    heads = (*more, "sequence", "group", "method", "status", "input", "camera", "noise", "joint_set", "frames", "fps")
    keys = (*tables.KEYS, *_COSTS)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*heads, *keys, "reason"])
    for row in rows:
        values = [statistics.value(row, key) for key in keys]
        cells = ["" if v is None else repr(v) for v in values]
        writer.writerow([*(row.get(head, "") for head in heads), *cells, row.get("reason", "")])
    return out.getvalue()


def _mean_csv(result: dict[str, Any]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["method", "n", "metric", "mean", "ci95_low", "ci95_high"])
    for method, mean in result["mean"].items():
        for key, value in mean.items():
            low, high = result["ci95"][method][key] or ("", "")
            writer.writerow([method, result["n"][method], key, "" if value is None else repr(value), low, high])
    return out.getvalue()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
