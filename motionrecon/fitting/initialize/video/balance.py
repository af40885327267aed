"""Over what the body balances: its centre of mass less the middle of the feet it has been standing on.

Seen from the front or the back, a detector's few centimetres of bias along the legs look like legs that slant towards
or away from the camera. People stay up, so over a step or two the centre of mass lies over the feet; each foot counts
by how much it stands within a third of a second, which makes both feet of a walk count and the raised one of a kick
not. Flight and lying bodies are left alone.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from motionrecon.fitting.initialize.video.video_body import ENDS, FEET
from motionrecon.geometry import skeleton
from motionrecon.physics.anthropometry import SEGMENTS

SECONDS = 0.35  # s, width of the curve over which a foot's stance counts
_TRUNK = (("upper_trunk", "neck", "chest"), ("middle_trunk", "chest", "spine"), ("lower_trunk", "spine", "pelvis"))
_LIMBS = (
    ("thigh", "hip", "knee"), ("shank", "knee", "ankle"), ("foot", "heel", "toe"), ("upper_arm", "shoulder", "elbow"),
    ("forearm", "elbow", "wrist"),
)  # fmt: skip


def center_of_mass() -> Float[np.ndarray, " P"]:
    """Return (P,) shares of the moving points (joints, feet, ends) in the centre of mass, sum 1 (de Leva 1996)."""
    names = skeleton.JOINT_NAMES + FEET + ENDS
    share = np.zeros(len(names))

    def add(segment: str, start: str, end: str, mass: float) -> None:
        along = SEGMENTS[segment].com
        share[names.index(start)] += mass * (1.0 - along)
        share[names.index(end)] += mass * along

    share[names.index("head")] += SEGMENTS["head"].mass
    for segment, start, end in _TRUNK:
        add(segment, start, end, SEGMENTS[segment].mass)
    for side in ("left", "right"):
        for segment, start, end in _LIMBS:
            add(segment, f"{side}_{start}", f"{side}_{end}", SEGMENTS[segment].mass)
        share[names.index(f"{side}_wrist")] += SEGMENTS["hand"].mass
    return share / share.sum()


def balance_form(contact: Float[np.ndarray, "T 4"], fps: float) -> Float[np.ndarray, "T P"]:
    """Return rows (T, P) that give, of the moving points, the centre of mass less the middle of the support.

    Args:
      contact: (T, 4) 0..1, how surely each of ``FEET`` stands.
      fps: Hz.

    Returns:
      Rows that sum to zero, smaller where the body stands on nothing.
    """
    stands = np.stack([contact[:, 0:2].max(axis=1), contact[:, 2:4].max(axis=1)], axis=1)
    weight = gaussian_filter1d(stands, SECONDS * fps, axis=0, mode="nearest")
    total = weight.sum(axis=1, keepdims=True)
    share = np.repeat(0.5 * weight / np.maximum(total, 1e-9), 2, axis=1)  # heel and toe alike
    rows = np.tile(center_of_mass(), (len(contact), 1))
    first = len(skeleton.JOINT_NAMES)
    rows[:, first : first + len(FEET)] -= share
    return rows * np.minimum(total, 1.0)
