"""How fast points and the centre of mass of a kinematic motion move, when a simulation's velocities do.

A simulated state holds the velocity of the step before it, which is the mean over that step: half a step old. Compared
at the frame itself, a motion of the same positions would lag behind by that much.

The centre of mass' velocity is the momentum, and its change the net external force. A person's lies below 6 Hz in
walking (Winter, "Biomechanics and Motor Control of Human Movement"), so the path is low-passed there before. The filter
is Whittaker's: the nearest path whose third differences are small (Eilers, "A perfect smoother", Anal. Chem. 75, 2003).
It has no lag, and at the ends of a clip it goes on with the acceleration of the frames there, where filters that
reflect the signal would have none.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.linalg import solveh_banded
from scipy.ndimage import gaussian_filter1d

CUTOFF = 6.0  # Hz
FILM_CUTOFF = 3.5  # Hz; measured in docs/experiments.md
CALM_ACCELERATION = 4.0  # m/s^2
CALM_SECONDS = 0.1
_ORDER = 3


def low_pass(values: Float[np.ndarray, " T *N"], fps: float, cutoff: float = CUTOFF) -> Float[np.ndarray, " T *N"]:
    """Smooth (T, ...) with Whittaker's filter of third order.

    Args:
      values: (T, ...).
      fps: Hz.
      cutoff: Hz, where the gain is 71 %; at 45 % of ``fps`` or more the values are left as they are.
    """
    values = np.asarray(values, float)
    t = len(values)
    if cutoff >= 0.45 * fps or t <= 2 * _ORDER:
        return values.copy()
    price = (np.sqrt(2.0) - 1.0) / (2.0 * np.sin(np.pi * cutoff / fps)) ** (2 * _ORDER)
    difference = np.diff(np.eye(t), n=_ORDER, axis=0)
    matrix = np.eye(t) + price * difference.T @ difference
    bands = np.zeros((_ORDER + 1, t))
    for k in range(_ORDER + 1):
        bands[k, : t - k] = np.diagonal(matrix, k)
    return solveh_banded(bands, values.reshape(t, -1), lower=True).reshape(values.shape)


def velocity(path: Float[np.ndarray, " T *N"], fps: float, lag: float) -> Float[np.ndarray, " T *N"]:
    """Return the velocity (T, ...) of a path (T, ...), ``lag`` frames before each frame, by a cubic spline."""
    path = np.asarray(path, float)
    if len(path) < 2:
        return np.zeros_like(path)
    frames = np.arange(len(path))
    return CubicSpline(frames, path, axis=0)(frames - lag, 1) * fps


def calm(com_velocity: Float[np.ndarray, "T 3"], fps: float) -> Float[np.ndarray, " T"]:
    """Say how calm a motion is, (T,) in 0..1: 1 while the net force is near the body's weight, little in leaps.

    Torques change as fast as the force that they have to give. Walking is around 0.2 g of acceleration, running 1 g.

    Args:
      com_velocity: (T, 3) m/s, low-passed velocity of the centre of mass.
      fps: Hz.
    """
    if len(com_velocity) < 3:
        return np.ones(len(com_velocity))
    acceleration = np.linalg.norm(np.gradient(com_velocity, axis=0), axis=-1) * fps
    around = np.sqrt(gaussian_filter1d(acceleration**2, CALM_SECONDS * fps, mode="nearest"))
    return 1.0 / (1.0 + (around / CALM_ACCELERATION) ** 4)


def film_velocity(com: Float[np.ndarray, "T 3"], fps: float, lag: float) -> Float[np.ndarray, "T 3"]:
    """Return the low-passed velocity (T, 3) m/s of a filmed person's centre of mass, ``lag`` frames before each frame.

    A film's path shakes more than motion capture's, and of a calm motion nearly all of the net force lies below
    ``FILM_CUTOFF``; leaps and runs keep what is below ``CUTOFF`` (``calm`` says how much of each).
    """
    fast = velocity(low_pass(com, fps), fps, lag)
    slow = velocity(low_pass(com, fps, FILM_CUTOFF), fps, lag)
    return fast + calm(fast, fps)[:, None] * (slow - fast)
