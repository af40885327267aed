"""Low-pass filtered ground reaction forces: a Butterworth filter of fourth order without lag."""

from __future__ import annotations

import math

import numpy as np
from scipy.signal import butter, sosfiltfilt

CUTOFF = 20.0  # Hz, usual for ground reaction forces of gait
HIGHEST = 0.4  # of the frame rate: the filter must end below half of it
_PASSES = (math.sqrt(2.0) - 1.0) ** 0.25  # r with 1 / (1 + r^4)^2 = 1/2: both passes' half power, in cut-offs of one


def cutoff(fps: float) -> float:
    """Return the cut-off frequency in Hz for a frame rate: 20 Hz, or 0.4 of the frame rate where that is less."""
    return min(CUTOFF, HIGHEST * fps)


def low_pass(values: np.ndarray, fps: float) -> np.ndarray:
    """Filter forwards and backwards with a Butterworth filter of second order each: fourth order, no lag.

    The single pass' frequency is raised so that both together have half power (-3 dB) at ``cutoff`` (Winter,
    "Biomechanics and Motor Control of Human Movement"; here exactly, with the bilinear transform's warping).

    Args:
      values: (T, ...), any unit, evenly sampled.
      fps: Hz.

    Returns:
      (T, ...) in the same unit; the ends are continued by an odd extension; one frame stays as it is.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return values.copy()
    single = math.atan(math.tan(math.pi * cutoff(fps) / fps) / _PASSES) / math.pi
    section = np.asarray(butter(2, 2.0 * single, output="sos"))
    return sosfiltfilt(section, values, axis=0, padlen=min(9, len(values) - 1))
