"""Test problems shared by the optimizer tests: plain NumPy, with known minima."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass
class NumpyProblem:
    """A problem from a NumPy function x -> (loss, grad); remembers the points it was asked for."""

    function: Callable
    asked: list = dataclasses.field(default_factory=list)

    def value_and_grad(self, x):
        self.asked.append(np.array(x))
        return self.function(x)


def rosenbrock(x):
    """Chained Rosenbrock, minimum 0 at ones."""
    a, b = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
    grad = np.zeros_like(x)
    grad[1:] += 200.0 * a
    grad[:-1] += -400.0 * a * x[:-1] - 2.0 * b
    return float(100.0 * a @ a + b @ b), grad


def rosenbrock_start(n):
    """The customary start (-1.2, 1, -1.2, ...)."""
    return np.where(np.arange(n) % 2 == 0, -1.2, 1.0)


def quadratic(condition, n, seed=0):
    """A convex quadratic with log-spaced eigenvalues 1..condition in random directions, minimum 0 at a random point."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    matrix = (basis * np.logspace(0, np.log10(condition), n)) @ basis.T
    center = rng.normal(size=n)

    def function(x):
        grad = matrix @ (x - center)
        return 0.5 * float((x - center) @ grad), grad

    return function


def walled(x):
    """A log barrier, NaN outside x > 0: sum(x - log x), minimum n at ones."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.sum(x - np.log(x))), 1.0 - 1.0 / x


def cliff(x):
    """Rosenbrock in 4 dimensions or so, undefined (infinite loss, NaN gradient) where the first coordinate is > 1.5."""
    if x[0] > 1.5:
        return np.inf, np.full_like(x, np.nan)
    return rosenbrock(x)
