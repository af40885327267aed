"""A fit's leg torques against reference moments: our inverse dynamics from the plates, or OpenSim's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from motionrecon.data.formats import opensim_table
from motionrecon.errors import DataError
from motionrecon.evaluate.forces import plate_inverse_dynamics
from motionrecon.evaluate.forces.fitted_motion import LEG, FittedMotion
from motionrecon.evaluate.forces.plates_on_feet import ON, FeetOnPlates
from motionrecon.evaluate.forces.recorded_points import SIDES, RecordedPoints
from motionrecon.evaluate.forces.time_series import at_times, correlation, rms

Moments = dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]  # (side, joint): times s, moments N m
_COLUMNS = {"hip": "hip_flexion_{}_moment", "knee": "knee_angle_{}_moment", "ankle": "ankle_angle_{}_moment"}
_LEAST = 15  # samples


def from_opensim(path: Path) -> Moments:
    """Read leg moments of OpenSim's inverse dynamics (STO); raises DataError where it holds none."""
    table = opensim_table.read(path)
    found = {
        (side, joint): (table.values[:, 0], table.column(name))
        for side in SIDES
        for joint in LEG
        if (name := _COLUMNS[joint].format(side[0])) in table.names
    }
    if not found:
        raise DataError(f"{path}: has no leg moments (such as hip_flexion_r_moment); give OpenSim's inverse dynamics")
    return found


def from_plates(points: RecordedPoints, feet: FeetOnPlates, mass: float, left: np.ndarray) -> Moments:
    """Return the leg moments by inverse dynamics from the plates, for the legs whose points were recorded.

    Args:
      points: of the recording.
      feet: plates by foot.
      mass: kg.
      left: (3,) unit.
    """
    found: Moments = {}
    for foot, side in enumerate(SIDES):
        if plate_inverse_dynamics.has_leg(points, side):
            force = at_times(feet.time, feet.force[:, foot], points.time)
            center = at_times(feet.time, np.nan_to_num(feet.center_of_pressure[:, foot]), points.time)
            own = plate_inverse_dynamics.leg_moments(points, side, mass, force, center, left)
            found |= {(side, joint): (points.time, values) for joint, values in own.items()}
    return found


def measures(
    fitted: FittedMotion, reference: Moments, feet: FeetOnPlates, air: np.ndarray, *, opensim: bool
) -> dict[str, Any]:
    """Compare a fit's leg torques with reference moments, each foot's during its stances and 50 ms around them.

    Args:
      fitted: the fit.
      reference: moments.
      feet: plates by foot.
      air: (N, 2) bool, foot surely off the ground.
      opensim: the reference is OpenSim's; otherwise instants count only where the foot is on a plate or in the air.

    Returns:
      {"reference": whose, side: {joint: rmse_nm_per_kg, bias_nm_per_kg, rmse_percent_range, r, ranges}}.
    """
    found: dict[str, Any] = {"reference": "OpenSim" if opensim else "inverse dynamics from the plates"}
    for (side, joint), (time, values) in reference.items():
        foot = SIDES.index(side)
        first, last = max(time[0], fitted.force_time[0]), min(time[-1], fitted.force_time[-1])
        use = (feet.time >= first) & (feet.time <= last) & feet.compared[:, foot]
        if not opensim:
            use &= (feet.force[:, foot, 2] > ON) | air[:, foot]
        if use.sum() < _LEAST:
            continue
        at = feet.time[use]
        ours = np.interp(at, fitted.force_time, fitted.torque[side, joint])
        true = np.interp(at, time, values)
        found.setdefault(side, {})[joint] = _score(ours / fitted.mass, true / fitted.mass)
    return found


def _score(ours: np.ndarray, true: np.ndarray) -> dict[str, Any]:
    error, span = rms(ours - true), float(np.ptp(true))
    return {
        "rmse_nm_per_kg": error, "bias_nm_per_kg": float((ours - true).mean()), "r": correlation(ours, true),
        "rmse_percent_range": 100 * error / span if span > 0 else None,
        "range_reference_nm_per_kg": [float(true.min()), float(true.max())],
        "range_fit_nm_per_kg": [float(ours.min()), float(ours.max())],
    }  # fmt: skip
