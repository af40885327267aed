"""``motionrecon eval``: a method over a data set's protocol, and the tables."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from typing import Any

import click

from motionrecon.cli import evaluate_forces, evaluate_suite, options, places

_HELP = """Evaluate methods over a data set and print the paper's tables, published numbers beside measured ones.

Rows are kept as they end: --resume goes on after a stop, and adds optimizers or sequences to a finished run.

\b
Examples:
  motionrecon eval --dataset synthetic --input mocap --limit 4
  motionrecon eval --dataset aist --data-root DATA --optimizer gauss-newton,bfgs
  motionrecon eval --dataset h36m --data-root DATA --split mocap --workers 4
  motionrecon eval --forces FOLDER -o runs/forces
  motionrecon eval --suite walks --data-root DATA
"""
_ENVIRONMENT = "MOTIONRECON_DATA"


@click.command("eval", help=_HELP)
@click.option("--dataset", default="synthetic", show_default=True, metavar="NAME",
              help="synthetic, h36m, aist or mocap (a folder of files).")  # fmt: skip
@click.option(
    "--suite", metavar="NAME", help="A fixed set of evaluations instead: mocap, walks, aist, noise, drawn, optimizers."
)
@click.option(
    "--forces",
    metavar="FOLDER",
    help="Compare ground forces and leg moments with the force plates beside the recordings there.",
)
@click.option("--height", type=float, metavar="M", help="Stature of the person on the plates. [default: estimated]")
@click.option("--mass", type=float, metavar="KG", help="Their mass. [default: from the plates]")
@click.option("--data-root", metavar="DIR", help=f"Where the data set lies. [default: ${_ENVIRONMENT}]")
@click.option("--split", metavar="NAME", help="Split of the data set. [default: the protocol of the input]")
@click.option("--input", "mode", type=click.Choice(["mocap", "keypoints2d", "video"]), default="mocap",
              show_default=True, help="What a method may see.")  # fmt: skip
@click.option("--optimizer", default="gauss-newton", show_default=True, metavar="A,B,...",
              help="Optimizers to set side by side; the kinematic rows come with them.")  # fmt: skip
@click.option("--subjects", metavar="A,B,...", help="Only these subjects.")
@click.option("--actions", metavar="A,B,...", help="Only these actions.")
@click.option("--sequence", "patterns", multiple=True, metavar="KEY", help="Only these sequences; * and ? work.")
@click.option("--limit", type=int, metavar="N", help="Only the first N sequences.")
@click.option("--frames", type=int, metavar="N", help="Only the first N frames of each (not the protocol then).")
@click.option("--camera", type=click.Choice(["known", "guessed"]), default="known", show_default=True,
              help="Whether methods are told the camera (2D and video).")  # fmt: skip
@click.option("--noise-mm", type=float, default=0.0, metavar="MM", help="Noise on 3D keypoints. [default: 0]")
@click.option("--outliers", type=float, default=0.0, metavar="PERCENT",
              help="Share of 3D keypoints displaced by 200 mm. [default: 0]")  # fmt: skip
@click.option("--noise-px", type=float, default=0.0, metavar="PX", help="Noise on 2D keypoints. [default: 0]")
@click.option("--baselines", metavar="A,B", help="More to set beside: filters (best filter of noisy 3D), pnp (films).")
@click.option("--points", type=click.Choice(["joints", "observed", "fitted"]), default="joints", show_default=True,
              help="Where results are judged: at joints, a film's observed points, the fitted 3D points.")  # fmt: skip
@click.option("--starts", type=int, metavar="N", help="With --suite: fit from N starts that are slightly off.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Of the noise.")
@click.option("--form", type=click.Choice(["cdf", "npz", "h5"]), help="Which of Human3.6M's forms to read.")
@click.option("--max-evaluations", type=int, metavar="N", help="Most loss evaluations per window.")
@click.option("--detector", type=click.Choice(["mediapipe", "rtmpose"]), help="Pose detector. [default: mediapipe]")
@options.device
@options.parallel(None, "Worker processes. [default: one a core]", ray=True)
@click.option("--json", "json_path", metavar="FILE", help="Write the results as JSON there too.")
@click.option("-c", "--config", "config_path", metavar="FILE", help="Options of the fits from a TOML file.")
@options.placed("Result folder. [default: runs/eval-DATASET-SPLIT-INPUT]", resume="Go on from the finished sequences.")
@options.told("Print the traceback of an error, of a failed sequence too.")
@click.pass_context
def evaluate(ctx: click.Context, /, overwrite: bool, resume: bool, **given: Any) -> None:
    """Evaluate methods over a data set: the command's body; users read _HELP."""
    if given["forces"] is not None and given["suite"] is None:
        ctx.exit(evaluate_forces.evaluate(ctx, given, overwrite=overwrite, resume=resume))
    if given["suite"] is not None:
        ctx.exit(evaluate_suite.evaluate(ctx, given, overwrite=overwrite, resume=resume))
    if given["starts"] is not None:
        raise click.UsageError(f"--starts {given['starts']}: goes with --suite", ctx)
    for name in ("height", "mass"):
        if given[name] is not None:
            raise click.UsageError(f"--{name}: goes with --forces; a data set knows its own people", ctx)
    from motionrecon.evaluate import protocol as protocols

    asked = _protocol(given)
    dataset = protocols.open_protocol(asked)
    split = given["split"] or dataset.default_split(asked.mode)
    asked = dataclasses.replace(asked, split=split)
    listed = {name: _words(given[name]) for name in ("subjects", "actions")}
    clips = protocols.choose(dataset.clips(split), patterns=given["patterns"], limit=given["limit"], **listed)
    folder = Path(given["output"] or f"runs/eval-{asked.dataset}-{split}-{asked.mode}")
    with places.result_folder(folder, overwrite=overwrite, resume=resume):
        failed = _run(asked, dataset, clips, folder, given, resume=resume)
    ctx.exit(1 if failed else 0)


def _protocol(given: dict[str, Any]) -> Any:
    from motionrecon import config
    from motionrecon.data.datasets import catalog
    from motionrecon.evaluate import protocol as protocols

    overrides: dict[str, dict[str, Any]] = {}
    if given["max_evaluations"] is not None:
        overrides["optimizer"] = {"max_evaluations": given["max_evaluations"]}
    if given["detector"] is not None:
        overrides["detector"] = {"name": given["detector"]}
    overrides["run"] = {"device": given["device"]}
    catalog.known(given["dataset"])
    root = catalog.data_root(given["data_root"])
    kept = ("dataset", "mode", "camera", "noise_mm", "outliers", "noise_px", "frames", "seed", "form", "points")
    return protocols.Protocol(
        root=None if root is None or given["dataset"] == "synthetic" else str(root),
        methods=protocols.method_names(given["optimizer"]),
        fit=config.load(given["config_path"], overrides),
        baselines=_words(given["baselines"]),
        **{name: given[name] for name in kept},
    )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip()) if text else ()


def _run(asked: Any, dataset: Any, clips: list, folder: Path, given: dict[str, Any], *, resume: bool) -> int:
    """Evaluate, write and print; returns how many sequences gave no row at all."""
    from motionrecon.evaluate import run, tables
    from motionrecon.jobs import pool, text_grid

    quiet = given["quiet"]
    count = given["workers"] or (None if given["ray"] else pool.default_count(len(clips)))
    if not quiet:
        click.echo(f"motionrecon eval {asked.dataset}, split {asked.split}, input {asked.mode}: "
                   f"{_counted(len(clips), 'sequence')} -> {folder}{os.sep}", err=True)  # fmt: skip
    began = time.monotonic()

    def told(done: int, total: int, clip: Any, rows: list[dict[str, Any]]) -> None:
        if not quiet:
            click.echo(_line(done, total, rows, time.monotonic() - began), err=True)
        if given["debug"]:
            for text in dict.fromkeys(row.get("traceback", "") for row in rows):
                click.echo(text, err=True, nl=bool(text))

    rows = run.run(asked, clips, folder, count=count, ray=given["ray"], resume=resume, told=told)
    wall = time.monotonic() - began
    result = run.content(asked, dataset, rows, clips, run.machine(count, given["ray"]))
    result["wall_seconds"] = wall
    files = run.write(result, folder)
    if given["json_path"]:
        Path(given["json_path"]).write_text(files["results.json"].read_text(encoding="utf-8"), encoding="utf-8")
    if not quiet:
        for grid in [*tables.run_grids(result), *tables.filled_by(result)]:
            click.echo("\n" + text_grid.text(grid))
        click.echo("\n" + "\n".join([*result["verdicts"], *tables.failures(rows), _closing(rows, wall, count)]))
        click.echo(f"Results in {folder}{os.sep}: {', '.join(files)}")
    return len({r["sequence"] for r in rows} - {r["sequence"] for r in rows if r["status"] == "ok"})


def _line(done: int, total: int, rows: list[dict[str, Any]], seconds: float) -> str:
    bad = [row for row in rows if row["status"] != "ok"]
    if len(bad) == len(rows):
        said = f"failed: {rows[0]['reason']}"
    else:
        shown = [(r["method"], r["metrics"].get("mpjpe_g_mm")) for r in rows if r["status"] == "ok"]
        said = ", ".join(f"{name} {value:.1f} mm" for name, value in shown if value is not None)
        said += "".join(f"; {row['method']} failed: {row['reason']}" for row in bad)
    left = f", {seconds / done * (total - done):.0f} s left" if done < total else ""
    return f"[{done}/{total}] {rows[0]['sequence']}: {said} ({seconds:.0f} s{left})"


def _closing(rows: list[dict[str, Any]], wall: float, count: int | None) -> str:
    """Return a line on throughput, and on memory after few and after many sequences of one worker."""
    by: dict[int, list[float]] = {}
    for key in dict.fromkeys(row["sequence"] for row in rows):
        own = next((r for r in rows if r["sequence"] == key and "worker" in r), None)
        if own is not None:
            by.setdefault(own["worker"], []).append(own["peak_mb"])
    most = max(by.values(), key=len, default=[])
    memory = ""
    if most:
        after = [(n, sorted(most)[n - 1]) for n in (1, 3, 12, len(most)) if n <= len(most)]
        memory = "; a worker's peak memory after " + ", ".join(f"{n}: {v:.0f} MB" for n, v in dict(after).items())
    sequences = len({row["sequence"] for row in rows})
    by_whom = _counted(count, "worker") if count else "the cluster"
    return f"{_counted(sequences, 'sequence')}, {wall:.0f} s with {by_whom}{memory}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
