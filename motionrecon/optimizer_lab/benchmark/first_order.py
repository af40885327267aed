"""Adam and gradient descent with momentum, each with the best of 100 learning rates on the problem itself.

As in the paper (section 5, Baselines): 100 rates between 1e-6 and 1 (spaced evenly on a logarithm; the paper does not
say how), the one with the lowest mean final loss over the starts is reported. The rate is thus chosen with knowledge
of the result, which favours these methods; the spent runs are not counted.
"""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
import numpy as np
import optax

from motionrecon.models.learned.base import UpdateRule
from motionrecon.optimizer_lab.benchmark.objective import Objective
from motionrecon.optimizer_lab.benchmark.rule_methods import RuleMethod
from motionrecon.optimizer_lab.benchmark.runs import Runs
from motionrecon.types import Array

RATES = np.logspace(-6, 0, 100)


@dataclasses.dataclass(frozen=True)
class OptaxRule:
    """An optax transformation without its learning rate as an update rule; the weights are the rate ().

    Attributes:
      name: in tables.
      direction: the transformation.
    """

    name: str
    direction: optax.GradientTransformation

    def init_weights(self, key: Array) -> Array:
        """Return a learning rate."""
        return jnp.asarray(1e-3)

    def init(self, weights: Array, x: Array, loss: Array, gradient: Array, key: Array) -> optax.OptState:
        """Return optax' state."""
        return self.direction.init(x)

    def step(
        self, weights: Array, state: optax.OptState, x: Array, loss: Array, gradient: Array
    ) -> tuple[Array, optax.OptState]:
        """Return the next point (d,) and optax' state."""
        update, state = self.direction.update(gradient, state)
        return x - weights * update, state


ADAM = OptaxRule("adam", optax.scale_by_adam())
MOMENTUM = OptaxRule("momentum", optax.trace(decay=0.9))


@dataclasses.dataclass(frozen=True)
class TunedRule:
    """A first-order rule with the best learning rate of the grid.

    Attributes:
      rule: `ADAM` or `MOMENTUM`.
      tuning_starts: how many of the starts the rates are compared on.
    """

    rule: UpdateRule
    tuning_starts: int
    slow_from: int | None = None

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.rule.name

    def tuned(self, objective: Objective, x0s: np.ndarray, iterations: int) -> tuple[RuleMethod, Runs]:
        """Return the method with the rate of the lowest mean, over starts, of the lowest loss; and its runs."""
        best: tuple[float, RuleMethod, Runs] | None = None
        for rate in RATES:
            method = RuleMethod(self.rule, jnp.asarray(rate), {"learning_rate": float(rate)})
            runs = method.run(objective, x0s, iterations)
            mean = float(np.min(runs.losses, axis=1).mean())
            if best is None or mean < best[0]:
                best = mean, method, runs
        assert best is not None
        return best[1:]

    def run(self, objective: Objective, x0s: np.ndarray, iterations: int) -> Runs:
        """Choose the rate, then run from every start (S, d) with it."""
        method, runs = self.tuned(objective, np.asarray(x0s)[: self.tuning_starts], iterations)
        return runs if len(runs.losses) == len(x0s) else method.run(objective, x0s, iterations)

    def trajectories(self, objective: Objective, x0s: np.ndarray, iterations: int) -> np.ndarray:
        """Return the points (S, n + 1, d) of runs with the best rate."""
        method, _ = self.tuned(objective, np.asarray(x0s)[: self.tuning_starts], iterations)
        return method.trajectories(objective, x0s, iterations)
