"""Read true joint positions to measure a result against."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from motionrecon.errors import DataError
from motionrecon.types import Observation


def read_positions(path: str | Path) -> tuple[list[str], np.ndarray, float]:
    """Read a truth file as it is: names (K'), positions (T', K', 3) m and rate, Hz.

    Raises:
      DataError: missing or malformed file.
    """
    path = Path(path)
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
    return names, positions, fps


def read_truth(path: str | Path, observation: Observation) -> np.ndarray:
    """Read true positions of an observation's keypoints at its frames.

    Args:
      path: NPZ with ``names`` (K',), ``positions`` (T', K', 3) m in the world of the camera given, and ``fps`` Hz; its
        frame 0 is the source's time 0.
      observation: gives names, rate and start time.

    Returns:
      (T, K, 3) m, linearly interpolated in time; NaN for keypoints and times that the file does not have.

    Raises:
      DataError: missing or malformed file, or no common keypoint.
    """
    names, positions, fps = read_positions(path)
    out = at_frames(observation, tuple(names), positions, fps)
    if not np.isfinite(out).any():
        raise DataError(f"{path}: shares no keypoint or no time with the input; give the truth of this clip")
    return out


def at_frames(
    observation: Observation, names: tuple[str, ...], positions: np.ndarray, fps: float, start: float = 0.0
) -> np.ndarray:
    """Return known positions at an observation's frames and for its names.

    Args:
      observation: gives names, rate and start time.
      names: K' keypoint names of ``positions``.
      positions: (T', K', 3) m, NaN where unknown.
      fps: Hz, of ``positions``.
      start: s, time of the positions' frame 0 in the observation's source.

    Returns:
      (T, K, 3) m, linearly interpolated in time; NaN for names and times that ``positions`` do not have.
    """
    frames = len(observation.confidence)
    out = np.full((frames, len(observation.names), 3), np.nan)
    times = (observation.start_time - start + np.arange(frames) / float(observation.fps)) * fps
    inside = (times > -0.5) & (times < len(positions) - 0.5)
    grid = np.arange(len(positions))
    for name in set(observation.names) & set(names):
        track = positions[:, names.index(name)]
        values = np.stack([np.interp(times, grid, track[:, i]) for i in range(3)], axis=-1)
        out[:, observation.names.index(name)] = np.where(inside[:, None], values, np.nan)
    return out
