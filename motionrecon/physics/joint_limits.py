"""Generous anatomical limits of the joints' rotation vectors (rad, in the child's axes; x forward, y left, z up).

Knee and elbow are near-hinges: knee flexion turns about +y; elbow flexion about -z on the left and +z on the right
(T-pose), forearm rotation about y. Ranges are wider than textbook values (Kapandji, "Physiology of the Joints")
because a rotation vector mixes axes at large angles.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

_LIMITS = {
    "spine": ((-0.6, -0.6, -0.7), (0.6, 0.9, 0.7)),
    "chest": ((-0.7, -0.7, -0.9), (0.7, 1.1, 0.9)),
    "neck": ((-0.9, -1.1, -1.4), (0.9, 1.1, 1.4)),
    "hip": ((-0.8, -2.6, -1.0), (1.3, 0.9, 1.2)),
    "knee": ((-0.35, -0.1, -0.5), (0.35, 2.8, 0.5)),
    "ankle": ((-0.7, -0.9, -0.8), (0.7, 1.3, 0.8)),
    "shoulder": ((-2.8, -2.4, -2.6), (2.2, 2.4, 1.8)),
    "elbow": ((-0.4, -2.2, -2.8), (0.4, 2.2, 0.1)),
}


def joint_limits(names: tuple[str, ...]) -> tuple[Float[np.ndarray, "A 3"], Float[np.ndarray, "A 3"]]:
    """Return lower and upper limits (A, 3) of the actuated joints; right joints mirror x and z of the left ones.

    Args:
      names: joint names, the root first.
    """
    low, high = [], []
    for name in names[1:]:
        a, b = (np.array(v) for v in _LIMITS[name.replace("left_", "").replace("right_", "")])
        if name.startswith("right_"):
            a, b = np.array([-b[0], a[1], -b[2]]), np.array([-a[0], b[1], -a[2]])
        low.append(a)
        high.append(b)
    return np.array(low), np.array(high)
