"""Optax's L-BFGS with its zoom line search and its own defaults: what a JAX user would take first."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from motionrecon.optimizer_lab.benchmark.objective import Objective, bound
from motionrecon.optimizer_lab.benchmark.runs import Runs, in_chunks
from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class OptaxLBFGS:
    """``optax.lbfgs()``; evaluations are its line search's steps."""

    name: str = "optax-lbfgs"
    slow_from: int | None = None

    def run(self, objective: Objective, x0s: np.ndarray, iterations: int) -> Runs:
        """Run from every start (S, d)."""
        call = functools.partial(_run(iterations), objective.index, objective.parameters)
        losses, evaluations, best, last = in_chunks(call, (np.asarray(x0s),), 100 * 8 * x0s.shape[1])
        return Runs(losses, evaluations, best, last)


@functools.lru_cache(maxsize=4)
def _run(iterations: int) -> Callable[..., Any]:
    optimizer = optax.lbfgs()

    def one(index: Array, parameters: Any, x0: Array) -> Any:
        function = bound(index, parameters)

        def value(x: Array) -> Array:
            return function(x)[0]

        def body(carry: Any, _: Any) -> tuple[Any, Any]:
            x, gradient, state, best_x, best_loss = carry
            loss = optax.tree.get(state, "value")
            updates, state = optimizer.update(gradient, state, x, value=loss, grad=gradient, value_fn=value)
            new = optax.apply_updates(x, updates)
            loss, gradient = optax.tree.get(state, "value"), optax.tree.get(state, "grad")
            steps = optax.tree.get(state, "info").num_linesearch_steps
            valid = jnp.isfinite(loss) & jnp.all(jnp.isfinite(new))
            new, loss = jnp.where(valid, new, x), jnp.where(valid, loss, jnp.inf)
            better = loss < best_loss
            best_x, best_loss = jnp.where(better, new, best_x), jnp.where(better, loss, best_loss)
            return (new, gradient, state, best_x, best_loss), (loss, steps)

        first, gradient = function(x0)
        state = optax.tree.set(optimizer.init(x0), value=first)
        (last, _, _, best, _), (losses, steps) = jax.lax.scan(
            body, (x0, gradient, state, x0, first), None, length=iterations
        )
        evaluations = 1 + jnp.concatenate([jnp.zeros(1, jnp.int32), jnp.cumsum(jnp.asarray(steps, jnp.int32))])
        return jnp.concatenate([first[None], losses]), evaluations, best, last

    return jax.jit(jax.vmap(one, (None, None, 0)))
