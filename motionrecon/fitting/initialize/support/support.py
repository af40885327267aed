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
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from motionrecon.fitting.initialize.support import moving_ground, net_load
from motionrecon.fitting.initialize.support.footfalls import Footfall, find_footfalls, runs
from motionrecon.geometry import skeleton as skeletons
from motionrecon.physics.body import SOLE_POINTS
from motionrecon.physics.humanoid import contact_points
from motionrecon.types import KinematicStart, UnsupportedInterval

_ANGLES = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
_DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])  # (2, 48)
_NOTHING = -1e3  # m, reach of a body that touches nothing
BEYOND = "weight beyond what touches the floor: a seat, a wall, a rail or another hold"


# Sizes and durations; heights are of the body's surface.
FOOT_NEAR = 0.06  # m, a sole's corner below this may carry
BODY_NEAR = 0.10  # m, the same for knees, hands, back and the rest, whose surface is known less well
LOADED = 0.3  # body weights, above which the body weighs on something
CLEAR = 0.05  # m, a body whose lowest point is above this touches nothing ...
CLEAR_SECONDS = 1.0  # s, ... if it is loaded for so long,
HIGH = 0.10  # m, or above this height (feet on tiptoe seem 10 cm high) ...
HIGH_SECONDS = 0.3  # s, ... for so long
SUNK = 0.08  # m, deeper below the floor nothing can stand on it
TOUCH = 0.03  # m, it touches the floor again when its lowest point is below this
MARGIN = 0.08  # m, how far the zero-moment point may be outside ...
BEYOND_SECONDS = 0.4  # s, ... at least for so long,
MARGIN_LONG = 0.05  # m, or so far outside ...
LONG_SECONDS = 1.0  # s, ... for so long
SHARE = 0.3  # m, added to both margins per metre from the centre of mass to the zero-moment point: haste is uncertain
# s, width of the curve over which load and zero-moment point are averaged, and half the span of time within which
# contacts count
SMOOTH = 0.1
GAP = 0.3  # s, stretches of one cause closer than this are one
LEVEL = 0.05  # m, footfalls whose heights differ by less stand on one level


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


def _carried_above(lowest: Float[np.ndarray, " T"], weight: Float[np.ndarray, " T"], fps: float) -> list[slice]:
    """Return stretches in which the body is clear of the floor and yet loaded, each until something touches the floor.

    A leap is clear too, but its mean load is near zero however rough its differentiated path. Flight before the first
    load is left out: a jump onto a box starts from the floor.
    """
    out = []
    for run in runs(lowest > CLEAR):
        loaded = weight[run] > LOADED
        seconds = loaded.sum() / fps
        high = (loaded & (lowest[run] > HIGH)).sum() / fps
        if weight[run].mean() > LOADED and (seconds >= CLEAR_SECONDS or high >= HIGH_SECONDS):
            touching = np.flatnonzero(lowest[run.stop :] < TOUCH)
            stop = run.stop + int(touching[0]) if len(touching) else len(lowest)
            out.append(slice(run.start + int(np.argmax(loaded)), stop))
    return out


def _below(lowest: Float[np.ndarray, " T"], fps: float) -> list[tuple[slice, str]]:
    """Return stretches below the floor: where most of a clip stands on a box, its top was taken for the floor."""
    found = [run for run in runs(lowest < -SUNK) if run.stop - run.start >= HIGH_SECONDS * fps]
    return [(run, f"standing {-np.median(lowest[run]):.2f} m below the level taken for the floor") for run in found]


def _weight_beyond(contacts: _Contacts, load: net_load.NetLoad, fps: float) -> list[slice]:
    """Return stretches in which the zero-moment point stays outside of the hull of the points near the floor.

    The distance to a convex hull is the largest, over all directions, of how much further the point lies than the
    hull reaches.
    """
    near = contacts.height < np.where(np.arange(len(contacts.radius)) < SOLE_POINTS, FOOT_NEAR, BODY_NEAR)
    reach = np.where(near[..., None], contacts.place @ _DIRECTIONS + contacts.radius[:, None], _NOTHING).max(axis=1)
    reach = maximum_filter1d(reach, 2 * round(SMOOTH * fps) + 1, axis=0)
    sigma = SMOOTH * fps
    up = np.maximum(load.weight, 0.0)
    weight = gaussian_filter1d(up, sigma)
    point = gaussian_filter1d(up[:, None] * load.point, sigma, axis=0) / np.maximum(weight, 0.05)[:, None]
    outside = (point @ _DIRECTIONS - reach).max(axis=1)
    outside = outside - SHARE * np.linalg.norm(point - load.com[:, :2], axis=1)
    judged = (weight > LOADED) & (reach.max(axis=1) > 0.5 * _NOTHING)
    out = []
    for margin, seconds in ((MARGIN, BEYOND_SECONDS), (MARGIN_LONG, LONG_SECONDS)):
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


def _height_cause(run: slice, lowest: Float[np.ndarray, " T"], footfalls: list[Footfall]) -> str:
    """Say what a body that is clear of the floor stands on."""
    levels = _levels(footfalls, LEVEL)
    if len(levels) > 2:
        return f"feet on different heights, {levels[0]:.2f} to {levels[-1]:.2f} m above the floor: stairs or a slope"
    own = [f for f in footfalls if f.start < run.stop and f.stop > run.start and f.height > CLEAR]
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


def find_unsupported(start: KinematicStart) -> Support:
    """Find where a level floor cannot carry the body as it moves.

    Args:
      start: the kinematic start, its ground at z = 0; depths must be measured (motion capture), not guessed.

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
    above = _carried_above(lowest, load.weight, fps)
    still = [f for f in footfalls if np.hypot(*f.velocity) < moving_ground.MOVING_SPEED]
    found = [(run, _height_cause(run, lowest, still)) for run in above]
    found += _below(lowest, fps)
    found += [(run, BEYOND) for run in _weight_beyond(contacts, load, fps)]
    belt = moving_ground.moving_ground(footfalls, frames, fps)
    if belt is not None:
        found.append((belt.run, f"the ground moves at {belt.speed:.2f} m/s under the feet: a treadmill"))
    joined = _joined(found, round(GAP * fps))
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
