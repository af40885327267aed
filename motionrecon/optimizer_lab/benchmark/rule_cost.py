"""What a learned rule's step costs in memory, and whether it grows with d^2: found by tracing it, without compiling."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

from motionrecon.models.learned.base import UpdateRule, Weights

_PROBE = 211  # a dimension that is no width of any network


def is_dense(rule: UpdateRule, weights: Weights) -> bool:
    """Return whether a step forms d x d arrays: a preconditioner, or attention between all coordinates."""
    return bool(_shapes(rule, weights)[1])


def bytes_per_run(rule: UpdateRule, weights: Weights, d: int) -> float:
    """Return about how much memory one run needs while it steps: its state, and a third of all arrays it forms.

    Args:
      rule: the rule.
      weights: its weights.
      d: dimension.
    """
    linear, square = _shapes(rule, weights)
    return (linear * d / _PROBE + square * (d / _PROBE) ** 2) / 3 + 8 * d * 100


def _shapes(rule: UpdateRule, weights: Weights) -> tuple[float, float]:
    """Return the bytes of all arrays of a step at the probe's dimension: those that have d once, those d x d."""
    vector, scalar = jax.ShapeDtypeStruct((_PROBE,), jnp.float64), jax.ShapeDtypeStruct((), jnp.float64)

    def step(weights: Weights, x: Any, loss: Any, gradient: Any) -> Any:
        state = rule.init(weights, x, loss, gradient, jax.random.key(0))
        return rule.step(weights, state, x, loss, gradient)

    traced = jax.make_jaxpr(step)(weights, vector, scalar, vector)
    linear = square = 0.0
    for shape, itemsize in _outputs(traced.jaxpr):
        times = sum(axis in (_PROBE, _PROBE + 1) for axis in shape)
        size = float(math.prod(shape) * itemsize)
        linear, square = linear + size * (times == 1), square + size * (times > 1)
    return linear, square


def _outputs(jaxpr: Any) -> Iterator[tuple[tuple[int, ...], int]]:
    for equation in jaxpr.eqns:
        for variable in equation.outvars:
            size = getattr(getattr(variable.aval, "dtype", None), "itemsize", None)  # random keys have none
            if size is not None:
                yield variable.aval.shape, size
        for value in equation.params.values():
            for inner in value if isinstance(value, tuple | list) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    yield from _outputs(inner)
