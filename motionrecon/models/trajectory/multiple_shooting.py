"""Gauss-Newton by multiple shooting: states and controls move together, and each frame is simulated on its own.

A rollout over a window is chaotic where hands and feet come and go, so that single shooting finds every step rejected.
Here all states are unknowns; the simulation is a constraint between neighbours, linearised frame by frame and met in
the limit (Bock and Plitt 1984; Giftthaler et al., "A family of iterative Gauss-Newton shooting methods", IROS 2018).
Steps are the Riccati sweep's; a penalty on the defects (an exact one, not squared) decides their length. No force on
the root is needed to start from a kinematic motion.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from typing import Any, Protocol

import jax
import numpy as np

from motionrecon.models.trajectory import riccati
from motionrecon.types import FitStatus


@dataclasses.dataclass(frozen=True)
class MultipleShootingOptions:
    """Settings of multiple shooting.

    Attributes:
      iterations: at most this many linearisations.
      damping: Levenberg damping on the PD targets' steps (per rad^2), at the start.
      state_damping: the same on the states' changes (per squared state scale).
      penalty: loss a unit of defect costs (sum over frames of the defects' norms).
      defect: sum of the defects' norms at which the motion counts as simulated.
      tolerance: stop there once a step changes the loss itself by less than this share.
    """

    iterations: int = 40
    damping: float = 3e-4
    state_damping: float = 1e-3
    penalty: float = 10.0
    defect: float = 1e-2
    tolerance: float = 1e-2


class ShootingProblem(Protocol):
    """What multiple shooting sees of a window."""

    free: Any
    evaluations: int
    state_scale: Any

    def linearize(self, trajectory: Any) -> Any:
        """Return stage arrays about a trajectory, its defects as ``c``."""
        ...

    def shots(self, trajectory: Any, policy: Any, scales: Any) -> tuple[Any, Any, Any]:
        """Return stacked trajectories, losses and defects of a policy at several scales."""
        ...

    def loss(self, trajectory: Any) -> float:
        """Return a trajectory's loss."""
        ...


@dataclasses.dataclass(frozen=True)
class Shooting:
    """Result: a motion and its remaining defect, loss and penalty after each iteration, cost and how it ended."""

    trajectory: Any
    defect: float
    history: tuple[float, ...]
    steps: int
    seconds: float
    status: FitStatus


SCALES = (1.0, 0.5, 0.2, 0.05)
_DAMPINGS = (0.5, 1.0, 3.0, 6.0)  # what the dampings change by after a step of each length
_TRIES = 6
_LEAST, _MOST = 1e-4, 1e6  # bounds of the factor on both dampings
_LEAST_GAIN = 1e-6  # share of loss and penalty below which a step is none


def _direction(problem, stages, options: MultipleShootingOptions, factor: float) -> riccati.Policy:
    """Return the damped step of all states and controls."""
    damping = np.full(stages.b.shape[-1], options.damping * factor, stages.b.dtype)
    first = damping[0] * damping.dtype.type(1e-2)
    state = np.asarray(options.state_damping * factor)
    return riccati.damped(stages, damping, first, state, problem.state_scale, problem.free)


def _total(defects: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Sum over the frames of the norm of the scaled defects (..., T - 1, n)."""
    return np.sum(np.linalg.norm(defects * scale, axis=-1), axis=-1)


def minimize(
    problems: Sequence[ShootingProblem],
    trajectory: Any,
    options: MultipleShootingOptions = MultipleShootingOptions(),
    *,
    max_evaluations: int | None = None,
) -> Shooting:
    """Turn a motion with defects into a simulated one of low loss.

    Args:
      problems: the problem of each iteration (on ground that hardens, for instance); the last serves all that follow,
        and takes over where another one stalls.
      trajectory: states and controls to start from, with any defects; its first state must be the frozen one if the
        start is not free.
      options: settings.
      max_evaluations: stop after this many candidates.

    Returns:
      The motion reached. Status OK: it is a simulation but for ``options.defect``; MAX_STEPS and STALLED: it is not
      quite; NON_FINITE: no step was finite.
    """
    began, factor, history, status = time.perf_counter(), 1.0, [], FitStatus.MAX_STEPS
    defect, tried, at, last = math.inf, 0, 0, len(problems) - 1
    for _ in range(options.iterations):
        problem = problems[at]
        scale, stages = problem.state_scale, problem.linearize(trajectory)
        defect = float(_total(np.asarray(stages.c), scale))
        loss = problem.loss(trajectory)
        now = loss + options.penalty * defect
        finite = False
        for _ in range(_TRIES):
            policy = _direction(problem, stages, options, factor)
            moved, losses, defects = problem.shots(trajectory, policy, np.array(SCALES))
            left, tried = _total(np.asarray(defects), scale), tried + len(SCALES)
            merit = np.asarray(losses) + options.penalty * left
            finite = finite or bool(np.isfinite(merit).any())
            best = int(np.argmin(np.where(np.isfinite(merit), merit, np.inf)))
            if merit[best] < now * (1.0 - _LEAST_GAIN):
                break
            factor = min(10.0 * factor, _MOST)
        else:
            if at < last and math.isfinite(now):  # the next problem may well move on
                at, factor = last, 1.0
                continue
            status = FitStatus.STALLED if finite else FitStatus.NON_FINITE
            status = FitStatus.OK if defect < options.defect else status
            break
        trajectory, defect = jax.tree.map(lambda x, b=best: np.asarray(x)[b], moved), float(left[best])
        factor = float(np.clip(factor * _DAMPINGS[best], _LEAST, _MOST))
        history.append(float(merit[best]))
        done = defect < options.defect and abs(float(losses[best]) - loss) < options.tolerance * loss
        if done and at == last:
            status = FitStatus.OK
            break
        if max_evaluations is not None and tried >= max_evaluations:
            break
        at = min(at + 1, last)
    return Shooting(trajectory, defect, tuple(history), len(history), time.perf_counter() - began, status)
