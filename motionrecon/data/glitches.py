"""Frames and points of a recording that are no motion: rest poses at the ends, zeros, teleports, points that jump.

Exporters put rest poses before or behind a motion, trackers write zeros where they saw nothing, and a marker that is
lost for some frames comes back elsewhere. Nobody moves like that: a step counts as a jump where it is far from the
steps before and behind it, which a fast motion's are not. What is wrong for a moment is left out as a gap; a clip that
goes on somewhere else is cut, because no person was there in between. Bones tell a point that jumps from a limb that is
fast: they keep their length.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

from motionrecon.data import bone_lengths, glitch_sentences


@dataclasses.dataclass(frozen=True)
class GlitchOptions:
    """What counts as no motion.

    Attributes:
      rest: a step out of or into a rest pose is so many times larger than 95 % of the steps of the second beside it...
      rest_leg: ...and at least this share of the leg's length.
      held: the same of the whole body's step, place included, out of or into frames that are held...
      held_frames: ...which are at least so many.
      still: m, steps of a rest pose are smaller.
      body: m, least jump of half of all points...
      usual: ...and so many times larger than three quarters of all steps' jumps.
      gap_seconds: s, a longer stretch between two jumps is no gap: the clip is cut there.
      speed: m/s, over the motion's own, at which the body may go on behind a gap.
      point: m, least jump of a single point.
    """

    rest: float = 6.0
    rest_leg: float = 0.02
    held: float = 3.0
    held_frames: int = 3
    still: float = 1e-6
    body: float = 0.15
    usual: float = 6.0
    gap_seconds: float = 0.5
    speed: float = 1.0
    point: float = 0.05


@dataclasses.dataclass(frozen=True)
class Glitches:
    """What of a recording is motion.

    Attributes:
      keep: the frames to use.
      rest: frames at the start that are a rest pose, which is no part of the recording's time in skeleton files.
      missing: (T, K) true where a point was not observed, of all frames.
      sentences: what was left out and why.
    """

    keep: slice
    rest: int
    missing: np.ndarray
    sentences: tuple[str, ...]


def find(
    names: tuple[str, ...], positions: np.ndarray, fps: float, options: GlitchOptions = GlitchOptions()
) -> Glitches:
    """Find what of a recording is no motion.

    Args:
      names: K canonical keypoint names.
      positions: (T, K, 3) about m, any axes; NaN where missing.
      fps: Hz.
      options: sizes.

    Returns:
      Glitches; ``keep`` has at least two frames where the recording has.
    """
    said: list[str] = []
    values = np.array(positions, dtype=float)
    if len(values) < 2:
        return Glitches(slice(0, len(values)), 0, np.zeros(values.shape[:2], dtype=bool), ())
    zero = zeros(values)
    if zero.any():
        said.append(glitch_sentences.zeros(names, zero))
        values[zero] = np.nan
    start, stop = 0, len(values)
    rest = 0
    seen = np.flatnonzero(np.isfinite(values).all(axis=-1).any(axis=1))
    if len(seen) > 1 and (seen[0] > 0 or seen[-1] < stop - 1):
        start, stop = int(seen[0]), int(seen[-1]) + 1
        said.append(
            f"Nothing is seen before frame {start} and behind frame {stop - 1}; only what lies between is used."
        )
    while (n := rest_pose(names, values[start:stop], options)) and stop - start - n >= 2:
        said.append(glitch_sentences.rest_pose(start, start + n, "jumps to the motion", start + n))
        start += n
        rest = start
    while (n := rest_pose(names, values[start:stop][::-1], options)) and stop - start - n >= 2:
        said.append(glitch_sentences.rest_pose(stop - n, stop, "the motion jumps to", None))
        stop -= n
    inner, begin, end = _pieces(values[start:stop], fps, options)
    said += glitch_sentences.pieces(_filled(values[start:stop]), inner, begin, end, fps, start, options.still)
    if begin > 0 and glitch_sentences.is_still(values[start : start + begin], options.still):
        rest = start + begin
    missing = zero
    missing[start:stop] |= inner[:, None]
    keep = slice(start + begin, start + end)
    values[missing] = np.nan
    alone = point_jumps(names, values[keep], fps, options)
    for k in np.flatnonzero(alone.any(axis=0)):
        frames = keep.start + np.flatnonzero(alone[:, k])
        point = names[k].replace("_", " ")
        said.append(
            f"The {point} jumps away from the body in {glitch_sentences.frames(frames)}; it is left out there as a gap."
        )
    missing[keep] |= alone
    return Glitches(keep, rest, missing, tuple(said))


def zeros(values: np.ndarray) -> np.ndarray:
    """Return (T, K) true where a point of (T, K, 3) m is exactly 0, 0, 0 although it is not usually: not seen."""
    zero = (values == 0.0).all(axis=-1)
    zero &= zero.mean(axis=0) <= 0.5
    out = zero & (np.sum(zero, axis=1, keepdims=True) >= 2)  # two points of a body are never in one place
    for k in np.flatnonzero((zero & ~out).any(axis=0)):
        there = np.flatnonzero(~zero[:, k])
        for t in np.flatnonzero(zero[:, k] & ~out[:, k]):
            near = values[there[np.argmin(np.abs(there - t))], k]
            out[t, k] = np.linalg.norm(near) > GlitchOptions.body
    return out


def rest_pose(names: tuple[str, ...], points: np.ndarray, options: GlitchOptions = GlitchOptions()) -> int:
    """Return how many frames at the start are one still pose that lies implausibly far from the frame behind them.

    The size does not matter. A pose is compared without the place of its mean, because it may stand anywhere; one that
    is held for several frames is compared with it, because nobody is at full speed from one frame to the next.

    Args:
      names: K canonical keypoint names.
      points: (T, K, 3) in any unit.
      options: sizes.

    Returns:
      The number, 0 where the recording begins with motion.
    """
    if len(points) < 5 or "left_hip" not in names:
        return 0
    leg = [names.index(n) for n in ("left_hip", "left_knee") if n in names]
    thigh = np.linalg.norm(points[:, leg[0]] - points[:, leg[-1]], axis=-1)
    length = 2.0 * float(np.median(thigh[np.isfinite(thigh)])) if np.isfinite(thigh).any() else 0.0
    if length <= 0:
        return 0
    seen = np.isfinite(points).all(axis=(0, 2))
    if not seen.any():
        return 0
    moved = (np.abs(np.diff(points[:, seen], axis=0)) > options.still * length).any(axis=(1, 2))
    if not moved.any():
        return 0
    last = int(np.argmax(moved))  # the step out of the first pose
    near = points[last : last + 120, seen]
    pose = near - near.mean(axis=1, keepdims=True)
    steps = np.linalg.norm(np.diff(pose, axis=0), axis=-1).mean(axis=1)
    if len(steps) < 4:
        return 0
    jump = steps[0] > options.rest * np.percentile(steps[1:], 95)
    if last + 1 >= options.held_frames and not jump:
        steps = np.linalg.norm(np.diff(near, axis=0), axis=-1).mean(axis=1)
        jump = steps[0] > options.held * np.percentile(steps[1:], 95)
    return last + 1 if jump and steps[0] > options.rest_leg * length else 0


def jump_sizes(values: np.ndarray) -> np.ndarray:
    """Return (T - 1, K): how far each step of (T, K, 3) is from the nearer of the steps before and behind it."""
    steps = np.diff(values, axis=0)
    change = np.linalg.norm(np.diff(steps, axis=0), axis=-1)
    before = np.concatenate([np.full((1, values.shape[1]), np.inf), change])
    behind = np.concatenate([change, np.full((1, values.shape[1]), np.inf)])
    return np.minimum(before, behind) if len(steps) > 1 else np.zeros((len(steps), values.shape[1]))


def _pieces(values: np.ndarray, fps: float, options: GlitchOptions) -> tuple[np.ndarray, int, int]:
    """Cut (T, K, 3) m where the whole body jumps; returns (T,) true in gaps, and the frames [begin, end) to use."""
    gap = np.zeros(len(values), dtype=bool)
    if len(values) < 5:
        return gap, 0, len(values)
    filled = _filled(values)
    sizes = np.median(jump_sizes(filled), axis=1)
    breaks = np.flatnonzero(sizes > max(options.body, options.usual * np.percentile(sizes, 75)))
    pieces = list(itertools.pairwise([0, *(int(b) + 1 for b in breaks), len(values)]))
    steps = np.median(np.linalg.norm(np.diff(filled, axis=0), axis=-1), axis=1)
    speed = options.speed + fps * float(np.percentile(steps, 75))
    longest = int(np.argmax([b - a for a, b in pieces]))
    begin, end = pieces[longest]
    for a, b in pieces[longest + 1 :]:
        if _goes_on(filled, end - 1, a, fps, speed, options):
            gap[end:a], end = True, b
    for a, b in pieces[:longest][::-1]:
        if _goes_on(filled, b - 1, begin, fps, speed, options):
            gap[b:begin], begin = True, a
    return gap, begin, end


def _goes_on(filled: np.ndarray, last: int, first: int, fps: float, speed: float, options: GlitchOptions) -> bool:
    """Tell whether frame ``first`` may follow frame ``last`` with a gap between them."""
    seconds = (first - last) / fps
    away = float(np.median(np.linalg.norm(filled[first] - filled[last], axis=-1)))
    return first - last > 1 and seconds <= options.gap_seconds + 1.5 / fps and away < options.body + speed * seconds


def point_jumps(
    names: tuple[str, ...], values: np.ndarray, fps: float, options: GlitchOptions = GlitchOptions()
) -> np.ndarray:
    """Find single points that jump away from the body and, but at the clip's ends, back.

    Args:
      names: K canonical keypoint names.
      values: (T, K, 3) m; NaN where missing.
      fps: Hz.
      options: sizes.

    Returns:
      (T, K) true where a point is not where the body is.
    """
    out = np.zeros(values.shape[:2], dtype=bool)
    off = bone_lengths.off(names, values)
    if len(values) < 5 or not off.any():
        return out
    filled = _filled(values)
    jump = jump_sizes(filled) > options.point
    most = round(options.gap_seconds * fps)
    for k in np.flatnonzero(off.any(axis=0)):
        for run in _runs(off[:, k]):
            enters = run.start == 0 or jump[run.start - 1, k]
            leaves = run.stop == len(values) or jump[run.stop - 1, k]
            inside = run.start > 0 or run.stop < len(values)
            if enters and leaves and inside and run.stop - run.start <= most:
                out[run, k] = True
    return out


def _filled(values: np.ndarray) -> np.ndarray:
    """Return (T, K, 3) with missing points held or interpolated; points that are never there are left out."""
    there = np.asarray(np.isfinite(values).all(axis=-1))
    out = np.where(there[..., None], values, 0.0)
    time = np.arange(len(values))
    for k in np.flatnonzero(there.any(axis=0) & ~there.all(axis=0)):
        at = np.flatnonzero(there[:, k])
        for d in range(3):
            out[:, k, d] = np.interp(time, at, values[at, k, d])
    return out


def _runs(mask: np.ndarray) -> list[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
