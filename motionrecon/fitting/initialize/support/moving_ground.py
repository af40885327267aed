"""A ground that moves under the feet: footfall after footfall travels at one velocity, as on a treadmill."""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.fitting.initialize.support.footfalls import Footfall


@dataclasses.dataclass(frozen=True)
class MovingGroundOptions:
    """When footfalls tell of a moving ground.

    Attributes:
      speed: m/s, slower footfalls stand.
      footfalls: least number of moving ones.
      spread: greatest distance of a footfall's velocity from their median, as a share of its speed.
      share: least part of all time in footfalls that moving ones take.
      ends: s, the stretch goes on to the clip's end where that is closer than this.
    """

    speed: float = 0.2
    footfalls: int = 3
    spread: float = 0.25
    share: float = 0.8
    ends: float = 1.0


@dataclasses.dataclass(frozen=True)
class MovingGround:
    """Frames in which the ground moves, and how fast (m/s)."""

    run: slice
    speed: float


def moving_ground(
    footfalls: list[Footfall], frames: int, fps: float, options: MovingGroundOptions = MovingGroundOptions()
) -> MovingGround | None:
    """Tell whether the ground moves.

    One sliding step of a dance does not count: both feet must travel, with one velocity, at nearly all times.

    Args:
      footfalls: of both feet.
      frames: T, length of the clip.
      fps: Hz.
      options: thresholds.

    Returns:
      The moving ground, or None.
    """
    moving = [f for f in footfalls if np.hypot(*f.velocity) > options.speed]
    if len(moving) < options.footfalls or {f.foot for f in moving} != {0, 1}:
        return None
    usual = np.median([f.velocity for f in moving], axis=0)
    speed = float(np.hypot(*usual))
    alike = [f for f in moving if np.hypot(*(np.array(f.velocity) - usual)) < options.spread * speed]
    seconds = sum(f.stop - f.start for f in alike) / sum(f.stop - f.start for f in footfalls)
    if len(alike) < options.footfalls or {f.foot for f in alike} != {0, 1} or seconds < options.share:
        return None
    first, last = min(f.start for f in alike), max(f.stop for f in alike)
    margin = round(options.ends * fps)
    return MovingGround(slice(0 if first <= margin else first, frames if frames - last <= margin else last), speed)
