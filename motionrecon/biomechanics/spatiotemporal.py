"""Figures of gait in space and time: strides, steps, cadence, stance, double support, speed.

Every figure is a mean over the steps or the strides found, and None where there is none. Terms as in
Perry and Burnfield, "Gait Analysis: Normal and Pathological Function" (2010).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.biomechanics.gait_events import Contacts
from motionrecon.biomechanics.steps import Step
from motionrecon.biomechanics.strides import Stride


@dataclasses.dataclass(frozen=True)
class SideFigures:
    """One foot's figures; a step is named after the foot that ends it. None: not computable.

    Attributes:
      strides: how many were found.
      stride_length_m, stride_time_s: from heel strike to heel strike of the foot.
      step_length_m, step_time_s: from the other foot's heel strike to this foot's.
      stance_percent: share of the stride with this foot on the ground.
    """

    strides: int
    stride_length_m: float | None
    stride_time_s: float | None
    step_length_m: float | None
    step_time_s: float | None
    stance_percent: float | None


@dataclasses.dataclass(frozen=True)
class GaitFigures:
    """Both feet's figures; None: not computable.

    Attributes:
      left, right: of one foot.
      stride_length_m, stride_time_s, step_length_m, step_time_s, stance_percent: means over both feet.
      step_width_m: distance between the feet across the way, negative where they cross.
      double_support_percent: share of the stride with both feet on the ground (both phases together).
      cadence_steps_per_min: steps a minute.
      walking_speed_m_per_s: way of the centre of mass over time, in all steps.
    """

    left: SideFigures
    right: SideFigures
    stride_length_m: float | None
    stride_time_s: float | None
    step_length_m: float | None
    step_time_s: float | None
    step_width_m: float | None
    stance_percent: float | None
    double_support_percent: float | None
    cadence_steps_per_min: float | None
    walking_speed_m_per_s: float | None


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _overlap(contacts: tuple[Contacts, Contacts], start: float, stop: float) -> float:
    """Return for how many seconds of [start, stop] both feet are on the ground."""
    left, right = contacts
    low = np.maximum(np.maximum(left.start[:, None], right.start[None, :]), start)
    high = np.minimum(np.minimum(left.stop[:, None], right.stop[None, :]), stop)
    return float(np.maximum(high - low, 0.0).sum())


def _side(strides: list[Stride], steps: list[Step]) -> SideFigures:
    return SideFigures(
        len(strides),
        _mean([s.length for s in strides]),
        _mean([s.duration for s in strides]),
        _mean([s.length for s in steps]),
        _mean([s.duration for s in steps]),
        _mean([s.stance_percent for s in strides]),
    )


def gait_figures(
    steps: tuple[Step, ...], strides: tuple[Stride, ...], contacts: tuple[Contacts, Contacts]
) -> GaitFigures:
    """Compute the figures of gait.

    Args:
      steps: of both feet (``steps.find_steps``).
      strides: of both feet (``strides.find_strides``).
      contacts: of the left and the right foot.

    Returns:
      Means over the steps and strides, None where there are none.
    """
    sides = [_side([s for s in strides if s.foot == f], [s for s in steps if s.foot == f]) for f in (0, 1)]
    whole = _side(list(strides), list(steps))
    both = [100.0 * _overlap(contacts, s.start, s.stop) / s.duration for s in strides]
    return GaitFigures(
        left=sides[0],
        right=sides[1],
        stride_length_m=whole.stride_length_m,
        stride_time_s=whole.stride_time_s,
        step_length_m=whole.step_length_m,
        step_time_s=whole.step_time_s,
        step_width_m=_mean([s.width for s in steps]),
        stance_percent=whole.stance_percent,
        double_support_percent=_mean(both),
        cadence_steps_per_min=60.0 / whole.step_time_s if whole.step_time_s else None,
        walking_speed_m_per_s=sum(s.travel for s in steps) / sum(s.duration for s in steps) if steps else None,
    )
