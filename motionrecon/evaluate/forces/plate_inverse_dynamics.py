"""Sagittal leg moments from the plates: Newton and Euler from the foot upwards, the reference for a fit's torques.

D. A. Winter, "Biomechanics and Motor Control of Human Movement", ch. 5, on the recording's own joint centres with
de Leva's segments, low-passed at 6 Hz; segments do not turn about their long axes here.
"""

from __future__ import annotations

import numpy as np

from motionrecon.evaluate.forces import segment_masses
from motionrecon.evaluate.forces.kinematic_baseline import CUTOFF, GRAVITY
from motionrecon.evaluate.forces.plates_on_feet import ON
from motionrecon.evaluate.forces.recorded_points import RecordedPoints
from motionrecon.evaluate.forces.segment_masses import Segment
from motionrecon.evaluate.forces.time_series import acceleration, low_pass


def has_leg(points: RecordedPoints, side: str) -> bool:
    """Tell whether a leg has what inverse dynamics needs: hip, knee, ankle, and the front of the foot."""
    leg = all(f"{side}_{joint}" in points.names for joint in ("hip", "knee", "ankle"))
    return leg and any(f"{side}_{front}" in points.names for front in ("ball", "toe"))


def leg_moments(
    points: RecordedPoints, side: str, mass: float, force: np.ndarray, center: np.ndarray, left: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the moments (T,) N m of ankle (dorsiflexion positive), knee (extension) and hip (flexion).

    Args:
      points: of the recording (``has_leg``).
      side: "left" or "right".
      mass: kg, of the body.
      force: (T, 3) N, the plates' force on that foot at the recording's frames; below 20 N it counts as none.
      center: (T, 3) m, its centre of pressure.
      left: (3,) unit, the person's left: moments are about it.
    """
    hip, knee, ankle = (_smooth(points, points.of(f"{side}_{n}")) for n in ("hip", "knee", "ankle"))
    heel, toe = (_smooth(points, end) for end in segment_masses.foot_ends(points, side, ("ball", "toe")))
    on = force[:, 2:] > ON
    chain = (
        ("ankle", segment_masses.FOOT, ankle, heel, toe),
        ("knee", segment_masses.LIMBS["shank"], knee, knee, ankle),
        ("hip", segment_masses.LIMBS["thigh"], hip, hip, knee),
    )
    below, twist, where = np.where(on, force, 0.0), np.zeros_like(force), center
    moments = {}
    for name, segment, joint, near, far in chain:
        middle = near + segment.center * (far - near)
        arm = where - middle
        if name == "ankle":  # in the air there is no centre of pressure
            arm = np.where(on, arm, 0.0)
        above = segment.mass * mass * (acceleration(middle, points.rate) + [0.0, 0.0, GRAVITY]) - below
        spin = _spin_change(segment, mass, near, far, points.rate)
        torque = spin - twist - np.cross(arm, below) - np.cross(joint - middle, above)
        moments[name] = -(torque @ left)
        below, twist, where = -above, -torque, joint
    return moments


def _smooth(points: RecordedPoints, path: np.ndarray) -> np.ndarray:
    return low_pass(path, points.rate, CUTOFF)


def _spin_change(segment: Segment, mass: float, near: np.ndarray, far: np.ndarray, rate: float) -> np.ndarray:
    """Return the rate of change (T, 3) N m of a thin segment's angular momentum."""
    long = far - near
    length = np.linalg.norm(long, axis=-1, keepdims=True)
    axis = long / length
    omega = np.cross(axis, np.gradient(axis, 1.0 / rate, axis=0))
    inertia = segment.mass * mass * (segment.gyration * float(length.mean())) ** 2
    return inertia * np.gradient(omega, 1.0 / rate, axis=0)
