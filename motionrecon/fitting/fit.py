"""The one composition: an input file to a fitted, simulated motion.

observe (read, detect) -> kinematic start -> prepare -> chain of windows -> FitResult.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from motionrecon import config
from motionrecon.config import Config
from motionrecon.data import load, truth, video
from motionrecon.data.formats import camera_files
from motionrecon.errors import FitError, InputError
from motionrecon.fitting import assemble, chain, checkpoint, observe, prepare
from motionrecon.fitting.initialize.mocap.mocap_start import start_from_keypoints3d
from motionrecon.fitting.initialize.support import support
from motionrecon.fitting.initialize.video.video_start import start_from_video
from motionrecon.fitting.objective_terms import LossWeights
from motionrecon.fitting.windows import WindowOptions
from motionrecon.geometry.joint_frames import joint_frames
from motionrecon.jobs.progress import NullProgress, Progress
from motionrecon.models.trajectory.gauss_newton import GaussNewtonOptions
from motionrecon.physics import anthropometry
from motionrecon.types import FitResult, KinematicStart, Observation, Sequence

_MOVING = (
    "A MOVING CAMERA IS NOT SUPPORTED: it is treated as standing still, so the person's path and the ground are wrong; "
    "use a recording from a tripod."
)

_OTHER_WORLD = (
    "The camera's pose is estimated, so its world is not that of --truth: MPJPE-G and MPJPE mostly measure the guess; "
    "WA (one heading and shift for the clip) and MPJPE-PA do not."
)
NOISY = 0.010  # m; clean clips lie 1-8 mm from their kinematic start, 10 mm of noise an axis 15 mm
# A video's kinematic start is centimetres off what any body can do; only a fall is worth another try there.
VIDEO_LADDER = chain.LadderOptions(first=False, good_mm=30.0, accept_mm=60.0, redo_mm=80.0)
VIDEO_NEWTON = GaussNewtonOptions(iterations=8)


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
    if options.keypoints is not None and not load.is_video(source):
        raise InputError(
            f"--keypoints {options.keypoints}: replaces the detector of a video, and {source} is none; "
            "give the keypoint file itself as the input"
        )
    common = {"time_range": options.time_range, "fps": options.fps, "person": options.person}
    if load.is_video(source):
        if options.keypoints is not None:
            info = video.probe(source)
            return load.load(options.keypoints, size=info.size, source_fps=options.source_fps or info.fps, **common)
        progress.stage("detect")
        extra = {} if detector is None else {"detector": detector}
        return observe.observe_video(source, **common, **extra)
    return load.load(source, asf=options.asf, size=options.image_size, source_fps=options.source_fps, **common)


def kinematic_start(sequence: Sequence, options: Config) -> KinematicStart:
    """Find the kinematic start of an observation, with the camera file given where there is one."""
    observation = sequence.observation
    person = {"height": options.person.height, "sole_thickness": options.person.sole_thickness}
    if observation.keypoints3d is not None:
        return start_from_keypoints3d(observation, **person)
    info = sequence.meta.get("video")
    size = tuple(info.size) if info is not None else sequence.meta.get("size")
    if options.input.camera is None:
        fov = options.input.field_of_view
        fov = None if fov is None else math.radians(fov)
        return start_from_video(observation, **person, size=size, fov=fov)
    found = camera_files.read_camera_file(options.input.camera, size=size, hint=sequence.key)
    if found.rotation is None or found.translation is None:
        return start_from_video(observation, **person, intrinsics=found.intrinsics, size=size)
    known = camera_files.read_camera(options.input.camera, size=size, hint=sequence.key)
    return start_from_video(observation, **person, camera=known, size=size)


def loss_weights(
    given: LossWeights | Mapping[str, float] | None, observation: Observation, noise: float = 0.0
) -> LossWeights:
    """Return the defaults for the kind of input, with the weights given by name on top; or the weights given whole.

    Clean 3D keypoints count most, and every newton that the motion does not show has a price: the centre of mass'
    velocity, feet that swing clear of the floor, torques that change at once (docs/experiments.md). Noisy ones need the
    smooth start's velocities, planted feet and restraint of changing controls, or the simulation follows the noise. A
    film's force has less of a price, because its motion is centimetres off.

    Args:
      given: weights.
      observation: 3D keypoints or not.
      noise: m, mean distance of 3D keypoints from the kinematic start (``observation_noise``).
    """
    if isinstance(given, LossWeights):
        return given
    if observation.keypoints3d is None:
        usual = LossWeights(planted=1.0, com_velocity=1.0, control_rate=0.3)
    elif noise > NOISY:
        usual = LossWeights(planted=1.0, control_rate=0.1)
    else:
        usual = LossWeights(
            keypoints=800.0, planted=1.0, clearance=1000.0, com_velocity=5.0, pose=0.02,
            control=1e-4, control_rate=0.3,
        )  # fmt: skip
    return dataclasses.replace(usual, **(given or {}))


def observation_noise(start: KinematicStart) -> float:
    """Return the mean distance in m of observed 3D keypoints from the kinematic start; 0 without 3D keypoints."""
    seen = start.observation
    if seen.keypoints3d is None:
        return 0.0
    motion, link = start.motion, np.asarray(start.sites.link)
    where, turn = joint_frames(motion.skeleton, np.asarray(motion.root_pos), np.asarray(motion.quats))
    sites = where[:, link] + np.sum(turn[:, link] * np.asarray(start.sites.offset)[:, None, :], axis=-1)
    weight = np.asarray(seen.confidence, float)
    off = np.linalg.norm(np.asarray(seen.keypoints3d) - sites, axis=-1)
    return float(np.sum(off * weight) / max(np.sum(weight), 1e-9))


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
    if not options.input.static_camera and sequence.observation.keypoints3d is None:
        warnings.append(_MOVING)
    start = start or kinematic_start(sequence, options)
    warnings += start.warnings
    carried = support.find_unsupported(start) if start.depth_axes is None else None  # a film's depths are too rough
    warnings += support.sentences(carried) if carried else []
    mass = options.person.mass
    if mass is None:
        mass = anthropometry.default_mass(start.height)
        warnings.append(f"Body mass guessed from the height: {mass:.0f} kg; give --mass for true forces.")
    weights = loss_weights(options.weights, start.observation, observation_noise(start))
    known = _truth(options, sequence, start.observation)  # before the work: a wrong file ends the run
    if options.input.truth is not None and start.observation.camera is not None and not _pose_given(options, sequence):
        warnings.append(_OTHER_WORLD)
    clock.stage("compile")
    prepared = prepare.prepare(start, mass, options.person.strength)
    chain_options = _chain_options(options.optimizer, start.observation)
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
        warnings.append(assemble.brax_difference(prepared, start.motion.skeleton, state))
    result = assemble.result(start, prepared, state, options, weights, mass, source or sequence.key, known, warnings)
    clock.stage("")
    if carried:
        judged = assemble.reliable(carried.supported, result.windows)
        result = dataclasses.replace(result, force_reliable=judged, unsupported=carried.intervals)
    return dataclasses.replace(result, seconds=clock.seconds)


def _computed(options: Config) -> Config:
    """Return the options on which the windows depend; where and how results are written does not matter to them."""
    read, run = dataclasses.replace(options.input, truth=None), dataclasses.replace(options.run, device="auto")
    return dataclasses.replace(options, input=read, output=Config().output, run=run)


def _chain_options(o: config.OptimizerOptions, observation: Observation) -> chain.ChainOptions:
    film = observation.keypoints3d is None
    ladder, newton = (VIDEO_LADDER, VIDEO_NEWTON) if film else (chain.LadderOptions(), GaussNewtonOptions())
    ladder = dataclasses.replace(ladder, enabled=o.ladder)
    return chain.ChainOptions(
        o.name.replace("_", "-") if o.name == "scipy_bfgs" else o.name, o.max_evaluations,
        WindowOptions(o.window, o.window - o.overlap), newton, ladder,
    )  # fmt: skip


def _pose_given(options: Config, sequence: Sequence) -> bool:
    """Whether the camera's place and direction are known rather than estimated."""
    if sequence.observation.camera is not None:
        return True
    file = options.input.camera
    return file is not None and camera_files.read_camera_file(file, hint=sequence.key).rotation is not None


def _truth(options: Config, sequence: Sequence, observation: Observation):
    """Return true positions (T, K, 3) for the observation's names (NaN-free; None where unknown)."""
    if options.input.truth is None:
        return sequence.truth
    return truth.read_truth(options.input.truth, observation)


__all__ = ["InputError", "fit_file", "fit_sequence", "kinematic_start", "loss_weights", "observe_file"]
