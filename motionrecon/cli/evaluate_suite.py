"""``motionrecon eval --suite``: a fixed set of evaluations under one name."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from motionrecon.cli import places
from motionrecon.errors import ConfigError

_ENVIRONMENT = "MOTIONRECON_SAMPLES"
# What a suite decides itself; everything else that eval takes narrows it down or changes how it is done.
_DECIDED = ("dataset", "split", "mode", "noise_mm", "outliers", "noise_px", "form", "height", "mass", "baselines",
            "points", "forces")  # fmt: skip


def evaluate(ctx: click.Context, given: dict[str, Any], *, overwrite: bool, resume: bool) -> int:
    """Evaluate a suite; returns the exit code.

    Args:
      ctx: of the command.
      given: its options.
      overwrite: begin anew in a folder that holds results.
      resume: go on from the finished clips.

    Raises:
      ConfigError: no such suite, or an option that a suite decides itself.
      InputError: none of its clips is there.
    """
    from motionrecon import config
    from motionrecon.data.datasets import catalog
    from motionrecon.evaluate import protocol, suite

    for name in _DECIDED:
        if _typed(ctx, name):
            flag = max(next(p.opts for p in ctx.command.params if p.name == name), key=len)
            raise ConfigError(f"{flag}: a suite decides that itself; leave it out, or leave out --suite")
    asked = suite.load(given["suite"])
    optimizers = protocol.method_names(given["optimizer"]) if _typed(ctx, "optimizer") else ()
    typed = {name: given[name] for name in ("seed", "camera") if _typed(ctx, name)}
    asked = suite.changed(
        asked, {**typed, "starts": given["starts"], "frames": given["frames"], "optimizers": optimizers}
    )
    overrides: dict[str, dict[str, Any]] = {"run": {"device": given["device"]}}
    if given["max_evaluations"] is not None:
        overrides["optimizer"] = {"max_evaluations": given["max_evaluations"]}
    if given["detector"] is not None:
        overrides["detector"] = {"name": given["detector"]}
    root = None
    if asked.dataset != "synthetic":
        root = catalog.data_root(given["data_root"] or os.environ.get(_ENVIRONMENT))
    _, runs, skipped = suite.runs(asked, root, config.load(given["config_path"], overrides))
    listed = {name: _words(given[name]) for name in ("subjects", "actions")}
    runs = suite.narrowed(asked, runs, given["patterns"], limit=given["limit"], **listed)
    folder = Path(given["output"] or f"runs/eval-{asked.name}")
    with places.result_folder(folder, overwrite=overwrite, resume=resume):
        return _run(asked, runs, skipped, folder, given, resume=resume)


def _typed(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip()) if text else ()


def _run(asked: Any, runs: list, skipped: list[str], folder: Path, given: dict[str, Any], *, resume: bool) -> int:
    """Evaluate, write and print; returns the exit code: 1 where some clip gave no row at all."""
    from motionrecon.evaluate import run, suite_run, suite_tables
    from motionrecon.jobs import pool, text_grid

    total = sum(len(one.clips) for one in runs)
    count = given["workers"] or (None if given["ray"] else pool.default_count(total))
    began, ended = time.monotonic(), 0
    if not given["quiet"]:
        for line in skipped:
            click.echo(line, err=True)
        click.echo(f"motionrecon eval, suite {asked.name}: {total} fits of clips -> {folder}{os.sep}", err=True)

    def told(done: int, of: int, clip: Any, rows: list[dict[str, Any]]) -> None:
        nonlocal ended
        ended += 1
        if not given["quiet"]:
            click.echo(_line(ended, asked.title(clip.key), rows, time.monotonic() - began), err=True)
        if given["debug"]:
            for text in dict.fromkeys(row.get("traceback", "") for row in rows):
                click.echo(text, err=True, nl=bool(text))

    rows = suite_run.evaluate(asked, runs, folder, count=count, ray=given["ray"], resume=resume, told=told)
    result = suite_run.content(asked, runs, rows, skipped, run.machine(count, given["ray"]))
    result["wall_seconds"] = time.monotonic() - began
    files = suite_run.write(asked, result, folder)
    if given["json_path"]:
        Path(given["json_path"]).write_text(files["results.json"].read_text(encoding="utf-8"), encoding="utf-8")
    if not given["quiet"]:
        grids, lines = suite_run.printed(asked, result)
        click.echo("\n\n".join(["", *(text_grid.text(grid) for grid in grids), "\n".join(lines)]))
        click.echo(f"Results in {folder}{os.sep}: {', '.join(files)}")
    good = {suite_tables.fit_of(row) for row in rows if row["status"] == "ok"}
    return 1 if {suite_tables.fit_of(row) for row in rows} - good else 0


def _line(ended: int, name: str, rows: list[dict[str, Any]], seconds: float) -> str:
    bad = [row for row in rows if row["status"] != "ok"]
    shown = [(row["method"], row["metrics"].get("mpjpe_g_mm")) for row in rows if row["status"] == "ok"]
    said = ", ".join(f"{method} {value:.1f} mm" for method, value in shown if value is not None)
    said += "".join(f"; {row['method']} failed: {row['reason']}" for row in bad[:1])
    return f"[{ended}] {name}: {said.strip('; ')} ({seconds:.0f} s)"
