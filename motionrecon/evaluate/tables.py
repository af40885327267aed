"""Tables as plain grids of text: what a run measured, and the paper's Tables 1 to 4 with published rows beside ours.

What could not be measured says so; nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from motionrecon.evaluate import published, statistics
from motionrecon.evaluate.clip_rows import Row
from motionrecon.jobs.text_grid import Grid
from motionrecon.metrics import catalog
from motionrecon.metrics.catalog import Metric

PAPER_METRICS = catalog.of(
    ("mpjpe_g_mm", "mpjpe_mm", "mpjpe_pa_mm", "mpjpe_2d_px", "tv_m_per_frame2", "foot_skate_percent")
)
COST = catalog.of(("evaluations", "seconds"))
WORLD_METRICS = catalog.of((
    "mpjpe_wa_mm", "w_mpjpe_100_mm", "wa_mpjpe_100_mm", "rte_percent", "jitter_m_per_s3", "accel_error_m_per_s2",
    "foot_sliding_mm", "penetration_mm", "float_mm",
))  # fmt: skip
_FRAMES = tuple(metric for metric in catalog.METRICS.values() if metric.group == "frames")
KEYS = (*(metric.key for metric in (*PAPER_METRICS, *COST, *WORLD_METRICS, *_FRAMES)), "realtime")
UNITS = (
    "lower is better; MPJPE-G, MPJPE, MPJPE-PA: mm; 2d: px; TV: m/frame^2 summed over joints at the evaluation rate; "
    "foot skate: % of frames; Evals: loss evaluations of the whole clip; Seconds: of search, without compiling"
)
WORLD_UNITS = (
    "lower is better; WA (one heading and shift a clip), W-100 and WA-100 (100-frame chunks), sliding, penetration, "
    "float: mm; RTE: % of the path; jitter: m/s^3; acceleration error: m/s^2"
)
_TV_OFF = "tv_off_m_per_frame2"
BASELINE = "smoothed"  # the method that verdicts set optimizers against
Columns = tuple[tuple[str, str, int], ...]


def number(value: float | None, digits: int) -> str:
    """Return a number with ``digits`` decimals, or a dash where it is unknown."""
    return "-" if value is None else f"{value:.{digits}f}"


def _spread(ci: tuple[float, float] | None, digits: int) -> str:
    return "" if ci is None else f"{ci[0]:.{digits}f}..{ci[1]:.{digits}f}"


def measured(rows: Iterable[Row], title: str, columns: Sequence[Metric]) -> Grid:
    """Return the means of a run's methods, each with its 95 % interval in the row below."""
    rows = list(rows)
    lines: list[list[str]] = []
    for entry in statistics.means(rows, [metric.key for metric in columns]):
        name = entry["method"] + (f" ({entry['failed']} failed)" if entry["failed"] else "")
        cells = [metric.shown(entry["mean"][metric.key]) for metric in columns]
        lines.append([name, str(entry["n"]), *cells])
        spread = [_spread(entry["ci95"][metric.key], metric.digits) for metric in columns]
        if any(spread):
            lines.append(["  95 % interval", "", *spread])
    return Grid(title, ["Method", "n", *(metric.heading for metric in columns)], lines)


def run_grids(result: Mapping[str, Any]) -> list[Grid]:
    """Return the tables of one run (``run.content``): the paper's six with cost, and the world metrics."""
    rows = result["rows"]
    part = "part of split" if result.get("partial", False) else "split"
    about = f"{result['dataset']}, {part} {result['split']}, input {result['input']}"
    about += "".join(f", noise {said}" for said in sorted({row["noise"] for row in rows} - {""}))
    camera = sorted({row["camera"] for row in rows if row["status"] == "ok"})
    where = f"joints {result['joint_set']} ({len(result['joints'])} measured), camera {', '.join(camera) or '-'}"
    first = measured(rows, f"{about}: {where}", (*PAPER_METRICS, *COST))
    truth = statistics.interval(
        row.get("truth_tv_m_per_frame2") for row in rows if row["method"] == "kinematic" and row["status"] == "ok"
    )[0]
    if truth is not None:
        first.notes.append(f"TV of the truth itself: {truth:.3f}; a method below it has smoothed motion away")
    first.notes.append(UNITS)
    first.notes.append("kinematic: the start of all optimizers; smoothed: the same under a Gaussian of 1/15 s")
    second = measured(rows, f"{about}: world, smoothness, ground", WORLD_METRICS)
    second.notes.append(WORLD_UNITS)
    return [first, second]


def failures(rows: Iterable[Row]) -> list[str]:
    """Return one line for every sequence and reason that failed."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["status"] != "ok":
            reasons.setdefault((row["sequence"], row["reason"]), []).append(row["method"])
    return [f"failed: {key} ({', '.join(methods)}): {reason}" for (key, reason), methods in reasons.items()]


def verdicts(rows: Iterable[Row]) -> list[str]:
    """Say for each optimizer where it beats the smoothed kinematics, by the paired interval over sequences.

    Beside TV stands its distance from the truth's, because a filter can always lower TV further.
    """
    rows = [_with_tv_off(row) for row in rows]
    methods = [m for m in dict.fromkeys(r["method"] for r in rows) if m not in ("kinematic", BASELINE)]
    skate, tv, error = catalog.of(("foot_skate_percent", "tv_m_per_frame2", "mpjpe_g_mm"))
    compared = (*((m.key, m.label, m.digits) for m in (skate, tv)), (_TV_OFF, "distance of TV from the truth's", 3),
                (error.key, error.label, error.digits))  # fmt: skip
    lines = []
    for method in methods:
        for key, label, digits in compared:
            found = statistics.paired(rows, method, BASELINE, key)
            if found is None:
                continue
            mean, (low, high), n = found
            word = "beats" if high < 0 else "is worse than" if low > 0 else "cannot be told from"
            lines.append(
                f"{method} {word} {BASELINE} in {label}: {mean:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}] "
                f"over {n} sequences"
            )
    return lines


def _with_tv_off(row: Row) -> Row:
    found, truth = statistics.value(row, "tv_m_per_frame2"), row.get("truth_tv_m_per_frame2")
    return row if found is None or truth is None else {**row, _TV_OFF: abs(found - truth)}


def paper_grids(results: Iterable[Mapping[str, Any]]) -> list[Grid]:
    """Return the paper's Tables 1 to 4: published rows as quoted, ours where runs measured them."""
    results = list(results)
    mocap = _find(results, "h36m", "mocap", "mocap")
    film, dances = _find(results, "h36m", "video", "video"), _find(results, "aist", "paper", "video")
    return [
        _table1(mocap),
        _six("Table 2. Human3.6M, video", published.TABLE2, film, "h36m --input video"),
        _six("Table 3. AIST, video", published.TABLE3, dances, "aist --input video"),
        _table4(mocap),
    ]  # fmt: skip


def filled_by(result: Mapping[str, Any]) -> list[Grid]:
    """Return those of the paper's tables that a run belongs to (by data set and input), its own rows in them.

    A run on another split than the paper's has its rows marked with that split.
    """
    dataset, mode = result["dataset"], result["input"]
    part = "part of " if result.get("partial", False) else ""
    here = f"{part}split {result['split']}" if part or _unlike_paper(result) else ""
    if (dataset, mode) == ("h36m", "mocap"):
        return [_table1(result, here), _table4(result, here)]
    if (dataset, mode) == ("h36m", "video"):
        return [_six("Table 2. Human3.6M, video", published.TABLE2, result, "", here)]
    if dataset == "aist":
        marked = ", ".join(filter(None, [here, "" if mode == "video" else f"input {mode}"]))
        return [_six("Table 3. AIST, video", published.TABLE3, result, "", marked)]
    return []


def _unlike_paper(result: Mapping[str, Any]) -> bool:
    paper = {"h36m": ("mocap", "video"), "aist": ("paper",)}.get(result["dataset"], ())
    return result["split"] not in paper


def _find(results: list[Mapping[str, Any]], dataset: str, split: str, mode: str) -> Mapping[str, Any] | None:
    for result in results:
        found = (result["dataset"], result["split"], result["input"])
        if found == (dataset, split, mode) and not result.get("partial", False):
            return result
    return None


def _absent(command: str) -> str:
    return f"ours: not measured (needs the data set: motionrecon eval --dataset {command})"


def _rows_of(quoted: Iterable[published.Quoted], columns: Columns) -> list[list[str]]:
    printed = {"tv_m_per_frame2": 2}  # decimals of the source
    return [[q.method, "quoted", *(number(q.values.get(k), printed.get(k, d)) for k, _, d in columns)] for q in quoted]


def _sources(quoted: Iterable[published.Quoted]) -> list[str]:
    by: dict[str, list[str]] = {}
    for q in quoted:
        by.setdefault(q.source, []).append(q.method)
    return [f"quoted from {source}: {', '.join(methods)}" for source, methods in by.items()]


def _ours(result: Mapping[str, Any], here: str) -> str:
    count = len({row["sequence"] for row in result["rows"] if row["status"] == "ok"})
    return f"measured{', ' + here if here else ''}, n={count}"


def _six(
    title: str, quoted: tuple[published.Quoted, ...], result: Mapping[str, Any] | None, command: str, here: str = ""
) -> Grid:
    columns: Columns = tuple((metric.key, metric.heading, metric.digits) for metric in PAPER_METRICS)
    rows, notes = _rows_of(quoted, columns), _sources(quoted)
    notes.append("the published tables do not state the unit of TV; ours is m/frame^2")
    if result is None:
        notes.append(_absent(command))
    else:
        for entry in statistics.means(result["rows"], [k for k, _, _ in columns]):
            cells = [number(entry["mean"][k], d) for k, _, d in columns]
            rows.append([f"motionrecon {entry['method']}", _ours(result, here), *cells])
    return Grid(title, ["Model", "", *(head for _, head, _ in columns)], rows, notes)


def _table1(result: Mapping[str, Any] | None, here: str = "") -> Grid:
    columns: Columns = (
        ("mpjpe_g_in_domain_mm", "MPJPE-G (in domain)", 1), ("mpjpe_g_out_of_domain_mm", "MPJPE-G (out of domain)", 1),
        ("evaluations", "# Func. Evals", 0),
    )  # fmt: skip
    rows, notes = _rows_of(published.TABLE1, columns), _sources(published.TABLE1)
    notes.append("in domain: Walking and WalkTogether; ours: evaluations a window")
    if result is None:
        notes.append(_absent("h36m --input mocap"))
    else:
        for method, own in _by_method(result["rows"]):
            cells = [
                number(statistics.interval(statistics.value(r, "mpjpe_g_mm") for r in own if r["group"] == g)[0], 1)
                for g in ("in domain", "out of domain")
            ]
            rows.append([f"motionrecon {method}", _ours(result, here), *cells, number(_per_window(own), 0)])
    head = ["Method", "", *(h for _, h, _ in columns)]
    return Grid("Table 1. Human3.6M validation set, motion capture", head, rows, notes)


def _table4(result: Mapping[str, Any] | None, here: str = "") -> Grid:
    columns: Columns = (
        ("mpjpe_g_mm", "MPJPE-G", 1), ("loss", "Loss", 3), ("parameters", "# Params", 0),
        ("runtime_ms", "Runtime (ms)", 1),
    )  # fmt: skip
    rows, notes = _rows_of(published.TABLE4, columns), _sources(published.TABLE4)
    notes.append("losses are of different functions and do not compare; ours: runtime a loss evaluation, all included")
    if result is None:
        notes.append(_absent("h36m --input mocap"))
    else:
        for method, own in _by_method(result["rows"]):
            if not any(r["evaluations"] for r in own):
                continue
            spent = sum(r["seconds"] for r in own) / max(sum(r["evaluations"] for r in own), 1)
            means = [statistics.interval(statistics.value(r, k) for r in own)[0] for k in ("mpjpe_g_mm", "loss")]
            parameters = str(max(r.get("parameters", 0) for r in own))
            cells = [number(means[0], 1), number(means[1], 3), parameters, number(1e3 * spent, 1)]
            rows.append([f"motionrecon {method}", _ours(result, here), *cells])
    head = ["Variant", "", *(h for _, h, _ in columns)]
    return Grid("Table 4. Human3.6M validation set, motion capture", head, rows, notes)


def _by_method(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """Return each method with its rows that succeeded."""
    methods = dict.fromkeys(row["method"] for row in rows)
    return [(m, [r for r in rows if r["method"] == m and r["status"] == "ok"]) for m in methods]


def _per_window(rows: list[Row]) -> float | None:
    return statistics.interval(r["evaluations"] / r["windows"] for r in rows if r.get("windows"))[0]
