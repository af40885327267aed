"""One trial to two rows: the fit's forces, and those of the double-differentiated recording, against the plates."""

from __future__ import annotations

import dataclasses
import os
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from motionrecon.errors import MotionReconError
from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.forces import (
    fitted_motion,
    force_measures,
    frame_measures,
    kinematic_baseline,
    moment_measures,
    plates_on_feet,
    recorded_points,
    segment_masses,
    summary,
    trial_input,
)
from motionrecon.evaluate.forces.fitted_motion import FittedMotion
from motionrecon.evaluate.forces.force_measures import MethodForces
from motionrecon.evaluate.forces.plates_on_feet import FeetOnPlates
from motionrecon.evaluate.forces.time_series import at_times
from motionrecon.evaluate.forces.trial_input import ForceTask, TrialInput
from motionrecon.jobs.atomic_file import replaced
from motionrecon.jobs.memory import peak_mb

PHYSICS, BASELINE = "physics", "double-differentiated"
METHODS = (PHYSICS, BASELINE)
_NO_BASELINE = "the recording has no hips, shoulders or ankles for a centre of mass"


@dataclasses.dataclass(frozen=True)
class Compared:
    """A method beside the plates: measures, and the series they come from.

    Attributes:
      measures: of ``force_measures`` and, for a fit, ``frames`` and ``moments``.
      feet: the plates by foot, on the grid.
      forces: the method's on the same grid.
    """

    measures: dict[str, Any]
    feet: FeetOnPlates
    forces: MethodForces


def evaluate(task: ForceTask) -> list[Row]:
    """Return the rows of one trial; never raises, a trial that fails is rows that say why."""
    began = time.perf_counter()
    try:
        rows = _rows(task)
    except Exception as error:
        rows = failed(task, error)
    about = {"wall_seconds": time.perf_counter() - began, "peak_mb": peak_mb(), "worker": os.getpid()}
    return [row | about for row in rows]


def failed(task: ForceTask, error: BaseException | str) -> list[Row]:
    """Return the rows of a trial that gave nothing, with one line that says why."""
    expected = isinstance(error, str | MotionReconError)
    reason = str(error) if expected else f"unexpected {type(error).__name__}: {error}"
    row: Row = {"status": "failed", "reason": " ".join(reason.split())[:400], "metrics": {}}
    if isinstance(error, Exception) and not expected:
        row["traceback"] = "".join(traceback.format_exception(error))[-4000:]
    return [_head(task, method) | row for method in METHODS]


def physics(arrays: dict[str, np.ndarray], given: TrialInput, moments: moment_measures.Moments | None) -> Compared:
    """Compare a fit with the plates.

    Args:
      arrays: content of ``motion.npz`` (``export.npz.motion_arrays``).
      given: the trial.
      moments: OpenSim's, or None: inverse dynamics from the plates.
    """
    fitted = fitted_motion.from_arrays(arrays, given.offset, given.mass)
    compared, air = _compared(given, fitted, fitted.force_time, fitted.force, fitted.center_of_pressure)
    feet, weight = compared.feet, given.mass * kinematic_baseline.GRAVITY
    compared.measures["frames"] = frame_measures.measures(fitted, feet, weight)
    reference = moments or moment_measures.from_plates(given.points, feet, given.mass, fitted.left)
    compared.measures["moments"] = moment_measures.measures(fitted, reference, feet, air, opensim=moments is not None)
    return compared


def baseline(arrays: dict[str, np.ndarray], given: TrialInput) -> Compared:
    """Compare the double-differentiated recording with the plates; arguments as ``physics``."""
    fitted = fitted_motion.from_arrays(arrays, given.offset, given.mass)
    force = kinematic_baseline.forces(given.points, given.mass)
    return _compared(given, fitted, given.points.time, force, None)[0]


def _compared(
    given: TrialInput, fitted: FittedMotion, at: np.ndarray, force: np.ndarray, center: np.ndarray | None
) -> tuple[Compared, np.ndarray]:
    """Bring a method's forces (S, 2, 3) N at ``at`` (S,) s beside the plates; also where feet are in the air."""
    clock = given.plates.time
    span = max(at[0], fitted.time[0], clock[0]), min(at[-1], fitted.time[-1], clock[-1])
    feet = plates_on_feet.on_feet(given.plates, fitted.time, fitted.soles, span)
    air = plates_on_feet.in_the_air(fitted.time, fitted.lowest, fitted.soles, fitted.rate, feet.time)
    ours = MethodForces(at_times(at, force, feet.time), None if center is None else at_times(at, center, feet.time))
    axes = force_measures.directions(fitted.ahead, fitted.left)
    whole = plates_on_feet.whole_load(feet, air)
    measures = force_measures.measures(ours, feet, whole, axes, given.mass * kinematic_baseline.GRAVITY)
    if not measures["feet"]:
        raise MotionReconError("no foot stood on a plate while both were recorded; give offset in trials.toml")
    measures["plate_far_from_foot"] = feet.far
    return Compared(measures, feet, ours), air


def _head(task: ForceTask, method: str) -> Row:
    trial = task.trial
    return {"sequence": trial.name, "method": method, "recording": trial.recording.name, "plates": trial.plates.name}


def _rows(task: ForceTask) -> list[Row]:
    from motionrecon import metrics
    from motionrecon.evaluate.forces import plots
    from motionrecon.fitting import fit
    from motionrecon.results.export import npz

    given = trial_input.read(task)
    moments = None if task.trial.moments is None else moment_measures.from_opensim(task.trial.moments)
    sequence = fit.observe_file(str(task.trial.recording), given.fit.input, given.fit.detector)
    sequence = dataclasses.replace(
        sequence, observation=recorded_points.with_belt(sequence.observation, task.trial.options.belt)
    )
    result = fit.fit_sequence(sequence, given.fit, source=str(task.trial.recording))
    folder = Path(task.folder)
    folder.mkdir(parents=True, exist_ok=True)
    npz.write_motion(result, folder / "motion.npz")
    arrays = npz.motion_arrays(result)
    fit_forces = physics(arrays, given, moments)
    warnings = [*given.warnings, *result.warnings]
    if fit_forces.measures["plate_far_from_foot"]:
        warnings.append("A load on a plate lies more than 25 cm from the foot it was given to; check offset and axes.")
    common = {
        "status": "ok", "reason": "", "mass_kg": given.mass, "height_m": float(result.height),
        "fps": float(result.motion.fps), "warnings": warnings,
    }  # fmt: skip
    error = metrics.summarize(result)["methods"]["physics"]["mpjpe_g_mm"]
    rows = [_head(task, PHYSICS) | common | _measured(fit_forces, {"mpjpe_g_mm": error})]
    if segment_masses.has_center_of_mass(given.points):
        baseline_forces = baseline(arrays, given)
        rows.append(_head(task, BASELINE) | common | _measured(baseline_forces, {}))
    else:
        baseline_forces = None
        rows.append(_head(task, BASELINE) | {"status": "not measured", "reason": _NO_BASELINE, "metrics": {}})
    fitted = fitted_motion.from_arrays(arrays, given.offset, given.mass)
    axes = force_measures.directions(fitted.ahead, fitted.left)
    _write_series(folder / "forces.npz", fit_forces, baseline_forces, axes)
    plots.write(
        folder / "forces.png",
        task.trial.name,
        fit_forces,
        baseline_forces,
        axes,
        given.mass * kinematic_baseline.GRAVITY,
    )
    return rows


def _measured(compared: Compared, more: dict[str, Any]) -> Row:
    return {"measures": compared.measures, "metrics": summary.flat(compared.measures) | more}


def _write_series(path: Path, own: Compared, other: Compared | None, axes: dict[str, np.ndarray]) -> None:
    """Write forces of plates and methods on the physics' grid: what the picture shows."""
    arrays = {
        "time": own.feet.time, "plate_force": own.feet.force, "plate_center_of_pressure": own.feet.center_of_pressure,
        "compared": own.feet.compared, "force": own.forces.force,
        "center_of_pressure": own.forces.center_of_pressure, "ahead": axes["ap"], "left": axes["ml"],
    }  # fmt: skip
    if other is not None:
        arrays["baseline_force"] = at_times(other.feet.time, other.forces.force, own.feet.time)
    with replaced(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
