"""When a foot is on the ground: contacts from the vertical ground reaction force, and from them the gait events.

A foot lands where its force rises above the upper threshold and leaves where it falls below the lower one, both found
between samples by a straight line; short gaps in a contact and short or weak contacts are no events. Force samples are
means over a frame and belong to its middle.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.geometry.world import GRAVITY

# What counts as a contact.
LAND = 0.05  # body weights above which a foot is on the ground
LEAVE = 0.02  # body weights below which it is off again (force plates: 20 N, 3 % of 70 kg)
PEAK = 0.20  # body weights a contact must reach; less is a scuff
BRIDGE = 0.10  # s, gaps shorter than this never end a contact
CONTACT = 0.10  # s, contacts shorter than this are none (running: 0.2 s)
SWING = 0.20  # s, gaps between contacts shorter than this are none (running: 0.4 s)


@dataclasses.dataclass(frozen=True)
class Contacts:
    """The contacts of one foot with the ground, in order.

    Attributes:
      start, stop: (N,) s.
      landed: (N,) bool, whether the start was seen (False: the clip begins in this contact).
      left: (N,) bool, whether the end was seen.
    """

    start: np.ndarray
    stop: np.ndarray
    landed: np.ndarray
    left: np.ndarray

    @property
    def heel_strikes(self) -> np.ndarray:
        """Times of initial contact that were seen, s."""
        return self.start[self.landed]

    @property
    def toe_offs(self) -> np.ndarray:
        """Times of leaving the ground that were seen, s."""
        return self.stop[self.left]


def _crossing(time: np.ndarray, force: np.ndarray, i: int, level: float) -> float:
    """Return when the line from sample i - 1 to sample i crosses ``level``, s."""
    share = (level - force[i - 1]) / (force[i] - force[i - 1])
    return float(time[i - 1] + np.clip(share, 0.0, 1.0) * (time[i] - time[i - 1]))


def _loaded_spans(time: np.ndarray, force: np.ndarray) -> list[list]:
    """Return [start s, stop s, landed, left, peak] of each stretch above the thresholds."""
    spans: list[list] = []
    down = bool(force[0] >= LAND)
    if down:
        spans.append([float(time[0]), float(time[-1]), False, False, float(force[0])])
    for i in range(1, len(force)):
        if not down and force[i] >= LAND:
            down = True
            spans.append([_crossing(time, force, i, LAND), float(time[-1]), True, False, float(force[i])])
        elif down and force[i] < LEAVE:
            down = False
            spans[-1][1], spans[-1][3] = _crossing(time, force, i, LEAVE), True
        elif down:
            spans[-1][4] = max(spans[-1][4], float(force[i]))
    return spans


def _bridged(spans: list[list], gap: float) -> list[list]:
    """Join spans that lie less than ``gap`` seconds apart."""
    out: list[list] = []
    for span in spans:
        if out and span[0] - out[-1][1] < gap:
            out[-1][1], out[-1][3], out[-1][4] = span[1], span[3], max(out[-1][4], span[4])
        else:
            out.append(list(span))
    return out


def foot_contacts(time: np.ndarray, vertical: np.ndarray, weight: float) -> Contacts:
    """Find the contacts of one foot.

    Args:
      time: (T,) s of the samples.
      vertical: (T,) N, vertical ground reaction force of the foot.
      weight: N, body weight.

    Returns:
      Its contacts; none where the foot carries nothing.
    """
    spans = _bridged(_loaded_spans(time, np.asarray(vertical, float) / weight), BRIDGE)
    spans = [s for s in spans if s[4] >= PEAK and (s[1] - s[0] >= CONTACT or not (s[2] and s[3]))]
    spans = _bridged(spans, SWING)
    columns = list(zip(*spans, strict=True))[:4] if spans else [(), (), (), ()]
    start, stop = (np.array(c, dtype=float) for c in columns[:2])
    landed, left = (np.array(c, dtype=bool) for c in columns[2:])
    return Contacts(start, stop, landed, left)


def body_weight(mass: float) -> float:
    """Return the weight in N of a mass in kg."""
    return mass * GRAVITY
