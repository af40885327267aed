"""The biomechanics of a fit under the names of ``motion.npz``."""

from __future__ import annotations

import numpy as np

from motionrecon.biomechanics import Biomechanics
from motionrecon.biomechanics.gait_cycle import PERCENT


def _events(name: str, times: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    """Return times in s in order, and whose they are (0 left, 1 right)."""
    when = np.concatenate(times)
    feet = np.repeat([0, 1], [len(t) for t in times])
    order = np.argsort(when, kind="stable")
    return {f"{name}_time": when[order], f"{name}_foot": feet[order]}


def biomechanics_arrays(found: Biomechanics) -> dict[str, np.ndarray]:
    """Return the biomechanics of ``motion.npz``: names, units and conventions as ``docs/biomechanics.md`` has them.

    Args:
      found: of a fit of T frames.

    Returns:
      Arrays by name; those of the gait cycle only where there is a whole stride.
    """
    loads, cycle = found.loads, found.cycle
    arrays = {
        "load_time": found.load_time,
        "joint_angle_names": np.array(found.angle_names, dtype=str), "joint_angles_deg": found.angles,
        "joint_moment_names": np.array(loads.moment_names, dtype=str), "joint_moments": loads.moments,
        "joint_moments_per_kg": loads.moments / found.mass,
        "joint_power_names": np.array(loads.power_names, dtype=str), "joint_powers": loads.powers,
        "joint_powers_per_kg": loads.powers / found.mass,
        "ground_reaction_force_filtered": found.force_filtered,
        **_events("heel_strike", found.heel_strikes), **_events("toe_off", found.toe_offs),
    }  # fmt: skip
    if cycle is not None:
        arrays |= {
            "gait_cycle_percent": PERCENT, "gait_cycle_names": np.array(cycle.names, dtype=str),
            "gait_cycle_mean": cycle.mean, "gait_cycle_deviation": cycle.deviation,
            "gait_cycle_strides": cycle.strides,
        }  # fmt: skip
    return arrays
