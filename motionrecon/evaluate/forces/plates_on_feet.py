"""Which foot stood on which plate: the plates' forces on a 100 Hz grid, foot by foot."""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.data.plates.force_plates import ForcePlates
from motionrecon.evaluate.forces.time_series import at_times, moving_mean, stretches

GRID = 100.0  # Hz
ON = 20.0  # N; a foot that carries more stands on its plate
_SHORTEST, _BEYOND = 5, 5  # samples: a shorter load is no step; a stance is compared this far beyond its ends
_FAR = 0.25  # m; a load this far from either foot is somebody else's, or the plates lie elsewhere
_LIFTED, _MOVING = 0.04, 1.5  # m, m/s; a foot that is higher or faster is in the air


@dataclasses.dataclass(frozen=True)
class FeetOnPlates:
    """Plates' forces by foot, left then right, at N instants of the grid.

    Attributes:
      time: (N,) s, plates' clock.
      force: (N, 2, 3) N, means over 10 ms.
      center_of_pressure: (N, 2, 3) m; NaN where a foot carries 20 N or less.
      compared: (N, 2) bool, a foot's stance on its plate and 50 ms around it.
      far: somebody's load lay more than 0.25 m from the foot it was given to.
    """

    time: np.ndarray
    force: np.ndarray
    center_of_pressure: np.ndarray
    compared: np.ndarray
    far: bool


def on_feet(plates: ForcePlates, time: np.ndarray, feet: np.ndarray, span: tuple[float, float]) -> FeetOnPlates:
    """Give each load on a plate to the foot that was nearer to it, weighed by its force.

    Args:
      plates: the plates.
      time: (T,) s, plates' clock.
      feet: (T, 2, 3) m, left and right, laboratory.
      span: s, first and last instant that counts.
    """
    grid = np.arange(np.ceil(span[0] * GRID) / GRID, span[1] + 1e-9, 1.0 / GRID)
    rate = 1.0 / np.median(np.diff(plates.time))
    width = max(1, round(rate / GRID))
    force = at_times(plates.time, moving_mean(plates.force, width), grid)
    where = at_times(plates.time, plates.center_of_pressure, grid)
    places = at_times(time, feet, grid)
    on_foot, moment = np.zeros((len(grid), 2, 3)), np.zeros((len(grid), 2, 3))
    compared, far = np.zeros((len(grid), 2), bool), False
    for plate in range(force.shape[1]):
        for a, b in stretches(force[:, plate, 2] > ON):
            if b - a < _SHORTEST:
                continue
            load = force[a:b, plate, 2]
            away = np.linalg.norm((where[a:b, plate, None] - places[a:b])[..., :2], axis=-1)
            mean = load @ away / load.sum()
            foot = int(np.argmin(mean))
            on_foot[a:b, foot] += force[a:b, plate]
            moment[a:b, foot] += force[a:b, plate, 2:3] * where[a:b, plate]
            compared[max(a - _BEYOND, 0) : b + _BEYOND, foot] = True
            far = far or bool(mean[foot] > _FAR)
    vertical = on_foot[..., 2:3]
    center = np.where(vertical > ON, moment / np.maximum(vertical, 1e-9), np.nan)
    return FeetOnPlates(grid, on_foot, center, compared, far)


def in_the_air(time: np.ndarray, lowest: np.ndarray, feet: np.ndarray, rate: float, grid: np.ndarray) -> np.ndarray:
    """Tell (N, 2) where each foot is surely off the ground: higher than 4 cm, or faster than 1.5 m/s.

    Args:
      time: (T,) s of the frames.
      lowest: (T, 2) m, height of each foot's lowest point over the ground.
      feet: (T, 2, 3) m, its middle.
      rate: Hz of the frames.
      grid: (N,) s.
    """
    speed = np.linalg.norm(np.gradient(feet, 1.0 / rate, axis=0), axis=-1)
    return at_times(time, (lowest > _LIFTED) | (speed > _MOVING), grid) > 0.99


def whole_load(feet: FeetOnPlates, air: np.ndarray) -> np.ndarray:
    """Tell (N,) where plates carry the whole person: each foot on a plate or in the air (N, 2), one of them on."""
    vertical = feet.force[..., 2]
    return ((vertical > ON) | air).all(axis=1) & (vertical.sum(axis=1) > ON)
