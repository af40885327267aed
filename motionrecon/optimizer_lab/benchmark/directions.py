"""How close steps are to the gradient and to Newton's direction on the 2-d Rosenbrock function (the paper's Fig. 5).

Absolute cosines between the step x_{k+1} - x_k and the gradient at x_k, and H^-1 times it, averaged over the starts
whose run still moves.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.optimizer_lab.problems.valleys import rosenbrock


class Similarity(NamedTuple):
    """Mean absolute cosines by iteration (n,), NaN where no run moves any more."""

    gradient: np.ndarray
    newton: np.ndarray


def similarity(points: np.ndarray) -> Similarity:
    """Return how steps lie, given trajectories (S, n + 1, 2) on the Rosenbrock function."""
    steps = np.diff(points, axis=1)
    gradients, newtons = (np.asarray(a) for a in _directions(jnp.asarray(points[:, :-1])))
    return Similarity(_mean_cosine(steps, gradients), _mean_cosine(steps, newtons))


def _mean_cosine(steps: np.ndarray, directions: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(steps, axis=-1) * np.linalg.norm(directions, axis=-1)
    known = np.isfinite(lengths) & (lengths > 0)
    cosine = np.abs(np.sum(steps * directions, axis=-1)) / np.where(known, lengths, 1)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, cosine, 0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _one(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    gradient, hessian = jax.grad(rosenbrock)(x), jax.hessian(rosenbrock)(x)
    return gradient, jnp.linalg.solve(hessian, gradient)


_directions = jax.jit(jax.vmap(jax.vmap(_one)))
