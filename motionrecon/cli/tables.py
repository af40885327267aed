"""``motionrecon tables``: the paper's four tables from finished runs of ``motionrecon eval``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from motionrecon.errors import DataError


@click.command("tables")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option("--debug", is_flag=True, help="Print the traceback of an error.")
def tables(runs: tuple[str, ...], markdown: bool, debug: bool) -> None:
    """Print the paper's Tables 1 to 4: published rows, and those measured in each RUN (a result folder of `eval`).

    A table for which no run is given says that it was not measured.
    """
    from motionrecon.evaluate import tables as grids
    from motionrecon.jobs import text_grid

    lay = text_grid.markdown if markdown else text_grid.text
    found = [_read(Path(run)) for run in runs]
    click.echo("\n\n".join(lay(grid) for grid in grids.paper_grids(found)))


def _read(run: Path) -> dict[str, Any]:
    path = run / "results.json" if run.is_dir() else run
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: found[name] for name in ("dataset", "split", "input", "partial", "rows")}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give the result folder of a finished motionrecon eval") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: is no result of motionrecon eval ({error})") from None
