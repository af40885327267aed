"""A trial as it is evaluated: recording and plates on one clock, the person, and what rests on a guess."""

from __future__ import annotations

import dataclasses

from motionrecon.config import Config
from motionrecon.data.formats import trc
from motionrecon.data.plates import plate_trials, plates_load
from motionrecon.data.plates.force_plates import ForcePlates
from motionrecon.data.plates.plate_trials import PlateTrial
from motionrecon.errors import ConfigError, DataError, InputError
from motionrecon.evaluate.forces import body_mass, recorded_points
from motionrecon.evaluate.forces.recorded_points import RecordedPoints

LEAST_OVERLAP = 0.3  # s
_SAME_LENGTH = 1.05


@dataclasses.dataclass(frozen=True)
class ForceTask:
    """One trial to evaluate.

    Attributes:
      trial: the files.
      folder: where its results go.
      fit: options of the fit; the trial's own options go before ``input.time_range`` and ``person``.
    """

    trial: PlateTrial
    folder: str
    fit: Config = Config()


@dataclasses.dataclass(frozen=True)
class TrialInput:
    """What a trial's files hold.

    Attributes:
      points: of the recording, at its own rate.
      plates: in the laboratory.
      offset: s, plates' clock minus the recording's.
      fit: options of the fit with the trial's own.
      mass: kg.
      warnings: plain sentences.
    """

    points: RecordedPoints
    plates: ForcePlates
    offset: float
    fit: Config
    mass: float
    warnings: tuple[str, ...]


def read(task: ForceTask) -> TrialInput:
    """Read a trial's files and check that they belong together.

    Raises:
      InputError: a file cannot be read, recording and plates have less than 0.3 s in common, or the mass is not given
        and cannot be told from the plates.
    """
    trial, options = task.trial, task.trial.options
    offset = options.offset
    if trial.recording.suffix.lower() == ".trc" and trial.plates.suffix.lower() == ".mot":
        offset += trc.first_time(trial.recording)  # both count from the capture's start
    points = recorded_points.read(trial, offset)
    plates = plates_load.read(trial.plates, points.rotation)
    if options.belt:
        moved = options.belt * (plates.time - points.time[0])[:, None]
        center = plates.center_of_pressure.copy()
        center[..., 0] += moved
        plates = dataclasses.replace(plates, center_of_pressure=center)
    given = task.fit.input
    if options.time_range is not None:
        given = dataclasses.replace(given, time_range=options.time_range)
    span = _span(trial, points, offset, given.time_range)
    warnings = [*plates.warnings, *_overlap(trial, span, (float(plates.time[0]), float(plates.time[-1])))]
    height = options.height or task.fit.person.height
    mass = options.mass or task.fit.person.mass
    if height is None:
        warnings.append(f"The stature is estimated from the recording; give height in trials.toml ([{trial.name}]).")
    if mass is None:
        try:
            mass, said = body_mass.from_plates(points, plates, span)
        except InputError as error:
            raise InputError(f"{trial.plates}: {error}") from None
        warnings.append(said)
    try:
        person = dataclasses.replace(task.fit.person, height=height, mass=mass)
        fit = dataclasses.replace(task.fit, input=given, person=person)
    except ConfigError as error:
        raise ConfigError(f"{trial.recording.parent / plate_trials.OPTIONS}: [{trial.name}] {error}") from None
    return TrialInput(points, plates, offset, fit, mass, tuple(warnings))


def _span(
    trial: PlateTrial, points: RecordedPoints, offset: float, time_range: tuple[float, float] | None
) -> tuple[float, float]:
    """Return the first and last instant of what is fitted, s on the plates' clock."""
    first, last = float(points.time[0]), float(points.time[-1])
    if time_range is None:
        return first, last
    start, end = (t + offset for t in time_range)
    if start > last or end < first:
        raise DataError(
            f"{trial.recording}: the time range {time_range[0]:g} to {time_range[1]:g} s lies outside the clip, which "
            f"lasts from {first - offset:.2f} to {last - offset:.2f} s; give times within it"
        )
    return max(start, first), min(end, last)


def _overlap(trial: PlateTrial, span: tuple[float, float], measured: tuple[float, float]) -> list[str]:
    """Return a warning where recording and plates last differently long; raise DataError where they do not meet."""
    common = min(span[1], measured[1]) - max(span[0], measured[0])
    if common < LEAST_OVERLAP:
        raise DataError(
            f"{trial.plates}: measured from {measured[0]:.2f} to {measured[1]:.2f} s, {trial.recording.name} lasts "
            f"from {span[0]:.2f} to {span[1]:.2f} s of the same clock: less than {LEAST_OVERLAP:g} s in common; give "
            f"offset in trials.toml ([{trial.name}])"
        )
    if (span[1] - span[0]) > _SAME_LENGTH * common:
        return [f"The plates measured {common:.2f} s of the {span[1] - span[0]:.2f} s recording; that is compared."]
    return []
