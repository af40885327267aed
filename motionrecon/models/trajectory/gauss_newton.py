"""Structured Gauss-Newton: per-frame Jacobians, a Riccati sweep, Levenberg damping, and rollouts that decide.

Solves the window as an optimal-control problem (iterative LQR without second-order terms; Tassa et al. 2012, Li and
Todorov 2004). ``open`` steps simulate the controls that the linear model proposes; ``closed`` steps simulate
with the feedback gains, which is what follows a nominal motion that is not yet a simulation. Slopes and sweep are in
single precision: they only propose; rollouts in double precision decide.
"""

from __future__ import annotations

import dataclasses
import math
import time
from typing import Any, Protocol

import jax
import numpy as np

from motionrecon.models.trajectory import riccati
from motionrecon.types import FitStatus


@dataclasses.dataclass(frozen=True)
class GaussNewtonOptions:
    """Settings of structured Gauss-Newton.

    Attributes:
      iterations: at most this many linearisations.
      damping: Levenberg damping on the PD targets' steps (per rad^2), at the start.
      wrench_damping: the same on the support wrench (per (100 N)^2), relative to ``damping``.
      tolerance: stop when two steps in a row lower the loss by less than this share.
    """

    iterations: int = 6
    damping: float = 1e-1
    wrench_damping: float = 1e-2
    tolerance: float = 2e-2


class StructuredProblem(Protocol):
    """What Gauss-Newton sees of a window: stages, rollouts of policies, and whether the first state is free."""

    free: Any
    evaluations: int

    def linearize(self, trajectory: Any) -> Any:
        """Return stage arrays a, b, c, q, p, r, s about a trajectory."""
        ...

    def candidates(self, trajectory: Any, policy: Any, scales: Any, *, closed: bool) -> tuple[Any, Any]:
        """Return stacked trajectories and losses of a policy at several scales."""
        ...

    def loss(self, trajectory: Any) -> float:
        """Return a trajectory's loss."""
        ...


@dataclasses.dataclass(frozen=True)
class Solution:
    """Result: the best trajectory, its loss, the loss after each iteration, cost and how it ended."""

    trajectory: Any
    loss: float
    history: tuple[float, ...]
    evaluations: int
    steps: int
    seconds: float
    status: FitStatus


_FIRST, _REST = (1.0,), (0.5, 0.2, 0.05)


def _policy(problem, stages, damping: np.ndarray, damping0: float) -> riccati.Policy:
    """Solve the stages with damping (m,) of the controls and of z_0, and none of the other states."""
    kind = stages.b.dtype
    nothing = np.asarray(0.0), np.ones(stages.b.shape[-2])
    return riccati.damped(stages, damping.astype(kind), kind.type(damping0), *nothing, problem.free)


def _best(problem, trajectory, policy, scales, closed):
    """Return the best of several scales: loss, scale, trajectory; one a call, so that one program serves all."""
    tried = [problem.candidates(trajectory, policy, np.array([scale]), closed=closed) for scale in scales]
    losses = [float(loss[0]) for _, loss in tried]
    losses = [loss if math.isfinite(loss) else math.inf for loss in losses]
    i = min(range(len(losses)), key=losses.__getitem__)
    return losses[i], scales[i], jax.tree.map(lambda x: np.asarray(x)[0], tried[i][0])  # views: nothing to compile


def follow(problem: StructuredProblem, trajectory: Any, options: GaussNewtonOptions = GaussNewtonOptions()) -> Any:
    """Simulate a motion that is almost a simulation, held to it by feedback gains."""
    stages = problem.linearize(trajectory)
    damping = np.full(stages.b.shape[-1], 1e-2 * options.damping)
    policy = _policy(problem, stages, damping, damping[0])
    return _best(problem, trajectory, policy, (0.0,), True)[2]


def minimize(
    problem: StructuredProblem,
    trajectory: Any,
    options: GaussNewtonOptions = GaussNewtonOptions(),
    *,
    nominal: bool = False,
    feedback: bool = False,
    max_evaluations: int | None = None,
) -> Solution:
    """Lower a window's loss.

    Args:
      problem: the window.
      trajectory: where to start.
      options: settings.
      nominal: the trajectory is a motion with defects, not a simulation: its loss does not count, and the first step
        is a feedback rollout about it.
      feedback: let feedback and open rollouts compete in every iteration.
      max_evaluations: stop after this many rollouts.

    Returns:
      The best simulated trajectory found; never worse than a simulated start. If nothing finite was found the loss
      is infinite and the status NON_FINITE.
    """
    began, used = time.perf_counter(), problem.evaluations
    m = problem.linearize  # bound once: keeps the loop readable
    best = math.inf if nominal else problem.loss(trajectory)
    history, mu, slow, status, steps = [best], options.damping, 0, FitStatus.MAX_STEPS, 0
    current = trajectory
    for i in range(options.iterations):
        stages = m(current)
        size = stages.b.shape[-1]
        damping = np.concatenate([np.full(size - 6, mu), np.full(6, mu * options.wrench_damping)])
        policy = _policy(problem, stages, damping, mu * 1e-2)
        steps, closed = i + 1, nominal and math.isinf(best)
        value, scale, found = _best(problem, current, policy, _FIRST, closed)
        if feedback and not closed:
            other = _best(problem, current, policy, _FIRST, True)
            value, scale, found = min((value, scale, found), other, key=lambda c: c[0])
        if not value < best:
            value, scale, found = _best(problem, current, policy, _REST, closed)
            if feedback and not closed and not value < best:
                value, scale, found = _best(problem, current, policy, _REST, True)
        if value < best:
            gain = 1.0 - value / best if math.isfinite(best) else 1.0
            slow = slow + 1 if gain < options.tolerance else 0
            current, best = found, value
            mu = max(mu * (0.2 if scale == 1.0 else 1.0 if scale == 0.5 else 3.0), 1e-7)
        else:
            slow += 1
            mu *= 10.0
        history.append(best)
        if slow >= 2:
            status = FitStatus.OK
            break
        if mu > 1e6:
            status = FitStatus.STALLED
            break
        if max_evaluations is not None and problem.evaluations - used >= max_evaluations:
            break
    if not math.isfinite(best):
        status = FitStatus.NON_FINITE
    seconds = time.perf_counter() - began
    return Solution(current, best, tuple(history), problem.evaluations - used, steps, seconds, status)
