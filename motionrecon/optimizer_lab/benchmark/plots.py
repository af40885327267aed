"""Plots of a benchmark: the paper's Fig. 3, 4, 5, 8, 11, 12 and 13 from what was measured."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from motionrecon.optimizer_lab.benchmark import problem_sets, profile, relative_iterations, tables
from motionrecon.optimizer_lab.benchmark.protocol import Problem
from motionrecon.optimizer_lab.benchmark.row import Row
from motionrecon.optimizer_lab.problems.classical import FUNCTIONS

_COLORS = (
    "#1f6fb2", "#c0392b", "#2e8b57", "#8e44ad", "#d35400", "#16a085", "#8c8c8c", "#c2a15b", "#34495e", "#e377c2",
    "#7cb518", "#6b2d0c", "#5ec8f2", "#f2b705", "#b8c0ff", "#ff4d00",
)  # fmt: skip
_LOWEST = 1e-16  # losses below are drawn here
Draw = Callable[[Any, list[Row], dict[str, str], dict[str, Any]], bool]


def colors_of(methods: list[str]) -> dict[str, str]:
    """Return a colour for each method, all different up to 16."""
    return dict(zip(methods, itertools.cycle(_COLORS), strict=False))


def write(rows: list[Row], folder: Path, measured: dict[str, Any]) -> list[Path]:
    """Write every plot there is something to show in; returns the files."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    good = [row for row in rows if row["status"] == "ok"]
    methods = tables.methods_of(rows)
    colors = colors_of(methods)
    drawings: dict[str, Draw] = {
        "directions": _directions, "trajectories": _trajectories, "step_time": _step_time, "evaluations": _evaluations,
    }  # fmt: skip
    for column in tables.columns_of(good):
        own = [row for row in good if row["column"] == column]
        for name, draw in (("profile", _profile), ("values", _values), ("relative_iterations", _relative)):
            drawings[f"{name}_{column}"] = lambda figure, _, c, m, own=own, draw=draw: draw(figure, own, c, m)
    written = []
    for name, draw in drawings.items():
        figure = plt.figure(figsize=(16, 11) if name.startswith("values") else (11, 5.2))
        if draw(figure, good, colors, measured):
            for axes in figure.axes:
                axes.spines[["top", "right"]].set_visible(False)
            figure.tight_layout()
            figure.savefig(folder / f"{name}.png", dpi=110)
            written.append(folder / f"{name}.png")
        plt.close(figure)
    return written


def _legend(axes: Any) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=7)


def _profile(figure: Any, rows: list[Row], colors: dict[str, str], _: dict[str, Any]) -> bool:
    found = problem_sets.values(rows, rows[0]["column"])
    chosen = problem_sets.with_stand_in(problem_sets.held_out(found))
    label = "held-out dimensions" if chosen else "all dimensions of the run"
    chosen = chosen or found
    methods = tables.methods_of(rows)
    thresholds = np.logspace(0, 12, 200)
    shares = profile.curve(profile.ratios(chosen, methods), thresholds)
    axes = figure.subplots()
    for i, method in enumerate(methods):
        axes.step(thresholds, shares[:, i], where="post", color=colors[method], label=method)
    axes.set(xscale="log", ylim=(0, 1.02), xlabel="within a factor t of the best", ylabel="share of problems",
             title=f"performance profile, {rows[0]['column']}: {len(chosen)} problems, {label}")  # fmt: skip
    _legend(axes)
    return True


def _values(figure: Any, rows: list[Row], colors: dict[str, str], _: dict[str, Any]) -> bool:
    shown = {name: function for name, function in FUNCTIONS.items() if any(row["function"] == name for row in rows)}
    wide = min(5, len(shown))
    grid = np.atleast_1d(figure.subplots(-(-len(shown) // wide), wide)).ravel()
    for axes, (name, function) in zip(grid, shown.items(), strict=False):
        for method in tables.methods_of(rows):
            points = sorted((r["d"], r["value"]) for r in rows
                            if r["function"] == name and r["method"] == method and r["value"] is not None)  # fmt: skip
            if points:
                d, value = zip(*points, strict=True)
                axes.plot(d, np.maximum(value, _LOWEST), "o-", ms=3, lw=1, color=colors[method], label=method)
        axes.set(xscale="log", yscale="log")
        dims = sorted({row["d"] for row in rows})
        axes.set_xticks(dims, [str(d) for d in dims])
        axes.xaxis.minorticks_off()
        axes.set_title(function.title, fontsize=9)
        axes.tick_params(labelsize=7)
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    _legend(grid[0])
    figure.suptitle(f"mean excess loss against dimension (Fig. 12), column {rows[0]['column']}")
    return True


def _relative(figure: Any, rows: list[Row], colors: dict[str, str], _: dict[str, Any]) -> bool:
    learned, own = tables.learned_of(rows), problem_sets.by_problem(rows)
    rivals = [name for name in tables.COMPARED if name in tables.methods_of(rows)]
    if not learned or not rivals:
        return False
    drawn = False
    for axes, rival in zip(np.atleast_1d(figure.subplots(1, len(rivals), sharey=True)), rivals, strict=True):
        for method in learned:
            pairs = [r for r in own.values() if {method, rival} <= r.keys() and method != rival]
            found = [relative_iterations.compare(r[method], r[rival]) for r in pairs]
            known = [ratio for ratio in found if ratio is not None]
            if known:
                values = relative_iterations.ordered(known)
                axes.plot(100 * np.arange(1, len(values) + 1) / len(values), values, color=colors[method], label=method)
                drawn = True
        axes.axhline(1, color="black", ls=":", lw=1)
        axes.set(yscale="log", xlabel="% of problems", title=f"against {rival}")
        _legend(axes)
    figure.suptitle(f"relative iterations (Fig. 4), column {rows[0]['column']}: above 1 needs fewer")
    return drawn


def _evaluations(figure: Any, rows: list[Row], colors: dict[str, str], _: dict[str, Any]) -> bool:
    own = problem_sets.by_problem(rows)
    dims = sorted({p.d for p in own if p.function == "rosenbrock" and p.column == "paper"})[-4:]
    if not dims:
        return False
    for axes, d in zip(np.atleast_1d(figure.subplots(1, len(dims))), dims, strict=True):
        for method, row in own[Problem("rosenbrock", d, "paper")].items():
            losses = np.maximum(relative_iterations.curve(row, "evaluation"), _LOWEST)[:400]
            axes.plot(np.arange(1, len(losses) + 1), losses, color=colors[method], label=method, lw=1)
        axes.set(yscale="log", xlabel="evaluations", title=f"Rosenbrock {d}d")
    _legend(figure.axes[-1])
    figure.axes[0].set_ylabel("mean of the lowest loss so far")
    return True


def _directions(figure: Any, rows: list[Row], colors: dict[str, str], measured: dict[str, Any]) -> bool:
    if not measured.get("directions"):
        return False
    for axes, field in zip(figure.subplots(1, 2, sharey=True), ("gradient", "newton"), strict=True):
        for method, similar in measured["directions"].items():
            axes.plot(getattr(similar, field)[:100], color=colors.get(method, "black"), label=method, lw=1)
        axes.set(xlabel="iteration", ylim=(0, 1.02), title=f"absolute cosine of step and {field} direction")
    figure.suptitle("2-d Rosenbrock (Fig. 5)")
    _legend(figure.axes[0])
    return True


def _trajectories(figure: Any, rows: list[Row], colors: dict[str, str], measured: dict[str, Any]) -> bool:
    found = measured.get("trajectories") or {}
    if not found:
        return False
    for axes, (d, by_method) in zip(np.atleast_1d(figure.subplots(1, len(found))), found.items(), strict=True):
        for method, points in by_method.items():
            for i, path in enumerate(points):
                axes.plot(path[:, 0], path[:, 1], ".-", ms=2, lw=0.7, color=colors.get(method, "black"),
                          label=method if i == 0 else None)  # fmt: skip
        axes.plot(1, 1, "*", color="black", ms=9)
        axes.set(
            xlim=(-12, 12),
            ylim=(-12, 12),
            xlabel="$x_1$",
            ylabel="$x_2$",
            title=f"trajectories of the best point, Rosenbrock {d}d (Fig. 13)",
        )
    _legend(figure.axes[0])
    return True


def _step_time(figure: Any, rows: list[Row], colors: dict[str, str], measured: dict[str, Any]) -> bool:
    times = measured.get("step_times") or []
    if not times:
        return False
    axes = figure.subplots()
    for method in dict.fromkeys(t.method for t in times):
        own = [(t.d, 1e3 * t.seconds) for t in times if t.method == method and t.seconds is not None]
        if own:
            axes.plot(*zip(*own, strict=True), "o-", color=colors.get(method, "black"), label=method)
    axes.set(xscale="log", yscale="log", xlabel="d", ylabel="time of a step [ms]", title="time of a step (Fig. 8)")
    _legend(axes)
    return True
