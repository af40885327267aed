"""Soles that lie on the floor when the feet stand: their place in the ankles' frames, and when they stand.

A sole is a plane of the foot. It is read off the frames in which the foot stands flat, heel and forefoot both slow and
low, so that it is level there by construction; its outline comes from the observed heel and forefoot points. Push-off
says nothing about it: the toes bend and the rest of the foot is pitched. Where the forefoot is not observed (COCO), the
average sole is kept and inverse kinematics draws it to the floor while the ankle is low and slow.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.geometry.joint_frames import joint_frames
from motionrecon.geometry.skeleton import BALL, SOLE, heel_rest, template_soles
from motionrecon.types import Array, Motion, Observation, Sites, Soles

_SIDES = ("left", "right")
_FRONT = ("ball", "toe", "small_toe")


@dataclasses.dataclass(frozen=True)
class SoleOptions:
    """Thresholds of standing.

    Attributes:
      attract: per metre, pull of unobserved sole points to the floor in stance.
      attract_observed: per metre, the same where the point is observed (settles the roll of the foot).
      toe_ankle_height: m, ankle height at which the toe's pull is half.
      heel_ankle_height: m, ankle height at which the heel's pull is half.
      ankle_speed: m/s, ankle speed at which the pull is half.
      planted_height: m, height at which a sole point stands with probability one half.
      planted_speed: m/s, speed at which it does.
      flat_speeds: m/s, heel and forefoot of a flat foot are slower than the first of these that enough frames meet.
      flat_height: m, and each is at most this far above its usual lowest place among those frames.
      flat_frames: frames that are enough.
      most_tilt: rad, most that a sole is turned from the average one.
      most_drop: m, most that it is nearer to or farther from the ankle.
    """

    attract: float = 0.3
    attract_observed: float = 0.05
    toe_ankle_height: float = 0.19
    heel_ankle_height: float = 0.10
    ankle_speed: float = 1.2
    planted_height: float = 0.03
    planted_speed: float = 0.40
    flat_speeds: tuple[float, ...] = (0.3, 0.6, 1.0)
    flat_height: float = 0.015
    flat_frames: int = 3
    most_tilt: float = 0.35
    most_drop: float = 0.04


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -50.0, 50.0)))


def _speed(points: np.ndarray, fps: float) -> np.ndarray:
    return np.linalg.norm(np.gradient(points, axis=0), axis=-1) * fps if len(points) > 1 else np.zeros(len(points))


def front_observed(observation: Observation) -> np.ndarray:
    """Return (2,) bool: whether a point of the forefoot was seen, left and right."""
    seen = np.asarray(observation.confidence).max(axis=0) > 0
    known = {n for n, s in zip(observation.names, seen, strict=True) if s}
    return np.array([any(f"{side}_{p}" in known for p in _FRONT) for side in _SIDES])


def attraction(observation: Observation, points: Array, options: SoleOptions) -> np.ndarray:
    """Return how strongly each sole corner is drawn to the floor.

    Args:
      observation: names, rate, confidence.
      points: (T, K, 3) m, its keypoints without gaps in the levelled world.
      options: see ``SoleOptions``.

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
        still = _sigmoid((options.ankle_speed - _speed(ankle, observation.fps)) / 0.2)
        weight = options.attract_observed if front[i] else options.attract
        out[:, i, 0] = (weight * still * _sigmoid((options.heel_ankle_height - ankle[:, 2]) / 0.01))[:, None]
        out[:, i, 1] = (weight * still * _sigmoid((options.toe_ankle_height - ankle[:, 2]) / 0.02))[:, None]
    return out.reshape(len(points), 8)


def _ankle_frames(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Return ankle positions (T, 2, 3) m and world rotations (T, 2, 3, 3)."""
    joint_pos, joint_rot = joint_frames(motion.skeleton, motion.root_pos, motion.quats)
    rows = [motion.skeleton.names.index(f"{side}_ankle") for side in _SIDES]
    return joint_pos[:, rows], joint_rot[:, rows]


def sole_points(motion: Motion, soles: Soles) -> np.ndarray:
    """Return (T, 2, 2, 3) m: [left, right] x [where the heel rests, ball], middles of the sole in the world."""
    pos, rot = _ankle_frames(motion)
    local = np.stack([heel_rest(soles), np.asarray(soles.ball)], axis=1)
    return pos[:, :, None] + np.sum(rot[:, :, None] * local[:, :, None, :], axis=-1)


def sole_corners(soles: Soles) -> np.ndarray:
    """Return (8, 3) m, corners in the ankles' frames: left then right; heel then ball; outer then inner."""
    out, heels = [], heel_rest(soles)
    for side, sign in ((0, 1.0), (1, -1.0)):
        edge = sign * float(np.asarray(soles.half_width)[side]) * np.asarray(soles.across)[side]
        for middle in (heels[side], np.asarray(soles.ball)[side]):
            out += [middle + edge, middle - edge]
    return np.stack(out)


def _flat_frames(heel: np.ndarray, front: np.ndarray, upright: np.ndarray, fps: float, options: SoleOptions):
    """Return the frames (T,) bool in which a foot stands flat: heel and forefoot (T, 3) m both slow and low."""
    fastest = np.maximum(_speed(heel, fps), _speed(front, fps))
    flat = np.zeros(len(heel), dtype=bool)
    for limit in options.flat_speeds:
        slow = (fastest < limit) & upright
        if slow.sum() < options.flat_frames:
            continue
        low = [z < np.percentile(z[slow], 20.0) + options.flat_height for z in (heel[:, 2], front[:, 2])]
        flat = slow & low[0] & low[1]
        if flat.sum() >= options.flat_frames:
            break
    return flat


def _outline(offset: dict[str, np.ndarray], side: str, height: float, average: Soles, row: int):
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
    motion: Motion, sites: Sites, observation: Observation, height: float, options: SoleOptions
) -> Soles:
    """Place the soles so that they lie level on the floor while the feet stand flat.

    Args:
      motion: the person's motion in the levelled world.
      sites: keypoints on the skeleton (their forefoot and heel points give the sole's outline).
      observation: says which of them were seen.
      height: stature, m.
      options: see ``SoleOptions``.

    Returns:
      Soles; the average ones for feet whose forefoot was not seen.
    """
    average = template_soles(height)
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
        flat = _flat_frames(heel, forefoot, up[:, 2] > 0.8, motion.fps, options)
        normal, drop = _plane(pos[:, i, 2], up, flat, forefoot[:, 2], front, height, options)
        depth = (drop + outline @ normal[:2]) / normal[2]
        points[i] = np.concatenate([outline, -depth[:, None]], axis=1)
        left = np.cross(normal, points[i, 1] - points[i, 0])
        across[i] = left / np.linalg.norm(left)
    return Soles(heel=points[:, 0], ball=points[:, 1], toe=points[:, 2], across=across, half_width=half)


def _plane(ankle, up, flat, front_height, front, height: float, options: SoleOptions) -> tuple[np.ndarray, float]:
    """Return the sole's plane in the ankle's frame: unit normal (3,), and the ankle's distance from it in m.

    Args:
      ankle: (T,) m, height of the ankle.
      up: (T, 3), the vertical in the ankle's frame.
      flat: (T,) bool, frames in which the foot stands flat.
      front_height: (T,) m, height of the forefoot's observed point.
      front: (3,) m, that point in the ankle's frame.
      height: stature, m.
      options: bounds.
    """
    if flat.any():
        normal, drop = np.median(up[flat], axis=0), float(np.median(ankle[flat]))
        tilt = np.linalg.norm(normal[:2])
        most = np.sin(options.most_tilt)
        normal[:2] *= min(1.0, most / max(tilt, 1e-9))
        normal[2] = np.sqrt(1.0 - normal[:2] @ normal[:2])
    else:  # never flat (a run on the forefoot): level with the ankle's frame, the forefoot's lowest place on the floor
        normal = np.array([0.0, 0.0, 1.0])
        drop = float(np.percentile(front_height, 5.0)) - front[2]
    usual = SOLE * height
    return normal, float(np.clip(drop, usual - options.most_drop, usual + options.most_drop))


def _front(offset: dict[str, np.ndarray], side: str) -> np.ndarray:
    return next(offset[f"{side}_{p}"] for p in _FRONT if f"{side}_{p}" in offset)


def planted(motion: Motion, soles: Soles, options: SoleOptions) -> np.ndarray:
    """Return (T, 2, 2) in 0..1, [left, right] x [heel, ball]: how surely each sole point stands.

    The product of two logistic curves, of height over the floor (width 8 mm) and of speed (width 0.08 m/s).
    """
    points = sole_points(motion, soles)
    low = _sigmoid((options.planted_height - points[..., 2]) / 0.008)
    return low * _sigmoid((options.planted_speed - _speed(points, motion.fps)) / 0.08)
