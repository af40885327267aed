"""Turn a kinematic start into what the windows' losses need: body, observed frames, reference pose, first controls."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
from jaxtyping import Float, Shaped

from motionrecon.fitting.initialize import momentum
from motionrecon.fitting.objective_terms import Frames, LossWeights
from motionrecon.fitting.window_programs import features_over_time
from motionrecon.geometry import rotations
from motionrecon.geometry.camera import undistort
from motionrecon.geometry.padding import pad_frames
from motionrecon.jobs.program_store import Program
from motionrecon.physics import humanoid, inverse_dynamics, joint_limits, rollout
from motionrecon.physics.body import SOLE_POINTS, Body
from motionrecon.types import KinematicStart, Observation, SimState, Sites

NEAR_FLOOR = 0.04  # m, height below which a swinging foot is held to the kinematic one's height
_POINTS = 24  # keypoints are padded to a multiple of this, so that all common layouts share one program


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A whole clip, ready to be cut into windows; arrays have a leading time axis T.

    Attributes:
      body: the simulated person.
      sites: padded keypoint sites.
      dt: s.
      frames: observation.
      reference: (T, A, 4), PD targets that follow the kinematic pose with no torque: ahead of it by what their damping
        takes.
      states: kinematic states.
      knots: (T, A, 3) rad, inverse-dynamics offsets of the PD targets from the reference: torques over gains.
      observed: (T, K, 3) m, positions the error in mm is measured against, with seen (T, K) 0..1.
    """

    body: Body
    sites: Sites
    dt: float
    frames: Frames
    reference: Float[np.ndarray, "T A 4"]
    states: SimState
    knots: Float[np.ndarray, "T A 3"]
    observed: Float[np.ndarray, "T K 3"]
    seen: Float[np.ndarray, "T K"]


_states = Program(rollout.kinematic_states)
_continuous = Program(rotations.continuous)
_offsets = Program(inverse_dynamics.control_offsets)
_turned = Program(lambda quats, turn: rotations.mul(quats, rotations.exp(turn)), name="turned")


def _pad_points(values: Shaped[np.ndarray, " K *N"], size: int) -> Shaped[np.ndarray, " padded *N"]:
    """Pad (K, ...) to ``size`` rows with copies of the last."""
    return np.concatenate([values, np.repeat(values[-1:], size - len(values), axis=0)])


def padded_points(count: int) -> int:
    """Return the number that ``count`` keypoints are padded to."""
    return _POINTS * -(-count // _POINTS)


def site_names(count: int) -> tuple[str, ...]:
    """Return names of padded keypoints, the same for all clips: names are compile-time constants."""
    return tuple(f"point_{i}" for i in range(count))


def padded(tree):
    """Pad a pytree's arrays (T, ...) to one of the few clip lengths that are compiled for; the last frame repeats."""
    return jax.tree.map(pad_frames, tree)


def kinematic_features(prepared: Prepared):
    """Return the Features of the kinematic motion with leading axis T."""
    seen = features_over_time(prepared.body, prepared.sites, padded(prepared.states))
    return jax.tree.map(lambda a: np.asarray(a)[: len(prepared.reference)], seen)


def _of_sole_points(planted: Float[np.ndarray, "T 2 2"], body: Body) -> Float[np.ndarray, "T P"]:
    """Spread (T, 2 feet, heel and ball) over the sole's contact points, (T, P); toes bend and are free to move."""
    columns = []
    for name in body.contact_names[:SOLE_POINTS]:
        foot = planted[:, int(name.startswith("right_"))]
        columns.append(np.zeros(len(planted)) if "toe" in name else foot[:, int("ball" in name)])
    return np.stack(columns, axis=1)


def _swinging(
    height: Float[np.ndarray, "T P"], planted: Float[np.ndarray, "T P"], body: Body
) -> Float[np.ndarray, "T P"]:
    """Return how surely each sole point (T, P) swings centimetres over the floor; toes, which bend, are left out."""
    rigid = np.array(["toe" not in name for name in body.contact_names[:SOLE_POINTS]], float)
    return rigid * (1.0 - planted) / (1.0 + np.exp(np.clip((height - NEAR_FLOOR) / 0.01, -50.0, 50.0)))


def _observed(
    start: KinematicStart, kinematic: Float[np.ndarray, "T K 3"]
) -> tuple[Float[np.ndarray, "T K 3"], Float[np.ndarray, "T K"]]:
    """Return where the padded keypoints were observed, (T, K, 3) m, the kinematic place where not, and how surely."""
    observation, k = start.observation, len(start.observation.names)
    observed, confidence = kinematic.copy(), np.zeros(kinematic.shape[:2])
    confidence[:, :k] = np.asarray(observation.confidence)
    if observation.keypoints3d is not None:
        given = np.asarray(observation.keypoints3d, float)
        observed[:, :k] = np.where(confidence[:, :k, None] > 0, given, observed[:, :k])
    else:
        confidence[:, :k] = 1.0  # the kinematic start has weighed the detections already
    return observed, confidence


def _image_rows(observation: Observation, frames: int, size: int) -> dict[str, np.ndarray]:
    """Return the camera and the padded keypoints in its image, the fields of ``Frames`` by name."""
    camera, k = observation.camera, len(observation.names)
    rotation = np.eye(3) if camera is None else np.asarray(camera.rotation, float)
    translation = np.zeros(3) if camera is None else np.asarray(camera.translation, float)
    image, image_share = np.zeros((frames, size, 2)), np.zeros((frames, size))
    if observation.keypoints2d is not None and camera is not None:
        image[:, :k] = undistort(camera, observation.keypoints2d)
        image_share[:, :k] = np.asarray(observation.confidence) / k
    return {
        "image": image,
        "image_share": image_share,
        "camera_rotation": np.tile(rotation, (frames, 1, 1)),
        "camera_translation": np.tile(translation, (frames, 1)),
    }


def _frames(
    start: KinematicStart,
    body: Body,
    kinematic,
    observed: Float[np.ndarray, "T K 3"],
    confidence: Float[np.ndarray, "T K"],
) -> Frames:
    """Collect what the terms compare with; ``kinematic`` are the Features of the kinematic motion (T, ...)."""
    t, fps, lag = len(observed), float(start.motion.fps), 0.5 / rollout.SUBSTEPS
    soles = _of_sole_points(np.asarray(start.planted, float), body)
    low, high = joint_limits.joint_limits(start.motion.skeleton.names)
    com, sole_height = kinematic.com, kinematic.soles[..., 2]
    speed = momentum.velocity(momentum.low_pass(com, fps), fps, lag)
    film = start.observation.keypoints3d is None
    return Frames(
        points=observed,
        point_velocity=momentum.velocity(kinematic.points, fps, lag),
        point_share=confidence / len(start.observation.names),
        ray=np.zeros((t, 3)) if start.depth_axes is None else np.asarray(start.depth_axes, float),
        planted=soles,
        sole_height=sole_height,
        swinging=_swinging(sole_height, soles, body),
        com=com,
        com_velocity=momentum.film_velocity(com, fps, lag) if film else speed,
        joints=kinematic.joints,
        limit_low=np.tile(low, (t, 1, 1)),
        limit_high=np.tile(high, (t, 1, 1)),
        calm=momentum.calm(speed, fps),
        valid=np.ones(t),
        **_image_rows(start.observation, t, observed.shape[1]),
    )


def prepare(start: KinematicStart, mass: float, strength: float = 1.0) -> Prepared:
    """Build the person and the clip's data.

    Args:
      start: the kinematic start.
      mass: kg.
      strength: multiplies all torque limits.
    """
    motion, t = start.motion, len(start.motion.root_pos)
    body = humanoid.body(motion.skeleton, start.soles, start.height, mass, strength)
    size = padded_points(len(start.observation.names))
    offset = _pad_points(np.asarray(start.sites.offset, float), size)
    link = _pad_points(np.asarray(start.sites.link, np.int32), size)
    sites = Sites(site_names(size), link, offset)
    # a target and its negative are different turns (``pd``), so signs must not change on the way
    root, quats = padded((motion.root_pos, motion.quats))
    states = _states(float(motion.fps), root, _continuous(quats))
    # a motion that stops dead at the clip's end would add a false deceleration: keep the last true velocity
    kinematic = jax.tree.map(lambda a: np.asarray(a)[:t], features_over_time(body, sites, states))
    lead, knots = (np.array(a)[:t] for a in _offsets(body, states, float(motion.fps)))
    states = jax.tree.map(lambda a: np.asarray(a)[:t], states)
    observed, confidence = _observed(start, kinematic.points)
    frames = _frames(start, body, kinematic, observed, confidence)
    reference = np.asarray(_turned(*padded((states.quats[:, 1:], lead))))[:t]
    dt = 1.0 / (float(motion.fps) * rollout.SUBSTEPS)
    return Prepared(
        body=body, sites=sites, dt=dt, frames=frames, reference=reference, states=states, knots=knots,
        observed=observed, seen=confidence,
    )  # fmt: skip


def slice_frames(
    prepared: Prepared, start: int, stop: int
) -> tuple[Frames, Float[np.ndarray, "n A 4"], SimState, Float[np.ndarray, "n A 3"]]:
    """Cut frames [start, stop); frames past the clip's end repeat the last and count for nothing.

    Returns:
      Frames, reference (n, A, 4), kinematic states and knots (n, A, 3) of the stretch.
    """
    t = len(prepared.reference)
    index = np.minimum(np.arange(start, stop), t - 1)
    inside = (np.arange(start, stop) < t).astype(float)
    whole = (prepared.frames, prepared.reference, prepared.states, prepared.knots)
    frames, reference, states, knots = jax.tree.map(lambda a: np.asarray(a)[index], whole)
    frames = dataclasses.replace(
        frames,
        point_share=frames.point_share * inside[:, None],
        planted=frames.planted * inside[:, None],
        swinging=frames.swinging * inside[:, None],
        image_share=frames.image_share * inside[:, None],
        valid=inside,
    )
    return frames, reference, states, knots


def weights_as_arrays(weights: LossWeights) -> LossWeights:
    """Return the weights with array leaves, so that changing one never recompiles."""
    return jax.tree.map(lambda x: np.asarray(float(x)), weights)
