"""Everything a benchmark leaves in its folder: results as JSON, CSV and Markdown, and the plots."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from motionrecon.jobs import text_grid
from motionrecon.jobs.text_grid import Grid
from motionrecon.optimizer_lab.benchmark import directions, plots, run, step_time, tables
from motionrecon.optimizer_lab.benchmark.first_order import TunedRule
from motionrecon.optimizer_lab.benchmark.methods import make_methods
from motionrecon.optimizer_lab.benchmark.objective import Objective, make_objective
from motionrecon.optimizer_lab.benchmark.protocol import Problem, Protocol, draw
from motionrecon.optimizer_lab.benchmark.row import Row
from motionrecon.optimizer_lab.benchmark.rule_methods import RuleMethod

TRAJECTORIES = 4  # starts that Fig. 13 shows
FIGURES = ("scipy-bfgs", "adam")  # drawn beside the learned ones


def figures(
    names: tuple[str, ...], protocol: Protocol, weights: dict[str, Path], rows: list[Row], say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure what rows do not hold: directions (Fig. 5), trajectories (Fig. 13) and step times (Fig. 8).

    Args:
      names: the methods; those without trajectories are passed over.
      protocol: starts and iterations.
      weights: files in place of shipped weights.
      rows: of the run: the largest dimension says how far trajectories go.
      say: told in one line what is being done.
    """
    methods = make_methods(names, protocol, weights)
    drawn = [m for m in methods if isinstance(m, RuleMethod) or m.name in FIGURES]
    say("directions and trajectories on the Rosenbrock function ...")
    dims = sorted({2, *(row["d"] for row in rows if row["d"] <= 100)})
    found: dict[str, Any] = {"directions": {}, "trajectories": {}}
    for d in dict.fromkeys((2, dims[-1])):
        problem = Problem("rosenbrock", d, "paper")
        parameters, starts = draw(problem, protocol)
        objective, x0s = make_objective(problem, parameters), np.asarray(starts)
        for method in drawn:
            if isinstance(method, RuleMethod | TunedRule) or hasattr(method, "trajectories"):
                points = method.trajectories(objective, x0s, protocol.iterations)  # type: ignore[attr-defined]
                shown = np.stack([_best_so_far(path, objective) for path in points[:TRAJECTORIES]])
                found["trajectories"].setdefault(d, {})[method.name] = shown[:, :, :2]
                if d == 2:
                    found["directions"][method.name] = directions.similarity(points)
    say("time of a step ...")
    largest = max((row["d"] for row in rows), default=0)
    sizes = step_time.DIMENSIONS if largest > 100 else step_time.DIMENSIONS[:-1]
    rules = [m for m in methods if isinstance(m, RuleMethod)]
    found["step_times"] = list(step_time.measure(rules, sizes))
    return found


def step_time_grid(times: list[step_time.StepTime]) -> Grid:
    """Return the step times in milliseconds and as ratios to SciPy's BFGS."""
    dims = list(dict.fromkeys(t.d for t in times))
    known = {(t.method, t.d): t for t in times}
    lines, notes = [], ["all in one run on one machine; in brackets: times SciPy's BFGS"]
    for method in dict.fromkeys(t.method for t in times):
        cells = []
        for d in dims:
            own, base = known.get((method, d)), known.get((step_time.REFERENCE, d))
            if own is None or own.seconds is None:
                cells.append("-")
                if own is not None:
                    notes.append(f"{method} at {d}: {own.note}")
                continue
            ratio = f" ({own.seconds / base.seconds:.2g})" if base is not None and base.seconds else ""
            cells.append(f"{1e3 * own.seconds:.3g}{ratio}")
        lines.append([method, *cells])
    return Grid("Time of one step, ms (Fig. 8)", ["Method", *(f"d = {d}" for d in dims)], lines, notes)


def write(
    rows: list[Row],
    names: tuple[str, ...],
    protocol: Protocol,
    folder: Path,
    measured: dict[str, Any],
    *,
    workers: int,
) -> list[str]:
    """Write results.json, rows.csv, tables.md, one CSV a table, and the plots; returns the names of the files."""
    grids = tables.grids(rows)
    if "step_times" in measured:
        grids.insert(-len(tables.columns_of(rows)), step_time_grid(measured["step_times"]))
    result = run.content(rows, names, protocol, {"cpu_count": os.cpu_count(), "workers": workers})
    if "step_times" in measured:
        result["step_times"] = [time._asdict() for time in measured["step_times"]]
        result["directions"] = {
            name: {field: [None if not np.isfinite(v) else round(float(v), 5) for v in values]
                   for field, values in similar._asdict().items()}
            for name, similar in measured["directions"].items()
        }  # fmt: skip
    reasons = [f"- failed: {r['column']} {r['function']} {r['d']}d {r['method']}: {r['reason']}" for r in rows
               if r["status"] == "failed"]  # fmt: skip
    texts = {
        "results.json": run.as_json(result),
        "rows.csv": _rows_csv(rows),
        "tables.md": "\n".join([*map(text_grid.markdown, grids), *reasons]) + "\n",
    }
    texts |= {f"{_file_name(grid.title)}.csv": text_grid.comma_separated(grid) for grid in grids}
    run.write_text(folder, texts)
    return [*texts, *(path.name for path in plots.write(rows, folder, measured))]


def _file_name(title: str) -> str:
    plain = "".join(c if c.isalnum() else " " for c in title.lower().split(":")[0])
    return "_".join(plain.split())


def _rows_csv(rows: list[Row]) -> str:
    heads = ("column", "function", "d", "method", "status", "starts", "value", "median", "evaluations", "seconds",
             "learning_rate", "weights", "reason")  # fmt: skip
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([["" if row.get(head) is None else row[head] for head in heads] for row in rows])
    return out.getvalue()


def _best_so_far(path: np.ndarray, objective: Objective) -> np.ndarray:
    """Return the path (n + 1, d) with every point replaced by the best until then: tries and surveys left out."""
    losses = objective.losses(path)
    lowest = np.minimum.accumulate(np.where(np.isfinite(losses), losses, np.inf))
    new = np.concatenate([[True], lowest[1:] < lowest[:-1]])
    return path[np.maximum.accumulate(np.where(new, np.arange(len(path)), 0))]
