"""``motionrecon benchmark``: optimizers over problems with known answers."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import click

from motionrecon.cli import options, places
from motionrecon.errors import ConfigError

_HELP = """Run optimizers over the 15 classical test functions: the paper's Table 8 and figures, measured.

Three test columns: the paper's protocol, minima moved independently of the starts, and moved and turned. Rows are
kept as they end: --resume goes on after a stop, and adds methods, functions or dimensions to a finished run.

\b
Examples:
  motionrecon benchmark classical --quick
  motionrecon benchmark classical --dims 250,500,1000 --columns offset --methods scipy-bfgs,optax-lbfgs
  motionrecon benchmark classical --starts 16 --workers 2 -o runs/classical
"""
QUICK = {"dims": "10,50", "starts": 2, "slow_starts": 2, "tuning_starts": 2}


@click.group("benchmark")
def benchmark() -> None:
    """Measure optimizers on problems with known answers."""


@benchmark.command("classical", help=_HELP)
@click.option("--methods", metavar="A,B,...", help="Optimizers. [default: all baselines, all with shipped weights]")
@click.option("--functions", metavar="A,B,...", help="Only these functions. [default: all 15]")
@click.option("--dims", metavar="N,N,...", help="Dimensions. [default: 2,10,20,50,100,250,500,1000]")
@click.option("--columns", metavar="A,B,...", help="Of paper, offset, rotated. [default: all]")
@click.option("--starts", type=int, metavar="N", help="Random starts of a problem. [default: 64]")
@click.option("--slow-starts", type=int, metavar="N",
              help="Starts of methods of cost d^3 or with d x d arrays, from d = 500 on. [default: 8]")  # fmt: skip
@click.option("--tuning-starts", type=int, metavar="N",
              help="Starts on which Adam's and momentum's learning rates are chosen. [default: --starts]")  # fmt: skip
@click.option("--iterations", type=int, default=200, show_default=True, metavar="N", help="Budget of a run.")
@click.option("--quick", is_flag=True, help="A first look in minutes: d = 10 and 50, 2 starts.")
@click.option("--weights", "weight_files", multiple=True, metavar="NAME=FILE",
              help="Weights of a learned optimizer in place of the shipped ones.")  # fmt: skip
@click.option("--figures/--no-figures", default=True, show_default=True,
              help="Also measure step times, directions and trajectories (Fig. 5, 8, 13).")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Of starts, offsets, rotations.")
@options.parallel(None, "Worker processes. [default: one a core; 1 on a GPU]")
@options.device
@options.placed("Result folder.", default="runs/benchmark-classical", resume="Go on from the finished rows.")
@options.told("Print the traceback of an error, of a failed row too.")
@click.pass_context
def classical(ctx: click.Context, /, overwrite: bool, resume: bool, **given: Any) -> None:
    """Run the classical benchmark: the command's body; users read _HELP."""
    from motionrecon.jobs import runtime

    runtime.configure(given["device"])
    asked = _asked(given)
    folder = Path(given["output"])
    with places.result_folder(folder, overwrite=overwrite, resume=resume):
        failed = _run(folder, given, *asked, resume=resume)
    ctx.exit(1 if failed else 0)


def _asked(given: dict[str, Any]) -> tuple[Any, ...]:
    """Return problems, names of methods, protocol and weight files."""
    from motionrecon.optimizer_lab.benchmark import methods, protocol
    from motionrecon.optimizer_lab.problems.classical import FUNCTIONS

    if given["quick"]:
        given.update({key: value for key, value in QUICK.items() if given[key] is None})
    names = _listed(given["methods"], None, "--methods") or methods.default_names()
    functions = _listed(given["functions"], FUNCTIONS, "--functions") or tuple(FUNCTIONS)
    columns = _listed(given["columns"], protocol.COLUMNS, "--columns") or tuple(protocol.COLUMNS)
    dims = _dims(given["dims"]) or protocol.DIMENSIONS
    numbers = {key: given[key] for key in ("starts", "slow_starts", "tuning_starts") if given[key] is not None}
    starts = numbers.get("starts", protocol.Protocol.starts)
    numbers.setdefault("tuning_starts", starts)
    numbers["tuning_starts"] = min(numbers["tuning_starts"], starts)
    how = protocol.Protocol(iterations=given["iterations"], seed=given["seed"], **numbers)
    weights = dict(_weight_file(text) for text in given["weight_files"])
    methods.make_methods(names, how, weights)  # so that a wrong name is told before anything is computed
    return protocol.chosen(functions, dims, columns), names, how, weights


def _listed(text: str | None, known: Any, option: str) -> tuple[str, ...]:
    import difflib

    words = tuple(dict.fromkeys(word.strip() for word in (text or "").split(",") if word.strip()))
    if text is not None and not words:
        raise ConfigError(f"{option}: names nothing; give names separated by commas")
    for word in words:
        if known is not None and word not in known:
            close = difflib.get_close_matches(word, known, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ConfigError(f"{option} {word}: unknown; {hint}choose from {', '.join(known)}")
    return words


def _dims(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or not all(word.isdigit() and 1 <= int(word) <= 10_000 for word in words):
        raise ConfigError(f"--dims {text}: give whole numbers from 1 to 10000, separated by commas")
    return tuple(dict.fromkeys(sorted(map(int, words))))


def _weight_file(text: str) -> tuple[str, Path]:
    name, found, file = text.partition("=")
    if not found or not name or not file:
        raise ConfigError(f"--weights {text}: give NAME=FILE")
    return name, Path(file)


def _run(folder: Path, given: dict[str, Any], problems: list, names: tuple[str, ...], protocol: Any,
         weights: dict[str, Path], *, resume: bool) -> int:  # fmt: skip
    """Measure, write and print; returns how many rows failed."""
    from motionrecon.jobs import runtime, text_grid
    from motionrecon.optimizer_lab.benchmark import report, run, tables

    quiet, began = given["quiet"], time.monotonic()
    count = given["workers"] or (runtime.threads() if given["device"] == "cpu" else 1)

    def say(text: str) -> None:
        if not quiet:
            click.echo(text, err=True)

    def told(done: int, total: int, row: dict[str, Any]) -> None:
        seconds = time.monotonic() - began
        left = f", {seconds / done * (total - done):.0f} s left" if done < total else ""
        say(f"[{done}/{total}] {row['column']} {row['function']} {row['d']}d {row['method']}: {_said(row)} "
            f"({seconds:.0f} s{left})")  # fmt: skip
        if given["debug"] and "traceback" in row:
            click.echo(row["traceback"], err=True)

    say(f"motionrecon benchmark classical: {len(problems)} problems, {len(names)} methods -> {folder}{os.sep}")
    rows = run.run(problems, names, protocol, folder, weights=weights, count=count, device=given["device"],
                   resume=resume, told=told)  # fmt: skip
    figures = report.figures(names, protocol, weights, rows, say) if given["figures"] else {}
    files = report.write(rows, names, protocol, folder, figures, workers=count)
    if not quiet:
        for grid in tables.grids(rows):
            if not grid.title.startswith("Table 8"):
                click.echo("\n" + text_grid.text(grid))
        click.echo(
            f"\n{len(rows)} rows, {time.monotonic() - began:.0f} s. Results in {folder}{os.sep}: {', '.join(files)}"
        )
    return sum(row["status"] == "failed" and "not installed" not in row["reason"] for row in rows)


def _said(row: dict[str, Any]) -> str:
    if row["status"] != "ok":
        return f"{row['status']}: {row['reason']}"
    return "not finite" if row["value"] is None else f"{row['value']:.3g}"
