"""Where the mass of a moving body is: centre of mass and angular momentum of the template skeleton.

Segment masses, centres and radii of gyration after de Leva, "Adjustments to Zatsiorsky-Seluyanov's segment
inertia parameters", J. Biomechanics 29 (1996), tables 1 and 4 (men), joined to the 14 links used here (neck
with head, hand with forearm).
"""

from __future__ import annotations

import numpy as np

# Link: share of body mass; centre in the link's frame (fractions of stature); radii of gyration about the link's
# own x, y, z (fractions of stature). Left side only.
_LINKS = {
    "pelvis": (0.1117, (0.0, 0.0, 0.020), (0.051, 0.046, 0.049)),
    "spine": (0.1633, (0.0, 0.0, 0.041), (0.060, 0.047, 0.058)),
    "chest": (0.1596, (0.0, 0.0, 0.085), (0.070, 0.045, 0.065)),
    "neck": (0.0694, (0.01, 0.0, 0.075), (0.042, 0.044, 0.036)),
    "left_hip": (0.1416, (0.0, 0.0, -0.100), (0.080, 0.080, 0.036)),
    "left_knee": (0.0433, (0.0, 0.0, -0.108), (0.063, 0.061, 0.025)),
    "left_ankle": (0.0137, (0.034, 0.0, -0.022), (0.018, 0.036, 0.037)),
    "left_shoulder": (0.0271, (0.0, 0.095, 0.0), (0.046, 0.026, 0.044)),
    "left_elbow": (0.0223, (0.0, 0.105, 0.0), (0.060, 0.018, 0.060)),
}


class MassModel:
    """Masses of a skeleton with the template's joint names.

    Attributes:
      mass: (J,) shares of the body mass, sum 1.
      center: (J, 3) m in the links' frames.
      gyration: (J, 3) m2, squared radii of gyration about the links' axes.
    """

    def __init__(self, names: tuple[str, ...], height: float):
        rows = [_LINKS[n.replace("right_", "left_")] for n in names]
        flip = np.array([[1.0, -1.0, 1.0] if n.startswith("right_") else [1.0, 1.0, 1.0] for n in names])
        self.mass = np.array([r[0] for r in rows])
        self.mass = self.mass / self.mass.sum()
        self.center = np.array([r[1] for r in rows]) * flip * height
        self.gyration = (np.array([r[2] for r in rows]) * height) ** 2

    def center_of_mass(self, pos: np.ndarray, rot: np.ndarray) -> np.ndarray:
        """Return (T, 3) m from joint positions (T, J, 3) and orientations (T, J, 3, 3)."""
        return self.mass @ (pos + (rot @ self.center[..., None])[..., 0])

    def angular_momentum(self, pos: np.ndarray, rot: np.ndarray, fps: float) -> np.ndarray:
        """Return (T, 3) m2/s, angular momentum about the centre of mass per unit of body mass."""
        points = pos + (rot @ self.center[..., None])[..., 0]
        com = self.mass @ points
        arm = points - com[:, None]
        orbital = np.cross(arm, np.gradient(arm, 1.0 / fps, axis=0))
        spin = rot.swapaxes(-1, -2) @ np.gradient(rot, 1.0 / fps, axis=0)
        omega = 0.5 * np.stack(
            [spin[..., 2, 1] - spin[..., 1, 2], spin[..., 0, 2] - spin[..., 2, 0], spin[..., 1, 0] - spin[..., 0, 1]],
            -1,
        )
        own = (rot @ (self.gyration * omega)[..., None])[..., 0]
        return self.mass @ (orbital + own)
