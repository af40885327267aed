"""What a fit makes: the kinematic start, windows and steps, how they ended, and the result."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

from motionrecon.types.body import Sites, Soles
from motionrecon.types.clip import Film, Observation
from motionrecon.types.motion import SAME_WORLD, ControlTrajectory, Motion, Rollout, WorldTransform
from motionrecon.types.record import Array


@dataclasses.dataclass(frozen=True)
class KinematicStart:
    """What initialisation hands to the physics: a motion that matches the observation without forces.

    Attributes:
      motion: on the person's own skeleton, in a world whose ground is z = 0.
      sites: where the observed keypoints sit on that skeleton; same names and order as the observation.
      observation: the observation in that same world (mocap levelled; for video with ``camera`` filled in and
        ``keypoints3d`` None).
      soles: contact geometry of the feet.
      planted: (T, 2, 2) in 0..1, [left, right] x [heel, toe]: how surely the point stands on the ground.
      height: stature, m.
      depth_axes: (T, 3) unit viewing direction in the world along which the motion is uncertain, or None (mocap).
      warnings: plain sentences about guesses made.
      world: how the recording's world was moved to put its floor on z = 0.
    """

    motion: Motion
    sites: Sites
    observation: Observation
    soles: Soles
    planted: Array
    height: float
    depth_axes: Array | None = None
    warnings: tuple[str, ...] = ()
    world: WorldTransform = SAME_WORLD


@dataclasses.dataclass(frozen=True)
class Window:
    """A stretch of frames [start, stop); ``commit`` frames from the start are kept when windows are joined."""

    start: int
    stop: int
    commit: int


class FitStatus(enum.Enum):
    """How an optimisation ended; the value says what to do about it."""

    OK = "converged"
    MAX_STEPS = "stopped at the step limit; allow more with --max-evaluations if the error is too large"
    STALLED = "no step lowered the loss any further"
    DIVERGED = "the simulated person left the observation (a fall); shorten --time-range or check the input there"
    NON_FINITE = "the loss was not finite; check the input for jumps, or report this clip"


@dataclasses.dataclass(frozen=True)
class StepInfo:
    """One optimiser step: losses are dimensionless, ``evaluations`` counts loss evaluations it took."""

    loss: float
    grad_norm: float
    step_norm: float
    evaluations: int
    status: FitStatus


@dataclasses.dataclass(frozen=True)
class WindowReport:
    """What happened in one window: method ("plain", "shooting", "ladder", "bfgs"), losses, cost, mean error in mm."""

    window: Window
    status: FitStatus
    method: str
    evaluations: int
    steps: int
    seconds: float
    loss_first: float
    loss_last: float
    error_mm: float
    loss_history: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class UnsupportedInterval:
    """From ``start_s`` to ``end_s``, s at the source's clock, a level ground cannot carry the body; ``cause``: why."""

    start_s: float
    end_s: float
    cause: str


@dataclasses.dataclass(frozen=True)
class FitResult:
    """Everything a fit produces; NumPy arrays throughout.

    Attributes:
      observation: the observation at the fitting rate, in the fitted world (levelled; for video the
        camera as assumed or estimated).
      kinematic: the kinematic start; its keypoints (T, K, 3) m are ``kinematic_keypoints``.
      motion: the simulated motion.
      control: PD targets.
      rollout: simulated states, forces and torques.
      sites: where the keypoints sit on the body.
      contact_names: C names of the contact points ("left_heel_outer", ...).
      height: m; mass: kg.
      foot_contacts: (T, 2) bool, left and right foot planted in the kinematic start, or None.
      truth: (T, K, 3) m true keypoints in the fitted world where known, else None.
      windows: one report a window, in order.
      terms: each loss term's mean over the clip, dimensionless.
      config: the resolved configuration as plain nested dicts.
      seconds: wall time by stage ("read", "detect", "initialize", "compile", "optimize", ...).
      warnings: plain sentences about what rests on a guess or went wrong.
      versions: package versions.
      source: the input path as given.
      contact_radius: (C,) m, a contact point touches the ground when its centre is this high; None: all zero.
      soles: where the feet's soles are; None: the average person's.
      simulation: the simulator's constants by name (``physics.description``), for a replay; None: not kept.
      force_reliable: (T,) bool, false where something other than the ground carries the body or the window failed;
        None: not judged.
      unsupported: stretches in which something other than the ground carries the body, with their causes.
      world: from the recording's world to the fitted one, in which everything here stands.
      film: the film in which the person was found, or None.
    """

    observation: Observation
    kinematic: Motion
    kinematic_keypoints: Array
    motion: Motion
    control: ControlTrajectory
    rollout: Rollout
    sites: Sites
    contact_names: tuple[str, ...]
    height: float
    mass: float
    foot_contacts: Array | None
    truth: Array | None
    windows: tuple[WindowReport, ...]
    terms: dict[str, float]
    config: dict[str, Any]
    seconds: dict[str, float]
    warnings: tuple[str, ...]
    versions: dict[str, str]
    source: str
    contact_radius: Array | None = None
    soles: Soles | None = None
    simulation: dict[str, Array] | None = None
    force_reliable: Array | None = None
    unsupported: tuple[UnsupportedInterval, ...] = ()
    world: WorldTransform = SAME_WORLD
    film: Film | None = None
