"""All biomechanics of a fit in one record: joint angles, moments and powers, forces under the feet, gait.

Angles are at the frames. Moments, powers and forces are means over a frame and belong to its middle: their time is half
a frame later, and their last row repeats the one before.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.biomechanics import force_filter, gait_events
from motionrecon.biomechanics.foot_loads import foot_loads, sole_points
from motionrecon.biomechanics.gait_cycle import SIDES, GaitCycle, gait_cycle
from motionrecon.biomechanics.gait_events import Contacts, body_weight
from motionrecon.biomechanics.joint_angles import joint_angles
from motionrecon.biomechanics.joint_moments import JointLoads, joint_loads
from motionrecon.biomechanics.spatiotemporal import GaitFigures, gait_figures
from motionrecon.biomechanics.steps import Step, find_steps
from motionrecon.biomechanics.strides import Stride, find_strides
from motionrecon.types import FitResult


@dataclasses.dataclass(frozen=True)
class Biomechanics:
    """What a biomechanist reads from a fit of T frames.

    Attributes:
      mass: kg, of the body.
      time: (T,) s, of the angles; load_time: (T,) s, of moments, powers and forces, half a frame later.
      angle_names: n names; angles: (T, n) degrees.
      loads: moments in N m and powers in W.
      force: (T, 2, 3) N, ground reaction force of the left and right foot, world axes.
      force_filtered: (T, 2, 3) N, the same low-pass filtered (``force_filter``).
      pressure: (T, 2, 3) m, centre of pressure of each foot (``foot_loads``).
      contacts: of the left and right foot; steps, strides: of gait, of both feet.
      gait: figures of gait.
      cycle: curves over the gait cycle; None without a whole stride.
    """

    mass: float
    time: np.ndarray
    load_time: np.ndarray
    angle_names: tuple[str, ...]
    angles: np.ndarray
    loads: JointLoads
    force: np.ndarray
    force_filtered: np.ndarray
    pressure: np.ndarray
    contacts: tuple[Contacts, Contacts]
    steps: tuple[Step, ...]
    strides: tuple[Stride, ...]
    gait: GaitFigures
    cycle: GaitCycle | None

    @property
    def heel_strikes(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (s) of the left and the right foot's heel strikes; none where there is no gait."""
        left, right = (c.heel_strikes if self.steps else np.zeros(0) for c in self.contacts)
        return left, right

    @property
    def toe_offs(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (s) of the left and the right foot's toe-offs; none where there is no gait."""
        left, right = (c.toe_offs if self.steps else np.zeros(0) for c in self.contacts)
        return left, right


def _cycle_quantities(
    time: np.ndarray, load_time: np.ndarray, angles: dict[str, np.ndarray], loads: JointLoads, vertical: np.ndarray,
    mass: float,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Name what is cut into gait cycles: degrees, N m/kg, W/kg, and body weights on each foot."""
    found = {f"{name}_deg": (time, values) for name, values in angles.items()}
    found |= {
        f"{name}_moment_Nm_per_kg": (load_time, loads.moments[:, i] / mass) for i, name in enumerate(loads.moment_names)
    }
    found |= {
        f"{name}_power_W_per_kg": (load_time, loads.powers[:, i] / mass) for i, name in enumerate(loads.power_names)
    }
    for foot, side in enumerate(SIDES):
        found[f"{side}_vertical_force_body_weights"] = (load_time, vertical[:, foot] / body_weight(mass))
    return found


def analyze(result: FitResult) -> Biomechanics:
    """Compute the biomechanics of a fit.

    Args:
      result: a fit of T frames; joints and contact points are known by name, others are passed over.

    Returns:
      The record, finite throughout; what cannot be computed is None or empty.
    """
    fps, mass = float(result.motion.fps), float(result.mass)
    names, angles = joint_angles(result.motion)
    time = float(result.observation.start_time) + np.arange(len(angles)) / fps
    load_time = time + 0.5 / fps
    loads = joint_loads(result.motion, np.asarray(result.rollout.torque, dtype=float))
    points = np.asarray(result.rollout.contact_pos, dtype=float)
    force, pressure = foot_loads(points, np.asarray(result.rollout.contact_force, dtype=float), result.contact_names)
    filtered = force_filter.low_pass(force, fps)
    left, right = (gait_events.foot_contacts(load_time, force[:, f, 2], body_weight(mass)) for f in (0, 1))
    soles = sole_points(result.contact_names)
    feet = np.stack([points[:, i].mean(axis=1) if i else points[:, :0].sum(axis=1) for i in soles], axis=1)
    steps = find_steps((left, right), time, feet, np.asarray(result.rollout.com, dtype=float))
    strides = find_strides((left, right), time, feet)
    quantities = _cycle_quantities(
        time, load_time, dict(zip(names, angles.T, strict=True)), loads, filtered[..., 2], mass
    )
    return Biomechanics(
        mass, time, load_time, names, angles, loads, force, filtered, pressure, (left, right), steps,
        strides, gait_figures(steps, strides, (left, right)), gait_cycle(strides, quantities),
    )  # fmt: skip


def gait_summary(found: Biomechanics) -> dict:
    """Return the section ``gait`` of ``metrics.json``: figures (None where unknown), strides and event times in s."""
    section = dataclasses.asdict(found.gait)
    section |= {"steps": len(found.steps), "strides": len(found.strides)}
    for key, times in (("heel_strikes_s", found.heel_strikes), ("toe_offs_s", found.toe_offs)):
        section[key] = {side: [float(t) for t in times[foot]] for foot, side in enumerate(SIDES)}
    return section
