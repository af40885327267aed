"""From a finished chain of windows to the result: forces read out again, warnings, versions, the options used."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Iterable

import jax
import numpy as np
from jaxtyping import Bool, Float

from motionrecon import config
from motionrecon.config import Config
from motionrecon.fitting import chain, prepare
from motionrecon.fitting.objective_terms import LossWeights
from motionrecon.geometry.rotations import exp, mul
from motionrecon.jobs import versions
from motionrecon.jobs.program_store import Program
from motionrecon.physics import description, humanoid, rollout
from motionrecon.types import (
    Array,
    ControlTrajectory,
    FitResult,
    FitStatus,
    KinematicStart,
    Motion,
    Rollout,
    WindowReport,
)

_FAILED = (FitStatus.DIVERGED, FitStatus.NON_FINITE)
_read_out = Program(rollout.read_out)
_compose = Program(lambda reference, knots: mul(reference, exp(knots)), name="compose")


def _targets(prepared: prepare.Prepared, state: chain.ChainState) -> Float[np.ndarray, "T A 4"]:
    """Return the PD targets (T, A, 4); padded, so that no clip length costs a compilation of its own."""
    composed = _compose(*prepare.padded((prepared.reference, np.asarray(state.knots))))
    return np.asarray(composed)[: len(prepared.reference)]


def brax_difference(prepared: prepare.Prepared, start: KinematicStart, state: chain.ChainState) -> str:
    """Replay the windows' controls with Brax's modules and return a sentence on how far they come from the result."""
    with contextlib.redirect_stdout(io.StringIO()):  # importing Brax prints what else could be installed
        from motionrecon.physics.oracle import generalized, pipeline_comparison

    skeleton, body = start.motion.skeleton, prepared.body
    system = humanoid.system(skeleton, start.soles, start.height, body.total_mass)
    model = generalized.hinge_model(system, body, skeleton)
    targets = _targets(prepared, state)
    spans = [(r.window.start, r.window.start + r.window.commit + 1) for r in state.reports]
    differences = pipeline_comparison.compare(
        model, chain.window_attempts.REAL_GROUND, prepared.dt, state.states, targets, spans
    )
    mean, worst = np.mean([d.mpjpe_mm for d in differences]), max(d.mpjpe_mm for d in differences)
    return (
        f"Brax's generalized modules with the same controls, started anew from the result in each of "
        f"{len(differences)} windows, come {mean:.1f} mm from it on average ({worst:.1f} mm in the worst window)."
    )


def _failures(state: chain.ChainState, fps: float) -> list[str]:
    return [
        f"The window from {r.window.start / fps:.2f} to {r.window.stop / fps:.2f} s failed: {r.status.value} "
        f"({r.error_mm:.0f} mm off)."
        for r in state.reports
        if r.status in _FAILED
    ]


def reliable(supported: Bool[np.ndarray, " T"], reports: Iterable[WindowReport]) -> Bool[np.ndarray, " T"]:
    """Return (T,) bool: the frames that a level ground supports, (T,) bool, without those of windows that failed."""
    out = np.array(supported, dtype=bool)
    for r in reports:
        if r.status in _FAILED:
            out[r.window.start : r.window.start + r.window.commit] = False
    return out


def result(
    start: KinematicStart,
    prepared: prepare.Prepared,
    state: chain.ChainState,
    options: Config,
    weights: LossWeights,
    mass: float,
    source: str,
    truth: Array | None,
    warnings: list[str],
) -> FitResult:
    """Assemble the result from the stored states.

    Args:
      start: the kinematic start.
      prepared: the clip.
      state: the finished chain.
      options: the configuration.
      weights: the weights that were used.
      mass: kg.
      source: the input as the user named it.
      truth: (T, K, 3) m, true positions in the fitted world; None: unknown.
      warnings: sentences so far.

    Returns:
      The result; ``seconds`` is empty.
    """
    fps = float(start.motion.fps)
    targets = _targets(prepared, state)
    k = len(start.observation.names)
    read = _read_back(prepared, state, targets, k)
    motion = Motion(start.motion.skeleton, fps, read.states.position, read.states.quats)
    planted = np.asarray(start.planted)
    terms = {name: float(np.mean([w[name] for w in state.terms])) for name in state.terms[0]}
    resolved = config.to_dict(config.resolve(dataclasses.replace(options, weights=weights)))
    return FitResult(
        observation=start.observation,
        kinematic=jax.tree.map(np.asarray, start.motion),
        kinematic_keypoints=prepare.kinematic_features(prepared).points[:, :k],
        motion=motion,
        control=ControlTrajectory(targets),
        rollout=read,
        sites=start.sites,
        contact_names=prepared.body.contact_names,
        height=start.height,
        mass=mass,
        foot_contacts=planted.max(axis=2) > 0.5,
        truth=truth,
        windows=tuple(state.reports),
        terms=terms,
        config=resolved,
        seconds={},
        warnings=(*warnings, *_failures(state, fps)),
        versions=versions.installed(),
        source=source,
        contact_radius=np.asarray(prepared.body.contact_radius),
        soles=jax.tree.map(np.asarray, start.soles),
        simulation=description.describe(prepared.body, chain.window_attempts.REAL_GROUND, prepared.dt),
        world=start.world,
    )


def _read_back(
    prepared: prepare.Prepared, state: chain.ChainState, targets: Float[np.ndarray, "T A 4"], keypoints: int
) -> Rollout:
    """Read forces and positions back from the stored states; the last frame's forces repeat the one before."""
    states, aims = prepare.padded((state.states, targets))
    ground = chain.window_attempts.REAL_GROUND.arrays()
    read = _read_out(prepared.body, ground, prepared.dt, states, aims, prepared.sites)
    read = jax.tree.map(lambda a: np.asarray(a)[: len(targets)].copy(), read)
    for values in (read.torque, read.contact_force):
        values[-1] = values[-2]
    return dataclasses.replace(read, keypoints=read.keypoints[:, :keypoints])
