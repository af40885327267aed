"""Means over sequences with bootstrap confidence intervals, and paired comparisons of methods."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from motionrecon.evaluate.clip_rows import Row

RESAMPLES, SEED, LEVEL = 5000, 0, 95.0


def interval(values: Iterable[float | None]) -> tuple[float | None, tuple[float, float] | None, int]:
    """Return the mean over sequences, its 95 % percentile bootstrap interval, and how many values there are.

    The interval (B. Efron 1979) is over sequences drawn with replacement; None with fewer than 3 of them.
    """
    known = np.array([v for v in values if v is not None and np.isfinite(v)], float)
    if not len(known):
        return None, None, 0
    mean = float(known.mean())
    if len(known) < 3:
        return mean, None, len(known)
    low, high = bootstrap(known, RESAMPLES)
    return mean, (float(low), float(high)), len(known)


def bootstrap(values: np.ndarray, resamples: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % percentile bootstrap interval of the mean over the first axis of (N, ...) values, seeded."""
    from scipy import stats

    found = stats.bootstrap(
        (values,), np.mean, n_resamples=resamples, confidence_level=LEVEL / 100, method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval  # fmt: skip
    return found.low, found.high


def value(row: Row, key: str) -> float | None:
    """Return a number of a row, from its metrics or from itself; None where it is unknown."""
    found = row["metrics"].get(key) if key in row["metrics"] else row.get(key)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def means(rows: Iterable[Row], keys: Iterable[str]) -> list[dict]:
    """Return one summary a method: n, mean and interval of every key over its rows that succeeded.

    Returns:
      [{"method", "n", "failed", "mean": {key: value}, "ci95": {key: (low, high)}}], methods in the rows' order.
    """
    rows, out = list(rows), []
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        good = [row for row in own if row["status"] == "ok"]
        found = {key: interval(value(row, key) for row in good) for key in keys}
        out.append(
            {
                "method": method,
                "n": len(good),
                "failed": len(own) - len(good),
                "mean": {key: mean for key, (mean, _, _) in found.items()},
                "ci95": {key: ci for key, (_, ci, _) in found.items()},
            }
        )
    return out


def paired(rows: Iterable[Row], method: str, other: str, key: str) -> tuple[float, tuple[float, float], int] | None:
    """Return the mean difference ``method`` minus ``other`` over common sequences, its interval and their number.

    None with fewer than 3 common sequences.
    """
    good: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["status"] == "ok":
            good.setdefault(row["method"], {})[row["sequence"]] = row
    first, second = good.get(method, {}), good.get(other, {})
    pairs = [(value(first[k], key), value(second[k], key)) for k in first if k in second]
    mean, ci, n = interval(a - b for a, b in pairs if a is not None and b is not None)
    return None if mean is None or ci is None else (mean, ci, n)
