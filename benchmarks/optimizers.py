"""Evaluations and seconds to tolerance of the scalar optimizers, ours beside SciPy's, in one run.

    python benchmarks/optimizers.py [--sizes 100 1000] [--max-evaluations 400] [--tolerance 1e-4]

Three problems in units of the loss at the start: a convex quadratic with eigenvalues 1..10^4, the chained
Rosenbrock function, and a saturating least-squares problem (tanh, weights 1..100), the last being closest to the
fitting of control targets. "to tol" is where the best loss first falls to the tolerance times the first loss, "-" if
it never does within the budget; "ms/ev" is the time per evaluation spent in the optimizer itself, evaluations taken
off.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from motionrecon.models.optimizers.base import Solution, minimize
from motionrecon.models.optimizers.registry import make_optimizer

OPTIMIZERS = (
    ("bfgs", "bfgs", {}),
    ("bfgs, scale 1", "bfgs", {"initial_scale": 1.0}),
    ("scipy-bfgs", "scipy-bfgs", {}),
    ("lbfgs (scipy)", "lbfgs", {}),
    ("adam 0.01", "adam", {}),
    ("adam 0.1 cosine", "adam", {"learning_rate": 0.1}),
)


class Problem:
    """A NumPy function as a problem."""

    def __init__(self, value_and_grad: Callable[[np.ndarray], tuple[float, np.ndarray]]):
        self.value_and_grad = value_and_grad


def quadratic(n: int) -> tuple[Problem, np.ndarray]:
    """Convex quadratic in a random basis, eigenvalues log-spaced from 1 to 10^4."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    matrix, center = (basis * np.logspace(0, 4, n)) @ basis.T, rng.normal(size=n)

    def function(x):
        grad = matrix @ (x - center)
        return 0.5 * float((x - center) @ grad), grad

    return Problem(function), np.zeros(n)


def rosenbrock(n: int) -> tuple[Problem, np.ndarray]:
    """Chained Rosenbrock from (-1.2, 1, -1.2, ...)."""

    def function(x):
        a, b = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
        grad = np.zeros_like(x)
        grad[1:] += 200.0 * a
        grad[:-1] -= 400.0 * a * x[:-1] + 2.0 * b
        return float(100.0 * a @ a + b @ b), grad

    return Problem(function), np.where(np.arange(n) % 2 == 0, -1.2, 1.0)


def saturating(n: int) -> tuple[Problem, np.ndarray]:
    """Least squares of weighted tanh units with a small ridge; an exact fit exists without the ridge."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(n, n)) / np.sqrt(n)
    target, weights = np.tanh(matrix @ rng.normal(size=n)), np.logspace(0, 2, n)

    def function(x):
        t = np.tanh(matrix @ x)
        r = weights * (t - target)
        return 0.5 * float(r @ r) + 5e-4 * float(x @ x), matrix.T @ (weights * r * (1.0 - t * t)) + 1e-3 * x

    return Problem(function), np.zeros(n)


def row(label: str, solution: Solution, tolerance: float) -> str:
    """Format one line of the table."""
    history = solution.history
    first = history.losses[0]
    reached = history.evaluations_to(tolerance * first)
    seconds = "-" if reached is None else f"{history.seconds[reached - 1]:.2f}"
    overhead = 1e3 * (solution.seconds - history.durations.sum()) / solution.evaluations
    return (
        f"  {label:<16} {reached or '-':>6} {seconds:>8}   {solution.evaluations:>6} {solution.seconds:>8.2f}"
        f" {overhead:>8.2f}   {solution.loss / first:>9.1e}  {solution.status.name}"
    )


def main() -> None:
    """Run the table."""
    parser = argparse.ArgumentParser(description="Evaluations and seconds to tolerance, ours beside SciPy.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--max-evaluations", type=int, default=400)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    for n in arguments.sizes:
        for make in (quadratic, rosenbrock, saturating):
            problem, start = make(n)
            print(f"{make.__name__}, n = {n}")
            print("  optimizer        to tol  seconds   evals  seconds    ms/ev   loss/first  end")
            for label, name, options in OPTIMIZERS:
                if "cosine" in label:
                    options = options | {"decay_steps": arguments.max_evaluations}
                solution = minimize(
                    problem,
                    start,
                    make_optimizer(name, **options),
                    max_evaluations=arguments.max_evaluations,
                    gradient_tolerance=1e-6,
                )
                print(row(label, solution, arguments.tolerance), flush=True)


if __name__ == "__main__":
    main()
