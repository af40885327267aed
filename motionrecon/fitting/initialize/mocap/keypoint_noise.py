"""How noisy 3D keypoints are, and the smoothing that noisy ones get before inverse kinematics.

The measure is the length of rigid bones: true motion, however fast, does not change it. A length minus its running
median over 5 frames is what noise leaves. The rule: noise is the robust scatter (median absolute value) of those
differences, pooled over bones; outliers are differences beyond 60 mm and beyond 4 standard deviations. Clean input
(at most 5 mm, at most 1 % outliers) is not touched. In noisy input, points far from their own running median are
replaced by it, then each keypoint is smoothed by the Gaussian that Stein's unbiased estimate finds best
(Stein 1981): mean |y - S y|^2 + 2 sigma^2 tr S / n is smallest; fast points are smoothed less than slow ones.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from motionrecon.types import Array

_RIGID = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"), ("ankle", "ball"))
# Median of |x - running median of 5| for white noise of deviation 1, times sqrt(2) for a bone's two noisy ends.
_SCATTER = 0.494 * np.sqrt(2.0)
_SIGMAS = (0.0, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)  # frames


# When and how input is smoothed.
NOISY = 0.005  # m per axis, noise from which input counts as noisy
OUTLIER_DISTANCE = 0.06  # m, least distance from the running median that counts as an outlier
OUTLIER_SHARE = 0.01  # share of such bone lengths from which input counts as having outliers
MEDIAN_FRAMES = 5  # frames of the running median
MOST_SMOOTHING = 1.5  # frames, largest deviation of the Gaussian filter
ROBUST_WIDTH = 0.06  # m, least Geman-McClure width of the confidence returned for input with outliers


@dataclasses.dataclass(frozen=True)
class Noise:
    """What was found: sigma in m per axis, share of outliers, and whether either exceeds its threshold."""

    sigma: float
    outliers: float
    noisy: bool
    has_outliers: bool


def measure_noise(points: Float[Array, "T K 3"], weight: Float[Array, "T K"], names: tuple[str, ...]) -> Noise:
    """Measure noise and outliers of keypoints; see the module for the rule.

    Args:
      points: (T, K, 3) m.
      weight: (T, K), 0 = missing.
      names: K canonical names.
    """
    points, weight = np.asarray(points), np.asarray(weight)
    index = {n: i for i, n in enumerate(names)}
    rest = []
    for a, b in ((f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in _RIGID):
        if a not in index or b not in index:
            continue
        seen = (weight[:, index[a]] > 0) & (weight[:, index[b]] > 0)
        if seen.sum() >= 2 * MEDIAN_FRAMES:
            length = np.linalg.norm(points[seen, index[a]] - points[seen, index[b]], axis=-1)
            rest.append(np.abs(length - ndimage.median_filter(length, size=MEDIAN_FRAMES, mode="nearest")))
    if not rest:
        return Noise(0.0, 0.0, False, False)
    pool = np.concatenate(rest)
    sigma = np.median(pool) / _SCATTER
    for _ in range(5):  # outliers widen the median of the rest; leave them out
        sigma = np.median(pool[pool <= max(4.0 * np.sqrt(2.0) * sigma, 1e-6)]) / _SCATTER
    outliers = float(np.mean(pool > max(OUTLIER_DISTANCE, 4.0 * np.sqrt(2.0) * sigma)))
    has_outliers = outliers > OUTLIER_SHARE
    return Noise(float(sigma), outliers, bool(sigma > NOISY or has_outliers), has_outliers)


def fill_gaps(points: Float[Array, "T K 3"], weight: Float[Array, "T K"]) -> Float[np.ndarray, "T K 3"]:
    """Interpolate missing keypoints linearly in time; a point never seen takes the mean of those seen."""
    points, weight = np.array(points, dtype=float), np.asarray(weight)
    time = np.arange(len(points))
    lost = []
    for k in range(points.shape[1]):
        seen = weight[:, k] > 0
        if not seen.any():
            lost.append(k)
        elif not seen.all():
            for axis in range(3):
                points[~seen, k, axis] = np.interp(time[~seen], time[seen], points[seen, k, axis])
    if lost and len(lost) < points.shape[1]:
        known = [k for k in range(points.shape[1]) if k not in lost]
        points[:, lost] = points[:, known].mean(axis=1, keepdims=True)
    return points


def _replace_outliers(points: Float[np.ndarray, "T K 3"], noise: Noise) -> Float[np.ndarray, "T K 3"]:
    middle = ndimage.median_filter(points, size=(MEDIAN_FRAMES, 1, 1), mode="nearest")
    distance = np.linalg.norm(points - middle, axis=-1, keepdims=True)
    return np.where(distance > max(OUTLIER_DISTANCE, 4.0 * noise.sigma), middle, points)


def _center_weight(sigma: float) -> float:
    """Return the weight a Gaussian filter gives the sample itself."""
    impulse = np.zeros(33)
    impulse[16] = 1.0
    return float(ndimage.gaussian_filter1d(impulse, sigma)[16])


def smooth_keypoints(points: Float[Array, "T K 3"], noise: Noise) -> Float[np.ndarray, "T K 3"]:
    """Smooth gap-free keypoints (T, K, 3) in time if they are noisy; clean ones are returned as they are."""
    points = np.asarray(points, dtype=float)
    if not noise.noisy:
        return points
    if noise.has_outliers:
        points = _replace_outliers(points, noise)
    widths = [s for s in _SIGMAS if s <= MOST_SMOOTHING]
    smoothed = [points if s == 0 else ndimage.gaussian_filter1d(points, s, axis=0, mode="nearest") for s in widths]
    risk = [
        np.mean(np.sum((points - y) ** 2, axis=-1), axis=0)
        + 6.0 * noise.sigma**2 * (_center_weight(s) if s > 0 else 1.0)
        for s, y in zip(widths, smoothed, strict=True)
    ]
    best = np.argmin(np.stack(risk), axis=0)
    return np.stack([smoothed[i][:, k] for k, i in enumerate(best)], axis=1)


def robust_confidence(
    observed: Float[Array, "T K 3"], start: Float[Array, "T K 3"], confidence: Float[Array, "T K"], noise: Noise
) -> Float[np.ndarray, "T K"]:
    """Lower the confidence of points that lie far from the start, if the input has outliers.

    Args:
      observed: (T, K, 3) m.
      start: (T, K, 3) m, the same points on the kinematic start.
      confidence: (T, K).
      noise: what was measured.

    Returns:
      (T, K) confidence times the Geman-McClure weight (1 + r^2 / width^2)^-2, width at least three sigma.
    """
    if not noise.has_outliers:
        return np.asarray(confidence)
    width = max(ROBUST_WIDTH, 3.0 * noise.sigma)
    square = np.sum((np.asarray(observed) - np.asarray(start)) ** 2, axis=-1)
    return np.asarray(confidence) / (1.0 + square / width**2) ** 2
