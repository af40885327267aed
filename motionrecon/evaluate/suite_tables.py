"""What a suite prints: a line a clip, summaries over groups of them, goals, and where the start is not beaten."""

from __future__ import annotations

import statistics as numbers
from collections.abc import Iterable, Mapping
from typing import Any

from motionrecon.evaluate import statistics
from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.suite import Column, Goal, Suite, Summary
from motionrecon.jobs.text_grid import Grid
from motionrecon.metrics import catalog

_LABELS = ("part", "camera", "view", "seed", "start", "method")  # of a line, where they differ between lines
_NAMED = 6  # clips named where the start is not beaten
_REDUCED = {
    "mean": numbers.fmean,
    "median": numbers.median,
    "max": max,
    "sum": sum,
    "count": lambda values: float(sum(value > 0 for value in values)),
}


class Rows:
    """A suite's rows, with those of other methods of the same fit at hand."""

    def __init__(self, suite: Suite, rows: Iterable[Row]):
        self._suite = suite
        self._rows = [row for row in rows if row["status"] == "ok"]
        self._by = {(*fit_of(row), row["method"]): row for row in self._rows}

    def shown(self, methods: Iterable[str] | None = None) -> list[Row]:
        """Return the rows of the methods that the suite shows, or of those given."""
        wanted = tuple(self._suite.show if methods is None else methods)
        order = {name: place for place, name in enumerate(wanted)}
        kept = [row for row in self._rows if row["method"] in order]
        places = {key: place for place, key in enumerate(dict.fromkeys(fit_of(row) for row in kept))}
        return sorted(kept, key=lambda row: (places[fit_of(row)], order[row["method"]]))

    def value(self, row: Row, column: Column) -> float | None:
        """Return a column's number in a row: its own, or that of another method of the same fit."""
        found = self._by.get((*fit_of(row), column.method)) if column.method else row
        return None if found is None else statistics.value(found, column.key)

    def reduced(self, rows: Iterable[Row], column: Column) -> float | None:
        """Return a column's statistic over rows; None where none of them has it."""
        values = [value for row in rows if (value := self.value(row, column)) is not None]
        return float(_REDUCED[column.statistic](values)) if values else None


def fit_of(row: Row) -> tuple[Any, ...]:
    """Return what rows of one fit have in common: its part, what is varied, its clip."""
    return tuple(row.get(name) for name in ("part", "seed", "start", "camera", "sequence"))


def content(suite: Suite, rows: list[Row]) -> dict[str, Any]:
    """Return the tables of a suite's rows as text, and its summaries and goals as numbers.

    Returns:
      {"grids", "summaries", "goals", "lines"}: grids to print; a list a summary of {by..., column: number}; goals with
      their value and whether they are met; lines to print below.
    """
    found = Rows(suite, rows)
    grids = [_clips(suite, found)]
    summaries = []
    for summary in suite.summaries:
        groups = _groups(summary, found.shown())
        grids.append(_summary(suite, summary, groups, found))
        summaries.append([
            dict(zip(summary.by, key, strict=True)) | {"n": len(own)}
            | {_name(column): found.reduced(own, column) for column in summary.columns}
            for key, own in groups.items()
        ])  # fmt: skip
    goals = [_judged(goal, suite, found) for goal in suite.goals]
    lines = [_said(goal) for goal in goals] + _not_beaten(suite, found)
    return {"grids": grids, "summaries": summaries, "goals": goals, "lines": lines}


def _name(column: Column) -> str:
    return " ".join([column.statistic, ".".join(filter(None, [column.method, column.key]))])


def _clips(suite: Suite, found: Rows) -> Grid:
    rows = found.shown()
    differing = [label for label in _LABELS if len({row.get(label) for row in rows}) > 1]
    lines = []
    for row in rows:
        cells = [catalog.METRICS[column.key].shown(found.value(row, column)) for column in suite.columns]
        lines.append([row["name"], *(_text(row.get(label)) for label in differing), *cells])
    head = ["Clip", *differing, *(column.heading(statistic=False) for column in suite.columns)]
    notes = ["lower is better; errors are MPJPE-G in mm unless the heading says otherwise (docs/metrics.md)"]
    return Grid(f"Suite {suite.name}: {suite.about}", head, lines, notes)


def _groups(summary: Summary, rows: list[Row]) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(name) for name in summary.by), []).append(row)
    return groups


def _summary(suite: Suite, summary: Summary, groups: Mapping[tuple[Any, ...], list[Row]], found: Rows) -> Grid:
    lines = [
        [*(_text(value) for value in key), str(len(own)),
         *(catalog.METRICS[c.key].shown(found.reduced(own, c)) if c.statistic != "count"
           else f"{found.reduced(own, c) or 0:.0f}" for c in summary.columns)]
        for key, own in groups.items()
    ]  # fmt: skip
    head = [*summary.by, "n", *(column.heading(statistic=True) for column in summary.columns)]
    title = f"Suite {suite.name}, " + (f"by {', '.join(summary.by)}" if summary.by else "all")
    return Grid(title, head, lines)


def _text(value: Any) -> str:
    return "-" if value in (None, "") else str(value)


def _judged(goal: Goal, suite: Suite, found: Rows) -> dict[str, Any]:
    """Return a goal's value, its limit, and whether it is met; None where nothing was measured."""
    rows = [row for row in found.shown(suite.optimizers[:1]) if _agrees(row, goal.where)]
    value = found.reduced(rows, goal.column)
    most = found.reduced(rows, goal.at_most) if isinstance(goal.at_most, Column) else goal.at_most
    met = None
    if value is not None and (most is not None or goal.at_least is not None):
        met = (most is None or value <= most) and (goal.at_least is None or value >= goal.at_least)
    unit = catalog.METRICS[goal.column.key].unit if goal.column.statistic != "count" else ""
    return {"about": goal.about, "value": value, "unit": unit, "at_most": most, "at_least": goal.at_least, "met": met}


def _agrees(row: Row, where: Mapping[str, Any]) -> bool:
    return all(row.get(key) in (value if isinstance(value, list) else [value]) for key, value in where.items())


def _said(goal: Mapping[str, Any]) -> str:
    if goal["met"] is None:
        return f"unknown: {goal['about']}: not measured"
    limits = [f"at {word} {goal[f'at_{word}']:.4g}" for word in ("most", "least") if goal[f"at_{word}"] is not None]
    word = "met" if goal["met"] else "NOT met"
    value = f"{goal['value']:.4g} {goal['unit']}".strip()
    return f"{word}: {goal['about']}: {value} ({', '.join(limits)})"


def _not_beaten(suite: Suite, found: Rows) -> list[str]:
    """Name the clips in which the first optimizer does not beat the kinematic start, where the suite shows both."""
    if "kinematic" not in suite.show:
        return []
    lines = []
    for column in suite.columns:
        rows = found.shown(suite.optimizers[:1])
        start = Column("mean", "kinematic", column.key)
        pairs = [(row, found.value(row, column), found.value(row, start)) for row in rows]
        known = [(row, own - other) for row, own, other in pairs if own is not None and other is not None]
        worse = sorted(((gap, row) for row, gap in known if gap > 0), key=lambda pair: -pair[0])
        if worse:
            named = ", ".join(f"{row['name']} ({row['camera']}) +{gap:.2g}" for gap, row in worse[:_NAMED])
            lines.append(
                f"{suite.optimizers[0]} does not beat its start in {catalog.METRICS[column.key].label}: "
                f"{len(worse)} of {len(known)}; {named}{' ...' if len(worse) > _NAMED else ''}"
            )
    return lines
