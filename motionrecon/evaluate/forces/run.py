"""A whole run: trials to workers, rows to disk as they end, tables and files at the end."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from motionrecon import config, option_records
from motionrecon.config import Config
from motionrecon.data.plates.plate_trials import PlateTrial
from motionrecon.errors import InputError, MotionReconError
from motionrecon.evaluate import published, workers
from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.forces import summary, table, trial_input, trial_rows
from motionrecon.evaluate.forces.trial_input import ForceTask
from motionrecon.jobs import text_grid, versions
from motionrecon.jobs.atomic_file import replaced
from motionrecon.jobs.rows import Rows, mark

FORMAT_VERSION = 1
FITS = "trials"  # folder of each trial's motion, series and picture
_HEADS = ("sequence", "method", "status", "recording", "plates", "mass_kg", "height_m", "fps")
Told = Callable[[int, int, str, list[Row]], None]


def run(
    trials: list[PlateTrial],
    fit: Config,
    folder: Path,
    *,
    count: int | None = None,
    resume: bool = False,
    told: Told | None = None,
) -> list[Row]:
    """Fit trials, compare them with their plates, and return all rows in the trials' order.

    Args:
      trials: which.
      fit: options of the fits; a trial's own options go before them.
      folder: of the result; finished trials are kept in it at once.
      count: worker processes; None: one a core.
      resume: go on from what the folder holds.
      told: called as each trial ends with (trials ended, trials to do, name, its rows).

    Raises:
      InputError: no trial can be read at all, or the folder holds rows of other options.
    """
    tasks = [ForceTask(trial, str(folder / FITS / trial.name), fit) for trial in trials]
    refused = _refused(tasks)
    if tasks and len(refused) == len(tasks):
        raise next(iter(refused.values()))
    rows = _open(folder, fit, resume)
    left = [task for task in tasks if not _kept(rows, task)]
    ended = itertools.chain(
        ((task, trial_rows.failed(task, refused[task.trial.name])) for task in left if task.trial.name in refused),
        _worked([task for task in left if task.trial.name not in refused], count, fit.run.device),
    )
    for done, (task, own) in enumerate(ended, 1):
        rows.write({"name": task.trial.name, "options": _plain(task), "rows": own}, task.trial.name)
        if told is not None:
            told(done, len(left), task.trial.name, own)
    return [row for task in tasks for row in (rows.read(task.trial.name) or {"rows": []})["rows"]]


def _worked(tasks: list[ForceTask], count: int | None, device: str) -> Iterator[tuple[ForceTask, list[Row]]]:
    if tasks:
        yield from workers.run(tasks, count, device=device, work=trial_rows.evaluate, died=trial_rows.failed)


def _refused(tasks: list[ForceTask]) -> dict[str, MotionReconError]:
    """Read every trial once before the work, which may take minutes; return what is wrong with those that fail."""
    found: dict[str, MotionReconError] = {}
    for task in tasks:
        try:
            trial_input.read(task)
        except InputError as error:
            found[task.trial.name] = error
        except Exception:  # nothing the user did: its worker will tell, beside the other trials' rows
            continue
    return found


def _open(folder: Path, fit: Config, resume: bool) -> Rows:
    options = config.to_dict(fit)
    for section in ("output", "run"):
        options.pop(section, None)
    return Rows(folder, mark([options, versions.installed()]), options, resume=resume)


def _plain(task: ForceTask) -> dict[str, Any]:
    trial = task.trial
    return option_records.plain(trial.options) | {
        name: str(getattr(trial, name)) for name in ("recording", "plates", "moments")
    }


def _kept(rows: Rows, task: ForceTask) -> bool:
    """Tell whether a trial is done, with the options it has now."""
    found = rows.read(task.trial.name)
    if found is None:
        return False
    return found["options"] == _plain(task) and all(row["status"] != "failed" for row in found["rows"])


def content(rows: list[Row], fit: Config, alone: list[str]) -> dict[str, Any]:
    """Return what ``results.json`` holds.

    Args:
      rows: of ``run``.
      fit: options of the fits.
      alone: lines about files whose partner is missing.
    """
    return {
        "format_version": FORMAT_VERSION,
        "rows": rows,
        "median": summary.medians(rows),
        "remarks": [*alone, *table.remarks(rows)],
        "quoted": [quoted._asdict() for quoted in published.FORCES],
        "config": config.to_dict(fit),
        "versions": versions.installed(),
    }


def write(result: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Write results.json, table.md and rows.csv; returns the files by name."""
    tables = "\n".join(text_grid.markdown(grid) for grid in table.grids(result["rows"]))
    remarks = "".join(f"- {line}\n" for line in result["remarks"])
    texts = {
        "results.json": json.dumps(result, indent=1),
        "table.md": tables + "\n" + remarks,
        "rows.csv": _csv(result["rows"]),
    }
    for name, text in texts.items():
        with replaced(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return {name: folder / name for name in texts}


def _csv(rows: list[Row]) -> str:
    """Return every number: the flat measures, then those of each foot and of the moments by their path."""
    flat = [row["metrics"] | _leaves(row.get("measures", {}), "") for row in rows]
    keys = list(dict.fromkeys([*summary.KEYS, *(key for values in flat for key in values)]))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_HEADS, *keys, "reason"])
    for row, values in zip(rows, flat, strict=True):
        numbers = ["" if values.get(key) is None else values[key] for key in keys]
        writer.writerow([*(row.get(head, "") for head in _HEADS), *numbers, row.get("reason", "")])
    return out.getvalue()


def _leaves(values: dict[str, Any], path: str) -> dict[str, Any]:
    """Return {"feet.left.vertical.r": value}; lists become texts with a space between their numbers."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= _leaves(value, f"{path}{key}.")
        elif isinstance(value, list):
            found[path + key] = " ".join("-" if v is None else f"{v:.4g}" for v in value)
        else:
            found[path + key] = value
    return found
