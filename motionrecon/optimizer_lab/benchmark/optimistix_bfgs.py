"""Optimistix's BFGS (extra ``[benchmark]``), which counts every evaluation as a step.

Its budget is therefore the iterations' number of evaluations: it is stepped by hand, and the loss after each step is
that of the point it has accepted.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.errors import ConfigError
from motionrecon.optimizer_lab.benchmark.objective import Objective, loss
from motionrecon.optimizer_lab.benchmark.runs import Runs, in_chunks
from motionrecon.types import Array


def installed() -> bool:
    """Return whether the extra is there."""
    return importlib.util.find_spec("optimistix") is not None


@dataclasses.dataclass(frozen=True)
class OptimistixBFGS:
    """``optimistix.BFGS`` with its default search (backtracking, Armijo)."""

    name: str = "optimistix-bfgs"
    slow_from: int | None = 500

    def run(self, objective: Objective, x0s: np.ndarray, iterations: int) -> Runs:
        """Run from every start (S, d).

        Raises:
          ConfigError: it is not installed.
        """
        if not installed():
            raise ConfigError("optimistix-bfgs: not installed; pip install 'motionrecon[benchmark]'")
        d = x0s.shape[1]
        call = functools.partial(_run(iterations), objective.index, objective.parameters)
        losses, best, last = in_chunks(call, (np.asarray(x0s),), 6 * 8 * d * d + 100 * 8 * d)
        evaluations = np.broadcast_to(np.arange(1, iterations + 2), losses.shape)
        return Runs(losses, evaluations, best, last)


@functools.lru_cache(maxsize=4)
def _run(iterations: int) -> Callable[..., Any]:
    import optimistix  # pyright: ignore[reportMissingImports]  # an extra

    solver = optimistix.BFGS(rtol=1e-12, atol=1e-12)

    def one(index: Array, parameters: Any, x0: Array) -> Any:
        def function(x: Array, _: Any) -> tuple[Array, None]:
            return loss(index, parameters, x), None

        shape = jax.ShapeDtypeStruct((), x0.dtype)
        state = solver.init(function, x0, None, {}, shape, None, frozenset())

        def body(carry: Any, _: Any) -> tuple[Any, Array]:
            x, state, best_x, best_loss = carry
            x, state, _ = solver.step(function, x, None, {}, state, frozenset())
            value = jnp.where(jnp.isfinite(state.f_info.f), state.f_info.f, jnp.inf)
            better = value < best_loss
            best_x, best_loss = jnp.where(better, x, best_x), jnp.where(better, value, best_loss)
            return (x, state, best_x, best_loss), value

        (last, _, best, _), losses = jax.lax.scan(
            body, (x0, state, x0, jnp.asarray(jnp.inf, x0.dtype)), None, length=iterations + 1
        )
        return losses, best, last

    return jax.jit(jax.vmap(one, (None, None, 0)))
