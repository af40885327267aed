"""The body as segments between recorded points: shares of mass and centres, for what is computed without a fit.

P. de Leva, "Adjustments to Zatsiorsky-Seluyanov's segment inertia parameters", J. Biomechanics 29(9), 1996; the mean of
women and men. The trunk is one segment from hips to shoulders, the head lies above it.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.evaluate.forces.recorded_points import SIDES, RecordedPoints


@dataclasses.dataclass(frozen=True)
class Segment:
    """Between two points: share of body mass, centre from the proximal end, radius of gyration (transverse)."""

    proximal: str
    distal: str
    mass: float
    center: float
    gyration: float


LIMBS = {
    "thigh": Segment("hip", "knee", 0.1447, 0.3854, 0.347),
    "shank": Segment("knee", "ankle", 0.0457, 0.4438, 0.258),
    "upper_arm": Segment("shoulder", "elbow", 0.0263, 0.5763, 0.265),
    "forearm": Segment("elbow", "wrist", 0.0209, 0.50, 0.27),  # with the hand
}
FOOT = Segment("heel", "toe", 0.0133, 0.42, 0.27)
_TRUNK, _HEAD = (0.4302, 0.55), (0.0681, 1.42)  # share, centre from the hips' middle to the shoulders'
NEEDED = tuple(f"{side}_{part}" for part in ("hip", "shoulder", "ankle") for side in SIDES)


def has_center_of_mass(points: RecordedPoints) -> bool:
    """Tell whether a recording has the points without which a centre of mass would be a guess."""
    return all(name in points.names for name in NEEDED)


def foot_ends(points: RecordedPoints, side: str, fronts: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return heel and front of a foot (T, 3) m; a point that was not recorded is the ankle.

    Args:
      points: of the recording.
      side: "left" or "right".
      fronts: which points count as the front, the preferred one first.
    """
    heel = f"{side}_heel" if f"{side}_heel" in points.names else f"{side}_ankle"
    front = next((f"{side}_{n}" for n in fronts if f"{side}_{n}" in points.names), f"{side}_ankle")
    return points.of(heel), points.of(front)


def center_of_mass(points: RecordedPoints) -> np.ndarray:
    """Return the centre of mass (T, 3) m of the segments whose ends were recorded.

    Args:
      points: with hips, shoulders and ankles (``has_center_of_mass``).
    """
    total, moment = 0.0, np.zeros((len(points.time), 3))
    for side in SIDES:
        for limb in LIMBS.values():
            ends = f"{side}_{limb.proximal}", f"{side}_{limb.distal}"
            if all(name in points.names for name in ends):
                near, far = (points.of(name) for name in ends)
                moment += limb.mass * (near + limb.center * (far - near))
                total += limb.mass
        heel, toe = foot_ends(points, side, ("toe", "ball"))
        moment += FOOT.mass * (heel + FOOT.center * (toe - heel))
        total += FOOT.mass
    hips, shoulders = (0.5 * (points.of(f"left_{n}") + points.of(f"right_{n}")) for n in ("hip", "shoulder"))
    for share, center in (_TRUNK, _HEAD):
        moment += share * (hips + center * (shoulders - hips))
        total += share
    return moment / total
