"""A problem as methods see it: one loss for all 15 functions, so that a method is compiled once a dimension.

Which function it is, is a number that the compiled program is given; under `jax.vmap` over starts it stays one number,
and only that function is evaluated.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.optimizer_lab.benchmark.protocol import Problem
from motionrecon.optimizer_lab.problems.classical import FUNCTIONS
from motionrecon.optimizer_lab.problems.transformed import Transform, to_function
from motionrecon.types import Array

_NAMES = tuple(FUNCTIONS)


def loss(index: Array, parameters: Transform, x: Array) -> Array:
    """Return how far function number ``index`` is above its minimum at ``x`` (d,).

    Functions that cannot be evaluated in this dimension are NaN.
    """
    z = to_function(parameters, x)
    return jax.lax.switch(index, [_branch(name, z.shape[0]) for name in _NAMES], z)


def _branch(name: str, d: int) -> Callable[[Array], Array]:
    function = FUNCTIONS[name]
    largest = function.largest_dimension("float64")
    if d < function.least_dimension or (largest is not None and d > largest):
        return lambda z: jnp.full((), jnp.nan, z.dtype) * z[0]
    return function.excess


value_and_grad = jax.value_and_grad(loss, argnums=2)
_evaluate = jax.jit(value_and_grad)
_losses = jax.jit(jax.vmap(loss, (None, None, 0)))


@dataclasses.dataclass(frozen=True, eq=False)
class Objective:
    """One problem: which function, and where it lies.

    Attributes:
      index: number of the function, () int32.
      parameters: offset and rotation.
    """

    index: Array
    parameters: Transform

    def value_and_grad(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return loss and gradient (d,) at ``x`` (d,) in float64, NaN and all."""
        value, gradient = _evaluate(self.index, self.parameters, x)
        return float(value), np.array(gradient)

    def losses(self, points: np.ndarray) -> np.ndarray:
        """Return the losses (S,) of points (S, d) in float64; +inf where they are not finite."""
        values = np.asarray(_losses(self.index, self.parameters, jnp.asarray(points, jnp.float64)))
        return np.where(np.isfinite(values), values, np.inf)


def shares_program(d: int) -> bool:
    """Return whether functions that are not turned are computed as turned by the identity.

    In small dimensions this costs nothing, changes no value, and saves compiling every method twice.
    """
    return d <= 100


def make_objective(problem: Problem, parameters: Transform) -> Objective:
    """Return the objective of a problem drawn by `protocol.draw`."""
    if parameters.rotation is None and shares_program(problem.d):
        parameters = parameters._replace(rotation=jnp.eye(problem.d))
    return Objective(jnp.int32(_NAMES.index(problem.function)), parameters)


def bound(index: Array, parameters: Transform) -> Callable[[Array], tuple[Array, Array]]:
    """Return ``x (d,) -> (loss, gradient)`` for use inside a compiled program."""
    return functools.partial(value_and_grad, index, parameters)
