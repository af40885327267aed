"""Time of one optimizer step against dimension, the objective's own time left out (the paper's Fig. 8).

All methods are timed in one run on one machine, so that ratios mean something. Learned rules: the compiled step.
SciPy's BFGS and this package's rank-2 BFGS: a run on the Rosenbrock function less the time spent in it, by step. What
would take longer or more memory than the limits a step is not run and says so.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize

from motionrecon.models.optimizers.base import minimize
from motionrecon.models.optimizers.bfgs import BFGS
from motionrecon.optimizer_lab.benchmark.rule_methods import RuleMethod

DIMENSIONS = (10, 100, 1000, 10_000)
REFERENCE = "scipy-bfgs"
RANK_2 = "bfgs (rank-2)"
_ENOUGH_SECONDS, _MOST_REPEATS = 0.5, 50


class Limits(NamedTuple):
    """What a step may take: seconds, bytes."""

    seconds: float = 20.0
    memory: float = 6e9


class StepTime(NamedTuple):
    """One measurement.

    Attributes:
      method: name.
      d: dimension.
      seconds: median time of a step; None where it was not run.
      note: why not.
    """

    method: str
    d: int
    seconds: float | None
    note: str = ""


def measure(
    rules: Sequence[RuleMethod], dims: Sequence[int] = DIMENSIONS, limits: Limits = Limits()
) -> Iterator[StepTime]:
    """Yield the step time of SciPy's BFGS, the rank-2 BFGS and learned rules at each dimension."""
    timed: list[tuple[str, int, Callable[[int], float]]] = [
        (REFERENCE, 3, _scipy_step), (RANK_2, 2, _rank_2_step),
        *((method.name, 2, lambda d, m=method: _rule_step(m, d, limits.memory)) for method in rules),
    ]  # fmt: skip
    for name, order, step in timed:
        last: tuple[int, float] | None = None
        for d in dims:
            expected = 0.0 if last is None else last[1] * (d / last[0]) ** order
            if name == REFERENCE and expected > limits.seconds:  # its order is sure, others are cheaper than it looks
                yield StepTime(name, d, None, f"not run: about {expected:.0f} s a step expected")
                continue
            try:
                seconds = step(d)
            except _TooLargeError as error:
                yield StepTime(name, d, None, f"not run: {error}")
                continue
            last = d, seconds
            yield StepTime(name, d, seconds)


class _TooLargeError(Exception):
    pass


def _rule_step(method: RuleMethod, d: int, most: float) -> float:
    rule, weights = method.rule, method.weights
    x = jnp.asarray(np.random.default_rng(0).uniform(-10, 10, d))
    loss, gradient = jnp.asarray(1.0), jnp.asarray(np.random.default_rng(1).normal(size=d))
    state = jax.jit(rule.init)(weights, x, loss, gradient, jax.random.key(0))
    compiled = jax.jit(rule.step).lower(weights, state, x, loss, gradient).compile()
    memory: Any = compiled.memory_analysis()
    needed = 0 if memory is None else memory.temp_size_in_bytes + 2 * memory.output_size_in_bytes
    if needed > most:
        raise _TooLargeError(f"needs {needed / 1e9:.1f} GB")
    x, state = jax.block_until_ready(compiled(weights, state, x, loss, gradient))
    return _timed(lambda: jax.block_until_ready(compiled(weights, state, x, loss, gradient)))


def _timed(call: Callable[[], Any]) -> float:
    seconds: list[float] = []
    while not seconds or (sum(seconds) < _ENOUGH_SECONDS and len(seconds) < _MOST_REPEATS):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _rosenbrock(x: np.ndarray) -> tuple[float, np.ndarray]:
    return float(scipy.optimize.rosen(x)), scipy.optimize.rosen_der(x)


def _start(d: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-10, 10, d)


def _scipy_step(d: int) -> float:
    inside, ends = 0.0, [time.perf_counter()]

    def objective(x: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal inside
        began = time.perf_counter()
        found = _rosenbrock(x)
        inside += time.perf_counter() - began
        return found

    own = [0.0]

    def ended(_: np.ndarray) -> None:
        ends.append(time.perf_counter())
        own.append(inside)

    steps = 20 if d < 1000 else 4 if d < 5000 else 2
    scipy.optimize.minimize(objective, _start(d), jac=True, method="BFGS", callback=ended, options={"maxiter": steps})
    # the first step also sets up, and is taken from the identity
    return statistics.median(np.diff(ends)[1:] - np.diff(own)[1:])


class _Problem:
    def value_and_grad(self, x: Any) -> tuple[float, np.ndarray]:
        return _rosenbrock(np.asarray(x))


def _rank_2_step(d: int) -> float:
    steps = 20 if d < 1000 else 6
    solution = minimize(_Problem(), _start(d), BFGS(), max_steps=steps, max_evaluations=10 * steps)
    history = solution.history
    counts = np.cumsum([1] + [step.evaluations for step in history.steps])
    # all time since the last evaluation of one step until the last of the next, less evaluations
    ends = history.seconds[np.minimum(counts, len(history.seconds)) - 1]
    spent = np.concatenate([[0.0], np.cumsum(history.durations)])[np.minimum(counts, len(history.durations))]
    return statistics.median(np.diff(ends)[1:] - np.diff(spent)[1:])
