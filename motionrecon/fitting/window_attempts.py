"""Solve one window: Gauss-Newton, where that stays off multiple shooting and then the ladder; or other optimizers."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Float

from motionrecon.fitting.objective import NO_WRENCH, Trajectory
from motionrecon.fitting.window_problem import ScalarProblem, WindowProblem
from motionrecon.models.optimizers import base, registry
from motionrecon.models.trajectory import gauss_newton, multiple_shooting
from motionrecon.models.trajectory.gauss_newton import GaussNewtonOptions
from motionrecon.models.trajectory.multiple_shooting import MultipleShootingOptions
from motionrecon.physics.body import Ground
from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class Rung:
    """One stage of the ladder: price of the support wrench, ground, iterations."""

    price: float
    iterations: int
    ground: Ground = Ground()


@dataclasses.dataclass(frozen=True)
class LadderOptions:
    """What is done about windows that plain Gauss-Newton cannot solve: multiple shooting, then the ladder.

    Attributes:
      enabled: do anything at all.
      good_mm: mean keypoint error, over the kinematic motion's own, from which multiple shooting is tried.
      accept_mm: the same from which the ladder is tried as well.
      first: begin a clip's first window, which has no window before it to start from, with multiple shooting.
      redo_mm: mean keypoint error from which the window before is done again.
      track: mm a stage may be off, at least, to be a start for the next one after the ground changed.
    """

    enabled: bool = True
    first: bool = True
    good_mm: float = 4.0
    accept_mm: float = 25.0
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
SOFTENED = ((_SOFT, 2), (_MEDIUM, 2))  # ground of multiple shooting's first iterations
CAREFUL = MultipleShootingOptions(damping=0.1, state_damping=0.1)  # for another try on real ground
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


def mean_error(
    problem: WindowProblem, trajectory: Trajectory, observed: Float[np.ndarray, "T K 3"], seen: Float[np.ndarray, "T K"]
) -> float:
    """Return the mean distance in mm of simulated keypoints from ``observed`` (T, K, 3), weighted by seen (T, K)."""
    where = problem.keypoints(trajectory)
    distance = np.linalg.norm(where - observed, axis=-1)
    if not np.isfinite(distance).all():
        return math.inf
    return float(1e3 * np.sum(distance * seen) / max(np.sum(seen), 1e-9))


def plain(
    problem: WindowProblem, knots: Float[Array, "T A 3"], options: GaussNewtonOptions, max_evaluations=None
) -> WindowSolution:
    """Run Gauss-Newton from the simulation of a first guess of the controls (T, A, 3)."""
    first = problem.simulate(np.asarray(knots))
    return _solution(gauss_newton.minimize(problem, first, options, max_evaluations=max_evaluations), "plain")


def scalar(
    problem: WindowProblem, knots: Float[Array, "T A 3"], name: str, max_evaluations: int | None
) -> WindowSolution:
    """Run an optimizer that sees the loss and its gradient only (BFGS, L-BFGS, Adam, learned)."""
    flat = ScalarProblem(problem, np.asarray(knots))
    optimizer = registry.make_optimizer(name, **_SCALAR_SETTINGS.get(name, {}))
    solution = base.minimize(
        flat, np.asarray(flat.x0), optimizer, max_evaluations=max_evaluations or SCALAR_EVALUATIONS
    )
    return WindowSolution(
        trajectory=flat.trajectory(solution.x), loss=solution.loss, method=name,
        history=tuple(solution.history.best_losses), evaluations=solution.evaluations,
        steps=len(solution.history.steps), seconds=solution.seconds, status=solution.status,
    )  # fmt: skip


def _solution(solution: gauss_newton.Solution, method: str, before=()) -> WindowSolution:
    return WindowSolution(
        trajectory=solution.trajectory, loss=solution.loss, method=method, history=(*before, *solution.history),
        evaluations=solution.evaluations, steps=solution.steps, seconds=solution.seconds, status=solution.status,
    )  # fmt: skip


def ladder(
    problem: WindowProblem,
    nominal: Trajectory,
    options: GaussNewtonOptions,
    ladder_options: LadderOptions,
    error: Callable[[Trajectory], float],
) -> WindowSolution:
    """Climb from a nearly free support force to none.

    Args:
      problem: the window on real ground.
      nominal: the kinematic motion with inverse-dynamics controls.
      options: Gauss-Newton settings.
      ladder_options: when a stage is good enough to go on from.
      error: keypoint error of a trajectory, mm.

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
        solution = gauss_newton.minimize(stage, current, settings, nominal=is_nominal, feedback=rung.price >= 1e-3)
        total = [total[0] + solution.evaluations, total[1] + solution.steps, total[2] + solution.seconds]
        history += solution.history
        if math.isfinite(solution.loss):
            current, is_nominal, before = solution.trajectory, False, error(solution.trajectory)
        last_ground = rung.ground
    free = Trajectory(current.states, current.knots, np.zeros_like(current.wrench))
    again = problem.simulate(free.knots, first=_first_state(problem, free))
    nominal_start = not error(again) < max(2.0 * before, ladder_options.track)
    last = _solution(
        gauss_newton.minimize(problem, free if nominal_start else again, options, nominal=nominal_start, feedback=True),
        "ladder",
        history,
    )
    return dataclasses.replace(
        last, evaluations=total[0] + last.evaluations, steps=total[1] + last.steps, seconds=total[2] + last.seconds
    )


def _first_state(problem: WindowProblem, trajectory: Trajectory):
    """Return the state to simulate a trajectory again from: its own first one, or the frozen one."""
    if float(problem.free) < 0.5:
        return problem.data.start
    return jax.tree.map(lambda a: a[0], trajectory.states)


def shooting(
    problem: WindowProblem,
    nominal: Trajectory,
    options: GaussNewtonOptions,
    shots: MultipleShootingOptions = MultipleShootingOptions(),
    softened: tuple[tuple[Ground, int], ...] = SOFTENED,
    max_evaluations: int | None = None,
) -> WindowSolution:
    """Solve a window by multiple shooting, then simulate it whole and polish it.

    Args:
      problem: the window on real ground.
      nominal: the motion to start from; its first state is replaced by the frozen one if the start is not free.
      options: Gauss-Newton settings of the polish.
      shots: settings.
      softened: the ground of the first iterations and how many.
      max_evaluations: stop after about this many candidates and rollouts (whole iterations are finished).

    Returns:
      The solution, a simulation; its history begins there, since what came before is no simulation's loss.
    """
    before, began = problem.evaluations, time.perf_counter()
    if float(problem.free) < 0.5:
        states = jax.tree.map(
            lambda a, b: np.concatenate([np.asarray(b)[None], a[1:]]), nominal.states, problem.data.start
        )
        nominal = dataclasses.replace(nominal, states=states)
    stages = [problem.with_ground(ground, NO_WRENCH) for ground, count in softened for _ in range(count)]
    shot = multiple_shooting.minimize([*stages, problem], nominal, shots, max_evaluations=max_evaluations)
    # what is left of the defects is followed with feedback, so that they do not grow
    simulated = gauss_newton.follow(problem, shot.trajectory, options)
    used = problem.evaluations - before + sum(p.evaluations for p in stages)
    budget = None if max_evaluations is None else max(max_evaluations - used, 1)
    polished = gauss_newton.minimize(problem, simulated, options, feedback=True, max_evaluations=budget)
    used = problem.evaluations - before + sum(p.evaluations for p in stages)
    return dataclasses.replace(
        _solution(polished, "shooting"), evaluations=used, steps=shot.steps + polished.steps,
        seconds=time.perf_counter() - began,
    )  # fmt: skip


def kinematic_nominal(states, knots: Float[Array, "T A 3"]) -> Trajectory:
    """Make a nominal trajectory (with defects) of kinematic states and inverse-dynamics knots."""
    states = jax.tree.map(np.asarray, states)
    return Trajectory(states, np.asarray(knots), np.zeros((len(knots) - 1, 6)))
