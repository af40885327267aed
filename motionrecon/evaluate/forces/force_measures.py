"""A method's forces against the plates': per foot and component, sharing, centre of pressure, the whole body."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from motionrecon.evaluate.forces.plates_on_feet import ON, FeetOnPlates
from motionrecon.evaluate.forces.recorded_points import SIDES
from motionrecon.evaluate.forces.stance_measures import stances
from motionrecon.evaluate.forces.time_series import correlation, rms

COMPONENTS = ("vertical", "ap", "ml")
_LEAST, _LEAST_SHARED = 10, 5  # samples
_PRESSED = 50.0  # N on the plate, for a centre of pressure


@dataclasses.dataclass(frozen=True)
class MethodForces:
    """A method's forces at the N instants of the plates' grid.

    Attributes:
      force: (N, 2, 3) N, left and right.
      center_of_pressure: (N, 2, 3) m, or None where a method has none.
    """

    force: np.ndarray
    center_of_pressure: np.ndarray | None = None


def directions(ahead: np.ndarray, left: np.ndarray) -> dict[str, np.ndarray]:
    """Return the unit vectors of the components: vertical, along ``ap`` (forwards) and ``ml`` (to the left)."""
    return {"vertical": np.array([0.0, 0.0, 1.0]), "ap": ahead, "ml": left}


def score(ours: np.ndarray, plate: np.ndarray, weight: float) -> dict[str, float | None]:
    """Compare two (N,) N: RMSE in N, in percent of the body weight (N), of the plate's range there, and r."""
    error, span = rms(ours - plate), float(np.ptp(plate))
    return {
        "rmse_n": error,
        "rmse_percent_bw": 100 * error / weight,
        "rmse_percent_range": 100 * error / span if span > 0 else None,
        "r": correlation(ours, plate),
    }


def measures(
    ours: MethodForces, feet: FeetOnPlates, whole: np.ndarray, axes: dict[str, np.ndarray], weight: float
) -> dict[str, Any]:
    """Return everything that is measured of a method's forces.

    Args:
      ours: the method's.
      feet: the plates', by foot.
      whole: (N,) bool, where the plates carry the whole person.
      axes: of ``directions``.
      weight: N, of the body.

    Returns:
      ``feet`` ({"left", "right"}: components with ``score``, ``stance_measures.stances``, ``center_of_pressure_mm``),
      ``double_support`` and ``total``, each where there is enough to measure.
    """
    found: dict[str, Any] = {"feet": {}}
    for foot, side in enumerate(SIDES):
        own = feet.compared[:, foot]
        if own.sum() < _LEAST:
            continue
        row: dict[str, Any] = {
            name: score(ours.force[own, foot] @ axis, feet.force[own, foot] @ axis, weight)
            for name, axis in axes.items()
        }
        row |= stances(feet.time, ours.force[:, foot, 2], feet.force[:, foot, 2], weight)
        pressure = _center_of_pressure(ours, feet, foot, axes)
        found["feet"][side] = row | ({} if pressure is None else {"center_of_pressure_mm": pressure})
    sharing = _sharing(ours.force, feet.force)
    if sharing is not None:
        found["double_support"] = sharing
    if whole.sum() > _LEAST:
        x, y = ours.force[whole].sum(axis=1), feet.force[whole].sum(axis=1)
        found["total"] = {name: score(x @ axis, y @ axis, weight) for name, axis in axes.items()} | {
            "samples": int(whole.sum()), "mean_error_percent_bw": float(100 * (x - y)[:, 2].mean() / weight)
        }  # fmt: skip
    return found


def _center_of_pressure(
    ours: MethodForces, feet: FeetOnPlates, foot: int, axes: dict[str, np.ndarray]
) -> dict[str, float] | None:
    """Errors in mm where the plate carries more than 50 N and the method's foot more than 20."""
    if ours.center_of_pressure is None:
        return None
    on = (feet.force[:, foot, 2] > _PRESSED) & (ours.force[:, foot, 2] > ON)
    if not on.any():
        return None
    off = 1000.0 * (ours.center_of_pressure[on, foot] - feet.center_of_pressure[on, foot])
    found = {"mean": float(np.linalg.norm(off[:, :2], axis=-1).mean())}
    for name in ("ap", "ml"):
        found |= {f"{name}_rms": rms(off @ axes[name]), f"{name}_bias": float((off @ axes[name]).mean())}
    return found


def _sharing(ours: np.ndarray, plate: np.ndarray) -> dict[str, float | int | None] | None:
    """Compare the left foot's share of the upward force while both feet are on plates, in percentage points."""
    both = (plate[..., 2] > ON).all(axis=1)
    if both.sum() < _LEAST_SHARED:
        return None
    up = (np.clip(f[both][..., 2], 0.0, None) for f in (ours, plate))
    a, b = (u[:, 0] / np.maximum(u.sum(axis=1), 1e-6) for u in up)
    return {
        "samples": int(both.sum()), "left_share_rmse_points": 100 * rms(a - b),
        "left_share_bias_points": float(100 * (a - b).mean()), "r": correlation(a, b),
    }  # fmt: skip
