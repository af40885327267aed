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
import numpy as np

from motionrecon.fitting import prepare, window_attempts
from motionrecon.fitting.objective import NO_WRENCH, WindowData
from motionrecon.fitting.objective_terms import LossWeights
from motionrecon.fitting.prepare import Prepared
from motionrecon.fitting.window_attempts import LadderOptions, WindowSolution
from motionrecon.fitting.window_problem import WindowProblem
from motionrecon.fitting.windows import WindowOptions, cut
from motionrecon.jobs.progress import NullProgress, Progress
from motionrecon.models.trajectory.gauss_newton import GaussNewtonOptions
from motionrecon.types import FitStatus, Window, WindowReport

FALL_MM = 300.0  # a window whose keypoints are this far off on average has lost the person


@dataclasses.dataclass(frozen=True)
class ChainOptions:
    """How a clip is fitted.

    Attributes:
      optimizer: "gauss_newton", or a name of ``models.registry``.
      max_evaluations: loss evaluations after which a window tries nothing more; an iteration or a ladder that has
        begun is finished. None: the optimizer's default.
      windows: how the clip is cut.
      gauss_newton: settings of the default optimizer.
      ladder: what is done about windows that stay off.
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
      carried: the last window's states and knots after what is kept of it; the next window starts from the first.
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
    """Return the window's data; then knots and states continued from the window before; then the kinematic ones."""
    frames, reference, states, knots = prepare.slice_frames(prepared, window.start, window.stop)
    first, free, kinematic = jax.tree.map(lambda a: a[0], states), 1.0, (states, knots)
    if carried is not None:
        ahead, rest = carried
        knots = np.concatenate([rest, knots[len(rest) :]])[: len(knots)]
        states = jax.tree.map(lambda a, b: np.concatenate([a, np.asarray(b)[len(a) :]])[: len(b)], ahead, states)
        first, free = jax.tree.map(lambda a: a[0], ahead), 0.0
    arrays = jax.device_put((prepared.body, frames, reference, first))  # unlike jnp.asarray it compiles nothing
    body, frames, reference, first = arrays
    data = WindowData(
        body, prepared.sites, np.asarray(prepared.dt), frames, reference, first, np.asarray(free), weights
    )
    return data, (states, knots), kinematic


def solve(
    problem: WindowProblem,
    continued,
    kinematic,
    options: ChainOptions,
    error,
    *,
    first: bool = False,
    again: bool = False,
) -> WindowSolution:
    """Solve one window with the chosen optimizer.

    Gauss-Newton tries, until the keypoints are near enough: the guess, multiple shooting from the motion continued by
    the kinematic one, the same from the kinematic motion with care, and the support-wrench ladder; the lowest loss
    wins.

    Args:
      problem: the window.
      continued: states and knots (T, A, 3) continued from the window before.
      kinematic: kinematic states and knots of inverse dynamics.
      options: optimizer and thresholds.
      error: keypoint error of a trajectory in mm, over the kinematic motion's.
      first: the clip's first window, which has no window before it to start from.
      again: the window is done again: only what has not been tried as a rule, careful multiple shooting and the ladder.
    """
    guess = continued[1]
    if options.optimizer != "gauss_newton":
        return window_attempts.scalar(problem, guess, options.optimizer, options.max_evaluations)
    newton, ladder = options.gauss_newton, options.ladder
    longer = dataclasses.replace(newton, iterations=2 * newton.iterations)

    tried: list[WindowSolution] = []

    def left() -> int | None:
        used = sum(s.evaluations for s in tried)
        return None if options.max_evaluations is None else options.max_evaluations - used

    attempts = []
    nominal, anew = window_attempts.kinematic_nominal(*continued), window_attempts.kinematic_nominal(*kinematic)
    if not again and not (first and ladder.enabled and ladder.first):
        steps = longer if first else newton
        attempts.append((lambda: window_attempts.plain(problem, guess, steps, left()), ladder.good_mm))
    if ladder.enabled and not again:
        attempts.append(
            (lambda: window_attempts.shooting(problem, nominal, newton, max_evaluations=left()), ladder.accept_mm)
        )
    if ladder.enabled:
        careful = window_attempts.CAREFUL, ()
        attempts += [
            (lambda: window_attempts.shooting(problem, anew, newton, *careful, left()), ladder.accept_mm),
            (lambda: window_attempts.ladder(problem, anew, longer, ladder, error), math.inf),
        ]
    for attempt, enough in attempts:
        budget = left()
        if tried and budget is not None and budget <= 0:
            break
        tried.append(attempt())
        if error(tried[-1].trajectory) < enough:
            break
    best = min(tried, key=lambda s: s.loss)
    return dataclasses.replace(
        best, evaluations=sum(s.evaluations for s in tried), steps=sum(s.steps for s in tried),
        seconds=sum(s.seconds for s in tried),
    )  # fmt: skip


def _advance(
    prepared: Prepared,
    window: Window,
    weights: LossWeights,
    options: ChainOptions,
    state: ChainState,
    again=False,
) -> ChainState:
    """Solve one more window; the state given stays as it is."""
    frames = len(prepared.reference)
    data, continued, (states, knots) = _window_data(prepared, window, weights, state.carried)
    problem = WindowProblem(data, window_attempts.REAL_GROUND, NO_WRENCH)
    index = np.minimum(np.arange(window.start, window.stop), frames - 1)
    inside = np.arange(window.start, window.stop) < frames
    observed, confidence = prepared.observed[index], prepared.seen[index] * inside[:, None]

    def error(trajectory) -> float:
        return window_attempts.mean_error(problem, trajectory, observed, confidence)

    kinematic = states, np.concatenate([continued[1][:1], knots[1:]])  # the first knot as it is frozen
    kinematic_mm = error(window_attempts.kinematic_nominal(*kinematic))
    solution = solve(
        problem,
        continued,
        kinematic,
        options,
        lambda t: error(t) - kinematic_mm,
        first=state.carried is None,
        again=again,
    )
    new = ChainState(state.states, state.knots, None, list(state.reports), list(state.terms))
    _keep(new, window, solution, frames)
    new.reports.append(_report(window, solution, error(solution.trajectory)))
    new.terms.append(problem.terms(solution.trajectory))
    return new


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

    Where a window ends far off although every attempt was made, its start may be to blame: the window before is done
    again by other attempts, and both are kept if that brings this one nearer.

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
    windows = cut(len(prepared.reference), options.windows)
    weights = prepare.weights_as_arrays(weights)
    state, before = state or ChainState(), None
    redo = options.ladder.enabled and options.optimizer == "gauss_newton"
    for i in range(len(state.reports), len(windows)):
        new = _advance(prepared, windows[i], weights, options, state)
        off = new.reports[-1].error_mm
        if before is not None and redo and off > options.ladder.redo_mm:
            other = _advance(prepared, windows[i - 1], weights, options, before, again=True)
            if other.reports[-1].error_mm < options.ladder.redo_mm:
                other = _advance(prepared, windows[i], weights, options, other)
                if other.reports[-1].error_mm < off:
                    new = other
        before, state = state, new
        if save:
            save(state)
        progress.window(i, len(windows), state.reports[-1].loss_last, error_so_far(state))
    return state


def error_so_far(state: ChainState) -> float:
    """Return the mean keypoint error in mm of the windows so far, each counted by the frames kept of it."""
    return sum(r.error_mm * r.window.commit for r in state.reports) / sum(r.window.commit for r in state.reports)


def _keep(state: ChainState, window: Window, solution: WindowSolution, frames: int) -> None:
    """Append the committed frames and remember where the next window starts."""
    trajectory = _numpy(solution.trajectory)
    n = window.commit
    kept = jax.tree.map(lambda a: a[:n], trajectory.states)
    knots = trajectory.knots[:n]
    if state.states is not None:
        kept = jax.tree.map(lambda a, b: np.concatenate([a, b]), state.states, kept)
        knots = np.concatenate([state.knots, knots])
    state.states, state.knots = kept, knots
    if window.start + n < frames:
        state.carried = (jax.tree.map(lambda a: a[n:], trajectory.states), trajectory.knots[n:])


def _report(window: Window, solution: WindowSolution, error_mm: float) -> WindowReport:
    status = solution.status
    if not math.isfinite(solution.loss):
        status = FitStatus.NON_FINITE
    elif error_mm > FALL_MM:
        status = FitStatus.DIVERGED
    first = next((v for v in solution.history if math.isfinite(v)), solution.loss)
    return WindowReport(
        window=window, status=status, method=solution.method, evaluations=solution.evaluations, steps=solution.steps,
        seconds=solution.seconds, loss_first=first, loss_last=solution.loss, error_mm=error_mm,
        loss_history=tuple(solution.history),
    )  # fmt: skip
