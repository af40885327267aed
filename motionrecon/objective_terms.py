"""The residual terms of one frame: small pure functions of what the simulated body does and what was observed.

Every function returns a flat residual vector whose squared length is the term's share of the frame's loss
(dimensionless). The terms follow DiffPhy (Gärtner et al., CVPR 2022): match 3D poses or 2D keypoints, stay within the
joints' limits, do not skate. Shapes: K keypoints, A joints, 8 sole points.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax import Array

from motionrecon.physics.features import Features


@dataclasses.dataclass(frozen=True)
class LossWeights:
    """Weights of the loss; one source of defaults.

    Attributes:
      keypoints: 1/m^2, times the mean over keypoints of the squared distance.
      velocity_time: s, keypoint velocities count like positions after this time; 0 switches the rows off.
      depth: share of the keypoint weight along the viewing ray (video), 0..1.
      planted: s^2/m^2, times the mean squared velocity of planted sole points.
      reprojection: 1/m^2, times the mean squared reprojection error at the keypoint's depth (robust weights).
      com: 1/m^2, squared distance of the centre of mass from the kinematic one.
      joint_limits: 1/rad^2, squared excess over the anatomical limits.
      effort: squared damping torque of the controllers over the joints' limits (the spring's share is the control
        term's matter).
      control: 1/rad^2, squared offset of the PD targets from the kinematic pose.
      control_rate: 1/rad^2, squared change of that offset from knot to knot.
      start: squared distance of the first state from the kinematic one (m, rad, m/s, rad/s; mean over coordinates).
    """

    keypoints: float = 100.0
    velocity_time: float = 0.05
    depth: float = 0.2
    planted: float = 4.0
    reprojection: float = 0.0
    com: float = 0.0
    joint_limits: float = 0.1
    effort: float = 0.0
    control: float = 3e-3
    control_rate: float = 3e-3
    start: float = 1e-2


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Frames:
    """What the terms compare with; every array may carry a leading time axis.

    Attributes:
      points: (K, 3) m, keypoints in the world.
      point_velocity: (K, 3) m/s.
      root_weight: (K, 3, 3) 1/m, square root of the position weight (confidence, depth, keypoint weight).
      rate_weight: (K, 3, 3) s/m, square root of the velocity weight.
      planted: (8,) 0..1, how surely each sole point stands still.
      image: (K, 2), undistorted normalised image coordinates.
      image_weight: (K,) 0..1, confidence times robust weight times a mean over keypoints.
      com: (3,) m, centre of mass of the kinematic start.
      limit_low, limit_high: (A, 3) rad, anatomical limits of the joints' rotation vectors.
      camera_rotation: (3, 3), camera_translation: (3,) m, world to camera.
      valid: 1 for a frame of the clip, 0 for padding.
    """

    points: Array
    point_velocity: Array
    root_weight: Array
    rate_weight: Array
    planted: Array
    image: Array
    image_weight: Array
    com: Array
    limit_low: Array
    limit_high: Array
    camera_rotation: Array
    camera_translation: Array
    valid: Array


def _apply(matrix: Array, vector: Array) -> Array:
    return jnp.sum(matrix * vector[..., None, :], axis=-1)


def keypoints3d(f: Features, o: Frames, w: LossWeights) -> Array:
    """Distance of keypoints from where they were observed or kinematically placed (m, weighted per axis)."""
    return _apply(o.root_weight, f.points - o.points).ravel()


def keypoint_velocity(f: Features, o: Frames, w: LossWeights) -> Array:
    """Difference of keypoint velocities (m/s)."""
    return _apply(o.rate_weight, f.point_velocity - o.point_velocity).ravel()


def reprojection(f: Features, o: Frames, w: LossWeights) -> Array:
    """Reprojection error of keypoints, in metres at their depth (px times depth over focal length)."""
    local = _apply(o.camera_rotation[None], f.points) + o.camera_translation
    depth = jnp.maximum(local[:, 2:], 0.1)
    error = (local[:, :2] / depth - o.image) * jax.lax.stop_gradient(depth)
    return (jnp.sqrt(w.reprojection * o.image_weight)[:, None] * error).ravel()


def foot_contact(f: Features, o: Frames, w: LossWeights) -> Array:
    """Velocity of planted sole points (m/s), which should be zero."""
    return (jnp.sqrt(w.planted * o.planted / o.planted.shape[0])[:, None] * f.sole_velocity).ravel()


def centre_of_mass(f: Features, o: Frames, w: LossWeights) -> Array:
    """Distance of the centre of mass from the kinematic start's (m)."""
    return jnp.sqrt(w.com * o.valid) * (f.com - o.com)


def joint_limits(f: Features, o: Frames, w: LossWeights) -> Array:
    """Excess of joint rotation vectors over their limits (rad)."""
    excess = jnp.maximum(f.joints - o.limit_high, 0.0) - jnp.maximum(o.limit_low - f.joints, 0.0)
    return (jnp.sqrt(w.joint_limits * o.valid) * excess).ravel()


def effort(f: Features, o: Frames, w: LossWeights) -> Array:
    """Velocity share of the controllers' torque over the joints' limits (dimensionless)."""
    return (jnp.sqrt(w.effort * o.valid) * f.effort).ravel()


TERMS = {
    "keypoints3d": keypoints3d,
    "keypoint_velocity": keypoint_velocity,
    "reprojection": reprojection,
    "foot_contact": foot_contact,
    "centre_of_mass": centre_of_mass,
    "joint_limits": joint_limits,
    "effort": effort,
}


def residuals(f: Features, o: Frames, w: LossWeights) -> Array:
    """All terms of one frame in one residual vector."""
    return jnp.concatenate([term(f, o, w) for term in TERMS.values()])
