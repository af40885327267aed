"""The best Gaussian filter of noisy motion capture: what physics has to beat where the filter knows the truth.

The filter is given every advantage: its width (0.5 to 6 frames), with and without a 5-frame median before it, is the
one that comes closest to the truth, which nobody knows outside an evaluation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from motionrecon import metrics

WIDTHS = np.arange(0.5, 6.01, 0.5)  # frames
MEDIAN = 5  # frames


class Filtered(NamedTuple):
    """Filtered points (T, K, 3) m, their MPJPE-G in mm and the Gaussian's width in frames."""

    points: np.ndarray
    error_mm: float
    width: float


def best(points: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> Filtered:
    """Return noisy points (T, K, 3) m after the Gaussian that brings them closest to the truth (where ``mask``)."""
    smoothed = [metrics.gaussian_smooth(points, width) for width in WIDTHS]
    errors = np.array([metrics.mpjpe_g(found, truth, mask) for found in smoothed], float)
    least = int(errors.argmin())
    return Filtered(smoothed[least], float(errors[least]), float(WIDTHS[least]))


def best_after_median(points: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> Filtered:
    """As ``best``, after a median over five frames, which takes outliers away."""
    return best(ndimage.median_filter(points, size=(MEDIAN, 1, 1), mode="nearest"), truth, mask)
