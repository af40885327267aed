"""A fit's forces against the plates averaged over the fit's own frames: what is not owed to its frame rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from motionrecon.evaluate.forces.fitted_motion import FittedMotion
from motionrecon.evaluate.forces.plates_on_feet import GRID, FeetOnPlates
from motionrecon.evaluate.forces.time_series import at_times, rms


def measures(fitted: FittedMotion, feet: FeetOnPlates, weight: float) -> dict[str, Any]:
    """Return the vertical RMSE at the fit's rate, and how much the vertical force changes from frame to frame.

    Args:
      fitted: the fit.
      feet: plates by foot.
      weight: N, of the body.

    Returns:
      ``vertical_rmse_percent_bw`` (None without a whole frame of a stance), ``fit_change_percent_bw`` and
      ``plate_change_percent_bw``: RMS change between frames, percent of the body weight.
    """
    ours, edges = fitted.force[..., 2], fitted.time
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(feet.force[..., 2], axis=0) / GRID])
    bounds = np.concatenate([feet.time, feet.time[-1:] + 1.0 / GRID]) - 0.5 / GRID
    mean = np.diff(at_times(bounds, sums, edges), axis=0) * fitted.rate
    inside = (edges[:-1] >= feet.time[0]) & (edges[1:] <= feet.time[-1])
    use = inside[:, None] & (at_times(feet.time, feet.compared, fitted.force_time) > 0.5)
    frames = np.arange(feet.time[0], feet.time[-1], 1.0 / fitted.rate)
    plate = at_times(feet.time, feet.force[..., 2], frames)
    return {
        "vertical_rmse_percent_bw": 100 * rms((ours - mean)[use]) / weight if use.any() else None,
        "fit_change_percent_bw": 100 * rms(np.diff(ours, axis=0)) / weight,
        "plate_change_percent_bw": 100 * rms(np.diff(plate, axis=0)) / weight,
    }
