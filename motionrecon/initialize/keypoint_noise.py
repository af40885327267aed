"""How noisy 3D keypoints are, and the smoothing that noisy ones get before inverse kinematics.

The measure is the length of rigid bones: true motion, however fast, does not change it. The rule: noise is the
median over bones of the robust (median absolute) third difference of a length over frames, divided by its gain
on white noise; outliers are lengths further than 60 mm from their running median over 5 frames. Clean input (less than 5 mm, less than
1 % outliers) is not touched. Noisy input gets a median filter where outliers are, then a Gaussian of 1.5 frames.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage

from motionrecon.types import Array

_RIGID = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"), ("ankle", "ball"))
_GAIN = np.sqrt(20.0) * np.sqrt(2.0)  # of third differences (1, 3, 3, 1), and of two noisy ends
_MAD = 0.6745


@dataclasses.dataclass(frozen=True)
class NoiseOptions:
    """When and how input is smoothed.

    Attributes:
      threshold: m per axis, noise from which input counts as noisy.
      outlier_distance: m, deviation of a bone's length that counts as an outlier.
      outlier_share: share of such lengths from which input counts as having outliers.
      median: frames of the median filter.
      sigma: frames of the Gaussian filter.
      robust_width: m, Geman-McClure width of the confidence returned for noisy input.
    """

    threshold: float = 0.005
    outlier_distance: float = 0.06
    outlier_share: float = 0.01
    median: int = 5
    sigma: float = 1.5
    robust_width: float = 0.06


@dataclasses.dataclass(frozen=True)
class Noise:
    """What was found: sigma in m per axis, share of outliers, and whether either exceeds its threshold."""

    sigma: float
    outliers: float
    noisy: bool
    has_outliers: bool


def measure_noise(points: Array, weight: Array, names: tuple[str, ...], options: NoiseOptions) -> Noise:
    """Measure noise and outliers of (T, K, 3) keypoints in m with (T, K) weights; see the module for the rule."""
    points, weight = np.asarray(points), np.asarray(weight)
    index = {n: i for i, n in enumerate(names)}
    sigmas, far = [], []
    for a, b in ((f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in _RIGID):
        if a not in index or b not in index:
            continue
        seen = (weight[:, index[a]] > 0) & (weight[:, index[b]] > 0)
        length = np.linalg.norm(points[:, index[a]] - points[:, index[b]], axis=-1)
        if seen.sum() < 8:
            continue
        running = ndimage.median_filter(length[seen], size=options.median, mode="nearest")
        far.append(np.abs(length[seen] - running) > options.outlier_distance)
        runs = seen[3:] & seen[2:-1] & seen[1:-2] & seen[:-3]
        if runs.sum() >= 4:
            sigmas.append(np.median(np.abs(np.diff(length, 3)[runs])) / (_MAD * _GAIN))
    sigma = float(np.median(sigmas)) if sigmas else 0.0
    outliers = float(np.mean(np.concatenate(far))) if far else 0.0
    has_outliers = outliers > options.outlier_share and outliers > 3 * _tail(sigma, options.outlier_distance)
    return Noise(sigma, outliers, sigma > options.threshold or has_outliers, has_outliers)


def _tail(sigma: float, distance: float) -> float:
    """Return the share of lengths that Gaussian noise alone puts beyond ``distance``."""
    from scipy.special import erfc

    return float(erfc(distance / (2.0 * max(sigma, 1e-9))))


def fill_gaps(points: Array, weight: Array) -> np.ndarray:
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


def smooth_keypoints(points: Array, noise: Noise, options: NoiseOptions) -> np.ndarray:
    """Smooth gap-free keypoints (T, K, 3) in time if they are noisy; clean ones are returned as they are."""
    points = np.asarray(points, dtype=float)
    if not noise.noisy:
        return points
    if noise.has_outliers:
        points = ndimage.median_filter(points, size=(options.median, 1, 1), mode="nearest")
    return ndimage.gaussian_filter1d(points, options.sigma, axis=0, mode="nearest")


def robust_confidence(observed: Array, start: Array, confidence: Array, width: float) -> np.ndarray:
    """Lower the confidence of points that lie far from the start.

    Args:
      observed: (T, K, 3) m.
      start: (T, K, 3) m, the same points on the kinematic start.
      confidence: (T, K).
      width: m; Geman-McClure weight (1 + r^2 / width^2)^-2.

    Returns:
      (T, K) confidence.
    """
    square = np.sum((np.asarray(observed) - np.asarray(start)) ** 2, axis=-1)
    return np.asarray(confidence) / (1.0 + square / width**2) ** 2
