"""A trial's measures as one flat row, and the medians over trials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.forces.fitted_motion import LEG
from motionrecon.evaluate.forces.force_measures import COMPONENTS
from motionrecon.evaluate.forces.recorded_points import SIDES

_SCORES = ("rmse_percent_bw", "rmse_percent_range", "r")
_EVENTS = {
    "strike_error_ms": "strike_ms", "toe_off_error_ms": "toe_off_ms", "peak_error_percent_bw": "peak_percent_bw",
    "peak_time_error_ms": "peak_time_ms", "impulse_error_percent": "impulse_percent",
}  # fmt: skip
KEYS = (
    *(f"{c}_{s}" for c in COMPONENTS for s in _SCORES),
    *(f"total_{c}_{s}" for c in COMPONENTS for s in _SCORES),
    *_EVENTS.values(), "loading_rate_ratio", "share_rmse_points", "share_r", "cop_mm", "cop_ap_mm", "cop_ml_mm",
    *(f"{j}_moment_{s}" for j in LEG for s in ("rmse_nm_per_kg", "rmse_percent_range", "r")),
    "vertical_rmse_percent_bw_at_fit_rate", "mpjpe_g_mm",
)  # fmt: skip


def flat(measures: dict[str, Any]) -> dict[str, float | None]:
    """Return one number a measure: means of both feet; of events the median size over all stances.

    Args:
      measures: of ``force_measures.measures``, with ``moments`` and ``frames`` for a fit.

    Returns:
      Values by ``KEYS`` (less ``mpjpe_g_mm``); None where nothing was measured.
    """
    feet = [measures["feet"][side] for side in SIDES if side in measures["feet"]]
    found: dict[str, float | None] = {}
    for component in COMPONENTS:
        for name in _SCORES:
            found[f"{component}_{name}"] = _mean(foot[component][name] for foot in feet)
            found[f"total_{component}_{name}"] = measures.get("total", {}).get(component, {}).get(name)
    for source, name in _EVENTS.items():
        found[name] = _median(abs(v) for foot in feet for v in foot[source] if v is not None)
    found["loading_rate_ratio"] = _median(v for foot in feet for v in foot["loading_rate_ratio"])
    found["share_rmse_points"] = measures.get("double_support", {}).get("left_share_rmse_points")
    found["share_r"] = measures.get("double_support", {}).get("r")
    pressure = [foot.get("center_of_pressure_mm", {}) for foot in feet]
    for source, name in (("mean", "cop_mm"), ("ap_rms", "cop_ap_mm"), ("ml_rms", "cop_ml_mm")):
        found[name] = _mean(p.get(source) for p in pressure)
    legs = [measures.get("moments", {}).get(side, {}) for side in SIDES]
    for joint in LEG:
        for name in ("rmse_nm_per_kg", "rmse_percent_range", "r"):
            found[f"{joint}_moment_{name}"] = _mean(leg.get(joint, {}).get(name) for leg in legs)
    found["vertical_rmse_percent_bw_at_fit_rate"] = measures.get("frames", {}).get("vertical_rmse_percent_bw")
    return found


def medians(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """Return for each method its number of trials and the median of every measure over them.

    Returns:
      {method: {"n": trials, key: median or None}}.
    """
    good = [row for row in rows if row["status"] == "ok"]
    return {
        method: {"n": sum(row["method"] == method for row in good)}
        | {key: _median(row["metrics"].get(key) for row in good if row["method"] == method) for key in KEYS}
        for method in dict.fromkeys(row["method"] for row in good)
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _median(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.median(known)) if known else None
