"""Segment masses, centres of mass and inertias of a person (de Leva 1996), mapped to the 14 links.

De Leva, "Adjustments to Zatsiorsky-Seluyanov's segment inertia parameters", J. Biomechanics 29(9), 1996, Tables 4
and 5; the mean of the female and male columns is used because the observation does not tell. Masses are fractions of
body mass, centres of mass fractions of segment length from the proximal end, radii of gyration fractions of
segment length about the sagittal (x), transverse (y) and longitudinal axes.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float

from motionrecon.types import Skeleton

BODY_MASS_INDEX = 22.5  # kg/m^2, for a default mass from stature


@dataclasses.dataclass(frozen=True)
class Segment:
    """One body segment: mass fraction, centre of mass and radii of gyration (sagittal, transverse, longitudinal)."""

    mass: float
    com: float
    radii: tuple[float, float, float]


SEGMENTS = {
    "head": Segment(0.0681, 0.4922, (0.287, 0.305, 0.261)),
    "upper_trunk": Segment(0.1571, 0.5058, (0.486, 0.317, 0.457)),
    "middle_trunk": Segment(0.1549, 0.4507, (0.458, 0.369, 0.442)),
    "lower_trunk": Segment(0.1182, 0.5518, (0.524, 0.477, 0.516)),
    "upper_arm": Segment(0.0263, 0.5763, (0.282, 0.265, 0.153)),
    "forearm": Segment(0.0150, 0.4567, (0.269, 0.261, 0.108)),
    "hand": Segment(0.0059, 0.3526, (0.266, 0.222, 0.184)),
    "thigh": Segment(0.1447, 0.3854, (0.349, 0.347, 0.156)),
    "shank": Segment(0.0457, 0.4438, (0.263, 0.258, 0.098)),
    "foot": Segment(0.0133, 0.4215, (0.278, 0.262, 0.124)),
}
# Lengths de Leva's trunk and head fractions refer to, as fractions of stature.
TRUNK_LENGTHS = {"upper_trunk": 0.098, "middle_trunk": 0.122, "lower_trunk": 0.084, "head": 0.137}


def default_mass(height: float) -> float:
    """Return the mass in kg of a person of average build and the given stature (m)."""
    return BODY_MASS_INDEX * height**2


def _about(
    axis: Float[np.ndarray, " 3"], radii: tuple[float, float, float], length: float, mass: float
) -> Float[np.ndarray, "3 3"]:
    """Inertia (3, 3) of a segment whose long axis points along ``axis``; sagittal axis as near to x as possible."""
    long = axis / np.linalg.norm(axis)
    seed = np.array([1.0, 0.0, 0.0]) if abs(long[0]) < 0.9 else np.array([0.0, 0.0, 1.0])
    x = seed - long * (seed @ long)
    x /= np.linalg.norm(x)
    frame = np.stack([x, np.cross(long, x), long], axis=1)
    moments = mass * (np.array(radii) * length) ** 2
    return frame @ np.diag(moments) @ frame.T


def _combine(parts: list[tuple[float, np.ndarray, np.ndarray]]) -> tuple[float, np.ndarray, np.ndarray]:
    """Join rigid parts (mass, centre of mass, inertia about it) into one (parallel axis theorem)."""
    mass = sum(p[0] for p in parts)
    com = np.asarray(sum(p[0] * p[1] for p in parts)) / mass
    inertia = np.zeros((3, 3))
    for m, c, i in parts:
        d = c - com
        inertia += i + m * ((d @ d) * np.eye(3) - np.outer(d, d))
    return mass, com, inertia


def link_inertias(
    skeleton: Skeleton, height: float, mass: float, heel: Float[np.ndarray, "2 3"], toe: Float[np.ndarray, "2 3"]
) -> tuple[Float[np.ndarray, " J"], Float[np.ndarray, "J 3"], Float[np.ndarray, "J 3 3"]]:
    """Compute mass properties of the 14 links of a person.

    Args:
      skeleton: the person's skeleton (joint names of ``skeleton.JOINT_NAMES``).
      height: stature, m.
      mass: whole-body mass, kg.
      heel: (2, 3) m, rear of the soles in the ankle frames, left and right.
      toe: (2, 3) m, front of the soles.

    Returns:
      mass (J,) kg, centre of mass (J, 3) m in link frames, inertia (J, 3, 3) kg m^2 about it in link axes.
    """
    at = {n: np.asarray(skeleton.offsets[i], float) for i, n in enumerate(skeleton.names)}
    total = sum(s.mass * (2 if n not in TRUNK_LENGTHS else 1) for n, s in SEGMENTS.items())
    scale = mass / total

    def part(name: str, start: np.ndarray, end: np.ndarray, length: float | None = None):
        s = SEGMENTS[name]
        axis = end - start
        size = np.linalg.norm(axis) if length is None else length
        m = s.mass * scale
        return m, start + s.com * axis, _about(axis, s.radii, size, m)

    def trunk(name: str, end: np.ndarray):
        return part(name, end, np.zeros(3), TRUNK_LENGTHS[name] * height)  # de Leva counts from the upper end

    links = {
        "pelvis": trunk("lower_trunk", at["spine"]),
        "spine": trunk("middle_trunk", at["chest"]),
        "chest": trunk("upper_trunk", at["neck"]),
        "neck": trunk("head", np.array([0.01, 0.0, 0.165]) * height),
    }
    for k, side in enumerate(("left", "right")):
        out = at[f"{side}_elbow"] / np.linalg.norm(at[f"{side}_elbow"])
        wrist, tip = 0.150 * height * out, 0.200 * height * out
        links[f"{side}_hip"] = part("thigh", np.zeros(3), at[f"{side}_knee"])
        links[f"{side}_knee"] = part("shank", np.zeros(3), at[f"{side}_ankle"])
        middle = 0.5 * np.array([0.0, 0.0, heel[k][2]])  # the foot's centre lies half way between ankle and sole
        links[f"{side}_ankle"] = part("foot", np.asarray(heel[k]) - middle, np.asarray(toe[k]) - middle)
        links[f"{side}_shoulder"] = part("upper_arm", np.zeros(3), at[f"{side}_elbow"])
        links[f"{side}_elbow"] = _combine([part("forearm", np.zeros(3), wrist), part("hand", wrist, tip)])
    rows = [links[n] for n in skeleton.names]
    return np.array([r[0] for r in rows]), np.stack([r[1] for r in rows]), np.stack([r[2] for r in rows])
