"""Every record that travels between modules: fields, shapes, units and nothing else.

Letters in shapes: T frames, J joints (root first), A = J - 1 actuated joints, K keypoints, C contact
points, V = 6 + 3 A velocity coordinates. SI units; world frame z up, right-handed, ground at z = 0;
quaternions ``(w, x, y, z)``. Arrays are JAX or NumPy arrays; missing observations have confidence 0 and
finite placeholder values, never NaN.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from pathlib import Path
from typing import Any, dataclass_transform

import jax
import numpy as np

Array = Any  # jax.Array or numpy.ndarray


@dataclass_transform(frozen_default=True)
def _record(*static: str):
    """Make a frozen dataclass a JAX pytree in which the fields named ``static`` are compile-time constants."""

    def wrap(cls):
        cls = dataclasses.dataclass(frozen=True)(cls)
        fields = [f.name for f in dataclasses.fields(cls)]
        return jax.tree_util.register_dataclass(
            cls, data_fields=[f for f in fields if f not in static], meta_fields=list(static)
        )

    return wrap


@_record("names", "parents", "symmetry")
class Skeleton:
    """A tree of joints; in the rest pose (T-pose, facing +x, left is +y) all local rotations are identity.

    Attributes:
      names: J joint names, the root first.
      parents: J parent indices; -1 for the root; parents come before their children.
      offsets: (J, 3) m, position of each joint in its parent's frame (root: zeros).
      symmetry: pairs (left, right) of joint indices.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Array
    symmetry: tuple[tuple[int, int], ...] = ()


@_record("names")
class Sites:
    """Points fixed to the links of a skeleton: where each keypoint sits on the body.

    Attributes:
      names: K canonical keypoint names (see ``keypoints.py``).
      link: (K,) int, index of the joint whose frame carries the point.
      offset: (K, 3) m, position in that frame.
    """

    names: tuple[str, ...]
    link: Array
    offset: Array


@_record()
class Soles:
    """Where the feet touch the ground, in the ankle joints' frames; row 0 is the left foot, row 1 the right.

    Heel, ball and toe lie in one plane, which is level while the foot stands flat. The foot is rigid as far as the
    ball; the toes in front of it bend.

    Attributes:
      heel: (2, 3) m, middle of the rear edge of the sole.
      ball: (2, 3) m, middle of the line under the heads of the metatarsals, where the toes bend.
      toe: (2, 3) m, middle of the front edge of the sole.
      across: (2, 3) unit vector in the sole's plane, at right angles to the foot, to the person's left.
      half_width: (2,) m, half the width of the sole.
    """

    heel: Array
    ball: Array
    toe: Array
    across: Array
    half_width: Array


@_record("size")
class Camera:
    """A pinhole camera with OpenCV axes (x right, y down, z forward) and OpenCV distortion.

    Attributes:
      intrinsics: (3, 3) px.
      distortion: (5,) k1, k2, p1, p2, k3.
      rotation: (3, 3) world to camera.
      translation: (3,) m; x_cam = rotation @ x_world + translation.
      size: (width, height) px.
    """

    intrinsics: Array
    distortion: Array
    rotation: Array
    translation: Array
    size: tuple[int, int]


@_record()
class WorldTransform:
    """From the recording's world to the fitted one, rigid: x_fitted = rotation @ x_recording + translation.

    The recording's world is that in which the input was read (m, z up); levelling its floor makes the fitted one.

    Attributes:
      rotation: (3, 3).
      translation: (3,) m.
    """

    rotation: Array
    translation: Array


SAME_WORLD = WorldTransform(np.eye(3), np.zeros(3))


@_record("names", "layout")
class Observation:
    """What was seen of one person, at a fixed rate.

    Attributes:
      fps: frames per second, Hz.
      names: K canonical keypoint names.
      layout: the source's layout ("mediapipe33", "coco17", "bvh", ...), for messages and reports.
      keypoints2d: (T, K, 2) px in the camera's image, or None.
      keypoints3d: (T, K, 3) m in the world, or None.
      landmarks3d: (T, K, 3) m, hip-centred in camera axes (x right, y down, z forward), as a pose
        estimator gives them; or None.
      confidence: (T, K) in 0..1; 0 means missing.
      camera: the camera of ``keypoints2d``, or None when unknown.
      start_time: s, time of frame 0 in the source.
    """

    fps: float
    names: tuple[str, ...]
    layout: str
    confidence: Array
    keypoints2d: Array | None = None
    keypoints3d: Array | None = None
    landmarks3d: Array | None = None
    camera: Camera | None = None
    start_time: float = 0.0


@_record()
class Motion:
    """A kinematic motion of a skeleton.

    Attributes:
      skeleton: the skeleton that moves.
      fps: Hz.
      root_pos: (T, 3) m, world.
      quats: (T, J, 4) local rotations; the root's is its world orientation.
    """

    skeleton: Skeleton
    fps: float
    root_pos: Array
    quats: Array


@dataclasses.dataclass(frozen=True)
class Truth:
    """True positions at a rate of their own, in the recording's world: K names, (T, K, 3) m (NaN unknown), Hz.

    ``file`` is where they were read, or None.
    """

    names: tuple[str, ...]
    positions: Array
    fps: float
    file: str | None = None


@dataclasses.dataclass(frozen=True)
class Recording:
    """The file keypoints were read from.

    Attributes:
      path: the file.
      fps: Hz, its own rate.
      unit: its unit of length, in words.
      labels: {canonical name: name in the file}.
      scale, rotation, offset: x_recording = scale * rotation @ x_file + offset; m per unit, (3, 3), (3,) m.
      skeleton: file of the skeleton that belongs to it (AMC), or None.
      marker_body: what a recording of surface markers gives as a static trial
        (``data.markers.surface_markers.StaticTrial``), or None.
    """

    path: str
    fps: float
    unit: str
    labels: dict[str, str]
    scale: float = 1.0
    rotation: Array = dataclasses.field(default_factory=lambda: np.eye(3))
    offset: Array = dataclasses.field(default_factory=lambda: np.zeros(3))
    skeleton: str | None = None
    marker_body: Any = None


@dataclasses.dataclass(frozen=True)
class FilmView:
    """What is done to a film's pictures and clock beyond what its file asks for (square pixels, rotation tag).

    Attributes:
      turn: degrees clockwise by which the picture is turned; 0, 90, 180 or 270.
      mirror: left and right of the turned picture are exchanged.
      pace: s of motion in a second of the film; 0.125 for 240 Hz played at 30.
    """

    turn: int = 0
    mirror: bool = False
    pace: float = 1.0


@dataclasses.dataclass(frozen=True)
class Film:
    """The film a clip was, or can be, observed in.

    Attributes:
      path: the file; None: ``draw`` makes it.
      start_time: s in the film, of the clip's frame 0.
      draw: returns the path of a film that is drawn on demand, or None.
      span: (start, end) s of what is observed, or None.
      detection_reused: the person was found in an earlier run, whose detections were kept.
      view: how its pictures and its clock were turned into what was looked at.
    """

    path: Path | None
    start_time: float = 0.0
    draw: Callable[[], Path] | None = None
    span: tuple[float, float] | None = None
    detection_reused: bool = False
    view: FilmView = FilmView()


@dataclasses.dataclass(frozen=True)
class Sequence:
    """One clip: what was observed, and all else that is known of it.

    Attributes:
      key: unique name within its data set.
      observation: what a method may look at; its ``camera`` is set where the method may use a known one.
      truth: the true joint or keypoint positions (T, K, 3) m in the recording's world for ``observation.names``, or
        None.
      reference: the truth as its source has it, other points and another rate perhaps; or None.
      camera: the clip's camera in the recording's world, or None.
      intrinsics: (3, 3) px of a camera whose pose is not known, or None.
      camera_file: where camera or intrinsics were read, or None.
      image_size: (width, height) px of the image, or None.
      image: 2D keypoints that the data set itself has, or None.
      film: or None.
      recording: or None.
      motion: the true motion of a synthetic clip, or None.
      height: m, true stature, or None.
      floor: what the floor is, in words; "" unknown.
      warnings: plain sentences about guesses made in reading it.
    """

    key: str
    observation: Observation
    truth: Array | None = None
    reference: Truth | None = None
    camera: Camera | None = None
    intrinsics: Array | None = None
    camera_file: str | None = None
    image_size: tuple[int, int] | None = None
    image: Observation | None = None
    film: Film | None = None
    recording: Recording | None = None
    motion: Motion | None = None
    height: float | None = None
    floor: str = ""
    warnings: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Window:
    """A stretch of frames [start, stop); ``commit`` frames from the start are kept when windows are joined."""

    start: int
    stop: int
    commit: int


@_record()
class ControlTrajectory:
    """PD targets at frame rate.

    Attributes:
      targets: (T, A, 4) unit quaternions relative to the parent, for joints 1..J-1.
    """

    targets: Array


@_record()
class PDGains:
    """Gains of the joint controllers: kp (A,) N m/rad; kd (A,) N m s/rad; torque_limit (A,) N m."""

    kp: Array
    kd: Array
    torque_limit: Array


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


@_record()
class SimState:
    """The simulator's state.

    Attributes:
      position: (..., 3) m, root position in the world.
      quats: (..., J, 4) local rotations; the root's is its world orientation.
      velocity: (..., V): root linear velocity (world axes, m/s), root angular velocity (root axes, rad/s),
        then each joint's angular velocity relative to its parent (child axes, rad/s).
    """

    position: Array
    quats: Array
    velocity: Array


@_record()
class Rollout:
    """A simulated motion with what acted on it, at frame rate.

    Attributes:
      states: SimState with leading axis T.
      joint_pos: (T, J, 3) m, world.
      keypoints: (T, K, 3) m, the observed sites on the simulated body, world.
      com: (T, 3) m, whole-body centre of mass.
      torque: (T, A, 3) N m in child axes, mean over the frame that follows (last row repeats).
      contact_pos: (T, C, 3) m, world.
      contact_force: (T, C, 3) N, mean over the frame that follows (last row repeats).
    """

    states: SimState
    joint_pos: Array
    keypoints: Array
    com: Array
    torque: Array
    contact_pos: Array
    contact_force: Array


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
