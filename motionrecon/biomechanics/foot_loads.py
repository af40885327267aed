"""What each foot carries: contact points under the soles by name, ground reaction force and centre of pressure."""

from __future__ import annotations

import numpy as np

FOOT_WORDS = ("heel", "toe", "ball", "sole", "foot")
_LOADED = 1.0  # N; below this a centre of pressure is noise


def sole_points(contact_names: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Return the indices of the contact points under the left and the right foot, by name ("left_heel_inner")."""

    def under(side: str) -> list[int]:
        return [i for i, n in enumerate(contact_names) if n.startswith(side) and any(part in n for part in FOOT_WORDS)]

    return under("left_"), under("right_")


def foot_loads(
    positions: np.ndarray, forces: np.ndarray, contact_names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Sum contact forces per foot and find where they act.

    The centre of pressure is sum f_z x / sum f_z over the foot's points, on the ground z = 0. While a foot carries
    less than 1 N it falls back to the middle of the foot's points projected onto the ground, so that it is never NaN.

    Args:
      positions: (T, C, 3) m, world.
      forces: (T, C, 3) N, world.
      contact_names: C names; those of the soles start with ``left_`` or ``right_`` and name heel or toe.

    Returns:
      Ground reaction force (T, 2, 3) N and centre of pressure (T, 2, 3) m, left then right; zeros for a foot
      without contact points.
    """
    force, pressure = np.zeros((len(forces), 2, 3)), np.zeros((len(forces), 2, 3))
    for foot, index in enumerate(sole_points(contact_names)):
        if not index:
            continue
        f, x = forces[:, index], positions[:, index]
        force[:, foot] = f.sum(axis=1)
        up = np.maximum(f[..., 2], 0.0)
        load = up.sum(axis=1)
        center = (up[..., None] * x).sum(axis=1) / np.maximum(load, _LOADED)[:, None]
        pressure[:, foot] = np.where((load >= _LOADED)[:, None], center, x.mean(axis=1))
        pressure[:, foot, 2] = 0.0
    return force, pressure
