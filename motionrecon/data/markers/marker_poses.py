"""Poses of a known body from its markers: damped Gauss-Newton in all frames at once, robust against wrong markers.

Unknown per frame: root position, 14 rotation vectors in the joints' own frames, the shoulders' slack (51 numbers).
Residuals: markers (Geman-McClure), knees and elbows as hinges, weak pulls of trunk and feet to their rest and of
everything to the guess. A point p carried by a joint at a turns with it as dp = R d x (p - a).
Frames are independent, so that clips of any length go in blocks; nothing is compiled.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from motionrecon.data.markers.marker_body import (
    JOINTS,
    NODES,
    PARENTS,
    SHOULDERS,
    MarkerBody,
    Poses,
    positions,
    visible,
)
from motionrecon.geometry import skeleton

_BLOCK = 256  # frames at once
_SIZE = 3 + 3 * JOINTS + 6


@dataclasses.dataclass(frozen=True)
class PoseOptions:
    """Weights against 1 per metre of a marker's error.

    Attributes:
      knee, elbow: per unit of the sine off the hinge.
      trunk, ankle: per radian of rotation of spine, chest and neck, and of the ankles.
      pull: per radian and metre away from the guess.
      twist: per radian of an upper arm's twist away from the guess: a straight arm with one marker shows none.
      slack: per metre of the shoulders' own motion.
      iterations: most Gauss-Newton steps.
    """

    knee: float = 0.04
    elbow: float = 0.1
    trunk: float = 0.03
    ankle: float = 0.02
    pull: float = 0.01
    twist: float = 0.04
    slack: float = 0.3
    iterations: int = 12


def solve_poses(
    body: MarkerBody, markers: np.ndarray, guess: Poses, width: float, options: PoseOptions = PoseOptions()
) -> tuple[Poses, np.ndarray]:
    """Find the poses that meet the markers.

    Args:
      body: lengths and places.
      markers: (T, M, 3) m, NaN where missing.
      guess: start, and what unseen parts are pulled to.
      width: m, error at which a marker counts a quarter in the equations.
      options: weights.

    Returns:
      Poses, and each marker's weight (T, M) in 0..1, 0 where missing.
    """
    parts, weights = [], []
    for first in range(0, len(markers), _BLOCK):
        rows = slice(first, first + _BLOCK)
        poses, weight = _solve(body, markers[rows], guess[rows], width, options)
        parts.append(poses)
        weights.append(weight)
    return Poses(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in dataclasses.fields(Poses))), (
        np.concatenate(weights)
    )


def _solve(body: MarkerBody, markers: np.ndarray, guess: Poses, width: float, options: PoseOptions):
    seen = visible(markers)
    target = np.where(seen[..., None], markers, 0.0)
    best, damping = guess, np.full(len(markers), 1e-3)
    cost = _cost(body, target, seen, best, guess, width, options)
    for i in range(options.iterations):
        block, right = _equations(body, target, seen, best, guess, width, options)
        step = np.linalg.solve(block + damping[:, None, None] * np.eye(_SIZE), right[..., None])[..., 0]
        tried = _moved(best, step)
        new = _cost(body, target, seen, tried, guess, width, options)
        good = new < cost
        best = Poses(*(np.where(good.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in
                       ((tried.root, best.root), (tried.turns, best.turns), (tried.slack, best.slack))))  # fmt: skip
        done = np.all(~good | (cost - new < 1e-4 * cost + 1e-10))
        cost = np.where(good, new, cost)
        damping = np.where(good, np.maximum(0.2 * damping, 1e-7), 10.0 * damping)
        if done and i > 2:
            break
    error = np.sum((positions(body, best)[2] - target) ** 2, axis=-1)
    return best, seen / (1.0 + error / width**2) ** 2


def _moved(poses: Poses, step: np.ndarray) -> Poses:
    vectors = step[:, 3 : 3 + 3 * JOINTS].reshape(-1, 3)
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    turns = Rotation.from_rotvec(vectors * np.minimum(1.0, 0.7 / np.maximum(norm, 1e-9))).as_matrix()
    return Poses(
        poses.root + step[:, :3],
        poses.turns @ turns.reshape(poses.turns.shape),
        poses.slack + step[:, 3 + 3 * JOINTS :].reshape(-1, 2, 3),
    )


def _vee(turns: np.ndarray) -> np.ndarray:
    """Return sin(angle) * axis (..., 3) of rotations (..., 3, 3)."""
    m = turns
    return 0.5 * np.stack([m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]], -1)


def _vee_slope(turns: np.ndarray) -> np.ndarray:
    """Return the derivative (..., 3, 3) of ``_vee`` by a rotation vector applied on the right."""
    trace = np.trace(turns, axis1=-2, axis2=-1)[..., None, None]
    return 0.5 * (trace * np.eye(3) - np.swapaxes(turns, -1, -2))


def _joint_rows(poses: Poses, guess: Poses, options: PoseOptions) -> tuple[np.ndarray, np.ndarray]:
    """Return residuals (T, J, 8) of each joint's priors and their derivative (T, J, 8, 3) by its rotation vector."""
    turns, name = poses.turns, skeleton.JOINT_NAMES
    error, slope = np.zeros((*turns.shape[:2], 8)), np.zeros((*turns.shape[:2], 8, 3))
    rest = np.array([options.trunk if n in ("spine", "chest", "neck") else
                     options.ankle if n.endswith("ankle") else 0.0 for n in name])[:, None]  # fmt: skip
    error[..., :3], slope[..., :3, :] = rest * _vee(turns), rest[..., None] * _vee_slope(turns)
    off = np.swapaxes(guess.turns, -1, -2) @ turns
    pull = np.full((len(name), 3), options.pull)
    pull[list(SHOULDERS), 1] = options.twist
    error[..., 3:6], slope[..., 3:6, :] = pull * _vee(off), pull[..., None] * _vee_slope(off)
    # R e_y of a knee stays e_y (its axis); R e_y of an elbow (the forearm) stays at right angles to e_z (its axis).
    by = np.stack([turns[..., 2], np.zeros_like(turns[..., 0]), -turns[..., 0]], axis=-1)  # d(R e_y)/dd = R [d x e_y]
    for j, n in enumerate(name):
        if n.endswith("knee"):
            error[:, j, 6:], slope[:, j, 6:] = options.knee * turns[:, j, [0, 2], 1], options.knee * by[:, j, [0, 2]]
        elif n.endswith("elbow"):
            error[:, j, 6], slope[:, j, 6] = options.elbow * turns[:, j, 2, 1], options.elbow * by[:, j, 2]
    return error, slope


def _cost(
    body: MarkerBody, target: np.ndarray, seen: np.ndarray, poses: Poses, guess: Poses, width: float, options
) -> np.ndarray:
    square = np.sum((positions(body, poses)[2] - target) ** 2, axis=-1)
    joint = _joint_rows(poses, guess, options)[0]
    away = options.pull**2 * np.sum((poses.root - guess.root) ** 2, axis=-1)
    slack = options.slack**2 * np.sum(poses.slack**2, axis=(1, 2))
    return np.sum(seen * square / (1.0 + square / width**2), axis=1) + np.sum(joint**2, axis=(1, 2)) + away + slack


def _masks(body: MarkerBody) -> tuple[np.ndarray, np.ndarray]:
    """Return which joints turn each marker (M, J) and which shoulder's slack moves it (M, 2)."""
    turned = skeleton.ancestor_mask(PARENTS)[body.segment][:, :JOINTS]
    moved = skeleton.ancestor_mask(PARENTS)[body.at][:, list(SHOULDERS)]
    return turned.astype(float), moved.astype(float)


def _equations(
    body: MarkerBody, target: np.ndarray, seen: np.ndarray, poses: Poses, guess: Poses, width: float, options
) -> tuple[np.ndarray, np.ndarray]:
    """Return normal matrices (T, n, n) and right sides (T, n)."""
    nodes, frames, points = positions(body, poses)
    error = points - target
    weight = np.sqrt(seen) / (1.0 + np.sum(error**2, axis=-1) / width**2)
    turned, moved = _masks(body)
    jac = np.zeros((*points.shape, _SIZE))
    jac[..., :3] = np.eye(3)
    arm = points[:, :, None] - nodes[:, None, :JOINTS]
    columns = np.swapaxes(frames, -1, -2)[:, None]
    turn = np.cross(columns, arm[:, :, :, None]) * turned[None, :, :, None, None]
    jac[..., 3 : 3 + 3 * JOINTS] = np.moveaxis(turn, -1, 2).reshape(*points.shape, 3 * JOINTS)
    chest = frames[:, NODES.index("chest")]
    for i in range(2):
        first = 3 + 3 * JOINTS + 3 * i
        jac[..., first : first + 3] = moved[None, :, i, None, None] * chest[:, None]
    rows = (weight[..., None, None] * jac).reshape(len(points), -1, _SIZE)
    off = (weight[..., None] * error).reshape(len(points), -1)
    block = np.swapaxes(rows, 1, 2) @ rows
    right = -np.einsum("trn,tr->tn", rows, off)
    joint, slope = _joint_rows(poses, guess, options)
    for j in range(JOINTS):
        at = slice(3 + 3 * j, 6 + 3 * j)
        block[:, at, at] += np.swapaxes(slope[:, j], 1, 2) @ slope[:, j]
        right[:, at] -= np.einsum("trn,tr->tn", slope[:, j], joint[:, j])
    block[:, range(3), range(3)] += options.pull**2
    right[:, :3] -= options.pull**2 * (poses.root - guess.root)
    ends = range(3 + 3 * JOINTS, _SIZE)
    block[:, ends, ends] += options.slack**2
    right[:, 3 + 3 * JOINTS :] -= options.slack**2 * poses.slack.reshape(-1, 6)
    return block, right
