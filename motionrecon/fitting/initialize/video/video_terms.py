"""The terms of the whole-clip least squares of a video, frame by frame, with their Jacobians in closed form.

Robust reprojection, weak hip-centred 3D landmarks in ray axes, a pose prior with one-signed hinges, an upright and
a balance prior and foot heights. What couples frames is in ``video_normal``.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Float

from motionrecon.fitting.initialize.video.video_points import MOVING, J, Points, State
from motionrecon.geometry import rotations
from motionrecon.types import Array

_NECK, _LEFT_HIP, _RIGHT_HIP = 3, 4, 7


class Frames(NamedTuple):
    """What is known of every frame; leading axis T.

    Attributes:
      pixels: (T, K, 2) px, undistorted.
      pixel_weight: (T, K) 1/px.
      landmarks: (T, K, 3) m, hip-centred, in ray axes.
      landmark_weight: (T, K), 1 = full weight.
      ray: (T, 3, 3) ray axes to camera axes.
      contact: (T, 4) 0..1, how surely each of ``video_body.FEET`` stands.
      valid: (T,) 1 for real frames, 0 for padding.
      accel: (T, 3) diagonals 0, 1, 2 of the sum of squared second differences, 1/s^4.
      speed: (T, 2, 4) diagonals 0, 1 of the sum of squared first differences of planted feet, 1/s^2.
      balance: (T, MOVING), centre of mass less middle of the support, of the moving points.
    """

    pixels: Array
    pixel_weight: Array
    landmarks: Array
    landmark_weight: Array
    ray: Array
    contact: Array
    valid: Array
    accel: Array
    speed: Array
    balance: Array


class Weights(NamedTuple):
    """Camera, scales (standard deviations) and weights, all arrays so that changing them compiles nothing.

    Attributes:
      focal, center: (2,) px each. eye: (3,) m. rotation: (3, 3) world to camera, before pitch is added.
      landmark: (3,) m, scale across (2) and along the ray.
      point_accel: m/s^2. turn_accel: rad/s^2.
      pose: (J, 3) 1/rad, zero = no prior. reference: (J, 4), where the prior rests.
      hinge: (J, 3) signed 1/rad: penalises rotation against the sign.
      swing: (J, 3) 1/rad, what of the rotation vectors adds up to nearly nothing where arms answer the legs.
      lean, tilt: of trunk and pelvis, 1/rad. balance, height, sink: 1/m. slip: s/m, of planted feet.
      floor: (4,) m, height of ``video_body.FEET`` in stance.
      free: (m,) 1 where a shared unknown is estimated. shared: (m,) 1/sd, its prior for the whole clip.
      shared_mean: (m,).
      geman: 0 = Huber, 1 = Geman-McClure. reach: where the 2D loss bends, in sd.
    """

    focal: Array
    center: Array
    eye: Array
    rotation: Array
    landmark: Array
    point_accel: Array
    turn_accel: Array
    pose: Array
    reference: Array
    hinge: Array
    swing: Array
    lean: Array
    tilt: Array
    balance: Array
    height: Array
    sink: Array
    slip: Array
    floor: Array
    free: Array
    shared: Array
    shared_mean: Array
    geman: Array
    reach: Array


def view(weights: Weights, shared: Float[Array, " m"]) -> tuple[Float[Array, "3 3"], Float[Array, " 3"]]:
    """Return the camera's rotation (3, 3) world to camera and its centre (3,) m for the shared unknowns."""
    c, s = jnp.cos(shared[-2]), jnp.sin(shared[-2])
    one, zero = jnp.ones_like(c), jnp.zeros_like(c)
    pitch = jnp.stack([jnp.stack([one, zero, zero]), jnp.stack([zero, c, -s]), jnp.stack([zero, s, c])])
    return jnp.matmul(pitch, weights.rotation), weights.eye + shared[-1] * jnp.array([0.0, 0.0, 1.0])


def _robust(square: Array, geman: Array, reach: Array | float) -> tuple[Array, Array]:
    """Return loss and reweighting factor (Huber or Geman-McClure) of squared residuals in units of their scale."""
    size = jnp.sqrt(square + 1e-12)
    huber = jnp.where(size < reach, 0.5 * square, reach * size - 0.5 * reach**2)
    bend = 1.0 / (1.0 + square / reach**2)
    loss = jnp.where(geman > 0, 0.5 * square * bend, huber)
    return loss, jnp.where(geman > 0, bend**2, jnp.minimum(1.0, reach / size))


def camera_terms(frames: Frames, weights: Weights, state: State, points: Points, jac=None):
    """Reprojection and 3D landmarks, both robust.

    Args:
      frames, weights, state, points: the problem.
      jac: d point / d frame unknowns and d point / d bone scales, or None when only the loss is wanted.

    Returns:
      Loss (T,), and with ``jac`` reweighted residuals (T, 5 K) and their Jacobian (T, 5 K, n + m).
    """
    rot, eye = view(weights, state.shared)
    local = jnp.sum(rot * (points.at - eye)[..., None, :], axis=-1)  # (T, P, 3) camera axes
    seen = local[:, MOVING:]
    depth = jnp.maximum(seen[..., 2:], 0.2)
    flat = seen[..., :2] / depth
    off = weights.focal * flat + weights.center - frames.pixels
    loss2, bend2 = _robust(jnp.sum(off**2, axis=-1) * frames.pixel_weight**2, weights.geman, weights.reach)
    middle = 0.5 * (local[:, _LEFT_HIP] + local[:, _RIGHT_HIP])
    ray = frames.ray[:, None]
    off3 = jnp.sum(ray * (seen - middle[:, None])[..., :, None], axis=-2)
    off3 = (off3 - frames.landmarks) / weights.landmark
    loss3, bend3 = _robust(jnp.sum(off3**2, axis=-1), weights.geman, 2.0)
    loss = jnp.sum(loss2, axis=-1) + jnp.sum(frames.landmark_weight * loss3, axis=-1)
    if jac is None:
        return loss, None, None
    pitch = jnp.cross(jnp.array([1.0, 0.0, 0.0]), local)[..., None]
    lift = jnp.broadcast_to(-rot[:, 2][:, None], pitch.shape)
    local_j = jnp.concatenate([jnp.matmul(rot, jac[0]), jnp.matmul(rot, jac[1]), pitch, lift], axis=-1)
    seen_j = local_j[:, MOVING:]
    w2 = (jnp.sqrt(bend2) * frames.pixel_weight)[..., None]
    w3 = jnp.sqrt(bend3 * frames.landmark_weight)[..., None]
    pixel_j = (w2 * weights.focal / depth)[..., None] * (seen_j[:, :, :2] - flat[..., None] * seen_j[:, :, 2:])
    rel_j = seen_j - 0.5 * (local_j[:, _LEFT_HIP] + local_j[:, _RIGHT_HIP])[:, None]
    ray_j = jnp.matmul(jnp.swapaxes(ray, -1, -2), rel_j) * (w3 / weights.landmark)[..., None]
    count, width = len(off), local_j.shape[-1]
    value = jnp.concatenate([(w2 * off).reshape(count, -1), (w3 * off3).reshape(count, -1)], axis=-1)
    rows = jnp.concatenate([pixel_j.reshape(count, -1, width), ray_j.reshape(count, -1, width)], axis=1)
    return loss, value, rows


def stance_terms(frames: Frames, weights: Weights, points: Points, jac=None):
    """Upright trunk and pelvis, balance, planted feet at their height, no foot below the floor (plain squares).

    Returns:
      Residuals (T, 14), and with ``jac`` their Jacobian (T, 14, n + 9), else None.
    """
    at = points.at
    trunk = at[:, _NECK] - at[:, 0]
    length = jnp.linalg.norm(trunk, axis=-1, keepdims=True)
    along = trunk / length
    up = points.rot[:, 0, 2]  # the world's up in pelvis axes
    over = at[:, J : J + 4, 2] - weights.floor
    stand = weights.height * frames.contact
    below = weights.sink * (over < 0)
    beside = jnp.sum(frames.balance[..., None] * at[:, :MOVING, :2], axis=1)  # (T, 2)
    parts = [
        weights.lean * along[:, :2],
        weights.tilt * up[:, :2],
        weights.balance * beside,
        stand * over,
        below * over,
    ]
    value = jnp.concatenate(parts, axis=-1) * frames.valid[:, None]
    if jac is None:
        return value, None
    both = jnp.concatenate(jac, axis=-1)
    trunk_j = both[:, _NECK] - both[:, 0]
    trunk_j = (trunk_j - along[..., None] * jnp.sum(along[..., None] * trunk_j, axis=1, keepdims=True))[:, :2]
    trunk_j = weights.lean * trunk_j / length[..., None]
    tilt_j = jnp.zeros_like(trunk_j).at[:, :, 3:6].set(weights.tilt * rotations.skew(up)[:, :2])
    beside_j = weights.balance * jnp.sum(frames.balance[..., None, None] * both[:, :MOVING, :2], axis=1)
    foot_j = both[:, J : J + 4, 2]
    rows = jnp.concatenate([trunk_j, tilt_j, beside_j, stand[..., None] * foot_j, below[..., None] * foot_j], axis=1)
    return value, rows * frames.valid[:, None, None]


def _vectors(weights: Weights, state: State) -> Float[Array, "T J 3"]:
    """Return each joint's rotation vector (T, J, 3) rad relative to the prior's rest."""
    return rotations.log(rotations.mul(state.quats, rotations.conj(weights.reference)))


def _vector_rows(weights: Weights, vector: Float[Array, "T J 3"]) -> Float[Array, "T J 3 3"]:
    """Return d vector / d local rotation (T, J, 3, 3)."""
    turn = rotations.right_jacobian_inverse(vector)
    base = rotations.to_matrix(weights.reference)
    return jnp.sum(turn[..., :, :, None] * base[..., None, :, :], axis=-2)


def pose_terms(frames: Frames, weights: Weights, state: State, with_jac: bool = False):
    """Pose prior and one-signed hinges on each joint's rotation vector relative to the prior's rest.

    Returns:
      Loss (T,), and with ``with_jac`` gradient (T, J, 3) and Gauss-Newton blocks (T, J, 3, 3), else None twice.
    """
    vector = _vectors(weights, state)
    wrong = jnp.sign(weights.hinge) * vector < 0
    weight = (weights.pose**2 + weights.hinge**2 * wrong) * frames.valid[:, None, None]
    loss = 0.5 * jnp.sum(weight * vector**2, axis=(-1, -2))
    if not with_jac:
        return loss, None, None
    rows = _vector_rows(weights, vector)
    grad = jnp.sum(rows * (weight * vector)[..., None], axis=-2)
    block = jnp.sum(rows[..., :, :, None] * rows[..., :, None, :] * weight[..., None, None], axis=-3)
    return loss, grad, block


def swing_terms(frames: Frames, weights: Weights, state: State, with_jac: bool = False):
    """Arms that answer the legs, Geman-McClure: arms that do something else are let go.

    Returns:
      Loss (T,), and with ``with_jac`` the reweighted residual (T, 1) and its Jacobian (T, 1, n), else None twice.
    """
    vector = _vectors(weights, state)
    off = jnp.sum(weights.swing * vector, axis=(-1, -2))
    loss, bend = _robust(off**2, jnp.ones(()), weights.reach)
    loss = loss * frames.valid
    if not with_jac:
        return loss, None, None
    factor = jnp.sqrt(bend) * frames.valid
    rows = jnp.sum(weights.swing[..., None] * _vector_rows(weights, vector), axis=-2).reshape(len(off), -1)
    return loss, (factor * off)[:, None], jnp.pad(factor[:, None] * rows, ((0, 0), (3, 0)))[:, None]
