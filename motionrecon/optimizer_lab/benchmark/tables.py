"""Tables of a benchmark: Table 8 beside the paper's, who is first how often, iterations and evaluations compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from motionrecon.jobs.text_grid import Grid
from motionrecon.optimizer_lab.benchmark import convex_cost, problem_sets, profile, published, relative_iterations
from motionrecon.optimizer_lab.benchmark.methods import BASELINES, CONTROL
from motionrecon.optimizer_lab.benchmark.protocol import COLUMNS, HELD_OUT, Problem
from motionrecon.optimizer_lab.benchmark.row import Row
from motionrecon.optimizer_lab.problems.classical import FUNCTIONS

THRESHOLDS = (1.0, 10.0, 1e4)
COMPARED = ("scipy-bfgs", "adam", "adafactor-mlp")  # of Fig. 4
FIRST = (
    "first: share of problems on which a method's mean excess loss is the lowest, ties shared; <= t: within a factor t "
    f"of the lowest; excess losses below {profile.FLOOR:g} count as {profile.FLOOR:g}"
)


def columns_of(rows: Iterable[Row]) -> list[str]:
    """Return the test columns that rows are from."""
    return [name for name in COLUMNS if any(row["column"] == name for row in rows)]


def methods_of(rows: Iterable[Row]) -> list[str]:
    """Return the methods that rows are of, in their order."""
    return list(dict.fromkeys(row["method"] for row in rows))


def learned_of(rows: Iterable[Row]) -> list[str]:
    """Return the learned methods among them."""
    return [name for name in methods_of(rows) if name not in BASELINES]


def table8(rows: list[Row], column: str) -> Grid:
    """Return mean excess loss by problem and method; in the paper's column its own numbers stand beside them."""
    own = [row for row in rows if row["column"] == column]
    methods, paper = methods_of(own), published.table() if column == "paper" else {}
    found = {(problem_sets.problem_of(row), row["method"]): row for row in own}
    problems = sorted({problem for problem, _ in found}, key=lambda p: (list(FUNCTIONS).index(p.function), p.d))
    lines = []
    for problem in problems:
        cells = [_cell(found.get((problem, method))) for method in methods]
        quoted = paper.get((problem.function, problem.d), {})
        quoted_cells = [f"{quoted[m]:.2e}" if quoted else "-" for m in published.METHODS] if paper else []
        lines.append([problem.title, *_marked(cells), *quoted_cells])
    notes = [f"test column {column}: {COLUMNS[column].about}", "mean over starts of the lowest loss evaluated within "
             "the budget, less the known minimum, in float64; lowest in **bold**"]  # fmt: skip
    notes += _starts(own)
    if any(row["status"] == "not measurable" for row in own):
        notes.append("n/m: not measurable, the function's values leave the range of float64")
    if paper:
        notes += [f"paper: quoted from {published.SOURCE}", *(f"defect of the source: {d}" for d in published.DEFECTS)]
    head = ["Problem", *methods, *(f"paper {m}" for m in published.METHODS if paper)]
    return Grid(f"Table 8, column {column}", head, lines, notes)


def _cell(row: Row | None) -> str:
    if row is None:
        return "-"
    if row["status"] == "not measurable":
        return "n/m"
    if row["status"] != "ok":
        return "not installed" if "not installed" in row["reason"] else "failed"
    return "not finite" if row["value"] is None else f"{row['value']:.2e}"


def _marked(cells: list[str]) -> list[str]:
    numbers = [float(cell) if cell[:1].isdigit() else np.inf for cell in cells]
    lowest = max(min(numbers, default=np.inf), profile.FLOOR)
    return [f"**{c}**" if n <= lowest and np.isfinite(n) else c for c, n in zip(cells, numbers, strict=True)]


def _starts(rows: list[Row]) -> list[str]:
    counts: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        if row["status"] == "ok":
            counts.setdefault((row["method"], row["starts"]), []).append(row["d"])
    most = max((starts for _, starts in counts), default=0)
    fewer = [f"{m} {s} (d = {', '.join(map(str, sorted(set(ds))))})" for (m, s), ds in counts.items() if s < most]
    return [f"{most} starts" + (f"; fewer, for their cost: {'; '.join(fewer)}" if fewer else "")]


def shares(rows: list[Row], column: str) -> Grid:
    """Return how often each method is first in a test column, by set of problems."""
    methods = methods_of(rows)
    measured = problem_sets.values(rows, column)
    sets = _sets(measured)
    grids = [profile.ratios(found, methods) for _, found in sets]
    lines = []
    for i, method in enumerate(methods):
        cells = [_percent(profile.rho(ratio, t)[i]) for ratio in grids for t in THRESHOLDS]
        lines.append([method, *cells])
    head = ["Method", *(f"{name}: {_threshold(t)}" for name, _ in sets for t in THRESHOLDS)]
    notes = [FIRST, "held out (45): with Sum of Squares standing in for Perm, which is what the paper's Table 8 holds"]
    if CONTROL in methods:
        notes.append(f"{CONTROL} is a control: it multiplies the start by 0.7 ten times, then runs SciPy's BFGS")
    return Grid(f"Who is first, column {column}", head, lines, notes)


def _sets(found: problem_sets.Values) -> list[tuple[str, problem_sets.Values]]:
    far, near = problem_sets.held_out(found), problem_sets.trained_on(found)
    sets = []
    if far:
        paper_like = problem_sets.with_stand_in(far)
        sets.append((f"held out ({len(far)})", far))
        if len(paper_like) > len(far):
            sets.append((f"held out ({len(paper_like)})", paper_like))
    if near:
        sets.append((f"d < {min(HELD_OUT)} ({len(near)})", near))
    if far and near:
        sets.append((f"all ({len(found)})", found))
    return sets


def alone(rows: list[Row]) -> Grid:
    """Return how often each learned method is first when set by itself against the baselines, by test column.

    In the other table several learned methods share the wins among them. The control is left out: it is no optimizer.
    """
    methods = methods_of(rows)
    rivals = [name for name in methods if name in BASELINES and name != CONTROL]
    against = {"all baselines": rivals, "scipy-bfgs": ["scipy-bfgs"], "control": [CONTROL]}
    against = {name: others for name, others in against.items() if others and set(others) <= set(methods)}
    columns = columns_of(rows)
    lines: list[list[str]] = []
    sizes: dict[str, int] = {}
    for method in learned_of(rows):
        cells = []
        for column in columns:
            found = problem_sets.values(rows, column)
            chosen = problem_sets.with_stand_in(problem_sets.held_out(found)) or found
            sizes[column] = len(chosen)
            for others in against.values():
                cells.append(_percent(profile.rho(profile.ratios(chosen, [method, *others]), 1.0)[0]))
        lines.append([method, *cells])
    head = ["Method", *(f"{c} ({sizes.get(c, 0)}): {w}" for c in columns for w in against)]
    notes = ["held-out dimensions where there are some (Perm stood in for by Sum of Squares), else all", FIRST]
    return Grid("Each learned optimizer alone: share of problems not lost", head, lines, notes)


def paper_shares() -> Grid:
    """Return the same shares recomputed from the paper's printed Table 8."""
    table: problem_sets.Values = {Problem(f, d, "paper"): {**row} for (f, d), row in published.table().items()}
    sets: list[tuple[str, problem_sets.Values]] = [
        ("held out (45)", problem_sets.held_out(table)), ("d < 250 (75)", problem_sets.trained_on(table)),
        ("all (120)", table),
    ]  # fmt: skip
    grids = [profile.ratios(found, published.METHODS, floor=1e-15) for _, found in sets]
    lines = [
        [method, *(_percent(profile.rho(ratio, t)[i]) for ratio in grids for t in THRESHOLDS)]
        for i, method in enumerate(published.METHODS)
    ]
    head = ["Method", *(f"{name}: {_threshold(t)}" for name, _ in sets for t in THRESHOLDS)]
    notes = [f"recomputed from {published.SOURCE}, as printed, zeros as 1e-15", *published.DEFECTS]
    return Grid("The paper's own numbers", head, lines, notes)


def relative(rows: list[Row], column: str) -> Grid:
    """Return the median ratios of Fig. 4: a baseline's 100 iterations over those a learned method needs for as much."""
    own = problem_sets.by_problem(row for row in rows if row["column"] == column)
    lines = []
    for method in learned_of(rows):
        for name in [c for c in COMPARED if c in methods_of(rows) and c != method]:
            found = [
                relative_iterations.compare(r[method], r[name]) for r in own.values() if {method, name} <= r.keys()
            ]
            known = [ratio for ratio in found if ratio is not None]
            if known:
                medians = [np.median([getattr(r, field) for r in known]) for field in ("iterations", "evaluations")]
                more = np.mean([r.iterations > 1 for r in known])
                reached = np.mean([r.reached for r in known])
                lines.append([f"{method} against {name}", str(len(known)), *(f"{m:.2f}" for m in medians),
                              _percent(more), _percent(reached)])  # fmt: skip
    head = ["", "problems", "median ratio, iterations", "evaluations", "fewer iterations on", "target reached on"]
    notes = [
        "ratio: what the baseline spends in 100 iterations over what the method needs for the same mean loss; above 1"
        " is faster; where it is never reached the ratio is that of the budget"
    ]
    return Grid(f"Relative iterations (Fig. 4), column {column}", head, lines, notes)


def convex(rows: list[Row], column: str) -> Grid:
    """Return evaluations needed for the loss BFGS ends with, over BFGS's, by convex function: the worst dimension's."""
    own = problem_sets.by_problem(row for row in rows if row["column"] == column)
    functions = [name for name, function in FUNCTIONS.items() if function.convex]
    functions = [name for name in functions if any(problem.function == name for problem in own)]
    lines = []
    for method in methods_of(rows):
        cells, everything = [], []
        for function in functions:
            costs = [
                convex_cost.compare(r[method], r["scipy-bfgs"])
                for problem, r in own.items()
                if problem.function == function and {method, "scipy-bfgs"} <= r.keys()
            ]
            known = [cost for cost in costs if cost is not None]
            everything += known
            cells.append(_cost(known))
        within = [cost.reached and cost.ratio <= 2 for cost in everything]
        median = f"{np.median([cost.ratio for cost in everything]):.2f}" if everything else "-"
        lines.append([method, median, _percent(np.mean(within)) if within else "-", *cells])
    head = ["Method", "median", "within 2x", *(FUNCTIONS[name].title for name in functions)]
    notes = ["evaluations until the median start is as low as scipy-bfgs's ends (1e-12 if lower), over scipy-bfgs's; a "
             "function's number is that of its worst dimension; >: not reached within the budget"]  # fmt: skip
    return Grid(f"Evaluations on the convex functions, column {column}", head, lines, notes)


def _cost(costs: list[convex_cost.Cost]) -> str:
    if not costs:
        return "-"
    missed = [cost for cost in costs if not cost.reached]
    worst = max(missed or costs, key=lambda cost: cost.ratio)
    return f"{'>' if missed else ''}{worst.ratio:.2f}" + (f" ({len(missed)} of {len(costs)} missed)" if missed else "")


def _threshold(t: float) -> str:
    return "first" if t == 1 else f"<= {t:g}"


def _percent(share: float) -> str:
    return "-" if not np.isfinite(share) else f"{100 * share:.0f} %"


def grids(rows: list[Row]) -> list[Grid]:
    """Return the tables of a run, in the order of a report: summaries first, the long tables last."""
    columns = columns_of(rows)
    per_column: list[Callable[[list[Row], str], Grid]] = [shares]
    found = [make(rows, column) for column in columns for make in per_column]
    if learned_of(rows):
        found.append(alone(rows))
        found += [relative(rows, column) for column in columns]
    if "scipy-bfgs" in methods_of(rows):
        found += [convex(rows, column) for column in columns]
    found.append(paper_shares())
    found += [table8(rows, column) for column in columns]
    return [grid for grid in found if grid.rows]
