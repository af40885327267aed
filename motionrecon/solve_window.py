"""Solve one window: plain Gauss-Newton, the support-wrench ladder where that stays off, or a scalar optimizer."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.models import base, gauss_newton, registry
from motionrecon.models.gauss_newton import GaussNewtonOptions
from motionrecon.objective import Trajectory
from motionrecon.physics.body import Ground
from motionrecon.window_problem import ScalarProblem, WindowProblem


@dataclasses.dataclass(frozen=True)
class Rung:
    """One stage of the ladder: price of the support wrench, ground, iterations."""

    price: float
    iterations: int
    ground: Ground = Ground()


@dataclasses.dataclass(frozen=True)
class LadderOptions:
    """The support-wrench ladder for windows that plain Gauss-Newton cannot solve.

    Attributes:
      enabled: use it at all.
      good_mm: mean keypoint error over which the first attempt is given more steps.
      accept_mm: mean keypoint error under which a window is good enough for no other attempt.
      redo_mm: mean keypoint error over which the window before is done again.
      track: mm a stage may be off, at least, to be a start for the next one after the ground changed.
    """

    enabled: bool = True
    good_mm: float = 5.0
    accept_mm: float = 15.0
    redo_mm: float = 45.0
    track: float = 30.0


REAL_GROUND = Ground()
_SOFT, _MEDIUM = Ground(1e4, 1e-2), Ground(3e4, 3e-3)
LADDER = (
    Rung(1e-5, 6, Ground(enabled=0.0)),
    Rung(1e-4, 4, _SOFT),
    Rung(1e-4, 4, _MEDIUM),
    *(Rung(price, 4, REAL_GROUND) for price in (1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)),
)
_SCALAR_SETTINGS = {"adam": {"learning_rate": 1e-3}}  # 1e-2 first raises the loss a hundredfold from inverse dynamics
SCALAR_EVALUATIONS = 100  # a window's budget for scalar optimizers; about 1 s of computing


@dataclasses.dataclass(frozen=True)
class WindowSolution:
    """The best simulated trajectory of a window and how it came about."""

    trajectory: Trajectory
    loss: float
    method: str
    history: tuple[float, ...]
    evaluations: int
    steps: int
    seconds: float
    status: object


def mean_error(problem: WindowProblem, trajectory: Trajectory, observed, seen) -> float:
    """Return the mean distance in mm of simulated keypoints from ``observed`` (T, K, 3), weighted by seen (T, K)."""
    where = problem.keypoints(trajectory)
    distance = np.linalg.norm(where - observed, axis=-1)
    if not np.isfinite(distance).all():
        return math.inf
    return float(1e3 * np.sum(distance * seen) / max(np.sum(seen), 1e-9))


def plain(
    problem: WindowProblem, knots, options: GaussNewtonOptions, max_evaluations=None, start: Trajectory | None = None
) -> WindowSolution:
    """Run Gauss-Newton from a trajectory, or from the simulation of a first guess of the controls (T, A, 3)."""
    first = problem.simulate(jnp.asarray(knots)) if start is None else start
    return _solution(gauss_newton.minimize(problem, first, options, max_evaluations=max_evaluations), "plain")


def scalar(problem: WindowProblem, knots, name: str, max_evaluations: int | None) -> WindowSolution:
    """Run an optimizer that sees the loss and its gradient only (BFGS, L-BFGS, Adam, learned)."""
    flat = ScalarProblem(problem, jnp.asarray(knots))
    optimizer = registry.make_optimizer(name, **_SCALAR_SETTINGS.get(name, {}))
    found = base.minimize(flat, np.asarray(flat.x0), optimizer, max_evaluations=max_evaluations or SCALAR_EVALUATIONS)
    return WindowSolution(
        flat.trajectory(found.x), found.loss, name, tuple(found.history.best_losses), found.evaluations,
        len(found.history.steps), found.seconds, found.status,
    )  # fmt: skip


def _solution(found: gauss_newton.Solution, method: str, before=()) -> WindowSolution:
    return WindowSolution(
        found.trajectory, found.loss, method, (*before, *found.history), found.evaluations, found.steps, found.seconds,
        found.status,
    )  # fmt: skip


def ladder(
    problem: WindowProblem,
    nominal: Trajectory,
    options: GaussNewtonOptions,
    ladder_options: LadderOptions,
    error: Callable[[Trajectory], float],
    callback=None,
) -> WindowSolution:
    """Climb from a nearly free support force to none.

    Args:
      problem: the window on real ground.
      nominal: the kinematic motion with inverse-dynamics controls.
      options: Gauss-Newton settings.
      ladder_options: when a stage is good enough to go on from.
      error: keypoint error of a trajectory, mm.
      callback: progress.

    Returns:
      The solution without any support force.
    """
    current, is_nominal, before = nominal, True, math.inf
    total = [0, 0, 0.0]
    history: list[float] = []
    last_ground = None
    for rung in LADDER:
        stage = problem.with_ground(rung.ground, rung.price)
        changed = last_ground is not None and rung.ground != last_ground
        if changed and not is_nominal:
            again = stage.simulate(current.knots, current.wrench, _first_state(problem, current))
            ok = error(again) < max(2.0 * before, ladder_options.track)
            current, is_nominal = (again, False) if ok else (current, True)
        settings = dataclasses.replace(options, iterations=rung.iterations)
        found = gauss_newton.minimize(
            stage, current, settings, nominal=is_nominal, feedback=rung.price >= 1e-3, callback=callback
        )
        total = [total[0] + found.evaluations, total[1] + found.steps, total[2] + found.seconds]
        history += found.history
        if math.isfinite(found.loss):
            current, is_nominal, before = found.trajectory, False, error(found.trajectory)
        last_ground = rung.ground
    free = Trajectory(current.states, current.knots, jnp.zeros_like(current.wrench))
    again = problem.simulate(free.knots, first=_first_state(problem, free))
    nominal_start = not error(again) < max(2.0 * before, ladder_options.track)
    found = gauss_newton.minimize(
        problem, free if nominal_start else again, options, nominal=nominal_start, feedback=True
    )
    return WindowSolution(
        found.trajectory, found.loss, "ladder", (*history, *found.history), total[0] + found.evaluations,
        total[1] + found.steps, total[2] + found.seconds, found.status,
    )  # fmt: skip


def _first_state(problem: WindowProblem, trajectory: Trajectory):
    """Return the state to simulate a trajectory again from: its own first one, or the frozen one."""
    if float(problem.free) < 0.5:
        return problem.data.start
    return jax.tree.map(lambda a: a[0], trajectory.states)


def kinematic_nominal(states, knots) -> Trajectory:
    """Make a nominal trajectory (with defects) of kinematic states and inverse-dynamics knots."""
    states = jax.tree.map(jnp.asarray, states)
    return Trajectory(states, jnp.asarray(knots), jnp.zeros((len(knots) - 1, 6)))
