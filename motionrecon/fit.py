"""The one composition: an input file to a fitted, simulated motion.

observe (read, detect) -> kinematic start -> prepare -> chain of windows -> FitResult.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import time
from pathlib import Path

import jax
import numpy as np

from motionrecon import chain, checkpoint, config, observe, prepare
from motionrecon.config import Config
from motionrecon.data import camera_files, load, truth, video
from motionrecon.errors import FitError, InputError
from motionrecon.initialize.mocap import start_from_keypoints3d
from motionrecon.initialize.video import start_from_video
from motionrecon.models.gauss_newton import GaussNewtonOptions
from motionrecon.objective_terms import LossWeights
from motionrecon.physics import anthropometry, description, rollout
from motionrecon.progress import NullProgress, Progress
from motionrecon.rotations import exp, mul
from motionrecon.types import ControlTrajectory, FitResult, FitStatus, KinematicStart, Motion, Observation, Sequence
from motionrecon.windows import WindowOptions

_PACKAGES = ("motionrecon", "jax", "jaxlib", "brax", "mujoco", "mediapipe", "numpy", "scipy", "opencv-contrib-python")
_read_out = jax.jit(rollout.read_out)


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


def observe_file(
    source: str, options: config.InputOptions, detector=None, progress: Progress = NullProgress()
) -> Sequence:
    """Read an input: a video through the detector, anything else through the loaders.

    Args:
      source: path.
      options: what part of it, which person.
      detector: DetectorOptions.
      progress: told about the stages.

    Raises:
      InputError: unreadable input.
    """
    common = {"time_range": options.time_range, "fps": options.fps, "person": options.person}
    if load.is_video(source):
        info = video.probe(source)
        if options.keypoints is not None:
            return load.load(options.keypoints, size=info.size, source_fps=options.source_fps or info.fps, **common)
        progress.stage("detect")
        extra = {} if detector is None else {"detector": detector}
        return observe.observe_video(source, **common, **extra)
    return load.load(source, asf=options.asf, size=options.image_size, source_fps=options.source_fps, **common)


def kinematic_start(sequence: Sequence, options: Config) -> KinematicStart:
    """Find the kinematic start of an observation, with the camera file given where there is one."""
    observation = sequence.observation
    if observation.keypoints3d is not None:
        return start_from_keypoints3d(observation, height=options.person.height)
    info = sequence.meta.get("video")
    size = tuple(info.size) if info is not None else sequence.meta.get("size")
    if options.input.camera is None:
        return start_from_video(observation, height=options.person.height, size=size)
    found = camera_files.read_camera_file(options.input.camera, size=size, hint=sequence.key)
    if found.rotation is None or found.translation is None:
        return start_from_video(observation, height=options.person.height, intrinsics=found.intrinsics, size=size)
    known = camera_files.read_camera(options.input.camera, size=size, hint=sequence.key)
    return start_from_video(observation, height=options.person.height, camera=known, size=size)


def loss_weights(given: LossWeights | None, observation: Observation) -> LossWeights:
    """Return the weights given, or the defaults for the kind of input.

    Clean 3D keypoints need neither velocity rows nor planted feet; a video's kinematic start needs both.
    """
    if given is not None:
        return given
    if observation.keypoints3d is not None:
        return LossWeights(velocity_time=0.0, planted=0.0)
    return LossWeights()


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
    sequence = observe_file(source, options.input, options.detector, progress)
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
    warnings = [*sequence.meta.get("warnings", ())]
    start = start or kinematic_start(sequence, options)
    warnings += start.warnings
    mass = options.person.mass
    if mass is None:
        mass = anthropometry.default_mass(start.height)
        warnings.append(f"Body mass guessed from the height: {mass:.0f} kg; give --mass for true forces.")
    weights = loss_weights(options.weights, start.observation)
    known = _truth(options, sequence, start.observation)  # before the work: a wrong file ends the run
    clock.stage("compile")
    prepared = prepare.prepare(start, mass, weights)
    chain_options = _chain_options(options.optimizer)
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
    result = _result(start, prepared, state, options, weights, mass, source or sequence.key, known, warnings)
    clock.stage("")
    return dataclasses.replace(result, seconds=clock.seconds)


def _computed(options: Config) -> Config:
    """Return the options on which the windows depend; where and how results are written does not matter to them."""
    read, run = dataclasses.replace(options.input, truth=None), dataclasses.replace(options.run, device="auto")
    return dataclasses.replace(options, input=read, output=Config().output, run=run)


def _chain_options(o: config.OptimizerOptions) -> chain.ChainOptions:
    iterations = GaussNewtonOptions()
    ladder = dataclasses.replace(chain.LadderOptions(), enabled=o.ladder)
    return chain.ChainOptions(
        o.name.replace("_", "-") if o.name == "scipy_bfgs" else o.name, o.max_evaluations,
        WindowOptions(o.window, o.window - o.overlap), iterations, ladder,
    )  # fmt: skip


def _failures(state: chain.ChainState, fps: float) -> list[str]:
    bad = (FitStatus.DIVERGED, FitStatus.NON_FINITE)
    return [
        f"The window from {r.window.start / fps:.2f} to {r.window.stop / fps:.2f} s failed: {r.status.value} "
        f"({r.error_mm:.0f} mm off)."
        for r in state.reports
        if r.status in bad
    ]


def _truth(options: Config, sequence: Sequence, observation: Observation):
    """Return true positions (T, K, 3) for the observation's names (NaN-free; None where unknown)."""
    if options.input.truth is None:
        return sequence.truth
    return truth.read_truth(options.input.truth, observation)


def _result(start, prepared, state, options, weights, mass, source, known, warnings) -> FitResult:
    """Assemble the result from the stored states."""
    t = len(prepared.reference)
    fps = float(start.motion.fps)
    targets = np.asarray(mul(prepared.reference, exp(state.knots)))
    long = prepare.padded_length(t)
    states = jax.tree.map(lambda a: prepare._pad(np.asarray(a), long, 0), state.states)
    body_sites = prepared.sites
    read = _read_out(
        prepared.body, chain.solve_window.REAL_GROUND.arrays(), prepared.dt, states, prepare._pad(targets, long, 0),
        body_sites,
    )  # fmt: skip
    read = jax.tree.map(lambda a: np.asarray(a)[:t].copy(), read)
    for values in (read.torque, read.contact_force):
        values[-1] = values[-2]
    k = len(start.observation.names)
    read = dataclasses.replace(read, keypoints=read.keypoints[:, :k])
    motion = Motion(start.motion.skeleton, fps, read.states.position, read.states.quats)
    planted = np.asarray(start.planted)
    terms = {name: float(np.mean([w[name] for w in state.terms])) for name in state.terms[0]}
    resolved = config.to_dict(config.resolve(dataclasses.replace(options, weights=weights)))
    return FitResult(
        observation=start.observation,
        kinematic=jax.tree.map(np.asarray, start.motion),
        kinematic_keypoints=_kinematic_keypoints(prepared)[:, :k],
        motion=motion,
        control=ControlTrajectory(targets),
        rollout=read,
        sites=start.sites,
        contact_names=prepared.body.contact_names,
        height=start.height,
        mass=mass,
        foot_contacts=planted.max(axis=2) > 0.5,
        truth=known,
        windows=tuple(state.reports),
        terms=terms,
        config=resolved,
        seconds={},
        warnings=(*warnings, *_failures(state, fps)),
        versions={p: importlib.metadata.version(p) for p in _PACKAGES if _installed(p)},
        source=source,
        contact_radius=np.asarray(prepared.body.contact_radius),
        simulation=description.describe(prepared.body, chain.solve_window.REAL_GROUND, prepared.dt),
    )


def _kinematic_keypoints(prepared: prepare.Prepared) -> np.ndarray:
    t = len(prepared.reference)
    long = prepare.padded_length(t)
    states = jax.tree.map(lambda a: prepare._pad(np.asarray(a), long, 0), prepared.states)
    return np.asarray(prepare._features(prepared.body, prepared.sites, states).points)[:t]


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


__all__ = ["InputError", "fit_file", "fit_sequence", "kinematic_start", "loss_weights", "observe_file"]
