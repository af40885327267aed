"""Feet and floor: who is in contact, how much planted feet slide, how deep or how high the lowest point is."""

from __future__ import annotations

import dataclasses

import numpy as np

SKATE_SPEED = 0.5  # m/s; 2 cm between adjacent frames at 25 fps (DiffPhy)
_MM = 1000.0
_SLIDE_FPS = 30.0  # rate at which foot sliding is quoted


@dataclasses.dataclass(frozen=True)
class ContactRule:
    """When a foot counts as planted, judged from its points alone.

    Attributes:
      lift: m; its lowest point is at most this far above its own standing height.
      speed: m/s; the mean speed of its points is at most this; None leaves speed out.
      standing_percentile: percent; a point's standing height is this percentile of its height over the clip (marker
        and joint positions sit above the sole by an amount that differs from source to source).
      reach: m; a foot whose lowest point stands higher than this never stands on the ground z = 0.
    """

    lift: float = 0.05
    speed: float | None = 0.35
    standing_percentile: float = 5.0
    reach: float = 0.15


def foot_speed(feet: np.ndarray, fps: float) -> np.ndarray:
    """Return each foot's speed, (T, F) m/s: the mean over its points in the slower of the two adjacent intervals.

    The slower one, so that the first and the last frame of a stance belong to it. A single frame has speed 0.
    """
    if len(feet) < 2:
        return np.zeros(feet.shape[:2])
    step = np.linalg.norm(np.diff(feet, axis=0), axis=-1).mean(axis=-1) * fps
    edge = np.full_like(step[:1], np.inf)
    return np.minimum(np.concatenate([edge, step]), np.concatenate([step, edge]))


def foot_contacts(feet: np.ndarray, fps: float, rule: ContactRule = ContactRule()) -> np.ndarray:
    """Say in which frames each foot is planted, by height and speed (``ContactRule``).

    Args:
      feet: (T, F, P, 3) m, P points of each of F feet, world, ground z = 0.
      fps: Hz.
      rule: thresholds.

    Returns:
      (T, F) bool.
    """
    height = feet[..., 2]
    standing = np.percentile(height, rule.standing_percentile, axis=0)
    low = (height - standing <= rule.lift).any(axis=-1) & (standing.min(axis=-1) <= rule.reach)
    return low if rule.speed is None else low & (foot_speed(feet, fps) <= rule.speed)


def _steps(feet: np.ndarray, contacts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean displacement (T-1, F) m between frames, and whether the foot is planted in both of them."""
    planted = np.asarray(contacts, dtype=bool)
    return np.linalg.norm(np.diff(feet, axis=0), axis=-1).mean(axis=-1), planted[1:] & planted[:-1]


def foot_skate_percent(feet: np.ndarray, contacts: np.ndarray, fps: float) -> float | None:
    """Share of frames in which a planted foot slides, percent.

    A foot skates between frames t-1 and t if it is planted in both and the mean displacement of its points exceeds
    2 cm at 25 fps; at another rate the threshold is 0.5 m/s / fps. Result: frames in which either foot skates over all
    frames but the first. DiffPhy (CVPR 2022), as re-implemented by Le et al., "Optimal-state Dynamics Estimation for
    Physics-based Human Motion Capture from Videos" (OSDCap), NeurIPS 2024: points ankle, foot and toe.

    Args:
      feet: (T, F, P, 3) m.
      contacts: (T, F) bool, given or from ``foot_contacts``.
      fps: Hz.

    Returns:
      Percent of T - 1 frames, or None with fewer than 2 frames.
    """
    if len(feet) < 2:
        return None
    moved, planted = _steps(feet, contacts)
    return float(100.0 * (planted & (moved > SKATE_SPEED / fps)).any(axis=1).mean())


def foot_sliding_mm(feet: np.ndarray, contacts: np.ndarray, fps: float) -> float | None:
    """Mean displacement of planted feet, mm in 1/30 s.

    Mean over planted pairs of frames of the mean displacement of the foot's points, times fps / 30. After the foot
    sliding of Shin et al., "WHAM", CVPR 2024 (there on four mesh vertices).

    Args:
      feet: (T, F, P, 3) m.
      contacts: (T, F) bool.
      fps: Hz.

    Returns:
      mm, or None if no foot is planted in two adjacent frames.
    """
    if len(feet) < 2:
        return None
    moved, planted = _steps(feet, contacts)
    return float(moved[planted].mean() * _MM * fps / _SLIDE_FPS) if planted.any() else None


def penetration_mm(points: np.ndarray) -> float | None:
    """Mean depth of the deepest point below the ground, mm.

    mean over all frames of max(0, -min_c z_tc); frames without penetration count as 0. Yuan et al., "SimPoE", CVPR
    2021, and Yuan et al., "PhysDiff", ICCV 2023, measure it on mesh vertices; here on the body's contact points.

    Args:
      points: (T, C, 3) m, world, ground z = 0.

    Returns:
      mm, or None without points.
    """
    if points.shape[0] == 0 or points.shape[1] == 0:
        return None
    return float(np.maximum(0.0, -points[..., 2].min(axis=1)).mean() * _MM)


def float_mm(points: np.ndarray, contacts: np.ndarray) -> float | None:
    """Mean height of the lowest point above the ground while a foot ought to stand on it, mm.

    mean of max(0, min_c z_tc) over the frames with at least one foot planted, so that flight in a jump is no error.
    PhysDiff (ICCV 2023), there over all frames above a tolerance.

    Args:
      points: (T, C, 3) m, world, ground z = 0.
      contacts: (T, F) bool.

    Returns:
      mm, or None without points or without a planted frame.
    """
    planted = np.asarray(contacts, dtype=bool).any(axis=1)
    if points.shape[1] == 0 or not planted.any():
        return None
    return float(np.maximum(0.0, points[planted][..., 2].min(axis=1)).mean() * _MM)
