"""Re-simulate fitted controls with Brax's generalized modules and say how far the two simulators come apart.

Each window starts anew from the stored state, because contact makes long simulations of any two programs diverge.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np
from jax import Array

from motionrecon.physics import tree
from motionrecon.physics.body import Body, Ground
from motionrecon.physics.oracle import generalized
from motionrecon.physics.oracle.generalized import HingeModel
from motionrecon.types import SimState


@dataclasses.dataclass(frozen=True)
class PipelineDifference:
    """Distance of two simulations of the same controls from the same state.

    Attributes:
      start: first frame.
      stop: frame after the last.
      mpjpe_mm: mean distance of the joints over the frames after the first, in the world, mm.
      last_mm: the same in the last frame.
    """

    start: int
    stop: int
    mpjpe_mm: float
    last_mm: float


def joint_positions(body: Body, states: SimState) -> Array:
    """Return world positions (T, J, 3) m of the joints."""
    return jax.vmap(lambda s: tree.pose(body, s.quats).anchor + s.position)(states)


@jax.jit
def _resimulate(model: HingeModel, ground: Ground, dt: Array, state: SimState, targets: Array) -> Array:
    return joint_positions(model.body, generalized.simulate(model, ground, dt, state, targets))


_joint_positions = jax.jit(joint_positions)


def compare(
    model: HingeModel, ground: Ground, dt: float, states: SimState, targets: Array, windows: Sequence[tuple[int, int]]
) -> list[PipelineDifference]:
    """Simulate every window's controls with Brax's modules and measure the distance from the stored states.

    All windows are padded to the longest one (with the last control), so that one program is compiled.

    Args:
      model: ``generalized.hinge_model(system, body, skeleton)``.
      ground: the ground.
      dt: s, one simulation step.
      states: T stored states (of ``rollout.simulate`` or a fit).
      targets: (T, A, 4) PD targets.
      windows: (start, stop) frames, half open; windows of one frame are left out.

    Returns:
      One entry a window; infinite distances where the simulation is not finite.
    """
    states = jax.tree.map(np.asarray, states)
    knots = np.asarray(targets, float)
    t = len(knots)
    spans = [(a, min(b, t)) for a, b in windows if min(b, t) - a > 1]
    length = max((b - a for a, b in spans), default=0)
    stored = np.asarray(_joint_positions(model.body, states))
    found = []
    for a, b in spans:
        index = np.minimum(np.arange(a, a + length), t - 1)
        first = jax.tree.map(lambda x, a=a: x[a], states)
        where = _resimulate(model, ground.arrays(), float(dt), first, knots[index])
        distance = 1e3 * np.linalg.norm(np.asarray(where)[1 : b - a] - stored[a + 1 : b], axis=-1).mean(axis=-1)
        distance = np.where(np.isfinite(distance), distance, np.inf)
        found.append(PipelineDifference(a, b, float(distance.mean()), float(distance[-1])))
    return found
