"""Fit a clip window by window into one continuous simulation.

Each window starts from the exact state, and the exact control knot, at which the one before it stops being kept. The
states of all frames are stored: from each of them the controls lead exactly to the next.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon import prepare, solve_window
from motionrecon.models.gauss_newton import GaussNewtonOptions
from motionrecon.objective import WindowData, WindowProblem
from motionrecon.objective_terms import LossWeights
from motionrecon.prepare import Prepared
from motionrecon.progress import NullProgress, Progress
from motionrecon.solve_window import LadderOptions, WindowSolution
from motionrecon.types import FitStatus, SimState, Window, WindowReport
from motionrecon.windows import WindowOptions, cut

FALL_MM = 300.0  # a window whose keypoints are this far off on average has lost the person


@dataclasses.dataclass(frozen=True)
class ChainOptions:
    """How a clip is fitted.

    Attributes:
      optimizer: "gauss_newton", or a name of ``models.registry``.
      max_evaluations: loss evaluations a window may take; None: the optimizer's default.
      windows: how the clip is cut.
      gauss_newton: settings of the default optimizer.
      ladder: settings of the support-wrench ladder.
    """

    optimizer: str = "gauss_newton"
    max_evaluations: int | None = None
    windows: WindowOptions = WindowOptions()
    gauss_newton: GaussNewtonOptions = GaussNewtonOptions()
    ladder: LadderOptions = LadderOptions()


@dataclasses.dataclass
class ChainState:
    """How far a clip has come; grows window by window and can be stored.

    Attributes:
      states: kept SimStates, stacked over the frames so far (NumPy), or None before the first window.
      knots: (frames so far, A, 3) rad.
      carried: the state the next window starts from, and its knot; then the rest of the last window's knots.
      reports: one a finished window.
      terms: each finished window's loss terms.
    """

    states: Any = None
    knots: Any = None
    carried: Any = None
    reports: list[WindowReport] = dataclasses.field(default_factory=list)
    terms: list[dict[str, float]] = dataclasses.field(default_factory=list)


def _numpy(tree):
    return jax.tree.map(np.asarray, tree)


def _window_data(prepared: Prepared, window: Window, weights: LossWeights, carried):
    frames, reference, states, knots = prepare.slice_frames(prepared, window.start, window.stop)
    first = jax.tree.map(lambda a: a[0], states)
    free = 1.0
    if carried is not None:
        first, rest = carried
        knots = np.concatenate([rest, knots[len(rest) :]])[: len(knots)]
        free = 0.0
    arrays = jax.tree.map(jnp.asarray, (prepared.body, frames, reference, first))
    body, frames, reference, first = arrays
    data = WindowData(
        body, prepared.sites, jnp.asarray(prepared.dt), frames, reference, first, jnp.asarray(free), weights
    )
    return data, states, knots


def solve(problem: WindowProblem, guess, states, options: ChainOptions, error, frozen_knot) -> WindowSolution:
    """Solve one window with the chosen optimizer; Gauss-Newton falls back on the ladder where it stays off."""
    if options.optimizer != "gauss_newton":
        return solve_window.scalar(problem, guess, options.optimizer, options.max_evaluations)
    found = solve_window.plain(problem, guess, options.gauss_newton, options.max_evaluations)
    ladder = options.ladder
    if not ladder.enabled or error(found.trajectory) < ladder.accept_mm:
        return found
    nominal = solve_window.kinematic_nominal(states, frozen_knot)
    other = solve_window.ladder(problem, nominal, options.gauss_newton, ladder, error)
    best = min((found, other), key=lambda s: s.loss)
    return dataclasses.replace(
        best, evaluations=found.evaluations + other.evaluations, steps=found.steps + other.steps,
        seconds=found.seconds + other.seconds,
    )  # fmt: skip


def fit_clip(
    prepared: Prepared,
    weights: LossWeights,
    options: ChainOptions = ChainOptions(),
    *,
    progress: Progress = NullProgress(),
    state: ChainState | None = None,
    save: Callable[[ChainState], None] | None = None,
) -> ChainState:
    """Fit all windows of a clip.

    Args:
      prepared: the clip.
      weights: loss weights.
      options: optimizer, windows, ladder.
      progress: told after each window.
      state: where an interrupted fit had come to.
      save: called after each window.

    Returns:
      The finished chain: states and knots of all T frames.
    """
    frames = len(prepared.reference)
    windows = cut(frames, options.windows)
    weights = prepare.weights_as_arrays(weights)
    state = state or ChainState()
    for i in range(len(state.reports), len(windows)):
        window = windows[i]
        data, kinematic, guess = _window_data(prepared, window, weights, state.carried)
        problem = WindowProblem(data, solve_window.REAL_GROUND, solve_window.NO_WRENCH)
        index = np.minimum(np.arange(window.start, window.stop), frames - 1)
        inside = np.arange(window.start, window.stop) < frames
        observed, seen = prepared.observed[index], prepared.seen[index] * inside[:, None]

        def error(trajectory, problem=problem, observed=observed, seen=seen) -> float:
            return solve_window.mean_error(problem, trajectory, observed, seen)

        nominal_knots = _keep_first(prepared, window, guess)
        found = solve(problem, guess, kinematic, options, error, nominal_knots)
        _keep(state, window, found, frames)
        off = error(found.trajectory)
        state.reports.append(_report(window, found, off))
        state.terms.append(problem.terms(found.trajectory))
        if save:
            save(state)
        progress.window(i, len(windows), found.loss)
    return state


def _keep_first(prepared: Prepared, window: Window, guess):
    """Knots of the kinematic nominal: inverse dynamics, with the first knot as it is frozen."""
    knots = prepare.slice_frames(prepared, window.start, window.stop)[3]
    return np.concatenate([guess[:1], knots[1:]])


def _keep(state: ChainState, window: Window, found: WindowSolution, frames: int) -> None:
    """Append the committed frames and remember where the next window starts."""
    trajectory = _numpy(found.trajectory)
    n = window.commit
    kept = jax.tree.map(lambda a: a[:n], trajectory.states)
    knots = trajectory.knots[:n]
    if state.states is not None:
        kept = jax.tree.map(lambda a, b: np.concatenate([a, b]), state.states, kept)
        knots = np.concatenate([state.knots, knots])
    state.states, state.knots = kept, knots
    if window.start + n < frames:
        state.carried = (jax.tree.map(lambda a: a[n], trajectory.states), trajectory.knots[n:])


def _report(window: Window, found: WindowSolution, error_mm: float) -> WindowReport:
    status = found.status
    if not math.isfinite(found.loss):
        status = FitStatus.NON_FINITE
    elif error_mm > FALL_MM:
        status = FitStatus.DIVERGED
    first = next((v for v in found.history if math.isfinite(v)), found.loss)
    return WindowReport(
        window, status, found.method, found.evaluations, found.steps, found.seconds, first, found.loss, error_mm,
        tuple(found.history),
    )  # fmt: skip


def states_of(state: ChainState) -> SimState:
    """Return the chain's states (T, ...)."""
    return state.states
