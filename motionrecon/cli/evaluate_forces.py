"""``motionrecon eval --forces``: recordings with force plates beside them."""

from __future__ import annotations

import fnmatch
import os
import time
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from motionrecon.cli import places

# Options of ``eval`` that say something of data sets, cameras or noise.
_OTHERS = (
    "dataset", "data_root", "split", "mode", "subjects", "actions", "frames", "camera", "noise_mm", "outliers",
    "noise_px", "seed", "form", "detector", "ray",
)  # fmt: skip
_FLAGS = {"mode": "input"}


def evaluate(ctx: click.Context, given: dict[str, Any], *, overwrite: bool, resume: bool) -> int:
    """Fit the recordings of a folder, compare them with their plates, write and print.

    Args:
      ctx: of the command.
      given: its options by name.
      overwrite: begin anew in a folder that holds results.
      resume: go on from the finished trials.

    Returns:
      The exit code: 1 where some trial failed.
    """
    from motionrecon.data.plates import plate_trials

    for name in _OTHERS:
        if ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            flag = _FLAGS.get(name, name).replace("_", "-")
            raise click.UsageError(f"--{flag} does not go with --forces: its recordings are the only input", ctx)
    fit = _options(given)
    trials, alone = plate_trials.find(given["forces"])
    chosen = _chosen(trials, given["patterns"], given["limit"])
    folder = Path(given["output"] or "runs/eval-forces")
    with places.result_folder(folder, overwrite=overwrite, resume=resume):
        return _run(chosen, alone, fit, folder, given, resume=resume)


def _options(given: dict[str, Any]) -> Any:
    from motionrecon import config
    from motionrecon.errors import ConfigError
    from motionrecon.evaluate import protocol

    name, *others = protocol.method_names(given["optimizer"])
    if others:
        raise ConfigError(f"--optimizer {given['optimizer']}: give one with --forces")
    overrides: dict[str, dict[str, Any]] = {
        "optimizer": {"name": name},
        "run": {"device": given["device"]},
    }
    if given["max_evaluations"] is not None:
        overrides["optimizer"]["max_evaluations"] = given["max_evaluations"]
    person = {name: given[name] for name in ("height", "mass") if given[name] is not None}
    return config.load(given["config_path"], overrides | ({"person": person} if person else {}))


def _chosen(trials: list, patterns: tuple[str, ...], limit: int | None) -> list:
    from motionrecon.errors import InputError
    from motionrecon.option_records import suggestion

    names = [trial.name for trial in trials]
    for pattern in patterns:
        if not any(fnmatch.fnmatch(name, pattern) for name in names):
            raise InputError(f"--sequence {pattern}: the trials are {', '.join(names)}{suggestion(pattern, names)}")
    if limit is not None and limit < 1:
        raise InputError(f"--limit {limit}: give 1 or more")
    kept = [t for t in trials if not patterns or any(fnmatch.fnmatch(t.name, p) for p in patterns)]
    return kept[:limit]


def _run(trials: list, alone: list[str], fit: Any, folder: Path, given: dict[str, Any], *, resume: bool) -> int:
    from motionrecon.evaluate.forces import run, table
    from motionrecon.jobs import text_grid

    quiet, began = given["quiet"], time.monotonic()
    if not quiet:
        count = f"{len(trials)} trial{'' if len(trials) == 1 else 's'}"
        click.echo(f"motionrecon eval --forces {given['forces']}: {count} -> {folder}{os.sep}", err=True)

    def told(done: int, total: int, name: str, rows: list[dict[str, Any]]) -> None:
        if not quiet:
            click.echo(f"[{done}/{total}] {name}: {_said(rows)} ({time.monotonic() - began:.0f} s)", err=True)
        if given["debug"]:
            for text in dict.fromkeys(row.get("traceback", "") for row in rows):
                click.echo(text, err=True, nl=bool(text))

    rows = run.run(trials, fit, folder, count=given["workers"], resume=resume, told=told)
    result = run.content(rows, fit, alone)
    files = run.write(result, folder)
    if given["json_path"]:
        Path(given["json_path"]).write_text(files["results.json"].read_text(encoding="utf-8"), encoding="utf-8")
    if not quiet:
        for grid in table.grids(rows):
            click.echo("\n" + text_grid.text(grid))
        click.echo(
            "\n" + "\n".join([*result["remarks"], f"Results in {folder}{os.sep}: {', '.join(files)}, {run.FITS}/"])
        )
    return 1 if any(row["status"] == "failed" for row in rows) else 0


def _said(rows: list[dict[str, Any]]) -> str:
    bad = next((row for row in rows if row["status"] == "failed"), None)
    if bad is not None:
        return f"failed: {bad['reason']}"
    found = [(row["method"], row["metrics"].get("vertical_rmse_percent_bw")) for row in rows]
    return "vertical " + ", ".join(f"{method} {value:.1f} % BW" for method, value in found if value is not None)
