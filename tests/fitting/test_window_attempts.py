"""One window: plain Gauss-Newton, multiple shooting, the support-wrench ladder, and scalar optimizers."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.fitting import prepare, window_attempts
from motionrecon.fitting.objective import NO_WRENCH
from motionrecon.fitting.window_attempts import LADDER, REAL_GROUND, LadderOptions, Rung
from motionrecon.fitting.window_problem import WindowProblem
from motionrecon.models.trajectory.gauss_newton import GaussNewtonOptions
from motionrecon.physics import step_jacobian
from motionrecon.physics.body import Ground
from motionrecon.physics.pipeline import WRENCH_UNIT
from motionrecon.types import FitStatus
from tests.fixtures import small_clip

FEW = GaussNewtonOptions(iterations=3)


def error_of(problem):
    clip = small_clip.prepared()
    observed, seen = clip.observed[: small_clip.WINDOW], clip.seen[: small_clip.WINDOW]
    return lambda trajectory: window_attempts.mean_error(problem, trajectory, observed, seen)


def test_plain_lowers_the_loss_from_a_poor_start():
    problem = small_clip.problem()
    found = window_attempts.plain(problem, small_clip.perturbed_knots(size=0.1), FEW)
    assert found.method == "plain" and found.loss < 0.1 * found.history[0]
    assert list(found.history) == sorted(found.history, reverse=True)
    assert found.loss == pytest.approx(problem.loss(found.trajectory))
    assert found.evaluations == problem.evaluations - 1  # the first simulation is the start itself
    assert error_of(problem)(found.trajectory) < 10.0  # mm


def simulated(problem, trajectory):
    return problem.simulate(trajectory.knots, first=jax.tree.map(lambda a: a[0], trajectory.states))


def test_ladder_ends_without_any_support(monkeypatch):
    few = (Rung(1e-5, 2, Ground(enabled=0.0)), Rung(1e-4, 2, Ground(1e4, 1e-2)), Rung(1e-2, 2, REAL_GROUND))
    monkeypatch.setattr(window_attempts, "LADDER", few)
    problem = small_clip.problem()
    _, _, states, knots = prepare.slice_frames(small_clip.prepared(), 0, small_clip.WINDOW)
    nominal = window_attempts.kinematic_nominal(states, knots)
    found = window_attempts.ladder(problem, nominal, FEW, LadderOptions(), error_of(problem))
    assert found.method == "ladder" and np.isfinite(found.loss)
    assert np.abs(found.trajectory.wrench).max() * WRENCH_UNIT < 1e-6  # N: rounding at the price of NO_WRENCH
    again = simulated(problem, found.trajectory)
    np.testing.assert_allclose(again.states.position, found.trajectory.states.position, atol=1e-9)
    assert error_of(problem)(found.trajectory) < 15.0
    assert found.loss == pytest.approx(problem.loss(found.trajectory))


def kinematic():
    _, _, states, knots = prepare.slice_frames(small_clip.prepared(), 0, small_clip.WINDOW)
    return window_attempts.kinematic_nominal(states, knots)


@pytest.mark.parametrize("free", [1.0, 0.0])
def test_shooting_ends_in_an_exact_simulation_from_a_kinematic_motion(free):
    problem = small_clip.problem(free=free)
    nominal = kinematic()
    if free == 0.0:  # a first state that is not the kinematic one
        shift = 0.01 * np.random.default_rng(0).normal(size=2 * problem.data.start.velocity.shape[-1])
        start = step_jacobian.retract(problem.data.start, jnp.asarray(shift))
        problem = WindowProblem(dataclasses.replace(problem.data, start=start), REAL_GROUND, NO_WRENCH)
    before = problem.loss(problem.simulate(nominal.knots))
    found = window_attempts.shooting(problem, nominal, FEW)
    assert found.method == "shooting" and found.status in (FitStatus.OK, FitStatus.MAX_STEPS)
    assert found.loss == pytest.approx(problem.loss(found.trajectory)) and found.loss < 0.5 * before
    assert found.evaluations > problem.evaluations > 0  # the softened problems' count as well
    assert not np.asarray(found.trajectory.wrench).any()
    again = simulated(problem, found.trajectory)
    for a, b in zip(jax.tree.leaves(again.states), jax.tree.leaves(found.trajectory.states), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)
    assert error_of(problem)(found.trajectory) < 15.0
    first = jax.tree.map(lambda a: a[0], found.trajectory.states)
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(problem.data.start), strict=True):
        assert np.array_equal(a, b) == (free == 0.0)
    assert np.array_equal(found.trajectory.knots[0], nominal.knots[0]) == (free == 0.0)


def test_shooting_stops_when_the_budget_is_spent():
    problem = small_clip.problem()
    few = dataclasses.replace(FEW, iterations=1)
    found = window_attempts.shooting(problem, kinematic(), few, max_evaluations=1)
    assert found.evaluations <= 4 + 1 + 8  # one step of four candidates, the simulation that follows it, the polish
    again = simulated(problem, found.trajectory)
    np.testing.assert_allclose(again.states.position, found.trajectory.states.position, atol=1e-9)


def test_the_ladder_leads_from_a_nearly_free_force_to_a_dear_one_on_real_ground():
    assert LADDER[0].ground.enabled == 0.0 and LADDER[-1].ground == REAL_GROUND == Ground()
    prices = [r.price for r in LADDER]
    assert prices == sorted(prices) and prices[0] < 1e-4 and prices[-1] >= 1.0


@pytest.mark.parametrize("name", ["bfgs", "lbfgs", "adam"])
def test_scalar_optimizers_lower_the_loss(name):
    problem = small_clip.problem()
    found = window_attempts.scalar(problem, small_clip.perturbed_knots(size=0.1), name, 12)
    assert found.method == name and found.evaluations <= 12
    assert found.loss < found.history[0]
    assert found.loss == pytest.approx(problem.loss(found.trajectory), rel=1e-9)
    assert not np.asarray(found.trajectory.wrench).any()


def test_mean_error_by_hand():
    problem = small_clip.problem()
    reached = problem.simulate(jnp.asarray(small_clip.knots()))
    where = problem.keypoints(reached)
    seen = np.zeros(where.shape[:2])
    seen[4, 2] = seen[6, 1] = 1.0
    observed = where.copy()
    observed[4, 2] += [0.03, 0.0, 0.04]
    observed[5] += 9.0  # unseen
    assert window_attempts.mean_error(problem, reached, observed, seen) == pytest.approx(25.0)
    lost = dataclasses.replace(
        reached, states=dataclasses.replace(reached.states, position=reached.states.position.at[3].set(jnp.nan))
    )
    assert window_attempts.mean_error(problem, lost, observed, seen) == np.inf


def test_frozen_start_is_kept_exactly():
    problem = small_clip.problem(free=0.0)
    knots = small_clip.perturbed_knots()
    found = window_attempts.plain(problem, knots, FEW)
    np.testing.assert_array_equal(found.trajectory.knots[0], knots[0])
    np.testing.assert_array_equal(found.trajectory.states.velocity[0], problem.data.start.velocity)
    assert found.status in (FitStatus.OK, FitStatus.MAX_STEPS)
    assert found.loss < found.history[0]
