"""Which rows a table is made of: columns, held-out dimensions, and what stands for Perm where it cannot be measured."""

from __future__ import annotations

from collections.abc import Iterable

from motionrecon.optimizer_lab.benchmark.protocol import HELD_OUT, Problem
from motionrecon.optimizer_lab.benchmark.row import Row

STAND_IN = "sum-of-squares"  # what the paper evaluated under the name of Perm
Values = dict[Problem, dict[str, float | None]]


def problem_of(row: Row) -> Problem:
    """Return the problem of a row."""
    return Problem(row["function"], row["d"], row["column"])


def by_problem(rows: Iterable[Row]) -> dict[Problem, dict[str, Row]]:
    """Return the rows that succeeded, by problem and method."""
    found: dict[Problem, dict[str, Row]] = {}
    for row in rows:
        if row["status"] == "ok":
            found.setdefault(problem_of(row), {})[row["method"]] = row
    return found


def values(rows: Iterable[Row], column: str) -> Values:
    """Return the mean excess loss by problem and method in a test column."""
    return {
        problem: {method: row["value"] for method, row in own.items()}
        for problem, own in by_problem(rows).items()
        if problem.column == column
    }


def held_out(found: Values) -> Values:
    """Return the problems of the held-out dimensions."""
    return {problem: own for problem, own in found.items() if problem.d in HELD_OUT}


def trained_on(found: Values) -> Values:
    """Return the problems of the dimensions that optimizers are trained on."""
    return {problem: own for problem, own in found.items() if problem.d not in HELD_OUT}


def with_stand_in(found: Values) -> Values:
    """Return the problems with Sum of Squares in the place of every Perm, as in the paper's table."""
    kept = {problem: own for problem, own in found.items() if problem.function != "perm"}
    for problem, own in list(kept.items()):
        if problem.function == STAND_IN:
            kept[problem._replace(function="perm")] = own
    return kept
