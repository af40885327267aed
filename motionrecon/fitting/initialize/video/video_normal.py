"""Loss and normal equations of a chunk of frames: one compiled program for clips of every length.

The whole problem is sum_t f_t + 1/2 y^T B y, y the moving points and the rotations (twice the quaternions, so
that differences are radians), B five diagonals in time. A chunk holds C frames and two more on either side.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Float

from motionrecon.fitting.initialize.video.video_body import Body
from motionrecon.fitting.initialize.video.video_points import (
    MOVING,
    J,
    M,
    N,
    State,
    derivatives,
    place,
    quaternion_derivative,
)
from motionrecon.fitting.initialize.video.video_terms import (
    Frames,
    Weights,
    camera_terms,
    pose_terms,
    stance_terms,
    swing_terms,
)
from motionrecon.jobs.program_store import Program
from motionrecon.types import Array

HALO = 2
CHUNK = 32


class Normal(NamedTuple):
    """Normal equations of C frames.

    Attributes:
      loss: scalar.
      grad: (C, n). grad_shared: (m,).
      band: (C, 3, n, n): Hessian blocks (t, t), (t, t+1), (t, t+2).
      border: (C, n, m): blocks (t, shared).
      corner: (m, m).
    """

    loss: Array
    grad: Array
    grad_shared: Array
    band: Array
    border: Array
    corner: Array


def _middle(x: Array) -> Array:
    return x[HALO:-HALO]


def _banded(d: Array, y: Array) -> Array:
    """Apply five symmetric diagonals d (T, 3, ...) to y (T, ...); returns the middle frames."""
    n = len(y)
    rows = _middle(d[:, 0]) * _middle(y)
    rows += _middle(d[:, 1]) * y[HALO + 1 : n - HALO + 1] + d[HALO - 1 : n - HALO - 1, 1] * y[HALO - 1 : n - HALO - 1]
    return rows + _middle(d[:, 2]) * y[2 * HALO :] + d[: n - 2 * HALO, 2] * y[: n - 2 * HALO]


def _diagonals(frames: Frames, weights: Weights) -> tuple[Array, Array]:
    """Return the temporal form of the moving points (T, 3, MOVING) and of the rotations (T, 3)."""
    points = jnp.broadcast_to((frames.accel / weights.point_accel**2)[..., None], (*frames.accel.shape, MOVING))
    points = points.at[:, :2, J : J + 4].add(frames.speed * weights.slip**2)
    return points, frames.accel / weights.turn_accel**2


def chunk_loss(body: Body, frames: Frames, weights: Weights, state: State) -> Float[Array, ""]:
    """Return the loss of the middle frames of a chunk (scalar)."""
    points = place(body, state)
    own = camera_terms(frames, weights, state, points)[0] + pose_terms(frames, weights, state)[0]
    own += swing_terms(frames, weights, state)[0]
    own += 0.5 * jnp.sum(stance_terms(frames, weights, points)[0] ** 2, axis=-1)
    d_point, d_turn = _diagonals(frames, weights)
    moving = points.at[:, :MOVING]
    turn = 2.0 * state.quats
    pulled = jnp.sum(_middle(moving) * _banded(d_point[..., None], moving))
    twisted = jnp.sum(_middle(turn) * _banded(d_turn[..., None, None], turn))
    return jnp.sum(_middle(own)) + 0.5 * (pulled + twisted)


def _block_diagonal(blocks: Float[Array, "*N J 3 3"]) -> Float[Array, "*N n n"]:
    """Place (..., J, 3, 3) joint blocks into (..., n, n)."""
    eye = jnp.eye(J, dtype=blocks.dtype)
    full = blocks[..., :, :, None, :] * eye[:, None, :, None]
    full = full.reshape(*blocks.shape[:-3], 3 * J, 3 * J)
    return jnp.pad(full, [(0, 0)] * (full.ndim - 2) + [(3, 0), (3, 0)])


def _own(body, frames, weights, state, points, jac):
    """Gradient (C, n + m) and Hessian (C, n + m, n + m) of the middle frames' own terms."""
    _, value, rows = camera_terms(frames, weights, state, points, jac)
    stance, stance_rows = stance_terms(frames, weights, points, jac)
    _, swing, swing_rows = swing_terms(frames, weights, state, with_jac=True)
    value = jnp.concatenate([value, stance, swing], axis=-1)
    stance_rows = jnp.pad(stance_rows, ((0, 0), (0, 0), (0, 2)))
    swing_rows = jnp.pad(swing_rows, ((0, 0), (0, 0), (0, M)))
    rows = jnp.concatenate([rows, stance_rows, swing_rows], axis=1)
    value, rows = _middle(value), _middle(rows)
    return jnp.matmul(value[:, None], rows)[:, 0], jnp.matmul(jnp.swapaxes(rows, 1, 2), rows)


def _coupled(d, y, y_j, y_g):
    """Temporal form of features y (T, R): gradients, band, border and corner, from Jacobians (T, R, n), (T, R, m)."""
    pull = _banded(d, y)
    left = jnp.swapaxes(_middle(y_j), 1, 2)
    n = len(y)
    band = [jnp.matmul(left, _middle(d[:, s])[..., None] * y_j[HALO + s : n - HALO + s]) for s in range(3)]
    pull_g = _banded(d[..., None], y_g)
    border = jnp.matmul(left, pull_g)
    mid_g = _middle(y_g)
    corner = jnp.sum(jnp.matmul(jnp.swapaxes(mid_g, 1, 2), pull_g), axis=0)
    grad = jnp.matmul(left, pull[..., None])[..., 0]
    return grad, jnp.sum(pull[..., None] * mid_g, axis=(0, 1)), jnp.stack(band, axis=1), border, corner


def chunk_normal(body: Body, frames: Frames, weights: Weights, state: State) -> Normal:
    """Return loss, gradient and Gauss-Newton blocks of the middle frames of a chunk."""
    points = place(body, state)
    jac = derivatives(body, points)
    grad, hess = _own(body, frames, weights, state, points, jac)
    _, pose_grad, pose_block = pose_terms(frames, weights, state, with_jac=True)
    d_point, d_turn = _diagonals(frames, weights)
    count = len(frames.valid)
    moving = [x[:, :MOVING].reshape(count, 3 * MOVING, *x.shape[3:]) for x in (points.at, *jac)]
    g, gs, band, border, corner = _coupled(jnp.repeat(d_point, 3, axis=-1), *moving)
    turn = 2.0 * state.quats
    turn_j = quaternion_derivative(state.quats)
    pull = _banded(d_turn[..., None, None], turn)
    left = jnp.swapaxes(_middle(turn_j), -1, -2)[..., None]  # (C, J, 3, 4, 1)
    joint = [
        jnp.sum(left * turn_j[HALO + s : count - HALO + s][:, :, None], axis=-2)
        * _middle(d_turn[:, s])[:, None, None, None]
        for s in range(3)
    ]
    joint[0] = joint[0] + _middle(pose_block)
    turn_grad = jnp.sum(left[..., 0] * pull[:, :, None], axis=-1) + _middle(pose_grad)
    band = band + _block_diagonal(jnp.stack(joint, axis=1))
    band = band.at[:, 0].add(hess[:, :N, :N])
    g = g + grad[:, :N] + jnp.pad(turn_grad.reshape(len(g), -1), ((0, 0), (3, 0)))
    free = weights.free
    shared = jnp.pad(gs, (0, 2)) + jnp.sum(grad[:, N:], axis=0)
    border = (jnp.pad(border, ((0, 0), (0, 0), (0, 2))) + hess[:, :N, N:]) * free
    corner = (jnp.pad(corner, ((0, 2), (0, 2))) + jnp.sum(hess[:, N:, N:], axis=0)) * free * free[:, None]
    return Normal(chunk_loss(body, frames, weights, state), g, shared * free, band, border, corner)


loss_program = Program(chunk_loss)
normal_program = Program(chunk_normal)


def shared_prior(
    weights: Weights, shared: Float[Array, " m"]
) -> tuple[Float[Array, ""], Float[Array, " m"], Float[Array, " m"]]:
    """Return loss, gradient (m,) and diagonal (m,) of the prior of the shared unknowns; once for the clip."""
    off = (shared - weights.shared_mean) * weights.shared * weights.free
    return 0.5 * jnp.sum(off**2), off * weights.shared, weights.shared**2 * weights.free + (1.0 - weights.free)
