"""What is measured of each step on a plate: peak, impulse, loading rate, and when the foot strikes and leaves."""

from __future__ import annotations

from typing import Any

import numpy as np

from motionrecon.evaluate.forces.plates_on_feet import GRID, ON
from motionrecon.evaluate.forces.time_series import stretches

_SHORTEST, _AROUND, _LONG = 12, 3, 40  # samples: shorter loads are no stance; compared around it; long though cut off
_LOADING = 30  # samples after the strike
_SAME_STEP = 0.25  # s; a crossing farther off is another step's


def stances(time: np.ndarray, ours: np.ndarray, plate: np.ndarray, weight: float) -> dict[str, Any]:
    """Measure the vertical force of every stance of one foot on its plate.

    A stance that begins or ends within 30 ms of the clip's ends was cut off there: it has no impulse, no strike or no
    toe-off.

    Args:
      time: (N,) s of the grid.
      ours: (N,) N, upward force by the method.
      plate: (N,) N, by the plate.
      weight: N, of the body.

    Returns:
      ``stances`` (how many), and for each that has it: ``peak_error_percent_bw``, ``peak_time_error_ms``,
      ``impulse_error_percent``, ``strike_error_ms``, ``toe_off_error_ms`` (all ours minus the plate's; None where our
      force does not cross 20 N within 0.25 s) and ``loading_rate_ratio``.
    """
    found: dict[str, Any] = {key: [] for key in (
        "peak_error_percent_bw", "peak_time_error_ms", "impulse_error_percent", "strike_error_ms", "toe_off_error_ms",
        "loading_rate_ratio",
    )}  # fmt: skip
    spans = stretches(plate > ON)
    for a, b in spans:
        if b - a < _SHORTEST:
            continue
        early = max(a - _AROUND, 0)
        x, y = ours[early : b + _AROUND], plate[a:b]
        begins, ends = a > _AROUND, b < len(time) - _AROUND
        if (begins and ends) or b - a > _LONG:
            found["peak_error_percent_bw"].append(float(100 * (x.max() - y.max()) / weight))
            found["peak_time_error_ms"].append(float(1000 * (time[early + x.argmax()] - time[a + y.argmax()])))
        if begins and ends:
            found["impulse_error_percent"].append(float(100 * (x.sum() - y.sum()) / y.sum()))
        if begins:
            found["strike_error_ms"].append(_late(time, ours, plate, time[a], rising=True))
            n = min(a + _LOADING, b)
            steepest = max(float(np.gradient(plate[a:n]).max()), 1e-9)
            found["loading_rate_ratio"].append(float(np.gradient(ours[a:n]).max()) / steepest)
        if ends:
            found["toe_off_error_ms"].append(_late(time, ours, plate, time[b - 1], rising=False))
    return {"stances": len(spans), **found}


def _late(time: np.ndarray, ours: np.ndarray, plate: np.ndarray, near: float, *, rising: bool) -> float | None:
    """Return how much later than the plate's our force crosses 20 N, ms."""
    own, true = (crossing(time, f, near, rising=rising) for f in (ours, plate))
    return None if own is None or true is None else 1000.0 * (own - true)


def crossing(time: np.ndarray, force: np.ndarray, near: float, *, rising: bool) -> float | None:
    """Return the time in s of the crossing of 20 N nearest to ``near``; None where it is more than 0.25 s away.

    Args:
      time: (N,) s.
      force: (N,) N.
      near: s.
      rising: upwards, else downwards.
    """
    over = force - ON
    up, down = (over[:-1] <= 0) & (over[1:] > 0), (over[:-1] > 0) & (over[1:] <= 0)
    k = np.flatnonzero(up if rising else down)
    if not len(k):
        return None
    times = time[k] - over[k] / (over[k + 1] - over[k]) / GRID
    best = float(times[np.argmin(np.abs(times - near))])
    return best if abs(best - near) < _SAME_STEP else None
