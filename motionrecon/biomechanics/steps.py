"""Steps of gait: from one foot's heel strike to the next of the other foot, ahead of it along the body's way."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

from motionrecon.biomechanics.gait_events import Contacts

SETTLE = 0.2  # s after a strike, when the foot stands: its place there does not depend on when just it touched


# What counts as a step of gait.
SHORTEST, LONGEST = 0.15, 1.25  # s; feet that land closer together are a jump
LENGTH = 0.1  # m, the least a foot lands ahead of the other (a treadmill's belt must be part of the motion)


@dataclasses.dataclass(frozen=True)
class Step:
    """One step, named after the foot that ends it (0 left, 1 right).

    Attributes:
      foot: that lands.
      start, stop: s, heel strikes of the other and of this foot.
      length: m, from where the other foot stands to where this foot does, along the body's way.
      width: m, the same across the way; negative where the feet cross.
      travel: m, how far the body moved.
    """

    foot: int
    start: float
    stop: float
    length: float
    width: float
    travel: float

    @property
    def duration(self) -> float:
        """Step time, s."""
        return self.stop - self.start


def place(time: np.ndarray, path: np.ndarray, when: float) -> np.ndarray:
    """Return where a path (T, D) is at a time, linear between frames."""
    return np.array([np.interp(when, time, path[:, d]) for d in range(path.shape[1])])


def footprints(contacts: Contacts, time: np.ndarray, foot: np.ndarray) -> np.ndarray:
    """Return where a foot's path (T, D) stands in each of its N contacts, (N, D): ``SETTLE`` seconds after it lands."""
    rest = np.minimum(contacts.start + SETTLE, contacts.stop)
    return np.array([place(time, foot, when) for when in rest]).reshape(-1, foot.shape[1])


def find_steps(
    contacts: tuple[Contacts, Contacts], time: np.ndarray, feet: np.ndarray, body: np.ndarray,
) -> tuple[Step, ...]:  # fmt: skip
    """Find the steps of a clip.

    Args:
      contacts: of the left and the right foot.
      time: (T,) s of the frames.
      feet: (T, 2, 3) m, a point of each foot in the world.
      body: (T, 3) m, centre of mass; its horizontal way is forward.

    Returns:
      Steps in order.
    """
    prints = [footprints(contacts[f], time, feet[:, f, :2]) for f in (0, 1)]
    strikes = sorted((float(t), f, i) for f in (0, 1) for i, t in enumerate(contacts[f].start) if contacts[f].landed[i])
    close = [(a[0], b[0]) for a, b in itertools.pairwise(strikes) if b[0] - a[0] < SHORTEST]
    together = {when for pair in close for when in pair}  # jumps
    steps = []
    for (start, other, j), (stop, foot, i) in itertools.pairwise(strikes):
        if other == foot or stop - start > LONGEST or together & {start, stop}:
            continue
        way = place(time, body[:, :2], stop) - place(time, body[:, :2], start)
        travel = float(np.linalg.norm(way))
        forward = way / max(travel, 1e-9)
        leftward = np.array([-forward[1], forward[0]])
        between = prints[foot][i] - prints[other][j]
        width = float(between @ leftward) * (1.0 if foot == 0 else -1.0)
        if between @ forward >= LENGTH:
            steps.append(Step(foot, start, stop, float(between @ forward), width, travel))
    return tuple(steps)
