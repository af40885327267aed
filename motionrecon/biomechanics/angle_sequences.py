"""Three angles of a rotation by an intrinsic sequence, and the axes they turn about, in closed form.

R = R_a(t1) R_b(t2) R_c(t3) takes vectors of the distal frame to the proximal one; the axes of Grood and Suntay's joint
coordinate system are e1 (fixed to the proximal segment), e2 (floating) and e3 (fixed to the distal segment), and the
angular velocity is t1' e1 + t2' e2 + t3' e3.
"""

from __future__ import annotations

import numpy as np

_LOCKED = 1e-6  # below this the first and the third axis coincide and only the sum of their angles is known
_UNIT = dict(zip("XYZ", np.eye(3), strict=True))


def _turn(axis: str, angle: np.ndarray) -> np.ndarray:
    """Return (..., 3, 3) right-hand turns by ``angle`` (...,) rad about a coordinate axis."""
    i = "XYZ".index(axis)
    j, k = (i + 1) % 3, (i + 2) % 3
    out = np.zeros((*np.shape(angle), 3, 3))
    out[..., i, i] = 1.0
    out[..., j, j] = out[..., k, k] = np.cos(angle)
    out[..., k, j] = np.sin(angle)
    out[..., j, k] = -out[..., k, j]
    return out


def decompose(rotation: np.ndarray, sequence: str) -> np.ndarray:
    """Find the angles of an intrinsic sequence.

    Args:
      rotation: (..., 3, 3), distal to proximal axes.
      sequence: "ZXY", "YXZ" (middle angle in -90..90 degrees) or "YXY" (middle angle in -180..0 degrees, as the ISB
        counts the elevation of the arm).

    Returns:
      (..., 3) rad, first and third in -pi..pi. Where their axes coincide the first (YXY) or the third (else) is 0.

    Raises:
      ValueError: another sequence.
    """
    r = rotation
    if sequence == "ZXY":
        first, second, third = (r[..., 1, 1], -r[..., 0, 1]), r[..., 2, 1], (r[..., 2, 2], -r[..., 2, 0])
        locked = np.arctan2(r[..., 1, 0], r[..., 0, 0])
    elif sequence == "YXZ":
        first, second, third = (r[..., 2, 2], r[..., 0, 2]), -r[..., 1, 2], (r[..., 1, 1], r[..., 1, 0])
        locked = np.arctan2(-r[..., 2, 0], r[..., 0, 0])
    elif sequence == "YXY":
        sine = np.hypot(r[..., 1, 0], r[..., 1, 2])
        free = sine > _LOCKED
        about = np.arctan2(r[..., 0, 2], r[..., 0, 0])  # the whole turn about Y where the arm hangs
        a = np.where(free, np.arctan2(-r[..., 0, 1], -r[..., 2, 1]), 0.0)
        c = np.where(free, np.arctan2(-r[..., 1, 0], r[..., 1, 2]), about)
        return np.stack([a, -np.arctan2(sine, r[..., 1, 1]), c], axis=-1)
    else:
        raise ValueError(f"sequence {sequence}: only ZXY, YXZ and YXY are known")
    cosine = np.hypot(*first)
    free = cosine > _LOCKED
    a = np.where(free, np.arctan2(first[1], first[0]), locked)
    c = np.where(free, np.arctan2(third[1], third[0]), 0.0)
    return np.stack([a, np.arctan2(second, cosine), c], axis=-1)


def axes_of(angles: np.ndarray, sequence: str) -> np.ndarray:
    """Return the axes e1, e2, e3 as rows (..., 3, 3), unit vectors in the proximal frame, at angles (..., 3) rad."""
    one = _turn(sequence[0], angles[..., 0])
    two = one @ _turn(sequence[1], angles[..., 1])
    first = np.broadcast_to(_UNIT[sequence[0]], one.shape[:-1])
    return np.stack([first, one @ _UNIT[sequence[1]], two @ _UNIT[sequence[2]]], axis=-2)
