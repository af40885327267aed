"""Force plates: the record every reader makes, and what it must be to be compared with anything."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from motionrecon.errors import DataError

LOADED = 5.0  # N; below this a centre of pressure is noise, and a placeholder stands there
_LIGHTEST, _HEAVIEST = 30.0, 50_000.0  # N; the largest vertical force of a plate that a person stepped on
_FARTHEST = 1000.0  # m; a laboratory is smaller


@dataclasses.dataclass(frozen=True)
class ForcePlates:
    """What force plates measured; world z up.

    Attributes:
      time: (S,) s, increasing, on the plates' own clock.
      force: (S, P, 3) N, on the body (upwards where somebody stands).
      center_of_pressure: (S, P, 3) m; zeros where a plate carries less than ``LOADED``.
      warnings: plain sentences about guesses made while reading.
    """

    time: np.ndarray
    force: np.ndarray
    center_of_pressure: np.ndarray
    warnings: tuple[str, ...] = ()


def checked(
    path: Path, time: np.ndarray, force: np.ndarray, center_of_pressure: np.ndarray, warnings: tuple[str, ...] = ()
) -> ForcePlates:
    """Return the record, with gaps (not finite) as no force.

    Args:
      path: the file, for messages.
      time: (S,) s.
      force: (S, P, 3) N, on the body, z up.
      center_of_pressure: (S, P, 3) m, z up.
      warnings: sentences to pass on.

    Raises:
      DataError: shapes that do not fit together, time that does not increase, no force at all, a largest force that
        no person makes, a centre of pressure that is not in any laboratory.
    """
    time, force, where = (np.asarray(a, dtype=float) for a in (time, force, center_of_pressure))
    if time.ndim != 1 or force.ndim != 3 or force.shape != where.shape or force.shape[::2] != (len(time), 3):
        raise DataError(
            f"{path}: time {time.shape}, force {force.shape} and centre of pressure {where.shape} do not fit together; "
            "(S,), (S, P, 3) and (S, P, 3) are expected"
        )
    if len(time) < 2 or not np.isfinite(time).all() or np.any(np.diff(time) <= 0):
        raise DataError(f"{path}: its time is not two or more increasing numbers; export the plates again")
    force = np.where(np.isfinite(force).all(axis=-1, keepdims=True), force, 0.0)
    loaded = (force[..., 2] >= LOADED) & np.isfinite(where).all(axis=-1)
    where = np.where(loaded[..., None], where, 0.0)
    most = float(force[..., 2].max(initial=0.0))
    if not np.any(force):
        raise DataError(f"{path}: its plates measured no force at all; give the trial's own plates file")
    if not _LIGHTEST <= most <= _HEAVIEST:
        raise DataError(
            f"{path}: its largest upward force is {most:.3g}, {_LIGHTEST:g} to {_HEAVIEST:g} N are expected; give "
            "forces on the body in newtons"
        )
    if np.abs(where).max() > _FARTHEST:
        raise DataError(
            f"{path}: its centre of pressure lies {np.abs(where).max():.3g} m away; give metres (and moments in N m)"
        )
    return ForcePlates(time, force, where, warnings)


def turned(plates: ForcePlates, rotation: np.ndarray) -> ForcePlates:
    """Return the plates in a world whose axes are ``rotation`` (3, 3) times theirs."""
    return dataclasses.replace(
        plates, force=plates.force @ rotation.T, center_of_pressure=plates.center_of_pressure @ rotation.T
    )
