"""Forces without a simulation: m (a - g) of the recording's centre of mass, shared between the feet by contact.

What a fit has to beat. In single support the whole force is the standing foot's; in double support it passes over along
half a cosine (or, where nobody steps, as the zero-moment point lies between the feet: M. Vukobratovic, B. Borovac,
"Zero-moment point", Int. J. Humanoid Robotics 1(1), 2004).
"""

from __future__ import annotations

import numpy as np

from motionrecon.evaluate.forces import segment_masses
from motionrecon.evaluate.forces.recorded_points import RecordedPoints
from motionrecon.evaluate.forces.time_series import acceleration, low_pass, stretches
from motionrecon.geometry.world import GRAVITY

CUTOFF = 6.0  # Hz
_LOW, _LOW_BY, _SLOW, _SLOW_BY = 0.03, 0.006, 0.6, 0.1  # m and m/s; contact, as logistic curves of height and speed
_NO_STEP, _A_STEP = 0.06, 0.4  # s; a shorter gap in a contact is none, a longer double support is no step
_PUSHED = 0.3  # of gravity; with more upward force the ground must push
_LEAST_HEIGHT, _LEAST_PULL, _TINY = 0.3, 2.0, 1e-4  # m, m/s^2, m^2; floors of divisors


def forces(points: RecordedPoints, mass: float) -> np.ndarray:
    """Return the ground reaction force (T, 2, 3) N of each foot, at the recording's own frames.

    Args:
      points: of the recording, with hips, shoulders and ankles.
      mass: kg.
    """
    center = low_pass(segment_masses.center_of_mass(points), points.rate, CUTOFF)
    gained = acceleration(center, points.rate)
    soles = points.soles()
    share = shares(soles, points.rate, gained, center)
    return divided(share, mass * (gained + [0.0, 0.0, GRAVITY]), center, soles)


def contacts(soles: np.ndarray, rate: float, gained: np.ndarray) -> np.ndarray:
    """Tell (T, 2) which foot stands: a low and slow point, and somebody where the ground must push.

    Args:
      soles: (T, 2, n, 3) m, points under each foot, 0 where they stand.
      rate: Hz.
      gained: (T, 3) m/s^2, acceleration of the centre of mass.
    """
    speed = np.linalg.norm(np.gradient(soles, 1.0 / rate, axis=0), axis=-1)
    surely = (_logistic((_LOW - soles[..., 2]) / _LOW_BY) * _logistic((_SLOW - speed) / _SLOW_BY)).max(axis=-1)
    on = surely > 0.5
    for foot in range(2):
        for a, b in stretches(~on[:, foot]):
            if a > 0 and b < len(on) and (b - a) / rate < _NO_STEP:
                on[a:b, foot] = True
    alone = ~on.any(axis=1) & (gained[:, 2] + GRAVITY > _PUSHED * GRAVITY)
    on[alone, np.argmin(soles[alone][..., 2].min(axis=-1), axis=1)] = True
    return on


def shares(soles: np.ndarray, rate: float, gained: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Return (T, 2) shares of the net force; both 0 in flight. Arguments as ``contacts``; center (T, 3) m."""
    on = contacts(soles, rate, gained)
    share = on.astype(float)
    pull = np.maximum(gained[:, 2:3] + GRAVITY, _LEAST_PULL)
    zero_moment = center[:, :2] - center[:, 2:3] * gained[:, :2] / pull
    middle = soles.mean(axis=2)
    for a, b in stretches(on.all(axis=1)):
        new = _stepped(on, a, b, rate)
        if new is not None:
            rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(b - a) + 0.5) / (b - a))
            share[a:b, new], share[a:b, 1 - new] = rise, 1.0 - rise
            continue
        apart = (middle[a:b, 0] - middle[a:b, 1])[:, :2]
        along = ((zero_moment[a:b] - middle[a:b, 1, :2]) * apart).sum(axis=1)
        share[a:b, 0] = np.clip(along / np.maximum((apart * apart).sum(axis=1), _TINY), 0.0, 1.0)
        share[a:b, 1] = 1.0 - share[a:b, 0]
    return share


def _stepped(on: np.ndarray, a: int, b: int, rate: float) -> int | None:
    """Return the foot onto which a double support [a, b) hands over, or None where it is no step."""
    if a == 0 or b == len(on) or (b - a) / rate >= _A_STEP:
        return None
    before, after = on[a - 1], on[b]
    if before.sum() != 1 or after.sum() != 1:
        return None
    new = int(np.flatnonzero(after)[0])
    return None if before[new] else new


def divided(share: np.ndarray, net: np.ndarray, center: np.ndarray, soles: np.ndarray) -> np.ndarray:
    """Give the net force (T, 3) N to the feet (T, 2, 3): each leans towards the centre of mass, the rest by share."""
    force = share[..., None] * net[:, None]
    middle = soles.mean(axis=2)
    toward = (center[:, None, :2] - middle[..., :2]) / np.maximum(center[:, None, 2:3], _LEAST_HEIGHT)
    lean = toward * force[..., 2:3]
    rest = net[:, None, :2] - lean.sum(axis=1, keepdims=True)
    force[..., :2] = lean + share[..., None] * rest
    return force


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -40.0, 40.0)))
