"""Sampled signals: low-pass, second difference, interpolation, stretches of true samples."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy.signal import butter, filtfilt

_TWICE = 0.802  # cut-off of a 2nd-order Butterworth filter run both ways, over that of one pass (Winter)
_PAD = 9


def low_pass(values: np.ndarray, rate: float, cutoff: float) -> np.ndarray:
    """Smooth along axis 0 by a 2nd-order Butterworth filter run both ways.

    D. A. Winter, "Biomechanics and Motor Control of Human Movement", ch. 3: the cut-off is corrected for two passes.

    Args:
      values: (T, ...).
      rate: Hz.
      cutoff: Hz; the values come back as they are where it is near the half rate, or T is below 13.
    """
    if cutoff >= 0.45 * rate or len(values) < 13:
        return values
    b, a = cast(tuple[np.ndarray, np.ndarray], butter(2, cutoff / _TWICE / (rate / 2)))
    return filtfilt(b, a, values, axis=0, padtype="odd", padlen=min(_PAD, len(values) - 2))


def acceleration(positions: np.ndarray, rate: float) -> np.ndarray:
    """Return second differences (T, ...) along axis 0, in units/s^2; the ends repeat their neighbours."""
    out = np.zeros_like(positions)
    out[1:-1] = (positions[2:] - 2 * positions[1:-1] + positions[:-2]) * rate * rate
    out[0], out[-1] = out[1], out[-2]
    return out


def at_times(time: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Interpolate (S, ...) at ``wanted`` (N,) times, linearly; beyond the ends the end values hold."""
    values = np.asarray(values, float)
    flat = values.reshape(len(values), -1)
    columns = [np.interp(wanted, time, column) for column in flat.T]
    return np.stack(columns, axis=-1).reshape(len(wanted), *values.shape[1:])


def moving_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Average (S, ...) over ``width`` samples around each; the ends are continued."""
    before = width // 2
    pad = [(before, width - 1 - before)] + [(0, 0)] * (values.ndim - 1)
    sums = np.cumsum(np.pad(values, pad, "edge"), axis=0)
    sums = np.concatenate([np.zeros_like(sums[:1]), sums])
    return (sums[width:] - sums[:-width]) / width


def stretches(on: np.ndarray) -> list[tuple[int, int]]:
    """Return (begin, end) of each run of true samples in (T,); the end is the first sample after it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(on, int), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def correlation(x: np.ndarray, y: np.ndarray) -> float | None:
    """Return Pearson's r of two (N,); None with fewer than 4 samples or no variation."""
    if len(x) < 4 or x.std() < 1e-9 or y.std() < 1e-9:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def rms(values: np.ndarray) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values))))
