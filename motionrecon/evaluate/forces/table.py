"""The table of forces against plates: one row a trial and method, medians over trials, published rows as quoted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from motionrecon.evaluate import published
from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.forces import summary
from motionrecon.text_grid import Grid

# Heading, and its measures with their digits; r is printed without its leading zero.
_SCORES = (("rmse_percent_bw", 1), ("rmse_percent_range", 0), ("r", 2))
COLUMNS: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = (
    *((head, tuple((f"{c}_{s}", d) for s, d in _SCORES)) for head, c in (
        ("vertical", "vertical"), ("fore-aft", "ap"), ("medio-lat.", "ml"))),
    ("net vert.", (("total_vertical_rmse_percent_bw", 1), ("total_vertical_r", 2))),
    ("peak, imp.", (("peak_percent_bw", 0), ("impulse_percent", 0))),
    ("strike, off", (("strike_ms", 0), ("toe_off_ms", 0))),
    ("share r", (("share_r", 2),)),
    ("CoP", (("cop_mm", 0),)),
    ("hip/knee/ankle r", tuple((f"{j}_moment_r", 2) for j in ("hip", "knee", "ankle"))),
    ("MPJPE-G", (("mpjpe_g_mm", 1),)),
)  # fmt: skip
NOTES = (
    "vertical, fore-aft, medio-lateral: RMSE in % of body weight / % of the plate's range / r, mean of both feet, "
    "stance and 50 ms around it",
    "net vert.: both feet, % of body weight / r, where plates carry the whole person; peak (% of body weight), impulse "
    "(%), strike and toe-off (ms): median size of the error",
    "share r: the left foot's share in double support; CoP: mm; hip/knee/ankle r: sagittal moments; MPJPE-G: mm",
)


def grid(rows: Iterable[Row]) -> Grid:
    """Return the table of a run's rows."""
    rows = list(rows)
    lines = [_line(row["sequence"], row["method"], row["metrics"]) for row in rows if row["status"] == "ok"]
    found = summary.medians(rows)
    many = any(entry["n"] > 1 for entry in found.values())
    if many:
        lines += [_line(f"median of {entry['n']}", method, entry) for method, entry in found.items()]
    lines += [_line("quoted", quoted.method, quoted.values) for quoted in published.FORCES]
    notes = [*NOTES, *(f"quoted: {q.method}: {q.source}" for q in published.FORCES)]
    return Grid("Forces against force plates", ["Trial", "Method", *(head for head, _ in COLUMNS)], lines, notes)


def remarks(rows: Iterable[Row]) -> list[str]:
    """Return a line for each method that was not measured or failed, and for each guess about a trial."""
    lines = []
    for row in rows:
        if row["status"] != "ok":
            lines.append(f"{row['sequence']}, {row['method']}: {row['status']}: {row['reason']}")
        lines += [f"{row['sequence']}: {warning}" for warning in row.get("warnings", ())]
    return list(dict.fromkeys(lines))


def _line(trial: str, method: str, values: Mapping[str, Any]) -> list[str]:
    return [trial, method, *(_cell(measures, values.get) for _, measures in COLUMNS)]


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
