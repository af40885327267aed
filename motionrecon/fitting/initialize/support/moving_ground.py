"""A ground that moves under the feet: footfall after footfall travels at one velocity, as on a treadmill."""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.fitting.initialize.support.footfalls import Footfall

# When footfalls tell of a moving ground.
MOVING_SPEED = 0.2  # m/s, slower footfalls stand
LEAST_FOOTFALLS = 3  # least number of moving ones
SPREAD = 0.25  # greatest distance of a footfall's velocity from their median, as a share of its speed
SHARE = 0.8  # least part of all time in footfalls that moving ones take
ENDS = 1.0  # s, the stretch goes on to the clip's end where that is closer than this


@dataclasses.dataclass(frozen=True)
class MovingGround:
    """Frames in which the ground moves, and how fast (m/s)."""

    run: slice
    speed: float


def moving_ground(footfalls: list[Footfall], frames: int, fps: float) -> MovingGround | None:
    """Tell whether the ground moves.

    One sliding step of a dance does not count: both feet must travel, with one velocity, at nearly all times.

    Args:
      footfalls: of both feet.
      frames: T, length of the clip.
      fps: Hz.

    Returns:
      The moving ground, or None.
    """
    moving = [f for f in footfalls if np.hypot(*f.velocity) > MOVING_SPEED]
    if len(moving) < LEAST_FOOTFALLS or {f.foot for f in moving} != {0, 1}:
        return None
    usual = np.median([f.velocity for f in moving], axis=0)
    speed = float(np.hypot(*usual))
    alike = [f for f in moving if np.hypot(*(np.array(f.velocity) - usual)) < SPREAD * speed]
    seconds = sum(f.stop - f.start for f in alike) / sum(f.stop - f.start for f in footfalls)
    if len(alike) < LEAST_FOOTFALLS or {f.foot for f in alike} != {0, 1} or seconds < SHARE:
        return None
    first, last = min(f.start for f in alike), max(f.stop for f in alike)
    margin = round(ENDS * fps)
    return MovingGround(slice(0 if first <= margin else first, frames if frames - last <= margin else last), speed)
