"""Multiple shooting on a small control problem: optimum reached from a motion with defects, and every way to end."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.models.trajectory.multiple_shooting import MultipleShootingOptions, minimize
from motionrecon.models.trajectory.riccati import Stages
from motionrecon.types import FitStatus

T, STEP, RATE, REST = 12, 0.3, 1e-2, 1e-1  # frames, s, price of the control's steps, price of leaving the first angle
EXACT = MultipleShootingOptions(damping=1e-6, state_damping=1e-6, tolerance=2e-6, penalty=100.0)


@jax.jit
def defects_of(z, u, gravity):
    speed = z[:-1, 1] + STEP * (u[1:] - gravity * jnp.sin(z[:-1, 0]))
    return jnp.stack([z[:-1, 0] + STEP * speed, speed], axis=1) - z[1:]


@dataclasses.dataclass
class Pendulum:
    """Drive a pendulum (or with ``gravity`` 0 a free wheel) to the target angle.

    A motion is its states (T, 2) and its control (T,); ``spoil`` turns the losses of shots into what it returns.
    """

    target: float = 1.0
    gravity: float = 2.0
    free: float = 0.0
    evaluations: int = 0
    linearized: int = 0
    state_scale: object = dataclasses.field(default_factory=lambda: jnp.ones(2))
    spoil: object = staticmethod(lambda losses: losses)

    def simulate(self, first, u):
        states = [np.asarray(first)]
        for force in np.asarray(u)[1:]:
            angle, speed = states[-1]
            speed = speed + STEP * (force - self.gravity * np.sin(angle))
            states.append(np.array([angle + STEP * speed, speed]))
        return np.stack(states), np.asarray(u)

    def residuals(self, motion):
        z, u = (np.asarray(x) for x in motion)
        left = np.sqrt(self.free * REST) * np.append(z[0], u[0])
        return np.concatenate([z[:, 0] - self.target, np.sqrt(RATE) * np.diff(u), left])

    def loss(self, motion):
        value = float(np.sum(self.residuals(motion) ** 2))
        return value if value == value else np.inf

    def linearize(self, motion):
        self.linearized += 1
        z, u = (np.asarray(x) for x in motion)
        slope = -STEP * self.gravity * np.cos(z[:-1, 0])
        a = np.stack([np.array([[1 + STEP * s, STEP, STEP**2], [s, 1.0, STEP]]) for s in slope])
        b = np.tile([[STEP**2], [STEP]], (T - 1, 1, 1))
        q, p, d = np.zeros((T, 2, 2)), np.zeros((T, 3)), np.zeros(T)
        q[:, 0, 0], p[:, 0] = 1.0, z[:, 0] - self.target
        rest = self.free * REST
        q[0] += rest * np.eye(2)
        p[0] += rest * np.append(z[0], u[0])
        d[0] = rest
        c = defects_of(z, u, self.gravity)
        return jax.tree.map(
            jnp.asarray, Stages(a, b, c, q, d, p, np.full((len(a), 1), RATE), RATE * np.diff(u)[:, None])
        )

    def shots(self, motion, policy, scales):
        self.evaluations += len(scales)
        z, u = motion
        states = z + scales[:, None, None] * policy.z[:, :2]
        controls = u + scales[:, None] * policy.z[:, 2]
        losses = np.array([self.loss(m) for m in zip(states, controls, strict=True)])
        defects = jax.vmap(defects_of, in_axes=(0, 0, None))(states, controls, self.gravity)
        return (states, controls), self.spoil(losses), defects


def jump(target=1.0):
    """A motion that is at the target from the second frame on and no simulation at all."""
    states = np.zeros((T, 2))
    states[1:, 0] = target
    return jnp.asarray(states), jnp.zeros(T)


def total_defect(problem, motion):
    return float(np.linalg.norm(defects_of(*motion, problem.gravity), axis=1).sum())


@pytest.mark.parametrize("free", [0.0, 1.0])
def test_reaches_the_optimum_of_a_linear_problem(free):
    """The optimum is that of ordinary least squares over first state and controls."""
    problem = Pendulum(gravity=0.0, free=free)

    def residuals(x):
        return problem.residuals(problem.simulate(free * x[:2], np.append(free * x[2], x[3:])))

    zero = residuals(np.zeros(T + 2))
    columns = np.stack([residuals(e) - zero for e in np.eye(T + 2)], axis=1)
    best = np.sum((zero + columns @ np.linalg.lstsq(columns, -zero)[0]) ** 2)
    found = minimize([problem], jump(), EXACT)
    assert found.defect < 1e-6 and total_defect(problem, found.trajectory) == pytest.approx(found.defect, abs=1e-12)
    assert problem.loss(found.trajectory) == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("options", [EXACT, MultipleShootingOptions()])
@pytest.mark.parametrize("target", [0.3, 1.0, 2.5])
def test_turns_a_nonlinear_motion_with_defects_into_a_stationary_simulation(target, options):
    problem = Pendulum(target)
    assert total_defect(problem, jump(target)) > target
    found = minimize([problem], jump(target), options)
    assert found.steps == len(found.history) < options.iterations
    assert found.defect < options.defect
    assert found.status is FitStatus.OK or options is EXACT  # which goes on until nothing can be lowered
    first, controls = np.zeros(2), np.asarray(found.trajectory[1])
    simulated = problem.simulate(first, controls)
    np.testing.assert_allclose(found.trajectory[0], simulated[0], atol=20 * found.defect + 1e-12)
    if options is EXACT:
        assert found.defect < 1e-5
        for t in range(1, T):
            step = np.zeros(T)
            step[t:] = 1e-5  # a step of the control at t
            ahead, behind = (problem.loss(problem.simulate(first, controls + s * step)) for s in (1, -1))
            assert abs(ahead - behind) / 2e-5 < 1e-2 * target


@pytest.mark.parametrize("options", [EXACT, MultipleShootingOptions()])
def test_a_frozen_start_stays_and_a_free_one_moves(options):
    frozen, free = (minimize([Pendulum(free=f)], jump(), options) for f in (0.0, 1.0))
    np.testing.assert_array_equal(frozen.trajectory[0][0], jump()[0][0])
    assert frozen.trajectory[1][0] == 0.0
    assert np.abs(free.trajectory[0][0]).max() > 0.1
    assert Pendulum(free=1.0).loss(free.trajectory) < Pendulum(free=1.0).loss(frozen.trajectory)


@pytest.mark.parametrize("target", [0.3, 1.0, 2.5, -3.0])
def test_history_never_rises_and_is_loss_and_penalty(target):
    problem = Pendulum(target)
    options = MultipleShootingOptions(tolerance=1e-5)
    found = minimize([problem], jump(target), options)
    start = problem.loss(jump(target)) + options.penalty * total_defect(problem, jump(target))
    history = (start, *found.history)
    assert len(history) > 2 and all(b < a for a, b in itertools.pairwise(history))
    reached = problem.loss(found.trajectory) + options.penalty * total_defect(problem, found.trajectory)
    assert found.history[-1] == pytest.approx(reached, rel=1e-9)


def test_softened_problems_come_first_and_the_last_one_stays():
    problems = [Pendulum(gravity=g) for g in (0.0, 0.7, 1.4)] + [Pendulum()]
    found = minimize(problems, jump(), MultipleShootingOptions())
    assert found.status is FitStatus.OK
    assert [p.linearized for p in problems] == [1, 1, 1, found.steps - 3] and found.steps > 4
    assert all(p.evaluations >= 4 for p in problems)
    assert total_defect(problems[-1], found.trajectory) == pytest.approx(found.defect, abs=1e-12)
    assert total_defect(problems[0], found.trajectory) > 0.1


def test_a_softened_problem_that_cannot_be_lowered_leads_to_the_next():
    soft, real = [Pendulum(gravity=0.0) for _ in range(3)], Pendulum()  # the first iteration solves all of the three
    found = minimize([*soft, real], jump(), EXACT)
    assert real.linearized > 0
    assert total_defect(real, found.trajectory) < 1e-3


def test_a_simulation_that_cannot_be_lowered_is_a_success():
    optimum = minimize([Pendulum(gravity=0.0)], jump(), EXACT).trajectory
    found = minimize([Pendulum(gravity=0.0)], optimum, EXACT)
    assert found.defect < EXACT.defect
    assert found.status is FitStatus.OK


def test_stops_after_so_many_iterations():
    options = dataclasses.replace(EXACT, iterations=2, tolerance=0.0)
    found = minimize([Pendulum(2.5)], jump(2.5), options)
    assert found.status is FitStatus.MAX_STEPS and found.steps == len(found.history) == 2


@pytest.mark.parametrize("budget", [1, 4, 5, 12])
def test_stops_when_the_budget_is_spent(budget):
    problem = Pendulum(2.5, evaluations=100)  # what was spent before does not count
    found = minimize([problem], jump(2.5), dataclasses.replace(EXACT, tolerance=0.0), max_evaluations=budget)
    assert budget <= problem.evaluations - 100 < budget + 4 and found.status is FitStatus.MAX_STEPS  # four at a time


@pytest.mark.parametrize("where", [0, 1])
def test_a_start_that_is_not_finite_is_reported(where):
    motion = list(jump())
    motion[where] = motion[where].at[4].set(jnp.nan)
    found = minimize([Pendulum()], tuple(motion))
    assert found.status is FitStatus.NON_FINITE and found.history == () and found.steps == 0
    for a, b in zip(found.trajectory, motion, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_stalled_one_keeps_its_start():
    problem = Pendulum(spoil=lambda losses: losses + 1e6)
    found = minimize([problem], jump())
    assert found.status is FitStatus.STALLED and found.steps == 0
    assert problem.linearized == 1 and problem.evaluations > 4  # heavier damping is tried before it is given up
    for a, b in zip(found.trajectory, jump(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_shots_that_are_not_finite_are_never_accepted(bad):
    problem = Pendulum(spoil=lambda losses: np.where(np.arange(len(losses)) == 0, bad, losses))
    found = minimize([problem], jump())
    assert found.steps > 0 and np.isfinite(found.history).all()  # shorter steps still count
    assert all(np.isfinite(np.asarray(x)).all() for x in found.trajectory)
    hopeless = minimize([Pendulum(spoil=lambda losses: np.full_like(losses, bad))], jump())
    assert hopeless.status in (FitStatus.STALLED, FitStatus.NON_FINITE) and hopeless.history == ()
    for a, b in zip(hopeless.trajectory, jump(), strict=True):
        np.testing.assert_array_equal(a, b)
