"""The tables of forces against plates: one row a trial and method, medians over trials, published rows as quoted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from motionrecon.evaluate import published
from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.forces import summary
from motionrecon.jobs.text_grid import Grid

_SCORES = (("rmse_percent_bw", 1), ("rmse_percent_range", 0), ("r", 2))
# Heading, and its measures with their digits; r is printed without its leading zero.
Columns = tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
FORCES: Columns = (
    *((head, tuple((f"{c}_{s}", d) for s, d in _SCORES)) for head, c in (
        ("vertical", "vertical"), ("fore-aft", "ap"), ("medio-lat.", "ml"))),
    ("net vert.", (("total_vertical_rmse_percent_bw", 1), ("total_vertical_r", 2))),
    ("MPJPE-G", (("mpjpe_g_mm", 1),)),
)  # fmt: skip
STEPS: Columns = (
    ("peak, imp.", (("peak_percent_bw", 0), ("impulse_percent", 0))),
    ("strike, off", (("strike_ms", 0), ("toe_off_ms", 0))),
    ("share r", (("share_r", 2),)),
    ("CoP", (("cop_mm", 0),)),
    ("hip/knee/ankle r", tuple((f"{j}_moment_r", 2) for j in ("hip", "knee", "ankle"))),
    ("their Nm/kg", tuple((f"{j}_moment_rmse_nm_per_kg", 2) for j in ("hip", "knee", "ankle"))),
)  # fmt: skip
_FORCE_NOTES = (
    "vertical, fore-aft, medio-lateral: RMSE in % of body weight / in % of the plate's range / r, mean of both feet,",
    "in stances and 50 ms around them; net vert.: both feet, where plates carry the whole person; MPJPE-G: mm",
)
_STEP_NOTES = (
    "peak (% of body weight), impulse (%), strike and toe-off (ms): median size of the error over stances; share r:",
    "the left foot's share in double support; CoP: mm; hip/knee/ankle: sagittal moments, r and RMSE",
)


def grids(rows: Iterable[Row]) -> list[Grid]:
    """Return the tables of a run's rows: the forces; steps, centres of pressure and moments."""
    rows = list(rows)
    return [
        _grid(rows, "Forces against force plates", FORCES, _FORCE_NOTES),
        _grid(rows, "Steps, centres of pressure and moments", STEPS, _STEP_NOTES),
    ]


def _grid(rows: list[Row], title: str, columns: Columns, notes: Iterable[str]) -> Grid:
    lines = [_line(row["sequence"], row["method"], row["metrics"], columns) for row in rows if row["status"] == "ok"]
    found = summary.medians(rows)
    if any(entry["n"] > 1 for entry in found.values()):
        lines += [_line(f"median of {entry['n']}", method, entry, columns) for method, entry in found.items()]
    keys = {key for _, measures in columns for key, _ in measures}
    quoted = [q for q in published.FORCES if keys & q.values.keys()]
    lines += [_line("quoted", q.method, q.values, columns) for q in quoted]
    notes = [*notes, *(f"quoted: {q.method}: {q.source}" for q in quoted)]
    return Grid(title, ["Trial", "Method", *(head for head, _ in columns)], lines, notes)


def remarks(rows: Iterable[Row]) -> list[str]:
    """Return a line for each method that was not measured or failed, and for each guess about a trial."""
    lines = []
    for row in rows:
        if row["status"] != "ok":
            lines.append(f"{row['sequence']}, {row['method']}: {row['status']}: {row['reason']}")
        lines += [f"{row['sequence']}: {warning}" for warning in row.get("warnings", ())]
    return list(dict.fromkeys(lines))


def _line(trial: str, method: str, values: Mapping[str, Any], columns: Columns) -> list[str]:
    return [trial, method, *(_cell(measures, values.get) for _, measures in columns)]


def _cell(measures: tuple[tuple[str, int], ...], get: Callable[[str], Any]) -> str:
    cells = [_number(key, get(key), digits) for key, digits in measures]
    return "-" if all(cell == "-" for cell in cells) else " / ".join(cells)


def _number(key: str, value: Any, digits: int) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):  # quoted, as printed
        return value
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if key.endswith("_r") and text.lstrip("-").startswith("0.") else text
