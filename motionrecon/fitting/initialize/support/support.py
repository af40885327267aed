"""What carries the body beside the ground: stretches of a clip in which one level floor cannot give the net force.

The simulated world is a floor at z = 0. A box, stairs, a chair, a hand rail or a treadmill's belt is unknown to it, and
a person who rests on one is simulated with forces that never acted. The kinematic start tells before anything is
simulated, by three questions: does the body weigh on something while nothing of it is near the floor
(``_carried_above``), does the zero-moment point stay outside of what touches the floor (``_weight_beyond``), and do
feet that carry weight move together at one velocity (``moving_ground``). Flight needs no support.

Twice differentiated paths and the soles of dancers on tiptoe are uncertain, so each question has a size and a duration;
``python benchmarks/support.py`` prints what they find in recordings.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from motionrecon.fitting.initialize.support import moving_ground, net_load
from motionrecon.fitting.initialize.support.footfalls import Footfall, find_footfalls, runs
from motionrecon.geometry import skeleton as skeletons
from motionrecon.physics.humanoid import contact_points
from motionrecon.types import KinematicStart, UnsupportedInterval

_ANGLES = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
_DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])  # (2, 48)
_NOTHING = -1e3  # m, reach of a body that touches nothing
_SOLES = 8  # the first contact points are the soles' corners
BEYOND = "weight beyond what touches the floor: a seat, a wall, a rail or another hold"


@dataclasses.dataclass(frozen=True)
class SupportOptions:
    """Sizes and durations; heights are of the body's surface.

    Attributes:
      foot_near: m, a sole's corner below this may carry.
      body_near: m, the same for knees, hands, back and the rest, whose surface is known less well.
      loaded: body weights, above which the body weighs on something.
      clear: m, a body whose lowest point is above this touches nothing...
      clear_seconds: s, ...if it is loaded for so long,
      high: m, or above this height (feet on tiptoe seem 10 cm high)...
      high_seconds: s, ...for so long.
      sunk: m, deeper below the floor nothing can stand on it.
      touch: m, it touches the floor again when its lowest point is below this.
      margin: m, how far the zero-moment point may be outside...
      beyond_seconds: s, ...at least for so long,
      margin_long: m, or so far outside...
      long_seconds: s, ...for so long.
      share: m, added to both margins per metre from the centre of mass to the zero-moment point: haste is uncertain.
      smooth: s, width of the curve over which load and zero-moment point are averaged, and half the span of time
        within which contacts count.
      gap: s, stretches of one cause closer than this are one.
      level: m, footfalls whose heights differ by less stand on one level.
    """

    foot_near: float = 0.06
    body_near: float = 0.10
    loaded: float = 0.3
    clear: float = 0.05
    clear_seconds: float = 1.0
    high: float = 0.10
    high_seconds: float = 0.3
    sunk: float = 0.08
    touch: float = 0.03
    margin: float = 0.08
    beyond_seconds: float = 0.4
    margin_long: float = 0.05
    long_seconds: float = 1.0
    share: float = 0.3
    smooth: float = 0.1
    gap: float = 0.3
    level: float = 0.05


@dataclasses.dataclass(frozen=True)
class Support:
    """Where the ground explains the motion.

    Attributes:
      supported: (T,) bool.
      intervals: where it does not, by time, at the source's clock; stretches of different causes may overlap.
    """

    supported: np.ndarray
    intervals: tuple[UnsupportedInterval, ...]


@dataclasses.dataclass(frozen=True)
class _Contacts:
    """The body's contact points: surface heights (T, C) m, places (T, C, 2) m, radii (C,) m."""

    height: np.ndarray
    place: np.ndarray
    radius: np.ndarray


def _contacts(start: KinematicStart) -> _Contacts:
    motion = start.motion
    pos, rot = skeletons.clip_poses(motion.skeleton, motion.root_pos, motion.quats)
    _, links, offsets, radii, _ = contact_points(motion.skeleton, start.soles, start.height)
    points = pos[:, list(links)] + (rot[:, list(links)] @ offsets[..., None])[..., 0]
    return _Contacts(points[..., 2] - radii, points[..., :2], radii)


def _carried_above(lowest: np.ndarray, weight: np.ndarray, fps: float, options: SupportOptions) -> list[slice]:
    """Return stretches in which the body is clear of the floor and yet loaded, each until something touches the floor.

    A leap is clear too, but its mean load is near zero however rough its differentiated path. Flight before the first
    load is left out: a jump onto a box starts from the floor.
    """
    out = []
    for run in runs(lowest > options.clear):
        loaded = weight[run] > options.loaded
        seconds = loaded.sum() / fps
        high = (loaded & (lowest[run] > options.high)).sum() / fps
        if weight[run].mean() > options.loaded and (seconds >= options.clear_seconds or high >= options.high_seconds):
            touching = np.flatnonzero(lowest[run.stop :] < options.touch)
            stop = run.stop + int(touching[0]) if len(touching) else len(lowest)
            out.append(slice(run.start + int(np.argmax(loaded)), stop))
    return out


def _below(lowest: np.ndarray, fps: float, options: SupportOptions) -> list[tuple[slice, str]]:
    """Return stretches below the floor: where most of a clip stands on a box, its top was taken for the floor."""
    found = [run for run in runs(lowest < -options.sunk) if run.stop - run.start >= options.high_seconds * fps]
    return [(run, f"standing {-np.median(lowest[run]):.2f} m below the level taken for the floor") for run in found]


def _weight_beyond(contacts: _Contacts, load: net_load.NetLoad, fps: float, options: SupportOptions) -> list[slice]:
    """Return stretches in which the zero-moment point stays outside of the hull of the points near the floor.

    The distance to a convex hull is the largest, over all directions, of how much further the point lies than the
    hull reaches.
    """
    near = contacts.height < np.where(np.arange(len(contacts.radius)) < _SOLES, options.foot_near, options.body_near)
    reach = np.where(near[..., None], contacts.place @ _DIRECTIONS + contacts.radius[:, None], _NOTHING).max(axis=1)
    reach = maximum_filter1d(reach, 2 * round(options.smooth * fps) + 1, axis=0)
    sigma = options.smooth * fps
    up = np.maximum(load.weight, 0.0)
    weight = gaussian_filter1d(up, sigma)
    point = gaussian_filter1d(up[:, None] * load.point, sigma, axis=0) / np.maximum(weight, 0.05)[:, None]
    outside = (point @ _DIRECTIONS - reach).max(axis=1)
    outside = outside - options.share * np.linalg.norm(point - load.com[:, :2], axis=1)
    judged = (weight > options.loaded) & (reach.max(axis=1) > 0.5 * _NOTHING)
    out = []
    for margin, seconds in ((options.margin, options.beyond_seconds), (options.margin_long, options.long_seconds)):
        out += [run for run in runs(judged & (outside > margin)) if run.stop - run.start >= seconds * fps]
    return out


def _levels(footfalls: list[Footfall], apart: float) -> list[float]:
    """Return the distinct heights (m) on which feet stood, from below."""
    levels: list[list[float]] = []
    for height in sorted(f.height for f in footfalls):
        if levels and height - levels[-1][-1] < apart:
            levels[-1].append(height)
        else:
            levels.append([height])
    return [max(float(np.median(group)), 0.0) for group in levels]


def _height_cause(run: slice, lowest: np.ndarray, footfalls: list[Footfall], options: SupportOptions) -> str:
    """Say what a body that is clear of the floor stands on."""
    levels = _levels(footfalls, options.level)
    if len(levels) > 2:
        return f"feet on different heights, {levels[0]:.2f} to {levels[-1]:.2f} m above the floor: stairs or a slope"
    own = [f for f in footfalls if f.start < run.stop and f.stop > run.start and f.height > options.clear]
    if own:
        return f"standing {np.median([f.height for f in own]):.2f} m above the floor"
    return f"carried {np.median(lowest[run]):.2f} m above the floor"


def _joined(found: list[tuple[slice, str]], frames: int) -> list[tuple[slice, str]]:
    """Join stretches of one cause that are at most ``frames`` apart."""
    out: list[tuple[slice, str]] = []
    for run, cause in sorted(found, key=lambda item: (item[1], item[0].start)):
        if out and out[-1][1] == cause and run.start - out[-1][0].stop <= frames:
            out[-1] = (slice(out[-1][0].start, max(run.stop, out[-1][0].stop)), cause)
        else:
            out.append((run, cause))
    return sorted(out, key=lambda item: (item[0].start, item[0].stop))


def find_unsupported(start: KinematicStart, options: SupportOptions = SupportOptions()) -> Support:
    """Find where a level floor cannot carry the body as it moves.

    Args:
      start: the kinematic start, its ground at z = 0; depths must be measured (motion capture), not guessed.
      options: sizes and durations.

    Returns:
      A Support; clips of fewer than five frames count as supported.
    """
    motion = start.motion
    frames, fps = len(np.asarray(motion.root_pos)), float(motion.fps)
    if frames < 5:
        return Support(np.ones(frames, dtype=bool), ())
    load = net_load.net_load(motion, start.soles, start.height)
    contacts = _contacts(start)
    lowest = contacts.height.min(axis=1)
    footfalls = find_footfalls(motion, start.soles, load)
    above = _carried_above(lowest, load.weight, fps, options)
    still = [f for f in footfalls if np.hypot(*f.velocity) < moving_ground.MovingGroundOptions().speed]
    found = [(run, _height_cause(run, lowest, still, options)) for run in above]
    found += _below(lowest, fps, options)
    found += [(run, BEYOND) for run in _weight_beyond(contacts, load, fps, options)]
    belt = moving_ground.moving_ground(footfalls, frames, fps)
    if belt is not None:
        found.append((belt.run, f"the ground moves at {belt.speed:.2f} m/s under the feet: a treadmill"))
    joined = _joined(found, round(options.gap * fps))
    supported = np.ones(frames, dtype=bool)
    for run, _ in joined:
        supported[run] = False
    zero = float(start.observation.start_time)
    times = [UnsupportedInterval(zero + run.start / fps, zero + run.stop / fps, cause) for run, cause in joined]
    return Support(supported, tuple(times))


def sentences(found: Support) -> list[str]:
    """Tell a user what was found, one sentence a cause.

    Returns:
      Plain sentences; none where everything is supported.
    """
    out = []
    for cause in dict.fromkeys(i.cause for i in found.intervals):
        spans = [(i.start_s, i.end_s) for i in found.intervals if i.cause == cause]
        if len(spans) > 3:
            when = f"In {len(spans)} stretches between {spans[0][0]:.2f} and {spans[-1][1]:.2f} s"
        else:
            when = "From " + ", ".join(f"{a:.2f} to {b:.2f} s" for a, b in spans)
        out.append(
            f"{when} the person is carried by something that the program does not know ({cause}): forces there are "
            "marked as unreliable."
        )
    return out
