"""Bring an observation to the fitting rate and time range, with gaps as masks and finite placeholders.

Short gaps (up to ``MAX_GAP``) are bridged with lowered confidence; longer ones stay missing, because nobody
knows what happened there.
"""

from __future__ import annotations

import dataclasses
import os

import numpy as np
from scipy.interpolate import make_interp_spline

from motionrecon.errors import DataError
from motionrecon.types import Observation

FITTING_RATE = 30.0  # Hz
MAX_GAP = 0.25  # s between the valid samples on both sides of a gap that is bridged
GAP_CONFIDENCE = 0.5  # factor on the confidence of bridged samples
_ARRAYS = ("keypoints2d", "keypoints3d", "landmarks3d")


def fitting_rate(source_fps: float) -> float:
    """Choose the rate (Hz) at which a source of ``source_fps`` is fitted.

    30 Hz, or the source's own near-30 rate where frames can then be picked exactly (29.97 from 59.94); 25 Hz for
    25, 50, 75 and 100; 30 Hz by interpolation otherwise.
    """
    for rate in (FITTING_RATE, 25.0):
        step = max(1, round(source_fps / rate))
        picked = source_fps / step
        if abs(picked - rate) < 1e-4 * rate:
            return rate
        if abs(picked - rate) < 2e-3 * rate:
            return picked
    return FITTING_RATE


def fill_missing(values: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Replace missing samples by finite placeholders: linear in time, held at the ends.

    Args:
      values: (T, K, D), anything where missing.
      confidence: (T, K), 0 where missing.

    Returns:
      (T, K, D) finite. A keypoint that is never seen takes the mean of the seen ones.
    """
    values = np.array(values, dtype=float)
    valid = (np.asarray(confidence) > 0) & np.isfinite(values).all(axis=-1)
    if valid.all():
        return values
    time = np.arange(len(values))
    seen = valid.any(axis=0)
    for k in np.flatnonzero(seen & ~valid.all(axis=0)):
        at = np.flatnonzero(valid[:, k])
        for d in range(values.shape[-1]):
            values[:, k, d] = np.interp(time, at, values[at, k, d])
    if seen.any():
        values[:, ~seen] = values[:, seen].mean(axis=1, keepdims=True)
    else:
        values[:] = 0.0
    return values


def check(observation: Observation, source: str | os.PathLike) -> None:
    """Refuse an observation that cannot be a motion.

    Args:
      observation: to check; values finite.
      source: the file, for the message.

    Raises:
      DataError: fewer than two frames, nothing seen, or nothing ever moves.
    """
    confidence = np.asarray(observation.confidence)
    if len(confidence) < 2:
        raise DataError(f"{source}: holds {len(confidence)} frame(s), a motion needs at least 2; give a longer clip")
    valid = confidence > 0
    if not valid.any():
        raise DataError(f"{source}: all keypoints are missing (NaN or confidence 0) in every frame; check the export")
    for name in _ARRAYS[:2]:
        values = getattr(observation, name)
        if values is not None:
            values = np.where(valid[..., None], values, np.nan)[:, valid.any(axis=0)]
            if not (np.nanmax(values, axis=0) > np.nanmin(values, axis=0)).any():
                raise DataError(f"{source}: the keypoints are the same in every frame; check the export")


def _neighbors(valid: np.ndarray, source: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each target time the indices of the valid samples before (or at) and after (or at) it; -1 if none."""
    at = np.flatnonzero(valid)
    right = np.searchsorted(source[at], times - 1e-6)
    left = np.searchsorted(source[at], times + 1e-6, side="right") - 1
    before = np.where(left >= 0, at[np.clip(left, 0, None)], -1)
    after = np.where(right < len(at), at[np.clip(right, None, len(at) - 1)], -1)
    return before, after


def _confidence_at(confidence: np.ndarray, source: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return one keypoint's confidence at the target times: the smaller neighbour's, lowered across short gaps."""
    if not (confidence > 0).any():
        return np.zeros(len(times))
    before, after = _neighbors(confidence > 0, source, times)
    inside = (before >= 0) & (after >= 0)
    low = np.minimum(confidence[before], confidence[after])
    span = np.where(inside, source[after] - source[before], np.inf)
    spacing = source[1] - source[0]
    low = np.where(span > 1.5 * spacing, GAP_CONFIDENCE * low, low)
    # Neighbouring samples are no gap, however slow the source is.
    return np.where(span <= max(MAX_GAP, 1.5 * spacing) + 1e-9, low, 0.0)


def _interpolate(values: np.ndarray, valid: np.ndarray, source: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Interpolate (T, K, D) at ``times`` through valid samples: cubic, linear where a keypoint has fewer than four."""
    out = np.zeros((len(times), *values.shape[1:]))
    patterns, group = np.unique(valid, axis=1, return_inverse=True)
    for i, pattern in enumerate(patterns.T):
        at, columns = np.flatnonzero(pattern), np.flatnonzero(np.ravel(group) == i)
        if len(at) == 0:
            continue
        inside = np.clip(times, source[at[0]], source[at[-1]])
        samples = values[at][:, columns]
        if len(at) == 1:
            out[:, columns] = samples
            continue
        spline = make_interp_spline(source[at], samples, k=3 if len(at) >= 4 else 1)
        out[:, columns] = spline(inside)
        exact = np.searchsorted(source[at], inside - 1e-9).clip(0, len(at) - 1)
        hit = np.abs(source[at[exact]] - inside) < 1e-6
        out[np.ix_(hit, columns)] = samples[exact[hit]]
    return out


def resample(observation: Observation, fps: float) -> Observation:
    """Resample an observation to ``fps`` (Hz).

    Frames are picked where the rates divide evenly; otherwise values are interpolated through valid samples.
    Confidence is the smaller of the neighbours'; gaps up to ``MAX_GAP`` are bridged with lowered confidence.

    Args:
      observation: T frames at ``observation.fps``.
      fps: the new rate, Hz.

    Returns:
      Observation of floor((T - 1) fps / source fps) + 1 frames; camera and start time unchanged.
    """
    ratio = observation.fps / fps
    step = round(ratio)
    picks = step >= 1 and abs(ratio - step) < 1e-3 * step
    confidence = np.asarray(observation.confidence, dtype=float)
    count = len(confidence)
    source = np.arange(count) / observation.fps
    times = source[::step] if picks else np.arange(int((count - 1) / ratio + 1e-9) + 1) / fps
    new_confidence = np.stack([_confidence_at(c, source, times) for c in confidence.T], axis=1)
    changes: dict[str, object] = {"fps": float(fps), "confidence": new_confidence}
    for name in _ARRAYS:
        values = getattr(observation, name)
        if values is not None:
            values = np.asarray(values, dtype=float)
            changes[name] = fill_missing(_interpolate(values, confidence > 0, source, times), new_confidence)
    return dataclasses.replace(observation, **changes)


def crop(observation: Observation, time_range: tuple[float, float], source: str | os.PathLike = "clip") -> Observation:
    """Cut an observation to a time range.

    Args:
      observation: to cut.
      time_range: (start, end) in s of the source's time; frames at both ends are kept.
      source: the file, for the message.

    Returns:
      Observation whose ``start_time`` is the time of its first frame.

    Raises:
      DataError: the range is reversed, outside the clip or holds fewer than two frames.
    """
    start, end = time_range
    count, first = len(observation.confidence), observation.start_time
    last = first + (count - 1) / observation.fps
    named = f"{source}: the time range {start:g} to {end:g} s"
    if not end > start:
        raise DataError(f"{named} ends before it starts; give START END in seconds")
    if start < first - 1e-6 or start > last or end > last + 1.0 / observation.fps + 1e-6:
        raise DataError(
            f"{named} lies outside the clip, which lasts from {first:.2f} to {last:.2f} s; give times within it"
        )
    begin = int(np.ceil((start - first) * observation.fps - 1e-6))
    stop = min(int(np.floor((end - first) * observation.fps + 1e-6)) + 1, count)
    if stop - begin < 2:
        raise DataError(f"{named} holds {max(stop - begin, 0)} frame(s); give a longer range")
    changes: dict[str, object] = {
        "confidence": observation.confidence[begin:stop],
        "start_time": first + begin / observation.fps,
    }
    for name in _ARRAYS:
        values = getattr(observation, name)
        if values is not None:
            changes[name] = values[begin:stop]
    return dataclasses.replace(observation, **changes)
