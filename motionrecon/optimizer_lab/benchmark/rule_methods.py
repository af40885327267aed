"""Update rules under test: learned ones, and Adam and momentum written as rules.

One iteration is one evaluation. Losses and points are float64; networks compute in float32.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.models.learned.base import UpdateRule, Weights
from motionrecon.models.learned.rollout import advance, begin, rollout
from motionrecon.optimizer_lab.benchmark import rule_cost
from motionrecon.optimizer_lab.benchmark.objective import Objective, bound
from motionrecon.optimizer_lab.benchmark.runs import Runs, in_chunks
from motionrecon.types import Array

DENSE_FROM = 500  # dimension from which a rule that forms d x d arrays counts as slow


@dataclasses.dataclass(frozen=True, eq=False)
class RuleMethod:
    """A rule with its weights.

    Attributes:
      rule: the rule.
      weights: its weights.
      details: for the row: where the weights come from.
      seed: for rules that explore at random.
    """

    rule: UpdateRule
    weights: Weights
    details: dict[str, Any] = dataclasses.field(default_factory=dict)
    seed: int = 0

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.rule.name

    @property
    def slow_from(self) -> int | None:
        """Where it forms d x d arrays: from `DENSE_FROM` on."""
        return DENSE_FROM if rule_cost.is_dense(self.rule, self.weights) else None

    def run(self, objective: Objective, x0s: np.ndarray, iterations: int) -> Runs:
        """Run from every start (S, d)."""
        losses, best, last = self._batched(_run(self.rule, iterations), objective, x0s)
        evaluations = np.broadcast_to(np.arange(1, iterations + 2), losses.shape)
        return Runs(losses, evaluations, best, last, details=dict(self.details))

    def trajectories(self, objective: Objective, x0s: np.ndarray, iterations: int) -> np.ndarray:
        """Return the points (S, n + 1, d) that were evaluated."""
        return self._batched(_points(self.rule, iterations), objective, x0s)

    def _batched(self, compiled: Callable[..., Any], objective: Objective, x0s: np.ndarray) -> Any:
        keys = jax.random.key_data(jax.random.split(jax.random.key(self.seed), len(x0s)))
        bytes_each = rule_cost.bytes_per_run(self.rule, self.weights, x0s.shape[1])
        call = functools.partial(compiled, objective.index, objective.parameters, self.weights)
        return in_chunks(call, (np.asarray(x0s), np.asarray(keys)), bytes_each)


@functools.lru_cache(maxsize=64)
def _run(rule: UpdateRule, iterations: int) -> Callable[..., Any]:
    def one(index: Array, parameters: Any, weights: Weights, x0: Array, key: Array) -> Any:
        key = jax.random.wrap_key_data(key)
        end, losses = rollout(rule, weights, bound(index, parameters), x0, iterations, key)
        return losses, end.best_x, end.x

    return jax.jit(jax.vmap(one, (None, None, None, 0, 0)))


@functools.lru_cache(maxsize=64)
def _points(rule: UpdateRule, iterations: int) -> Callable[..., Any]:
    def one(index: Array, parameters: Any, weights: Weights, x0: Array, key: Array) -> Array:
        function = bound(index, parameters)

        def body(run: Any, _: Any) -> tuple[Any, Array]:
            run = advance(rule, weights, function, run)
            return run, run.x

        start = begin(rule, weights, function, x0, jax.random.wrap_key_data(key))
        return jnp.concatenate([x0[None], jax.lax.scan(body, start, None, length=iterations)[1]])

    return jax.jit(jax.vmap(one, (None, None, None, 0, 0)))
