"""Adam and gradient descent with momentum, each with the best of 100 learning rates on the problem itself.

As in the paper (section 5, Baselines): 100 rates between 1e-6 and 1 (spaced evenly on a logarithm; the paper does not
say how), the one with the lowest mean final loss over the starts is reported. The rate is thus chosen with knowledge
of the result, which favours these methods; the spent runs are not counted.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from motionrecon.benchmark.objective import Objective
from motionrecon.benchmark.rule_methods import RuleMethod
from motionrecon.benchmark.runs import Runs
from motionrecon.models.learned.base import UpdateRule
from motionrecon.types import Array

RATES = np.logspace(-6, 0, 100)
MOMENTUM = 0.9


class _Moments(NamedTuple):
    step: Array
    first: Array
    second: Array


@dataclasses.dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015) as an update rule; its weights are the learning rate ()."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    name: str = "adam"

    def init_weights(self, key: Array) -> Array:
        """Return a learning rate."""
        return jnp.asarray(1e-3)

    def init(self, weights: Array, x: Array, loss: Array, gradient: Array, key: Array) -> _Moments:
        """Return zero moments."""
        return _Moments(jnp.zeros((), x.dtype), jnp.zeros_like(x), jnp.zeros_like(x))

    def step(self, weights: Array, state: _Moments, x: Array, loss: Array, gradient: Array) -> tuple[Array, _Moments]:
        """Return the next point (d,) and moments."""
        step = state.step + 1
        first = self.beta1 * state.first + (1 - self.beta1) * gradient
        second = self.beta2 * state.second + (1 - self.beta2) * gradient**2
        mean, spread = first / (1 - self.beta1**step), jnp.sqrt(second / (1 - self.beta2**step))
        return x - weights * mean / (spread + self.epsilon), _Moments(step, first, second)


@dataclasses.dataclass(frozen=True)
class Momentum:
    """Gradient descent with momentum, v <- 0.9 v + g, x <- x - rate v; its weights are the learning rate ()."""

    momentum: float = MOMENTUM
    name: str = "momentum"

    def init_weights(self, key: Array) -> Array:
        """Return a learning rate."""
        return jnp.asarray(1e-3)

    def init(self, weights: Array, x: Array, loss: Array, gradient: Array, key: Array) -> Array:
        """Return a zero velocity (d,)."""
        return jnp.zeros_like(x)

    def step(self, weights: Array, state: Array, x: Array, loss: Array, gradient: Array) -> tuple[Array, Array]:
        """Return the next point (d,) and velocity."""
        velocity = self.momentum * state + gradient
        return x - weights * velocity, velocity


@dataclasses.dataclass(frozen=True)
class TunedRule:
    """A first-order rule with the best learning rate of the grid.

    Attributes:
      rule: `Adam` or `Momentum`.
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
