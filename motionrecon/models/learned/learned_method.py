"""A learned optimizer behind the protocol of `base`: one evaluation a step, rejected points included."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.models.learned.api import LearnedOptimizer
from motionrecon.models.optimizers.counted import CountedProblem
from motionrecon.types import FitStatus, StepInfo

_MOST_REJECTED = 100  # points in a row that cannot be evaluated before the run is given up; a survey's block has 31


@dataclasses.dataclass(frozen=True)
class Learned:
    """An update rule with its weights.

    Attributes:
      rule: its name, see `models.learned.catalog`.
      weights: a weights file; None: the shipped ones.
      seed: for rules that explore at random.
      name: name in reports.
    """

    rule: str = "optimus-qn"
    weights: str | None = None
    seed: int = 0
    name: str = "learned"

    def __post_init__(self):
        """Load the weights, so that what is wrong with them is said before a run.

        Raises:
          ConfigError: the rule is unknown or has no shipped weights.
          CheckpointError: the weights file does not fit.
        """
        _loaded(self.rule, self.weights)

    def init(self, problem: CountedProblem, x: np.ndarray) -> Any:
        """Return the rule's state at ``x`` (P,), and the number of points rejected one after the other."""
        optimizer, _ = _loaded(self.rule, self.weights)
        loss, grad = problem.value_and_grad(x)
        point = jnp.asarray(x)
        optimizer.check_size(point)
        key = jax.random.PRNGKey(self.seed)
        loss = jnp.asarray(loss, point.dtype)
        return optimizer.rule.init(optimizer.weights, point, loss, jnp.asarray(grad), key), 0

    def step(self, problem: CountedProblem, x: np.ndarray, state: Any) -> tuple[np.ndarray, Any, StepInfo]:
        """Evaluate at ``x`` and let the rule propose the next point."""
        optimizer, step = _loaded(self.rule, self.weights)
        loss, grad = problem.value_and_grad(x)
        rule_state, rejected = state
        rejected = 0 if np.isfinite(loss) else rejected + 1
        point = jnp.asarray(x)
        new, rule_state = step(optimizer.weights, rule_state, point, jnp.asarray(loss, point.dtype), jnp.asarray(grad))
        new = np.asarray(new, np.float64)
        grad_norm = float(np.max(np.abs(grad), initial=0.0)) if np.isfinite(loss) else np.inf
        length = float(np.linalg.norm(new - x))
        status = FitStatus.STALLED if rejected > _MOST_REJECTED else FitStatus.MAX_STEPS
        return new, (rule_state, rejected), StepInfo(float(loss), grad_norm, length, 1, status)


@functools.lru_cache(maxsize=8)
def _loaded(rule: str, weights: str | None) -> tuple[LearnedOptimizer, Any]:
    optimizer = LearnedOptimizer.load(rule, weights)
    return optimizer, jax.jit(optimizer.rule.step)
