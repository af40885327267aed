"""How smooth a motion is: total variation of acceleration, jitter, and acceleration error against a reference.

Differences are plain forward differences at the rate given; a term counts only if all frames it spans are visible.
"""

from __future__ import annotations

import numpy as np

from motionrecon.metrics.accuracy import as_mask


def _difference(positions: np.ndarray, mask: np.ndarray | None, order: int) -> tuple[np.ndarray, np.ndarray] | None:
    if len(positions) <= order:
        return None
    visible = as_mask(mask, positions.shape[:2])
    terms = len(positions) - order
    valid = np.all([visible[i : i + terms] for i in range(order + 1)], axis=0)
    return (np.diff(positions, n=order, axis=0), valid) if valid.any() else None


def tv(positions: np.ndarray, mask: np.ndarray | None = None) -> float | None:
    """Total variation of joint acceleration, m/frame^2.

    (1/T) sum_t sum_k |a_k(t+1) - a_k(t)| with a_k(t) = x_k(t+1) - 2 x_k(t) + x_k(t-1), T the number of terms in time;
    a sum over joints, so only the same joint set at the same frame rate compares. Multiply by fps^2 for m/s^2. Missing
    joints are replaced by the mean of the others (K times the mean over visible terms). DiffPhy (CVPR 2022), which
    does not state the unit.

    Args:
      positions: (T, K, 3) m.
      mask: (T, K), or None for all points.

    Returns:
      m/frame^2, or None with fewer than 4 frames.
    """
    found = _difference(positions, mask, 3)
    if found is None:
        return None
    change, valid = found
    return float(positions.shape[1] * np.linalg.norm(change, axis=-1)[valid].mean())


def jitter(positions: np.ndarray, fps: float, mask: np.ndarray | None = None) -> float | None:
    """Mean jerk, m/s^3.

    fps^3 mean over (t, k) of |x(t+3) - 3 x(t+2) + 3 x(t+1) - x(t)|. Shin et al., "WHAM", CVPR 2024, print a tenth of it
    (unit 10 m/s^3).

    Args:
      positions: (T, K, 3) m.
      fps: Hz.
      mask: (T, K), or None for all points.

    Returns:
      m/s^3, or None with fewer than 4 frames.
    """
    found = _difference(positions, mask, 3)
    if found is None:
        return None
    change, valid = found
    return float(fps**3 * np.linalg.norm(change, axis=-1)[valid].mean())


def accel_error(
    predicted: np.ndarray, reference: np.ndarray, fps: float, mask: np.ndarray | None = None
) -> float | None:
    """Mean error of joint acceleration in the world, m/s^2.

    fps^2 mean over (t, k) of |a_k(t) - b_k(t)|, a and b second differences of prediction and reference. Kanazawa et
    al., "Learning 3D Human Dynamics from Video", CVPR 2019; there root-relative, here in the world, so that errors of
    the root's acceleration count.

    Args:
      predicted: (T, K, 3) m.
      reference: (T, K, 3) m.
      fps: Hz.
      mask: (T, K), or None for all points.

    Returns:
      m/s^2, or None with fewer than 3 frames.
    """
    found = _difference(predicted - reference, mask, 2)
    if found is None:
        return None
    error, valid = found
    return float(fps**2 * np.linalg.norm(error, axis=-1)[valid].mean())
