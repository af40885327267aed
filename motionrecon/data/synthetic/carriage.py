"""How trunk, head and arms are carried: rotations of the upper body from a few angles."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from motionrecon.data.synthetic.footwork import rotate_x, rotate_y, rotate_z


def arm(side: int, flex, abduct, elbow) -> tuple[np.ndarray, np.ndarray]:
    """Hang an arm from the T-pose.

    Args:
      side: 0 left, 1 right.
      flex: (T,) rad, upper arm forward; abduct: (T,) rad, away from the body; elbow: (T,) rad, bend.

    Returns:
      Local rotations of shoulder and elbow, (T, 3, 3) each.
    """
    sign = 1.0 if side == 0 else -1.0
    flex, abduct, elbow = np.broadcast_arrays(np.asarray(flex, float), abduct, elbow)
    return rotate_y(-flex) @ rotate_x(-sign * (0.5 * np.pi - abduct)), rotate_z(-sign * elbow)


def arms(flex, abduct, elbow) -> dict[str, np.ndarray]:
    """Hang both arms; ``flex`` and ``elbow`` are (T, 2) rad, left and right, ``abduct`` (T,) or a number."""
    out = {}
    for k, side in enumerate(("left", "right")):
        out[f"{side}_shoulder"], out[f"{side}_elbow"] = arm(k, flex[:, k], abduct, elbow[:, k])
    return out


def trunk(twist, lean, bend, gaze=1.0) -> dict[str, np.ndarray]:
    """Carry trunk and head.

    Args:
      twist: (T,) rad, turn of the chest relative to the pelvis about the vertical.
      lean: (T,) rad, forward lean of the chest relative to the pelvis.
      bend: (T,) rad, sideways bend towards the left.
      gaze: share of the twist and lean that the neck undoes.
    """
    half = rotate_z(0.5 * twist) @ rotate_y(0.5 * lean) @ rotate_x(-0.5 * bend)
    neck = rotate_z(-gaze * twist) @ rotate_y(-gaze * lean) @ rotate_x(bend)
    return {"spine": half, "chest": half, "neck": neck}


def blend(a: np.ndarray, b: np.ndarray, share) -> np.ndarray:
    """Turn rotations a (T, 3, 3) towards b along the shortest way by ``share`` (T,) in 0..1."""
    step = Rotation.from_matrix(a.swapaxes(-1, -2) @ b).as_rotvec() * np.asarray(share)[:, None]
    return a @ Rotation.from_rotvec(step).as_matrix()


def stride_signal(ankle: np.ndarray, heading: np.ndarray, sigma: float) -> np.ndarray:
    """Return how far the left ankle is before the right along the heading, smoothed over ``sigma`` samples, (T,) m."""
    apart = ankle[:, 0, :2] - ankle[:, 1, :2]
    return gaussian_filter1d(apart[:, 0] * np.cos(heading) + apart[:, 1] * np.sin(heading), sigma)
