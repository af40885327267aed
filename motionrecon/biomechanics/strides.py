"""Strides of gait: from a heel strike to the next of the same foot, with the other foot's strike between.

A jump, a squat or a shuffle has none.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.biomechanics.gait_events import Contacts
from motionrecon.biomechanics.steps import footprints

# What counts as a stride of gait.
SHORTEST, LONGEST = 0.4, 2.5  # s
LENGTH = 0.2  # m, the least distance the foot moves (a treadmill's belt must be part of the motion)
OTHER_STRIKES = (0.2, 0.8)  # shares of the stride between which the other foot strikes, once; both at once are a jump


@dataclasses.dataclass(frozen=True)
class Stride:
    """One stride of a foot (0 left, 1 right).

    Attributes:
      foot: whose.
      start, stop: s, its heel strikes; toe_off: s, between them; other: s, the other foot's heel strike.
      length: m, how far the foot moved over the ground.
    """

    foot: int
    start: float
    stop: float
    toe_off: float
    other: float
    length: float

    @property
    def duration(self) -> float:
        """Stride time, s."""
        return self.stop - self.start

    @property
    def stance_percent(self) -> float:
        """Share of the stride with the foot on the ground."""
        return 100.0 * (self.toe_off - self.start) / self.duration


def find_strides(contacts: tuple[Contacts, Contacts], time: np.ndarray, feet: np.ndarray) -> tuple[Stride, ...]:
    """Find the strides of both feet.

    Args:
      contacts: of the left and the right foot.
      time: (T,) s of the frames.
      feet: (T, 2, 3) m, a point of each foot in the world.

    Returns:
      Strides in the order of their starts.
    """
    strides = []
    for foot in (0, 1):
        own, others = contacts[foot], contacts[1 - foot].heel_strikes
        prints = footprints(own, time, feet[:, foot, :2])
        for i in range(len(own.start) - 1):
            start, stop, toe_off = float(own.start[i]), float(own.start[i + 1]), float(own.stop[i])
            if not (own.landed[i] and own.landed[i + 1] and SHORTEST <= stop - start <= LONGEST):
                continue
            between = others[(others > start) & (others < stop)]
            if len(between) != 1 or not OTHER_STRIKES[0] <= (between[0] - start) / (stop - start) <= OTHER_STRIKES[1]:
                continue
            length = float(np.linalg.norm(prints[i + 1] - prints[i]))
            if length >= LENGTH:
                strides.append(Stride(foot, start, stop, toe_off, float(between[0]), length))
    return tuple(sorted(strides, key=lambda s: s.start))
