"""``motionrecon tables``: the paper's four tables from finished runs of ``motionrecon eval``, or two runs compared."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from motionrecon.errors import DataError


@click.command("tables")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--compare", is_flag=True, help="Compare two RUNs number by number; exit code 1 where they differ.")
@click.option("--tolerance", type=float, default=0.0, show_default=True, metavar="N",
              help="With --compare: let N units of the last printed digit pass.")  # fmt: skip
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option("--debug", is_flag=True, help="Print the traceback of an error.")
@click.pass_context
def tables(
    ctx: click.Context, /, runs: tuple[str, ...], compare: bool, tolerance: float, markdown: bool, debug: bool
) -> None:
    """Print the paper's Tables 1 to 4: published rows, and those measured in each RUN (a result folder of `eval`).

    A table for which no run is given says that it was not measured. With --compare two RUNs (folders, or files of
    `eval --json`) are set side by side.
    """
    from motionrecon.jobs import text_grid

    lay = text_grid.markdown if markdown else text_grid.text
    if compare:
        if len(runs) != 2:
            raise click.UsageError(f"--compare: give two runs, not {len(runs)}", ctx)
        if not (math.isfinite(tolerance) and tolerance >= 0):
            raise click.UsageError(f"--tolerance {tolerance:g}: give 0 or more", ctx)
        ctx.exit(_compared(runs[0], runs[1], tolerance, lay))
    from motionrecon.evaluate import tables as grids

    found = [_read(Path(run)) for run in runs]
    click.echo("\n\n".join(lay(grid) for grid in grids.paper_grids(found)))


def _compared(first: str, second: str, tolerance: float, lay: Any) -> int:
    from motionrecon.evaluate import compare

    found = compare.compare(compare.read(Path(first)), compare.read(Path(second)))
    if found.differing(tolerance):
        click.echo(lay(compare.grid(found, tolerance)) + "\n")
    click.echo("\n".join(compare.lines(found, tolerance, (first, second))))
    return 1 if compare.differs(found, tolerance) else 0


def _read(run: Path) -> dict[str, Any]:
    path = run / "results.json" if run.is_dir() else run
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: found[name] for name in ("dataset", "split", "input", "partial", "rows")}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give the result folder of a finished motionrecon eval") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: is no result of motionrecon eval ({error})") from None
