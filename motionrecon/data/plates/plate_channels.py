"""What the channels of a force plate mean: C3D's plate types 1 to 4, from volts already scaled to N and N m.

C3D User Guide, FORCE_PLATFORM:TYPE. All in the plate's own axes with its surface's middle as the origin; signs are
the file's (most plates' z points down, so that their F_z is positive for a person who stands: the reaction as they
store it, or its negative; the reader turns it).
"""

from __future__ import annotations

import numpy as np

CHANNELS = {1: 6, 2: 6, 3: 8, 4: 6}
_TINY = 10.0  # N; less vertical force gives no centre of pressure


def wrench(kind: int, channels: np.ndarray, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return force and centre of pressure in a plate's axes.

    1: F, p_x, p_y, T_z. 2 and 4 (whose channels were calibrated): F and M about the true origin. 3 (Kistler): F_x12,
    F_x34, F_y14, F_y23, F_z1 ... F_z4 with sensors at (+-a, +-b, a_z0).

    Args:
      kind: FORCE_PLATFORM:TYPE, 1 to 4.
      channels: (S, 6) or (S, 8), N, N m, and for type 1 m.
      origin: (3,) m, FORCE_PLATFORM:ORIGIN: from the true origin to the surface's middle; type 3: a, b, a_z0.

    Returns:
      (S, 3) N and (S, 2) m, zeros where the vertical force is below 10 N.
    """
    if kind == 1:
        force = channels[:, :3]
        return force, np.where(np.abs(force[:, 2:]) > _TINY, channels[:, 3:5], 0.0)
    if kind == 3:
        force, moment = _kistler(channels, abs(origin[0]), abs(origin[1]))
        below = np.array([0.0, 0.0, -abs(origin[2])])  # the sensors lie under the surface, whatever sign was entered
    else:
        force, moment = channels[:, :3], channels[:, 3:6]
        below = -origin if origin[2] > 0 else origin
    moment = moment + np.cross(force, np.broadcast_to(below, force.shape))
    vertical = np.where(np.abs(force[:, 2]) > _TINY, force[:, 2], np.inf)
    return force, np.stack([-moment[:, 1] / vertical, moment[:, 0] / vertical], axis=-1)


def _kistler(c: np.ndarray, a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
    """Force and moment about the sensors' middle (Kistler's manual for multicomponent plates)."""
    x12, x34, y14, y23, z1, z2, z3, z4 = c.T
    force = np.stack([x12 + x34, y14 + y23, z1 + z2 + z3 + z4], axis=-1)
    moment = np.stack([b * (z1 + z2 - z3 - z4), a * (-z1 + z2 + z3 - z4), b * (x34 - x12) + a * (y14 - y23)], axis=-1)
    return force, moment


def plate_frame(corners: np.ndarray) -> np.ndarray:
    """Return the plate's axes (3, 3) as columns in the laboratory, from its corners (4, 3) in C3D's order.

    Corner 1 lies at (+x, +y), 2 at (-x, +y), 3 at (-x, -y), 4 at (+x, -y) of the plate's own axes.

    Raises:
      ValueError: the corners span no area.
    """
    x = corners[0] + corners[3] - corners[1] - corners[2]
    y = corners[0] + corners[1] - corners[2] - corners[3]
    if np.linalg.norm(np.cross(x, y)) < 1e-6:
        raise ValueError("corners without area")
    x = x / np.linalg.norm(x)
    y = y - (y @ x) * x
    y = y / np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)
