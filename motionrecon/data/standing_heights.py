"""On which heights feet stand, from keypoints alone: still feet under an upright body."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class StandingOptions:
    """When a foot stands.

    Attributes:
      speed: m/s, it is slower...
      span: s, ...over so long a time,
      seconds: s, ...at least for so long.
      low: m, it is so much higher than the other foot at most.
      upright: share of the leg's length by which the hips are over the ankle at least.
      apart: m, heights closer than this are one level.
    """

    speed: float = 0.25
    span: float = 0.1
    seconds: float = 0.12
    low: float = 0.03
    upright: float = 0.6
    apart: float = 0.07


@dataclasses.dataclass(frozen=True)
class Footfall:
    """Frames [start, stop) in which a foot (0 left, 1 right) stands at ``place`` (x, y, z) m."""

    foot: int
    start: int
    stop: int
    place: tuple[float, ...]


_FOOT = ("ball", "toe", "heel", "ankle")  # by preference: the ball keeps its height when the heel rises


def footfalls(
    names: tuple[str, ...], points: np.ndarray, fps: float, options: StandingOptions = StandingOptions()
) -> list[Footfall]:
    """Find where feet stand.

    Args:
      names: K canonical keypoint names.
      points: (T, K, 3) m, z up; NaN where missing.
      fps: Hz.
      options: sizes.

    Returns:
      Footfalls by time; none where hips, knees or ankles are not known.
    """
    kind = next((k for k in _FOOT if f"left_{k}" in names and f"right_{k}" in names), None)
    needed = [f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle")]
    if kind is None or not set(needed) <= set(names):
        return []

    def at(name: str) -> np.ndarray:
        return points[:, names.index(name)]

    feet = np.stack([at(f"{side}_{kind}") for side in ("left", "right")], axis=1)  # (T, 2, 3)
    ankle = np.stack([at(f"{side}_ankle") for side in ("left", "right")], axis=1)
    hips = 0.5 * (at("left_hip") + at("right_hip"))
    thigh, shin = (at("left_hip") - at("left_knee"), at("left_knee") - at("left_ankle"))
    leg = np.linalg.norm(thigh, axis=-1) + np.linalg.norm(shin, axis=-1)
    leg = float(np.median(leg[np.isfinite(leg)])) if np.isfinite(leg).any() else 0.0
    half = max(1, round(0.5 * options.span * fps))
    moved = np.full(feet.shape[:2], np.inf)
    if len(feet) > 2 * half:
        moved[half:-half] = np.linalg.norm(feet[2 * half :] - feet[: -2 * half], axis=-1) * fps / (2 * half)
    with np.errstate(invalid="ignore"):
        stands = (
            (moved < options.speed)
            & (feet[..., 2] < feet[:, ::-1, 2] + options.low)
            & (hips[:, None, 2] - ankle[..., 2] > options.upright * leg)
        )
    out = []
    for foot in (0, 1):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], stands[:, foot].astype(int), [0]])))
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            if b - a >= options.seconds * fps:
                out.append(Footfall(foot, int(a), int(b), tuple(np.median(feet[a:b, foot], axis=0).tolist())))
    return sorted(out, key=lambda f: f.start)


def levels(heights: list[float], apart: float = StandingOptions.apart) -> list[float]:
    """Return the distinct ones (m) of the heights on which feet stand, from below."""
    groups: list[list[float]] = []
    for height in sorted(heights):
        if groups and height - groups[-1][-1] < apart:
            groups[-1].append(height)
        else:
            groups.append([height])
    return [float(np.median(group)) for group in groups]


def straightness(found: list[Footfall]) -> float:
    """Return which share (0 to 1) of the footfalls' spread in height a plane explains: 1 on a slope."""
    heights = np.array([f.place[2] for f in found])
    rows = np.array([[1.0, *f.place[:2]] for f in found])
    left = heights - rows @ np.linalg.lstsq(rows, heights, rcond=1e-6)[0]
    return float(1.0 - np.var(left) / max(np.var(heights), 1e-12))
