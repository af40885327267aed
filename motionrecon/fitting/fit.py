"""The one composition: an input file to a fitted, simulated motion.

observe (read, detect) -> kinematic start -> prepare -> chain of windows -> FitResult.
"""

from __future__ import annotations

import dataclasses
import math
import time
from pathlib import Path

import numpy as np

from motionrecon import config
from motionrecon.config import Config
from motionrecon.data import truth
from motionrecon.errors import FitError, InputError
from motionrecon.fitting import (
    assemble,
    chain,
    checkpoint,
    early_programs,
    input_checks,
    kinds,
    prepare,
    read_input,
    unused_options,
)
from motionrecon.fitting.initialize.support import support
from motionrecon.fitting.kinds import Settings
from motionrecon.fitting.read_input import observe_file
from motionrecon.fitting.windows import WindowOptions
from motionrecon.geometry import world
from motionrecon.jobs.progress import NullProgress, Progress
from motionrecon.physics import anthropometry
from motionrecon.types import FitResult, KinematicStart, Sequence

_MOVING = (
    "A MOVING CAMERA IS NOT SUPPORTED: it is treated as standing still, so the person's path and the ground are wrong; "
    "use a recording from a tripod."
)

_OTHER_WORLD = (
    "The camera's pose is estimated, so its world is not that of --truth: MPJPE-G and MPJPE mostly measure the guess; "
    "WA (one heading and shift for the clip) and MPJPE-PA do not."
)


class _Clock:
    """Wall time by stage."""

    def __init__(self, progress: Progress):
        self.seconds: dict[str, float] = {}
        self._progress, self._name, self._since = progress, None, time.perf_counter()

    def stage(self, name: str) -> None:
        now = time.perf_counter()
        if self._name:
            self.seconds[self._name] = self.seconds.get(self._name, 0.0) + now - self._since
        self._name, self._since = name, now
        if name:
            self._progress.stage(name)


def kinematic_start(sequence: Sequence, options: Config = Config()) -> KinematicStart:
    """Find the kinematic start of a clip, with the camera that was read with it."""
    fov = options.input.field_of_view
    return kinds.kinematic_start(
        sequence,
        options.person.height,
        sole_thickness=options.person.sole_thickness,
        fov=None if fov is None else math.radians(fov),
    )


def fit(
    source: str | Path | Sequence,
    options: Config = Config(),
    output: str | Path | None = None,
    *,
    resume: bool = False,
    progress: Progress = NullProgress(),
) -> FitResult:
    """Fit a physically simulated person to a file or to a clip that has been read already.

    Args:
      source: path of a video, 2D keypoints or motion capture, or a Sequence (``motionrecon.load``).
      options, output, resume, progress: as in ``fit_file``.

    Returns:
      The result.

    Raises:
      InputError: the input or the options are wrong.
      FitError: nothing finite was found.
    """
    folder = None if output is None else Path(output)
    if isinstance(source, Sequence):
        unused = unused_options.of_clip(options.input, options.detector, source)
        source = dataclasses.replace(source, warnings=(*source.warnings, *unused))
        return fit_sequence(source, options, folder, resume=resume, progress=progress)
    return fit_file(str(source), options, folder, resume=resume, progress=progress)


def fit_file(
    source: str,
    options: Config = Config(),
    output: Path | None = None,
    *,
    resume: bool = False,
    progress: Progress = NullProgress(),
) -> FitResult:
    """Fit a physically simulated person to a video, 2D keypoints or motion capture.

    Args:
      source: the input file (or folder of OpenPose JSON).
      options: the whole configuration.
      output: result folder, in which the finished windows are kept (``checkpoint.clear`` removes them once the
        result is written). None keeps nothing.
      resume: go on from what ``output`` holds.
      progress: receives news.

    Returns:
      The result.

    Raises:
      InputError: the input or the options are wrong.
      FitError: nothing finite was found.
    """
    clock = _Clock(progress)
    clock.stage("read")
    if options.optimizer.name == "gauss_newton":
        early_programs.begin(options.optimizer.window)
    sequence = observe_file(source, options.input, options.detector, progress, options.person.height)
    return fit_sequence(sequence, options, output, source=source, resume=resume, progress=progress, clock=clock)


def fit_sequence(
    sequence: Sequence,
    options: Config = Config(),
    output: Path | None = None,
    *,
    source: str | None = None,
    start: KinematicStart | None = None,
    resume: bool = False,
    progress: Progress = NullProgress(),
    clock: _Clock | None = None,
) -> FitResult:
    """Fit an observation that has been read already; arguments as ``fit_file``, and a kinematic start of one's own."""
    clock = clock or _Clock(progress)
    clock.stage("initialize")
    sequence = read_input.completed(sequence, options.input)
    kind = kinds.kind_of(sequence)
    name = source or sequence.key
    turned = options.input.rotate is not None
    checked = input_checks.before_start(sequence, options.person.height, name, turned=turned)
    warnings = [*sequence.warnings, *checked]
    if not options.input.static_camera and kinds.SETTINGS[kind].through_camera:
        warnings.append(_MOVING)
    start = start or kinematic_start(sequence, options)
    kind = kinds.refined(kind, start)
    settings = kinds.SETTINGS[kind]
    warnings += start.warnings
    warnings += input_checks.after_start(start, name)
    carried = support.find_unsupported(start) if settings.judges_support else None
    warnings += support.sentences(carried) if carried else []
    mass = options.person.mass
    if mass is None:
        mass = anthropometry.default_mass(start.height)
        warnings.append(f"Body mass guessed from the height: {mass:.0f} kg; give --mass for true forces.")
    weights = kinds.loss_weights(options.weights, kind)
    positions = _truth(options, sequence, start)  # before the work: a wrong file ends the run
    guessed = settings.through_camera and sequence.observation.camera is None
    if options.input.truth is not None and guessed:
        warnings.append(_OTHER_WORLD)
    clock.stage("compile")
    prepared = prepare.prepare(start, mass, options.person.strength)
    chain_options = _chain_options(options.optimizer, settings)
    clock.stage("optimize")
    inputs = (_computed(options), weights, start.motion, mass)
    stored = None if output is None else checkpoint.Checkpoint(output, inputs)
    state = stored.load() if stored is not None and resume else None
    state = chain.fit_clip(
        prepared, weights, chain_options, progress=progress, state=state, save=stored.save if stored else None
    )
    if not np.isfinite(state.states.position).all():
        raise FitError(f"{sequence.key}: no finite simulation was found; check the input for jumps, or shorten it")
    clock.stage("measure")
    if options.optimizer.pipeline == "generalized":
        warnings.append(assemble.brax_difference(prepared, start, state))
    result = assemble.result(start, prepared, state, options, weights, mass, name, positions, warnings)
    clock.stage("")
    if carried:
        judged = assemble.reliable(carried.supported, result.windows)
        result = dataclasses.replace(result, force_reliable=judged, unsupported=carried.intervals)
    return dataclasses.replace(result, seconds=clock.seconds, film=sequence.film)


def _computed(options: Config) -> Config:
    """Return the options on which the windows depend; where and how results are written does not matter to them."""
    read, run = dataclasses.replace(options.input, truth=None), dataclasses.replace(options.run, device="auto")
    return dataclasses.replace(options, input=read, output=Config().output, run=run)


def _chain_options(o: config.OptimizerOptions, settings: Settings) -> chain.ChainOptions:
    ladder = dataclasses.replace(settings.ladder, enabled=o.ladder)
    return chain.ChainOptions(
        o.name.replace("_", "-") if o.name == "scipy_bfgs" else o.name, o.max_evaluations,
        WindowOptions(o.window, o.window - o.overlap), settings.gauss_newton, ladder,
    )  # fmt: skip


def _truth(options: Config, sequence: Sequence, start: KinematicStart) -> np.ndarray | None:
    """Return true positions (T, K, 3) m for the observation's names in the fitted world; None where unknown."""
    positions = sequence.truth
    if options.input.truth is not None and sequence.reference is not None:
        positions = truth.placed(start.observation, sequence.reference, options.input.truth)
    return None if positions is None else world.to_fitted(start.world, positions)


__all__ = ["InputError", "fit", "fit_file", "fit_sequence", "kinematic_start", "observe_file"]
