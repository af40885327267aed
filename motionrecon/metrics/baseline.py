"""The baseline physics has to beat: the kinematic input, smoothed by a Gaussian."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

SIGMA_SECONDS = 2.0 / 30.0  # two frames at 30 fps


def gaussian_smooth(positions: np.ndarray, sigma_frames: float) -> np.ndarray:
    """Smooth positions in time with a Gaussian, repeating the first and last frame beyond the ends.

    Args:
      positions: (T, K, 3) m.
      sigma_frames: standard deviation, frames; 0 leaves the positions as they are.

    Returns:
      (T, K, 3) m.
    """
    positions = np.asarray(positions, dtype=float)
    if sigma_frames <= 0:
        return positions.copy()
    return ndimage.gaussian_filter1d(positions, sigma_frames, axis=0, mode="nearest", truncate=4.0)
