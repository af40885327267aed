"""A run of an update rule from start to budget: decides what one iteration is and what a run leaves behind.

One iteration is one evaluation of loss and gradient. Points that cannot be evaluated are shown to the rule as loss
+inf with a zero gradient, so that no NaN reaches a network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from motionrecon.models.learned.base import State, UpdateRule, Weights
from motionrecon.types import Array

ValueAndGrad = Callable[[Array], tuple[Array, Array]]


class Progress(NamedTuple):
    """Where a run stands: the point evaluated last, the best point so far, the rule's state.

    Attributes:
      x: (d,) the point evaluated last.
      loss: () its loss, +inf where rejected.
      gradient: (d,) its gradient, zero where rejected.
      best_x: (d,) the point with the lowest loss so far.
      best_loss: () its loss.
      state: the rule's own.
    """

    x: Array
    loss: Array
    gradient: Array
    best_x: Array
    best_loss: Array
    state: State


def evaluate(value_and_grad: ValueAndGrad, x: Array) -> tuple[Array, Array]:
    """Return loss () and gradient (d,) at ``x``; +inf and zeros where either is not finite."""
    loss, gradient = value_and_grad(x)
    valid = jnp.isfinite(loss) & jnp.all(jnp.isfinite(gradient))
    return jnp.where(valid, loss, jnp.inf), jnp.where(valid, gradient, 0.0)


def begin(rule: UpdateRule, weights: Weights, value_and_grad: ValueAndGrad, x0: Array, key: Array) -> Progress:
    """Evaluate the start ``x0`` (d,) and set the rule up."""
    loss, gradient = evaluate(value_and_grad, x0)
    return Progress(x0, loss, gradient, x0, loss, rule.init(weights, x0, loss, gradient, key))


def advance(rule: UpdateRule, weights: Weights, value_and_grad: ValueAndGrad, run: Progress) -> Progress:
    """Make one step and evaluate the point it leads to."""
    x, state = rule.step(weights, run.state, run.x, run.loss, run.gradient)
    loss, gradient = evaluate(value_and_grad, x)
    better = loss < run.best_loss
    best_x, best_loss = jnp.where(better, x, run.best_x), jnp.where(better, loss, run.best_loss)
    return Progress(x, loss, gradient, best_x, best_loss, state)


def rollout(
    rule: UpdateRule, weights: Weights, value_and_grad: ValueAndGrad, x0: Array, steps: int, key: Array
) -> tuple[Progress, Array]:
    """Run a rule for a number of steps.

    Args:
      rule: the rule.
      weights: its weights.
      value_and_grad: ``x (d,) -> (loss (), gradient (d,))``, pure.
      x0: (d,) the start.
      steps: iterations; the start is evaluated besides.
      key: random key for rules that explore.

    Returns:
      Where the run ended, and the losses (steps + 1,) of all evaluations, the start's first.
    """

    def body(run: Progress, _: Any) -> tuple[Progress, Array]:
        run = advance(rule, weights, value_and_grad, run)
        return run, run.loss

    start = begin(rule, weights, value_and_grad, x0, key)
    end, losses = jax.lax.scan(body, start, None, length=steps)
    return end, jnp.concatenate([start.loss[None], losses])
