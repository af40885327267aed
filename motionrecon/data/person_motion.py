"""What the check of a person asks of motion: lengths without noise, sides that change places, steps and their pace."""

from __future__ import annotations

import numpy as np

_STEP = 0.1  # m, one foot ahead of the other counts as a step


def running_median(values: np.ndarray, frames: float) -> np.ndarray:
    """Return medians (T',) over so many frames, a third of all at most: noise and single outliers are no change."""
    width = 2 * round(0.5 * min(frames, len(values) / 3)) + 1
    return np.median(np.lib.stride_tricks.sliding_window_view(values, width), axis=-1)


def turned_about(line: np.ndarray) -> np.ndarray:
    """Say between which frames a line (T, 3) m turns by more than a quarter: (T - 1,) bool; unseen (NaN): false."""
    return np.sum(line[1:] * line[:-1], axis=-1) < 0.0


def steps(across: np.ndarray, feet: np.ndarray, fps: float) -> tuple[float, float] | None:
    """Return steps a second and their length in m.

    Args:
      across: (T, 3) m, from the right hip to the left one; unseen frames are NaN.
      feet: (T, 3) m, from the right ankle to the left one.
      fps: Hz.

    Returns:
      Steps a second and the median length of one; None where the feet change places fewer than four times.
    """
    seen = np.isfinite(across + feet).all(axis=-1)
    ahead = np.cross(across[seen], [0.0, 0.0, 1.0])
    reach = np.sum(feet[seen] * ahead, axis=-1) / np.maximum(np.linalg.norm(ahead, axis=-1), 1e-6)
    if len(reach) < 5:
        return None
    reach, frames = running_median(reach, 2.0), np.flatnonzero(seen)[1:-1]
    apart = np.abs(reach) > _STEP
    reach, frames = reach[apart], frames[apart]
    turns = np.flatnonzero(np.diff(np.sign(reach))) + 1
    if len(turns) < 4:
        return None
    length = float(np.median([np.abs(part).max() for part in np.split(reach, turns)[1:-1]]))
    return (len(turns) - 1) * fps / float(frames[turns[-1]] - frames[turns[0]]), length
