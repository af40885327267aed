"""Soles that touch the floor when the feet stand: their place in the ankles' frames, and when they stand.

Where toe or heel points are observed, the sole lies under them at the height that is z = 0 in stance; where they
are not (COCO), the average sole is kept and inverse kinematics draws it to the floor while the ankle is low and
slow. Then the guard: sole points are raised until at most 1 % of frames have them deeper in the floor than a few
millimetres, because contact springs turn every millimetre of that into a kick at the start of the simulation.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.initialize.joint_frames import joint_frames
from motionrecon.skeleton import template_soles
from motionrecon.types import Array, Motion, Observation, Sites, Soles

_SIDES = ("left", "right")
_FRONT = ("ball", "toe", "small_toe")


@dataclasses.dataclass(frozen=True)
class SoleOptions:
    """Thresholds of standing, and the guard.

    Attributes:
      attract: per metre, pull of unobserved sole points to the floor in stance.
      attract_observed: per metre, the same where the point is observed (settles the roll of the foot).
      toe_ankle_height: m, ankle height at which the toe's pull is half.
      heel_ankle_height: m, ankle height at which the heel's pull is half.
      ankle_speed: m/s, ankle speed at which the pull is half.
      planted_height: m, height at which a sole point stands with probability one half.
      planted_speed: m/s, speed at which it does.
      deepest: m, depth that the guard lets pass.
      guarded: share of frames that may be deeper.
      most_raise: m, most the guard changes a sole.
    """

    attract: float = 0.3
    attract_observed: float = 0.05
    toe_ankle_height: float = 0.19
    heel_ankle_height: float = 0.10
    ankle_speed: float = 1.2
    planted_height: float = 0.03
    planted_speed: float = 0.40
    deepest: float = 0.004
    guarded: float = 0.01
    most_raise: float = 0.03


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
    """Return (T, 2, 2, 3) m: [left, right] x [heel, toe] middles of the sole edges in the world."""
    pos, rot = _ankle_frames(motion)
    local = np.stack([np.asarray(soles.heel), np.asarray(soles.toe)], axis=1)
    return pos[:, :, None] + np.sum(rot[:, :, None] * local[:, :, None, :], axis=-1)


def sole_corners(soles: Soles) -> np.ndarray:
    """Return (8, 3) m, corners in the ankles' frames: left then right; heel then toe; outer then inner."""
    out = []
    for side, sign in ((0, 1.0), (1, -1.0)):
        edge = np.array([0.0, sign * float(np.asarray(soles.half_width)[side]), 0.0])
        for middle in (np.asarray(soles.heel)[side], np.asarray(soles.toe)[side]):
            out += [middle + edge, middle - edge]
    return np.stack(out)


def _level(pos: np.ndarray, rot: np.ndarray, point: np.ndarray, stand: np.ndarray) -> float:
    """Return the local z (m) that puts a point of an ankle's frame at z = 0 in the standing frames (median)."""
    up = np.maximum(rot[stand, 2, 2], 0.5)
    return float(np.median(-(pos[stand, 2] + rot[stand, 2, :2] @ point[:2]) / up))


def calibrate_soles(
    motion: Motion, sites: Sites, observation: Observation, height: float, options: SoleOptions
) -> Soles:
    """Place the soles so that they lie on the floor in stance.

    Args:
      motion: the person's motion in the levelled world.
      sites: keypoints on the skeleton (their forefoot and heel points give the sole's length).
      observation: says which of them were seen.
      height: stature, m.
      options: see ``SoleOptions``.

    Returns:
      Soles; the average ones for feet whose forefoot was not seen.
    """
    average = template_soles(height)
    heel, toe = np.array(average.heel), np.array(average.toe)
    pos, rot = _ankle_frames(motion)
    offset = dict(zip(sites.names, np.asarray(sites.offset), strict=True))
    for i, side in enumerate(_SIDES):
        if not front_observed(observation)[i]:
            continue
        if f"{side}_toe" in offset:
            toe[i, :2] = offset[f"{side}_toe"][0] + 0.005 * height, 0.0
        elif f"{side}_ball" in offset:
            toe[i, :2] = offset[f"{side}_ball"][0] + 0.020 * height, 0.0
        if f"{side}_heel" in offset:
            heel[i, :2] = offset[f"{side}_heel"][0] - 0.003 * height, 0.0
        for point, reference in ((heel, offset.get(f"{side}_heel", np.zeros(3))), (toe, _front(offset, side))):
            where = pos[:, i] + np.sum(rot[:, i] * reference, axis=-1)
            slow = _speed(where, motion.fps) < options.planted_speed
            pool = slow if slow.sum() >= 3 else np.ones(len(slow), dtype=bool)
            stand = pool & (where[:, 2] < np.percentile(where[pool, 2], 10.0) + 0.012)
            z = _level(pos[:, i], rot[:, i], point[i], stand)
            usual = -0.039 * height
            point[i, 2] = np.clip(z, usual - 0.04, usual + 0.04)
    return Soles(heel, toe, np.asarray(average.half_width))


def _front(offset: dict[str, np.ndarray], side: str) -> np.ndarray:
    return next(offset[f"{side}_{p}"] for p in _FRONT if f"{side}_{p}" in offset)


def guard_soles(motion: Motion, soles: Soles, options: SoleOptions) -> Soles:
    """Raise sole points until at most ``options.guarded`` of the frames have them deeper than ``options.deepest``."""
    edge = np.asarray(soles.half_width)
    pos, rot = _ankle_frames(motion)
    raised = []
    for local in (np.asarray(soles.heel), np.asarray(soles.toe)):
        new = np.array(local, dtype=float)
        for i in range(2):
            # Raise each frame's sole by what that frame needs (a pitched foot needs more), then allow the share.
            z = pos[:, i, 2] + rot[:, i, 2] @ local[i] - np.abs(rot[:, i, 2, 1]) * edge[i]
            # A foot on its side says nothing about the sole's thickness.
            upright = rot[:, i, 2, 2] > 0.5
            need = np.where(upright, np.maximum(-z - options.deepest, 0.0), 0.0) / np.maximum(rot[:, i, 2, 2], 0.5)
            allowed = int(options.guarded * len(z) / 4.0)  # four points share the allowance
            new[i, 2] += min(np.sort(need)[-1 - allowed], options.most_raise)
        raised.append(new)
    return Soles(raised[0], raised[1], edge)


def planted(motion: Motion, soles: Soles, options: SoleOptions) -> np.ndarray:
    """Return (T, 2, 2) in 0..1, [left, right] x [heel, toe]: how surely each sole point stands.

    The product of two logistic curves, of height over the floor (width 8 mm) and of speed (width 0.08 m/s).
    """
    points = sole_points(motion, soles)
    low = _sigmoid((options.planted_height - points[..., 2]) / 0.008)
    return low * _sigmoid((options.planted_speed - _speed(points, motion.fps)) / 0.08)
