"""Structured Gauss-Newton on a small nonlinear control problem whose rollouts can be made to fail."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.models.trajectory.gauss_newton import GaussNewtonOptions, minimize
from motionrecon.models.trajectory.riccati import Stages
from motionrecon.types import FitStatus

T, N, K, M = 8, 2, 1, 7  # angle and speed, one knot, whose step is a control, and six for the support wrench


@dataclasses.dataclass
class Pendulum:
    """Swing a pendulum to the target angle; ``spoil`` turns losses of candidates at scales into what it returns."""

    target: float = 1.0
    free: float = 0.0
    evaluations: int = 0
    spoil: object = staticmethod(lambda losses, scales: losses)

    def _states(self, w):
        states, u = [np.zeros(2)], 0.0
        for step in w[:, 0]:
            u = u + step
            angle, speed = states[-1]
            speed = speed + 0.3 * (u - 2.0 * np.sin(angle))
            states.append(np.array([angle + 0.3 * speed, speed]))
        return np.stack(states)

    def loss(self, w):
        z = self._states(np.asarray(w))
        return float(np.sum((z[:, 0] - self.target) ** 2) + 1e-2 * np.sum(np.asarray(w) ** 2))

    def linearize(self, w):
        z = self._states(np.asarray(w))
        slope = -0.6 * np.cos(z[:-1, 0])
        a = np.stack([np.array([[1 + 0.3 * s, 0.3, 0.09], [s, 1.0, 0.3]]) for s in slope])
        b = np.zeros((T - 1, N, M))
        b[:, :, 0] = [0.09, 0.3]
        q, p = np.zeros((T, N, N)), np.zeros((T, N + K))
        q[:, 0, 0], p[:, 0] = 1.0, z[:, 0] - self.target
        c, d, r = np.zeros((T - 1, N)), np.zeros(T), np.full(M, 1e-2)
        return jax.tree.map(jnp.asarray, Stages(a, b, c, q, d, p, r, 1e-2 * np.asarray(w)))

    def candidates(self, w, policy, scales, *, closed):
        self.evaluations += len(scales)
        all_w = jnp.asarray(w)[None] + scales[:, None, None] * policy.w[None]
        return all_w, self.spoil(np.array([self.loss(x) for x in all_w]), np.asarray(scales))


START = np.zeros((T - 1, M))


@pytest.mark.parametrize("target", [0.3, 1.0, 2.5])
def test_finds_a_stationary_point_monotonically(target):
    problem = Pendulum(target)
    found = minimize(problem, START, GaussNewtonOptions(iterations=40, tolerance=1e-9))
    assert found.status is FitStatus.OK
    assert found.history[0] == problem.loss(START)
    assert all(b <= a for a, b in zip(found.history, found.history[1:], strict=False))
    assert found.loss == found.history[-1] == problem.loss(found.trajectory) < 0.7 * found.history[0]
    w, eps = np.asarray(found.trajectory), 1e-5
    for t in range(T - 1):
        d = np.zeros_like(w)
        d[t, 0] = eps
        assert abs(problem.loss(w + d) - problem.loss(w - d)) / (2 * eps) < 2e-3 * target
    assert not w[:, 1:].any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_never_accepted(bad):
    problem = Pendulum(spoil=lambda losses, scales: np.where(scales == 1.0, bad, losses))
    found = minimize(problem, START)
    assert np.isfinite(found.loss) and np.isfinite(np.asarray(found.trajectory)).all()
    assert found.loss == problem.loss(found.trajectory) < found.history[0]  # the second scale of a trial still counts
    hopeless = minimize(Pendulum(spoil=lambda losses, scales: np.full_like(losses, bad)), START)
    assert hopeless.loss == hopeless.history[0]
    np.testing.assert_array_equal(hopeless.trajectory, START)


def test_a_nominal_motion_without_any_finite_rollout_is_reported():
    found = minimize(Pendulum(spoil=lambda losses, scales: np.full_like(losses, np.nan)), START, nominal=True)
    assert found.status is FitStatus.NON_FINITE and found.loss == np.inf


def test_worse_candidates_leave_the_start():
    found = minimize(Pendulum(spoil=lambda losses, scales: losses + 1e6), START)
    np.testing.assert_array_equal(found.trajectory, START)
    assert set(found.history) == {found.history[0]}


@pytest.mark.parametrize("budget", [1, 3, 5])
def test_stops_when_the_budget_is_spent(budget):
    problem = Pendulum(2.5, evaluations=100)  # what was spent before does not count
    found = minimize(problem, START, GaussNewtonOptions(iterations=40, tolerance=0.0), max_evaluations=budget)
    assert found.evaluations == problem.evaluations - 100
    assert budget <= found.evaluations < budget + 4  # an iteration that has begun is finished: up to four rollouts
    assert found.status is FitStatus.MAX_STEPS
    free = minimize(Pendulum(2.5), START, GaussNewtonOptions(iterations=40, tolerance=1e-9))
    assert free.evaluations > found.evaluations
