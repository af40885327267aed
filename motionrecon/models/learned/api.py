"""Learned optimizers for a user's own function: decides what may be minimised, and what a run returns.

from motionrecon.models.learned.api import LearnedOptimizer, minimize
result = minimize(lambda x: ((x - 3.0) ** 2).sum(), jax.numpy.zeros(10))     # optimus-qn, 200 evaluations
optimizer = LearnedOptimizer.load("optimus")                                  # shipped weights, checked
results = jax.vmap(lambda x0: minimize(f, x0, optimizer=optimizer))(starts)   # a batch of problems
transformation = optimizer.transformation()                                   # as an optax transformation
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree

from motionrecon.errors import ConfigError, InputError
from motionrecon.models.learned import catalog, rollout, weights_file
from motionrecon.models.learned.base import UpdateRule, Weights
from motionrecon.models.learned.stopping import StoppingCriterion
from motionrecon.types import Array

BUDGET, STOPPED, NOT_FINITE = 0, 1, 2


class Minimum(NamedTuple):
    """What `minimize` returns; arrays, so that it can be batched with `jax.vmap`.

    Attributes:
      x: the best point seen, shaped like the start.
      loss: () its loss; +inf only where the start, and every point after it, could not be evaluated.
      losses: (steps + 1,) the loss of every evaluation, +inf where it was not finite, NaN after the run's end.
      steps: () int32, steps done; evaluations are one more.
      status: () int32: BUDGET (0) all steps were made, STOPPED (1) by the criterion, NOT_FINITE (2) at the start.
    """

    x: Any
    loss: Array
    losses: Array
    steps: Array
    status: Array


class TransformationState(NamedTuple):
    """State of the optax transformation: the rule's own, and how many updates were made ()."""

    rule: Any
    count: Array


@dataclasses.dataclass(frozen=True)
class LearnedOptimizer:
    """An update rule with its weights."""

    rule: UpdateRule
    weights: Weights

    @classmethod
    def load(cls, name: str, weights: str | Path | None = None) -> LearnedOptimizer:
        """Return a learned optimizer by name.

        Args:
          name: one of `catalog.rule_names`.
          weights: a weights file; None: the weights that come with the package.

        Raises:
          ConfigError: the name is unknown, or no weights are shipped for it.
          CheckpointError: the weights are damaged or belong to another architecture.
        """
        if weights is None:
            return cls(*catalog.load(name))
        rule = catalog.make_rule(name)
        return cls(rule, weights_file.read(weights, rule))

    def transformation(self, seed: int = 0) -> optax.GradientTransformationExtraArgs:
        """Return the rule as an optax transformation.

        ``update(gradients, state, params, value=loss)`` needs the parameters and the loss at them, from
        `jax.value_and_grad`; parameters are any pytree of floating-point arrays.

        Args:
          seed: for rules that explore at random.
        """

        def init(params: Any) -> TransformationState:
            x = _flat(params)[0]
            self.check_size(x)
            state = self.rule.init(self.weights, x, jnp.asarray(jnp.inf, x.dtype), x * 0.0, jax.random.PRNGKey(seed))
            return TransformationState(state, jnp.zeros((), jnp.int32))

        def update(
            updates: Any, state: TransformationState, params: Any = None, *, value: Any = None, **_: Any
        ) -> tuple[Any, TransformationState]:
            if params is None or value is None:
                raise ValueError("a learned optimizer needs update(gradients, state, params, value=loss)")
            x, unravel = _flat(params)
            gradient, loss = ravel_pytree(updates)[0].astype(x.dtype), jnp.asarray(value, x.dtype)
            valid = jnp.isfinite(loss) & jnp.all(jnp.isfinite(gradient))
            loss, gradient = jnp.where(valid, loss, jnp.inf), jnp.where(valid, gradient, 0.0)
            rule_state = jax.lax.cond(  # optax' init does not know the loss
                state.count == 0,
                lambda: self.rule.init(self.weights, x, loss, gradient, jax.random.PRNGKey(seed)),
                lambda: state.rule,
            )
            new, rule_state = self.rule.step(self.weights, rule_state, x, loss, gradient)
            return unravel(new - x), TransformationState(rule_state, state.count + 1)

        return optax.GradientTransformationExtraArgs(init, update)

    def check_size(self, x: Array) -> None:
        """Raise ConfigError where the rule cannot take as many parameters as ``x`` (d,) has."""
        largest = getattr(self.rule, "largest_dimension", None)
        if largest is not None and x.shape[0] > largest:
            raise ConfigError(
                f"{self.rule.name} keeps a matrix of d x d numbers; {x.shape[0]} parameters are too many for it "
                f"(at most {largest}): use optimus-qn or optimus-low-rank, whose memory grows with d only"
            )


def minimize(
    fun: Callable[..., Array],
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    optimizer: LearnedOptimizer | str = "optimus-qn",
    steps: int = 200,
    stop: StoppingCriterion | None = None,
    seed: int = 0,
) -> Minimum:
    """Minimise a function; one evaluation of it and its gradient a step, never worse than the start.

    Pure: may be jitted and batched (``jax.vmap(lambda x0: minimize(f, x0))(starts)``). Points where the function is
    not finite are rejected; the start itself is the only one that ends a run (status NOT_FINITE).

    Args:
      fun: ``fun(x, *args) -> ()``, a floating-point scalar, differentiable by JAX.
      x0: the start: a vector or any pytree of floating-point arrays.
      args: what else ``fun`` takes.
      optimizer: a learned optimizer or its name.
      steps: the budget.
      stop: end earlier; None: use the budget.
      seed: for rules that explore at random.

    Raises:
      InputError: ``x0`` is empty or not of floating-point numbers, or ``fun`` does not return a floating-point scalar.
      ConfigError: the optimizer is unknown, or cannot take so many parameters.
    """
    optimizer = LearnedOptimizer.load(optimizer) if isinstance(optimizer, str) else optimizer
    x, unravel = _flat(x0)
    if x.shape[0] == 0:
        raise InputError("x0 has no parameters; give at least one number to optimise")
    if steps < 1:
        raise InputError(f"steps is {steps}; give 1 or more")
    optimizer.check_size(x)
    _check_output(fun, x0, args)

    def value_and_grad(x: Array) -> tuple[Array, Array]:
        loss, gradient = jax.value_and_grad(lambda x: fun(unravel(x), *args))(x)
        return loss.astype(x.dtype), gradient

    rule, weights = optimizer.rule, optimizer.weights
    begin = rollout.begin(rule, weights, value_and_grad, x, jax.random.PRNGKey(seed))
    losses = jnp.full(steps + 1, jnp.nan, x.dtype).at[0].set(begin.loss)

    def going_on(carry: tuple[Any, Array, Array, Array]) -> Array:
        return (carry[2] < steps) & (carry[3] == BUDGET)

    def body(carry: tuple[Any, Array, Array, Array]) -> tuple[Any, Array, Array, Array]:
        run, losses, step, status = carry
        run = rollout.advance(rule, weights, value_and_grad, run)
        losses = losses.at[step + 1].set(run.loss)
        if stop is not None:
            status = jnp.where(stop.met(losses, step + 1), STOPPED, status)
        return run, losses, step + 1, status

    status = jnp.where(jnp.isfinite(begin.loss), BUDGET, NOT_FINITE).astype(jnp.int32)
    carry = (begin, losses, jnp.zeros((), jnp.int32), status)
    run, losses, step, status = jax.lax.while_loop(going_on, body, carry)
    return Minimum(unravel(run.best_x), run.best_loss, losses, step, status)


def _flat(tree: Any) -> tuple[Array, Callable[[Array], Any]]:
    for leaf in jax.tree_util.tree_leaves(tree):
        if not jnp.issubdtype(jnp.result_type(leaf), jnp.floating):
            raise InputError(
                f"parameters are {jnp.result_type(leaf)}; give floating-point numbers, such as jax.numpy.float32"
            )
    return ravel_pytree(tree)


def _check_output(fun: Callable[..., Array], x0: Any, args: tuple[Any, ...]) -> None:
    output = jax.eval_shape(fun, x0, *args)
    if not hasattr(output, "shape") or output.shape != () or not jnp.issubdtype(output.dtype, jnp.floating):
        found = (
            f"shape {output.shape} and type {output.dtype}"
            if hasattr(output, "shape")
            else f"a {type(output).__name__}"
        )
        raise InputError(f"the function to minimise returns {found}; it must return one floating-point number")
