"""Two results files side by side: whether every number is the same to the digits that are printed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from motionrecon.errors import DataError
from motionrecon.evaluate import statistics
from motionrecon.jobs.text_grid import Grid
from motionrecon.metrics import catalog

_ROUNDING = 1e-6  # relative: two numbers this close that round to different digits lie on the edge between them
_SHOWN = 6  # rows named
_BY = ("part", "seed", "start", "camera", "method")
# Keys of the results that the script benchmarks/mocap.py wrote before it became the suite mocap.
_SCRIPT = {
    "physics_mm": "mpjpe_g_mm", "p95_mm": "mpjpe_g_p95_mm", "max_mm": "mpjpe_g_max_mm",
    "skate_percent": "foot_skate_percent", "penetration_mm": "penetration_mm", "evaluations": "evaluations",
    "frames": "frames", "plain": "windows_plain", "shooting": "windows_shooting", "ladder": "windows_ladder",
    "optimize_s": "seconds", "realtime": "realtime",
}  # fmt: skip
_THIRDS = ("mpjpe_g_first_third_mm", "mpjpe_g_middle_third_mm", "mpjpe_g_last_third_mm")
Key = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Difference:
    """One number of a row in both files, None where a file lacks it."""

    row: Key
    metric: catalog.Metric
    first: float | None
    second: float | None

    def units(self) -> float:
        """Return the difference in units of the last digit printed; infinite where one is unknown."""
        if self.first is None or self.second is None:
            return 0.0 if self.first is self.second else float("inf")
        return abs(self.second - self.first) * 10**self.metric.digits

    def printed_alike(self) -> bool:
        """Tell whether both print the same digits, or differ by rounding at the edge between two digits only."""
        if self.first is None or self.second is None:
            return self.first is self.second
        close = abs(self.second - self.first) <= _ROUNDING * max(abs(self.first), abs(self.second))
        return close or self.metric.shown(self.first) == self.metric.shown(self.second)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What two files have in common, and what one of them lacks.

    Attributes:
      rows: keys of the rows in both.
      numbers: every number of them, timings left out.
      only: rows that one file has alone, by the file's number (0, 1).
      failed: rows that succeeded in one of them only.
      seconds: of search over the common rows, first and second.
    """

    rows: tuple[Key, ...]
    numbers: tuple[Difference, ...]
    only: tuple[tuple[Key, ...], tuple[Key, ...]]
    failed: tuple[Key, ...]
    seconds: tuple[float, float]

    def differing(self, tolerance: float) -> list[Difference]:
        """Return the numbers that differ by more than ``tolerance`` units of the last printed digit (0: at all)."""
        return [d for d in self.numbers if not d.printed_alike() and d.units() > tolerance]


def read(path: Path) -> dict[Key, Mapping[str, Any]]:
    """Read a results file: of ``motionrecon eval`` (a folder or its JSON), or of the old script mocap.py.

    Returns:
      Rows by what they are of: clip, then what is varied, then the method.

    Raises:
      DataError: it is missing, or is no such file.
    """
    path = path / "results.json" if path.is_dir() else path
    try:
        rows = json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda _: None)["rows"]
        if rows and "clip" in rows[0] and "method" not in rows[0]:
            rows = [row for old in rows for row in _of_script(old)]
        return {_key(row): {"status": row["status"], "metrics": row["metrics"], **row} for row in rows}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give a result of motionrecon eval") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: is no result of motionrecon eval ({type(error).__name__}: {error})") from None


def _key(row: Mapping[str, Any]) -> Key:
    said = [f"{name} {row[name]}" if name in ("seed", "start") else str(row[name])
            for name in _BY if row.get(name) not in (None, "", "not used")]  # fmt: skip
    return (str(row.get("name", row["sequence"])), *said)


def _of_script(old: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "physics_mm" not in old and "note" not in old:
        raise KeyError("physics_mm")
    status = "ok" if "physics_mm" in old else "failed"
    common = {"name": old["clip"], "sequence": old["clip"], "status": status}
    own = {new: old[name] for name, new in _SCRIPT.items() if name in old}
    own |= dict(zip(_THIRDS, old.get("thirds_mm", ()), strict=False))
    yield {**common, "method": "gauss-newton", "metrics": own}
    yield {**common, "method": "kinematic", "metrics": {"mpjpe_g_mm": old.get("ik_mm")}}


def compare(first: Mapping[Key, Mapping[str, Any]], second: Mapping[Key, Mapping[str, Any]]) -> Comparison:
    """Set two files' rows side by side; of their numbers those that both know."""
    both = [key for key in first if key in second]
    good = [key for key in both if first[key]["status"] == second[key]["status"] == "ok"]
    failed = tuple(key for key in both if first[key]["status"] != second[key]["status"])
    numbers = [
        Difference(key, metric, statistics.value(first[key], name), statistics.value(second[key], name))
        for key in good
        for name, metric in catalog.METRICS.items()
        if not metric.timed and _has(first[key], name) and _has(second[key], name)
    ]
    only = tuple(key for key in first if key not in second), tuple(key for key in second if key not in first)
    spent = [sum(statistics.value(rows[key], "seconds") or 0.0 for key in good) for rows in (first, second)]
    return Comparison(tuple(good), tuple(numbers), only, failed, (spent[0], spent[1]))


def _has(row: Mapping[str, Any], name: str) -> bool:
    return name in row["metrics"] or name in row


def grid(comparison: Comparison, tolerance: float) -> Grid:
    """Return the numbers that differ, row by row."""
    lines = [
        [", ".join(d.row), d.metric.label, *(d.metric.shown(v) for v in (d.first, d.second)),
         "-" if d.first is None or d.second is None else f"{d.second - d.first:+.3g}"]
        for d in comparison.differing(tolerance)
    ]  # fmt: skip
    return Grid("Numbers that differ", ["Row", "Measure", "First", "Second", "Difference"], lines)


def lines(comparison: Comparison, tolerance: float, names: tuple[str, str]) -> list[str]:
    """Say what is compared, what only one file has, and how it ends."""
    said = [_only(name, keys) for name, keys in zip(names, comparison.only, strict=True) if keys]
    said += [f"failed in one of them only: {', '.join(key)}" for key in comparison.failed]
    least = max(comparison.numbers, key=lambda d: d.units(), default=None)
    if least is not None and 0 < least.units() < float("inf"):
        apart = abs((least.second or 0.0) - (least.first or 0.0))
        said.append(f"furthest apart: {', '.join(least.row)}: {least.metric.label} by {apart:.2g} {least.metric.unit}")
    said.append(f"seconds of search, not compared: {comparison.seconds[0]:.1f} and {comparison.seconds[1]:.1f}")
    found = comparison.differing(tolerance)
    about = f"{len(comparison.numbers)} numbers of {len(comparison.rows)} rows"
    within = "the printed digits" if not tolerance else f"{tolerance:g} units of the last printed digit"
    said.append(f"{about}: {len(found)} differ beyond {within}" if found else f"{about}: equal to {within}")
    return said


def _only(name: str, keys: tuple[Key, ...]) -> str:
    shown = "; ".join(", ".join(key) for key in keys[:_SHOWN]) + (" ..." if len(keys) > _SHOWN else "")
    return f"only in {name}, not compared: {len(keys)} row{'' if len(keys) == 1 else 's'}: {shown}"


def differs(comparison: Comparison, tolerance: float) -> bool:
    """Tell whether two files differ: in a number, in what failed, or in that they share no row at all."""
    return bool(comparison.differing(tolerance) or comparison.failed or not comparison.numbers)
