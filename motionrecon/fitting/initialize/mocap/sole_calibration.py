"""Soles that lie on the floor when the feet stand: their place in the ankles' frames, and when they stand.

A sole is a plane of the foot. It is read off the frames in which the foot stands flat, heel and forefoot both slow and
low, so that it is level there by construction; its outline comes from the observed heel and forefoot points. Push-off
says nothing about it: the toes bend and the rest of the foot is pitched. Where the forefoot is not observed (COCO), the
average sole is kept and inverse kinematics draws it to the floor while the ankle is low and slow.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from motionrecon.geometry.joint_frames import joint_frames
from motionrecon.geometry.skeleton import BALL, SOLE, heel_rest, template_soles
from motionrecon.types import Array, Motion, Observation, Sites, Soles

_SIDES = ("left", "right")
_FRONT = ("ball", "toe", "small_toe")


# Thresholds of standing.
ATTRACT = 0.3  # per metre, pull of unobserved sole points to the floor in stance
ATTRACT_OBSERVED = 0.05  # per metre, the same where the point is observed (settles the roll of the foot)
TOE_ANKLE_HEIGHT = 0.19  # m, ankle height at which the toe's pull is half
HEEL_ANKLE_HEIGHT = 0.10  # m, ankle height at which the heel's pull is half
ANKLE_SPEED = 1.2  # m/s, ankle speed at which the pull is half
PLANTED_HEIGHT = 0.03  # m, height at which a sole point stands with probability one half
PLANTED_SPEED = 0.40  # m/s, speed at which it does
FLAT_SPEEDS = (0.3, 0.6, 1.0)  # m/s, a flat foot is slower than the first of these that enough frames meet
FLAT_HEIGHT = 0.015  # m, its heel and forefoot are at most this far above its usual lowest place among those frames
FLAT_FRAMES = 3  # frames that are enough
MOST_TILT = 0.35  # rad, most that a sole is turned from the average one
MOST_DROP = 0.04  # m, most that it is nearer to or farther from the ankle


def _sigmoid(x: Float[np.ndarray, " *N"]) -> Float[np.ndarray, " *N"]:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -50.0, 50.0)))


def _speed(points: Float[np.ndarray, "T *N 3"], fps: float) -> Float[np.ndarray, " T *N"]:
    return np.linalg.norm(np.gradient(points, axis=0), axis=-1) * fps if len(points) > 1 else np.zeros(len(points))


def front_observed(observation: Observation) -> Bool[np.ndarray, " 2"]:
    """Return (2,) bool: whether a point of the forefoot was seen, left and right."""
    seen = np.asarray(observation.confidence).max(axis=0) > 0
    known = {n for n, s in zip(observation.names, seen, strict=True) if s}
    return np.array([any(f"{side}_{p}" in known for p in _FRONT) for side in _SIDES])


def attraction(
    observation: Observation, points: Float[Array, "T K 3"], thickness: float = 0.0
) -> Float[np.ndarray, "T 8"]:
    """Return how strongly each sole corner is drawn to the floor.

    Args:
      observation: names, rate, confidence.
      points: (T, K, 3) m, its keypoints without gaps in the levelled world.
      thickness: m, of the soles beyond the usual ones.

    Returns:
      (T, 8) per metre, order of ``sole_corners``.
    """
    points = np.asarray(points)
    out = np.zeros((len(points), 2, 2, 2))
    front = front_observed(observation)
    for i, side in enumerate(_SIDES):
        if f"{side}_ankle" not in observation.names:
            continue
        ankle = points[:, observation.names.index(f"{side}_ankle")]
        still = _sigmoid((ANKLE_SPEED - _speed(ankle, observation.fps)) / 0.2)
        weight = ATTRACT_OBSERVED if front[i] else ATTRACT
        out[:, i, 0] = (weight * still * _sigmoid((HEEL_ANKLE_HEIGHT + thickness - ankle[:, 2]) / 0.01))[:, None]
        out[:, i, 1] = (weight * still * _sigmoid((TOE_ANKLE_HEIGHT + thickness - ankle[:, 2]) / 0.02))[:, None]
    return out.reshape(len(points), 8)


def _ankle_frames(motion: Motion) -> tuple[Float[np.ndarray, "T 2 3"], Float[np.ndarray, "T 2 3 3"]]:
    """Return ankle positions (T, 2, 3) m and world rotations (T, 2, 3, 3)."""
    joint_pos, joint_rot = joint_frames(motion.skeleton, motion.root_pos, motion.quats)
    rows = [motion.skeleton.names.index(f"{side}_ankle") for side in _SIDES]
    return joint_pos[:, rows], joint_rot[:, rows]


def sole_points(motion: Motion, soles: Soles) -> Float[np.ndarray, "T 2 2 3"]:
    """Return (T, 2, 2, 3) m: [left, right] x [where the heel rests, ball], middles of the sole in the world."""
    pos, rot = _ankle_frames(motion)
    local = np.stack([heel_rest(soles), np.asarray(soles.ball)], axis=1)
    return pos[:, :, None] + np.sum(rot[:, :, None] * local[:, :, None, :], axis=-1)


def sole_corners(soles: Soles) -> Float[np.ndarray, "8 3"]:
    """Return (8, 3) m, corners in the ankles' frames: left then right; heel then ball; outer then inner."""
    out, heels = [], heel_rest(soles)
    for side, sign in ((0, 1.0), (1, -1.0)):
        edge = sign * float(np.asarray(soles.half_width)[side]) * np.asarray(soles.across)[side]
        for middle in (heels[side], np.asarray(soles.ball)[side]):
            out += [middle + edge, middle - edge]
    return np.stack(out)


def _flat_frames(
    heel: Float[np.ndarray, "T 3"], front: Float[np.ndarray, "T 3"], upright: Bool[np.ndarray, " T"], fps: float
) -> Bool[np.ndarray, " T"]:
    """Return the frames (T,) bool in which a foot stands flat: heel and forefoot (T, 3) m both slow and low."""
    fastest = np.maximum(_speed(heel, fps), _speed(front, fps))
    flat = np.zeros(len(heel), dtype=bool)
    for limit in FLAT_SPEEDS:
        slow = (fastest < limit) & upright
        if slow.sum() < FLAT_FRAMES:
            continue
        low = [z < np.percentile(z[slow], 20.0) + FLAT_HEIGHT for z in (heel[:, 2], front[:, 2])]
        flat = slow & low[0] & low[1]
        if flat.sum() >= FLAT_FRAMES:
            break
    return flat


def _outline(
    offset: dict[str, np.ndarray], side: str, height: float, average: Soles, row: int
) -> tuple[Float[np.ndarray, "3 2"], float]:
    """Return heel, ball and toe (3, 2) m, fore-aft and lateral in the ankle's frame, and the half width of the sole."""
    rest = [np.asarray(p)[row, :2] for p in (average.heel, average.ball, average.toe)]
    heel, ball, toe = (np.array(p) for p in rest)
    half = float(np.asarray(average.half_width)[row])
    if f"{side}_heel" in offset:
        heel = offset[f"{side}_heel"][:2] - [0.003 * height, 0.0]
    if f"{side}_ball" in offset:
        ball = np.array(offset[f"{side}_ball"][:2])
        toe = ball + [0.035 * height, 0.0]
        if f"{side}_small_toe" in offset:  # markers on both sides of the forefoot: the first and the fifth metatarsal
            little = offset[f"{side}_small_toe"][:2]
            half = np.clip(0.5 * abs(ball[1] - little[1]), 0.7 * half, 1.3 * half)
            ball = 0.5 * (ball + little)
            toe[1] = ball[1]
    if f"{side}_toe" in offset:
        toe = offset[f"{side}_toe"][:2] + [0.005 * height, 0.0]
        if f"{side}_ball" not in offset:
            ball = heel + BALL * (toe - heel)
    return np.stack([heel, ball, toe]), half


def calibrate_soles(
    motion: Motion, sites: Sites, observation: Observation, height: float, thickness: float = 0.0
) -> Soles:
    """Place the soles so that they lie level on the floor while the feet stand flat.

    Args:
      motion: the person's motion in the levelled world.
      sites: keypoints on the skeleton (their forefoot and heel points give the sole's outline).
      observation: says which of them were seen.
      height: stature, m.
      thickness: m, of the soles beyond the usual ones.

    Returns:
      Soles; the average ones for feet whose forefoot was not seen.
    """
    average = template_soles(height, thickness)
    points = np.stack([np.asarray(p, float) for p in (average.heel, average.ball, average.toe)], axis=1)
    across, half = np.array(average.across, float), np.array(average.half_width, float)
    pos, rot = _ankle_frames(motion)
    offset = dict(zip(sites.names, np.asarray(sites.offset), strict=True))
    for i, side in enumerate(_SIDES):
        if not front_observed(observation)[i]:
            continue
        outline, half[i] = _outline(offset, side, height, average, i)
        rear, front = offset.get(f"{side}_heel", np.asarray(average.heel)[i]), _front(offset, side)
        heel, forefoot = (pos[:, i] + rot[:, i] @ point for point in (rear, front))
        up = rot[:, i, 2]
        flat = _flat_frames(heel, forefoot, up[:, 2] > 0.8, motion.fps)
        normal, drop = _plane(pos[:, i, 2], up, flat, forefoot[:, 2], front, SOLE * height + thickness)
        depth = (drop + outline @ normal[:2]) / normal[2]
        points[i] = np.concatenate([outline, -depth[:, None]], axis=1)
        left = np.cross(normal, points[i, 1] - points[i, 0])
        across[i] = left / np.linalg.norm(left)
    return Soles(heel=points[:, 0], ball=points[:, 1], toe=points[:, 2], across=across, half_width=half)


def _plane(
    ankle: Float[np.ndarray, " T"],
    up: Float[np.ndarray, "T 3"],
    flat: Bool[np.ndarray, " T"],
    front_height: Float[np.ndarray, " T"],
    front: Float[np.ndarray, " 3"],
    usual: float,
) -> tuple[Float[np.ndarray, " 3"], float]:
    """Return the sole's plane in the ankle's frame: unit normal (3,), and the ankle's distance from it in m.

    Args:
      ankle: (T,) m, height of the ankle.
      up: (T, 3), the vertical in the ankle's frame.
      flat: (T,) bool, frames in which the foot stands flat.
      front_height: (T,) m, height of the forefoot's observed point.
      front: (3,) m, that point in the ankle's frame.
      usual: m, height of an average person's ankle over the floor.
    """
    if flat.any():
        normal, drop = np.median(up[flat], axis=0), float(np.median(ankle[flat]))
        tilt = np.linalg.norm(normal[:2])
        most = np.sin(MOST_TILT)
        normal[:2] *= min(1.0, most / max(tilt, 1e-9))
        normal[2] = np.sqrt(1.0 - normal[:2] @ normal[:2])
    else:  # never flat (a run on the forefoot): level with the ankle's frame, the forefoot's lowest place on the floor
        normal = np.array([0.0, 0.0, 1.0])
        drop = float(np.percentile(front_height, 5.0)) - front[2]
    return normal, float(np.clip(drop, usual - MOST_DROP, usual + MOST_DROP))


def _front(offset: dict[str, np.ndarray], side: str) -> np.ndarray:
    return next(offset[f"{side}_{p}"] for p in _FRONT if f"{side}_{p}" in offset)


def planted(motion: Motion, soles: Soles) -> Float[np.ndarray, "T 2 2"]:
    """Return (T, 2, 2) in 0..1, [left, right] x [heel, ball]: how surely each sole point stands.

    The product of two logistic curves, of height over the floor (width 8 mm) and of speed (width 0.08 m/s).
    """
    points = sole_points(motion, soles)
    low = _sigmoid((PLANTED_HEIGHT - points[..., 2]) / 0.008)
    return low * _sigmoid((PLANTED_SPEED - _speed(points, motion.fps)) / 0.08)
