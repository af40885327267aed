"""The residual terms of one frame: small pure functions of what the simulated body does and what was observed.

Every function returns a flat residual vector whose squared length is the term's share of the frame's loss
(dimensionless). The terms follow DiffPhy (Gärtner et al., CVPR 2022): match 3D poses or 2D keypoints, stay within the
joints' limits, do not skate. Shapes: K keypoints, A joints, P sole points.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from motionrecon.physics.features import Features


@dataclasses.dataclass(frozen=True)
class LossWeights:
    """Weights of the loss; one source of defaults.

    Attributes:
      keypoints: 1/m^2, times the mean over keypoints of the squared distance.
      velocity_time: s, keypoint velocities count like positions after this time; 0 switches the rows off.
      depth: share of the keypoint weight along the viewing ray (video), 0..1.
      planted: s^2/m^2, times the mean squared velocity of planted sole points.
      clearance: 1/m^2, times the mean squared error in height of sole points that swing near the floor: millimetres
        there decide when a foot strikes and leaves.
      reprojection: 1/m^2, times the mean squared reprojection error at the keypoint's depth (robust weights).
      com: 1/m^2, squared distance of the centre of mass from the kinematic one.
      com_velocity: s^2/m^2, squared difference of its velocity from the low-passed kinematic one. What changes of it
        from frame to frame is the net force over the body mass: every newton that the motion does not show has a price.
      pose: 1/rad^2, squared difference of the joints' rotation vectors from the kinematic ones: keypoints do not see
        how a straight limb is turned about itself, and torques would use that.
      joint_limits: 1/rad^2, squared excess over the anatomical limits.
      effort: squared damping torque of the controllers over the joints' limits (the spring's share is the control
        term's matter).
      control: 1/rad^2, squared offset of the PD targets from those that follow the kinematic pose with no torque:
        torque over gain.
      control_rate: 1/rad^2, squared change of that offset in a thirtieth of a second: smooth torques, and with them
        forces that two feet share as muscles would.
      start: squared distance of the first state from the kinematic one (m, rad, m/s, rad/s; mean over coordinates).
    """

    keypoints: float = 100.0
    velocity_time: float = 0.05
    depth: float = 0.2
    planted: float = 4.0
    clearance: float = 0.0
    reprojection: float = 0.0
    com: float = 0.0
    com_velocity: float = 0.0
    pose: float = 0.0
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
      point_share: (K,), confidence of each keypoint over their number: sums to at most 1.
      ray: (3,) unit viewing direction along which keypoints count less (video), zero where all directions count alike.
      planted: (P,) 0..1, how surely each sole point stands still.
      sole_height: (P,) m, height of the sole points in the kinematic motion.
      swinging: (P,) 0..1, how surely each swings near the floor.
      image: (K, 2), undistorted normalised image coordinates.
      image_share: (K,), the same as ``point_share`` for keypoints seen in the image.
      com: (3,) m, centre of mass of the kinematic start.
      com_velocity: (3,) m/s, its velocity, low-passed.
      joints: (A, 3) rad, rotation vectors of the joints in the kinematic motion.
      limit_low, limit_high: (A, 3) rad, anatomical limits of the joints' rotation vectors.
      camera_rotation: (3, 3), camera_translation: (3,) m, world to camera.
      calm: 0..1, share of its price at which controls may change: less where the body is thrown about.
      valid: 1 for a frame of the clip, 0 for padding.
    """

    points: Array
    point_velocity: Array
    point_share: Array
    ray: Array
    planted: Array
    sole_height: Array
    swinging: Array
    image: Array
    image_share: Array
    com: Array
    com_velocity: Array
    joints: Array
    limit_low: Array
    limit_high: Array
    camera_rotation: Array
    camera_translation: Array
    calm: Array
    valid: Array


def _apply(matrix: Float[Array, "*#N n m"], vector: Float[Array, "*N m"]) -> Float[Array, "*N n"]:
    return jnp.sum(matrix * vector[..., None, :], axis=-1)


def _root(weight: Float[Array, ""], share: Float[Array, " ..."]) -> Float[Array, " ..."]:
    """Return sqrt(weight * share), whose slope in the weight stays finite where the share is zero."""
    return jnp.sqrt(weight) * jnp.sqrt(share)


def _keypoint_rows(error: Float[Array, "K 3"], o: Frames, w: LossWeights) -> Float[Array, "K 3"]:
    """Weigh errors (K, 3) of keypoints, less along the viewing ray."""
    along = jnp.sum(o.ray * error, axis=-1, keepdims=True)  # (K, 1)
    return _root(w.keypoints, o.point_share)[:, None] * (error - (1.0 - jnp.sqrt(w.depth)) * along * o.ray)


def keypoints3d(f: Features, o: Frames, w: LossWeights) -> Float[Array, " R"]:
    """Distance of keypoints from where they were observed or kinematically placed (m, weighted per axis)."""
    return _keypoint_rows(f.points - o.points, o, w).ravel()


def keypoint_velocity(f: Features, o: Frames, w: LossWeights) -> Float[Array, " R"]:
    """Difference of keypoint velocities (m/s)."""
    rows = _keypoint_rows(f.point_velocity - o.point_velocity, o, w)
    return (w.velocity_time * jnp.sqrt(o.calm) * rows).ravel()


def reprojection(f: Features, o: Frames, w: LossWeights) -> Float[Array, " R"]:
    """Reprojection error of keypoints, in metres at their depth (px times depth over focal length)."""
    local = _apply(o.camera_rotation[None], f.points) + o.camera_translation
    depth = jnp.maximum(local[:, 2:], 0.1)
    error = (local[:, :2] / depth - o.image) * jax.lax.stop_gradient(depth)
    return (_root(w.reprojection, o.image_share)[:, None] * error).ravel()


def foot_contact(f: Features, o: Frames, w: LossWeights) -> Float[Array, " R"]:
    """Velocity of planted sole points (m/s), which should be zero."""
    return (_root(w.planted, o.calm * o.planted / o.planted.shape[0])[:, None] * f.sole_velocity).ravel()


def foot_clearance(f: Features, o: Frames, w: LossWeights) -> Float[Array, " P"]:
    """Height of swinging sole points near the floor against the kinematic motion's (m)."""
    return _root(w.clearance, o.calm * o.swinging / o.swinging.shape[0]) * (f.soles[:, 2] - o.sole_height)


def center_of_mass(f: Features, o: Frames, w: LossWeights) -> Float[Array, " 3"]:
    """Distance of the centre of mass from the kinematic start's (m)."""
    return _root(w.com, o.valid) * (f.com - o.com)


def momentum(f: Features, o: Frames, w: LossWeights) -> Float[Array, " 3"]:
    """Difference of the centre of mass' velocity from the low-passed kinematic one (m/s)."""
    return _root(w.com_velocity, o.valid) * (f.com_velocity - o.com_velocity)


def pose(f: Features, o: Frames, w: LossWeights) -> Float[Array, " R"]:
    """Difference of joint rotation vectors from the kinematic motion's (rad)."""
    return (_root(w.pose, o.valid * o.calm) * (f.joints - o.joints)).ravel()


def joint_limits(f: Features, o: Frames, w: LossWeights) -> Float[Array, " R"]:
    """Excess of joint rotation vectors over their limits (rad)."""
    excess = jnp.maximum(f.joints - o.limit_high, 0.0) - jnp.maximum(o.limit_low - f.joints, 0.0)
    return (_root(w.joint_limits, o.valid) * excess).ravel()


def effort(f: Features, o: Frames, w: LossWeights) -> Float[Array, " R"]:
    """Velocity share of the controllers' torque over the joints' limits (dimensionless)."""
    return (_root(w.effort, o.valid) * f.effort).ravel()


TERMS = {
    "keypoints3d": keypoints3d,
    "keypoint_velocity": keypoint_velocity,
    "reprojection": reprojection,
    "foot_contact": foot_contact,
    "foot_clearance": foot_clearance,
    "centre_of_mass": center_of_mass,
    "momentum": momentum,
    "pose": pose,
    "joint_limits": joint_limits,
    "effort": effort,
}


def residuals(f: Features, o: Frames, w: LossWeights) -> Float[Array, " R"]:
    """All terms of one frame in one residual vector."""
    return jnp.concatenate([term(f, o, w) for term in TERMS.values()])
