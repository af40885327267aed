"""Curves over the gait cycle: 0 % is a heel strike, 100 % the next of the same foot; mean and spread over strides."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from motionrecon.biomechanics.strides import Stride

PERCENT = np.arange(101.0)
SIDES = ("left", "right")


@dataclasses.dataclass(frozen=True)
class GaitCycle:
    """Curves of quantities of one side over that side's strides.

    Attributes:
      names: n names that begin with the side and end in the unit ("left_hip_flexion_deg").
      mean: (n, 101), at 0, 1, ... 100 % of the cycle.
      deviation: (n, 101), standard deviation over strides (n - 1 in the denominator); 0 where there is one stride.
      strides: (n,) int, over how many strides.
      toe_off: (2,) % of the cycle, mean of the left and right foot; 0 for a foot without strides.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    strides: np.ndarray
    toe_off: np.ndarray


def gait_cycle(
    strides: tuple[Stride, ...], quantities: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> GaitCycle | None:
    """Cut quantities into strides and average them.

    Args:
      strides: of both feet.
      quantities: time (T,) s and values (T,) by name; those whose name begins with a side are cut at that side's heel
        strikes, linear between samples; a side without strides, and names without a side, are left out.

    Returns:
      The curves, or None without a whole stride.
    """
    if not strides:
        return None
    names, means, deviations, counts = [], [], [], []
    for name, (time, values) in quantities.items():
        own = [s for s in strides if name.startswith(f"{SIDES[s.foot]}_")]
        if not own:
            continue
        curves = np.array([np.interp(s.start + PERCENT / 100.0 * s.duration, time, values) for s in own])
        names.append(name)
        means.append(curves.mean(axis=0))
        deviations.append(curves.std(axis=0, ddof=1) if len(own) > 1 else np.zeros(len(PERCENT)))
        counts.append(len(own))
    toe_off = np.zeros(2)
    for foot in (0, 1):
        shares = [s.stance_percent for s in strides if s.foot == foot]
        toe_off[foot] = np.mean(shares) if shares else 0.0
    shape = (len(names), len(PERCENT))
    return GaitCycle(
        tuple(names), np.reshape(means, shape), np.reshape(deviations, shape), np.array(counts, dtype=int), toe_off
    )
