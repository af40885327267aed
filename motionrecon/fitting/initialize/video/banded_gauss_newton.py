"""Levenberg-Marquardt for a clip: block-banded in time with a border of shared unknowns.

One step costs a banded Cholesky factorisation, O(T n^2) with half bandwidth 3 n, and m extra right-hand sides
for the shared unknowns (a Schur complement), so a step is exact where first-order methods creep along the clip.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import jax
import numpy as np
import scipy.linalg
from jaxtyping import Float

from motionrecon.fitting.initialize.video.video_body import Body
from motionrecon.fitting.initialize.video.video_normal import (
    CHUNK,
    HALO,
    Normal,
    loss_program,
    normal_program,
    shared_prior,
)
from motionrecon.fitting.initialize.video.video_points import State
from motionrecon.fitting.initialize.video.video_terms import Frames, Weights
from motionrecon.geometry import rotations
from motionrecon.jobs.program_store import Program


@dataclasses.dataclass(frozen=True)
class Progress:
    """How one call went: losses before and after, Jacobian and loss evaluations of the whole clip."""

    first: float
    last: float
    linearizations: int
    losses: int


class _Clip(NamedTuple):
    """The padded clip: its real length and the frames' data cut into chunks with halos."""

    length: int
    chunks: tuple[Frames, ...]
    body: Body
    weights: Weights


def _cut(x: np.ndarray, edge: bool) -> list[np.ndarray]:
    """Pad (T, ...) to whole chunks with halos (repeating the edge, or zeros) and cut it."""
    x = np.asarray(x)
    pad = -len(x) % CHUNK
    width = [(HALO, HALO + pad)] + [(0, 0)] * (x.ndim - 1)
    x = np.pad(x, width, mode="edge") if edge else np.pad(x, width)
    return [x[i : i + CHUNK + 2 * HALO] for i in range(0, len(x) - 2 * HALO, CHUNK)]


def _split(frames: Frames) -> tuple[Frames, ...]:
    edge = {"pixels", "landmarks", "ray"}
    columns = [_cut(value, name in edge) for name, value in frames._asdict().items()]
    return tuple(Frames(*parts) for parts in zip(*columns, strict=True))


def _states(state: State) -> list[State]:
    roots, quats = _cut(state.root, True), _cut(state.quats, True)
    return [State(r, q, state.shared) for r, q in zip(roots, quats, strict=True)]


def _loss(clip: _Clip, state: State) -> float:
    parts = [loss_program(clip.body, f, clip.weights, s) for f, s in zip(clip.chunks, _states(state), strict=True)]
    return float(sum(np.asarray(p) for p in parts)) + float(shared_prior(clip.weights, state.shared)[0])


def _normal(clip: _Clip, state: State) -> Normal:
    parts = [normal_program(clip.body, f, clip.weights, s) for f, s in zip(clip.chunks, _states(state), strict=True)]
    parts = [jax.tree.map(np.asarray, p) for p in parts]
    join = [np.concatenate([getattr(p, k) for p in parts])[: clip.length] for k in ("grad", "band", "border")]
    loss, grad, diagonal = (np.asarray(x) for x in shared_prior(clip.weights, state.shared))
    return Normal(
        float(sum(p.loss for p in parts) + loss), join[0], sum(p.grad_shared for p in parts) + grad,
        join[1], join[2], sum(p.corner for p in parts) + np.diag(diagonal),
    )  # fmt: skip


def lower_band(blocks: Float[np.ndarray, "T 3 n n"]) -> Float[np.ndarray, "3*n T*n"]:
    """Turn (T, 3, n, n) blocks (t, t + s) of a symmetric matrix into LAPACK's lower band storage (3 n, T n)."""
    count, _, n, _ = blocks.shape
    tall = np.zeros((count, 4 * n, n))  # column t: rows below the block diagonal, padded
    for s in range(3):
        tall[: count - s or None, s * n : (s + 1) * n] = np.swapaxes(blocks[: count - s or None, s], 1, 2)
    step = tall.strides
    sheared = np.lib.stride_tricks.as_strided(
        tall, (count, n, 3 * n), (step[0], step[1] + step[2], step[1])
    )  # [t, j, d] = tall[t, d + j, j]
    return np.ascontiguousarray(sheared.transpose(2, 0, 1).reshape(3 * n, count * n))


def solve(normal: Normal, damping: float) -> tuple[Float[np.ndarray, "T n"], Float[np.ndarray, " m"]]:
    """Return the damped Newton step of the frames (T, n) and of the shared unknowns (m,)."""
    count, n = normal.grad.shape
    band = lower_band(normal.band)
    band[0] += damping * band[0] + 1e-6
    factor = scipy.linalg.cholesky_banded(band, overwrite_ab=True, lower=True, check_finite=False)
    right = np.concatenate([normal.grad[..., None], normal.border], axis=-1).reshape(count * n, -1)
    solved = scipy.linalg.cho_solve_banded((factor, True), right, check_finite=False)
    border = normal.border.reshape(count * n, -1)
    corner = normal.corner + damping * np.diag(np.diag(normal.corner)) - border.T @ solved[:, 1:]
    shared = -np.linalg.solve(corner, normal.grad_shared - border.T @ solved[:, 0])
    return (-solved[:, 0] - solved[:, 1:] @ shared).reshape(count, n), shared


@Program
def _turn(quats, vectors):
    return rotations.normalize(rotations.mul(quats, rotations.exp(vectors)))


def _move(state: State, step: Float[np.ndarray, "T n"], shared: Float[np.ndarray, " m"]) -> State:
    count = len(step)
    vectors = step[:, 3:].reshape(count, -1, 3)
    size = np.linalg.norm(vectors, axis=-1, keepdims=True)
    vectors = vectors * np.minimum(1.0, 0.7 / np.maximum(size, 1e-9))  # rad; a linear step says nothing beyond
    pairs = zip(_cut(state.quats, True), _cut(vectors, True), strict=True)
    turned = np.concatenate([np.asarray(_turn(q, v))[HALO:-HALO] for q, v in pairs])[:count]
    return State(state.root + step[:, :3], turned, state.shared + shared)


def minimize(
    body: Body, frames: Frames, weights: Weights, state: State, *, steps: int, tolerance: float = 1e-3
) -> tuple[State, Progress]:
    """Lower the loss of a whole clip.

    Args:
      body, frames, weights: the problem; T frames of any number.
      state: where to start.
      steps: most accepted steps.
      tolerance: stop when a step lowers the loss by less than this share.

    Returns:
      The best state and how it went. A non-finite or higher loss rejects a step and raises the damping.
    """
    clip = _Clip(len(state.root), _split(frames), body, weights)
    damping, losses, done = 1e-3, 0, 0
    normal = _normal(clip, state)
    first = loss = normal.loss
    while done < steps and damping < 1e4:
        try:
            step, shared = solve(normal, damping)
            trial = _move(state, step, shared)
            value = _loss(clip, trial)
        except np.linalg.LinAlgError:
            value = np.inf
        losses += 1
        if not np.isfinite(value) or value >= loss:
            damping *= 8.0
            continue
        gain = (loss - value) / max(loss, 1e-12)
        state, loss, damping, done = trial, value, max(damping / 5.0, 1e-6), done + 1
        if gain < tolerance or done == steps:
            break
        normal = _normal(clip, state)
    return state, Progress(first, loss, max(done, 1), losses)
