"""One window's problem, compiled: the structured view for Gauss-Newton and the scalar view for all other optimizers.

All data are arguments of the compiled functions, so that windows, clips and persons share them.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from motionrecon.fitting import objective, window_programs
from motionrecon.fitting.objective import Trajectory, WindowData
from motionrecon.models.trajectory.riccati import Policy, Stages
from motionrecon.physics.body import Ground
from motionrecon.types import Array, SimState

DEFECT_TIME = 0.05  # s, a velocity is off by as much as the distance it makes in this time


class WindowProblem:
    """One window's problem in both views; counts its evaluations.

    Attributes:
      data: what the loss depends on.
      ground: the ground in force.
      price: price of the support wrench (dimensionless per (100 N)^2).
      evaluations: loss evaluations so far (a rollout each; a gradient counts as one).
    """

    def __init__(self, data: WindowData, ground: Ground, price: float):
        self.data = data
        self.ground = ground.arrays()
        self.price = np.asarray(float(price))
        self.evaluations = 0

    @property
    def free(self) -> Array:
        """1 if the first state is free."""
        return self.data.free

    def with_ground(self, ground: Ground, price: float) -> WindowProblem:
        """Return the same problem on other ground and at another price of the support wrench."""
        return WindowProblem(self.data, ground, price)

    def linearize(self, trajectory: Trajectory) -> Stages:
        """Return the stage-wise least-squares problem about a trajectory."""
        return window_programs.linearize(self.data, self.ground, self.price, trajectory)

    def candidates(
        self, trajectory: Trajectory, policy: Policy, scales: Float[Array, " N"], *, closed: bool
    ) -> tuple[Trajectory, Float[Array, " N"]]:
        """Simulate a policy at several scales; return stacked trajectories and losses (N,)."""
        self.evaluations += len(scales)
        run = window_programs.closed_loop if closed else window_programs.open_loop
        return run(self.data, self.ground, self.price, trajectory, policy, scales)

    def shots(
        self, trajectory: Trajectory, policy: Policy, scales: Float[Array, " N"]
    ) -> tuple[Trajectory, Float[Array, " N"], Float[Array, "N t n"]]:
        """Move states and controls by a policy at several scales, frame by frame instead of as one simulation.

        Returns:
          stacked trajectories, losses (N,) and defects (N, T - 1, n).
        """
        self.evaluations += len(scales)
        return window_programs.shots(self.data, self.ground, self.price, trajectory, policy, scales)

    @property
    def state_scale(self) -> Float[np.ndarray, " n"]:
        """Units (n,) in which state errors are compared: metres and radians, velocities times 50 ms."""
        n = self.data.start.velocity.shape[-1]
        return np.concatenate([np.ones(n), np.full(n, DEFECT_TIME)])

    def simulate(
        self, knots: Float[Array, "T A 3"], wrench: Float[Array, "T-1 6"] | None = None, first: SimState | None = None
    ) -> Trajectory:
        """Simulate controls from the window's start."""
        self.evaluations += 1
        if wrench is None:
            wrench = np.zeros((knots.shape[0] - 1, 6))
        return window_programs.simulate(
            self.data, self.ground, self.data.start if first is None else first, knots, wrench
        )

    def loss(self, trajectory: Trajectory) -> float:
        """Return the loss of a trajectory, infinity if it is not finite."""
        value = sum(self.terms(trajectory).values())
        return value if value == value else float("inf")

    def keypoints(self, trajectory: Trajectory) -> Float[np.ndarray, "T K 3"]:
        """Return the simulated keypoints (T, K, 3) m."""
        return np.asarray(window_programs.features_over_time(self.data.body, self.data.sites, trajectory.states).points)

    def terms(self, trajectory: Trajectory) -> dict[str, float]:
        """Return each term's share of the loss."""
        return {name: float(value) for name, value in window_programs.terms(self.data, self.price, trajectory).items()}


class ScalarProblem:
    """The same window as a function of flat parameters x (P,): knots and, when free, the first state's change."""

    def __init__(self, problem: WindowProblem, knots: Array):
        self._problem = problem
        self._base = jnp.asarray(knots[0])
        self.x0 = jnp.concatenate([jnp.ravel(knots), jnp.zeros(2 * problem.data.start.velocity.shape[-1])])

    def value_and_grad(self, x: Float[Array, " P"]) -> tuple[Float[Array, ""], Float[Array, " P"]]:
        """Return the loss and its gradient (P,)."""
        self._problem.evaluations += 1
        p = self._problem
        return window_programs.value_and_grad(p.data, p.ground, self._base, jnp.asarray(x))

    def trajectory(self, x: Float[Array, " P"]) -> Trajectory:
        """Simulate flat parameters."""
        first, knots = objective.unflatten(self._problem.data, jnp.asarray(x))
        if float(self._problem.free) < 0.5:
            knots = knots.at[0].set(self._base)
        return self._problem.simulate(knots, first=first)
