"""Read true joint positions to measure a result against."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from motionrecon.errors import DataError
from motionrecon.types import Observation, Truth


def read_truth(path: str | Path) -> Truth:
    """Read a truth file as it is.

    Args:
      path: NPZ with ``names`` (K), ``positions`` (T, K, 3) m in the recording's world (that of the camera given), and
        ``fps`` Hz; its frame 0 is the source's time 0.

    Raises:
      DataError: missing or malformed file.
    """
    file, path = str(path), Path(path)
    try:
        with np.load(path, allow_pickle=False) as f:
            names, positions, fps = [str(n) for n in f["names"]], np.asarray(f["positions"], float), float(f["fps"])
    except FileNotFoundError:
        raise DataError(f"{path}: no such truth file; check the path given with --truth") from None
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reason = "not a NumPy archive" if "pickle" in str(error) else str(error).strip("'\"")
        raise DataError(
            f"{path}: is no truth file ({reason}); give an NPZ with names, positions (T, K, 3) m and fps"
        ) from None
    if positions.ndim != 3 or positions.shape[1:] != (len(names), 3) or fps <= 0:
        raise DataError(
            f"{path}: positions have shape {positions.shape} for {len(names)} names; save (T, K, 3) of them"
        )
    return Truth(tuple(names), positions, fps, file)


def at_frames(observation: Observation, truth: Truth, start: float = 0.0) -> np.ndarray:
    """Return known positions at an observation's frames and for its names.

    Args:
      observation: gives names, rate and start time.
      truth: in whatever world.
      start: s, time of the truth's frame 0 in the observation's source.

    Returns:
      (T, K, 3) m, linearly interpolated in time; NaN for names and times that the truth does not have.
    """
    frames = len(observation.confidence)
    out = np.full((frames, len(observation.names), 3), np.nan)
    times = (observation.start_time - start + np.arange(frames) / float(observation.fps)) * truth.fps
    inside = (times > -0.5) & (times < len(truth.positions) - 0.5)
    grid = np.arange(len(truth.positions))
    for name in set(observation.names) & set(truth.names):
        track = truth.positions[:, truth.names.index(name)]
        values = np.stack([np.interp(times, grid, track[:, i]) for i in range(3)], axis=-1)
        out[:, observation.names.index(name)] = np.where(inside[:, None], values, np.nan)
    return out


def placed(observation: Observation, truth: Truth, name: str) -> np.ndarray:
    """Return ``at_frames``; ``name`` is what the truth is called in the message.

    Raises:
      DataError: no keypoint and time in common.
    """
    positions = at_frames(observation, truth)
    if not np.isfinite(positions).any():
        raise DataError(f"{name}: shares no keypoint or no time with the input; give the truth of this clip")
    return positions
