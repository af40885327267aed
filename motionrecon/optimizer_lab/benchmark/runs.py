"""What a method leaves behind for each start, and how starts are batched so that memory stays bounded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol

import jax
import numpy as np

from motionrecon.optimizer_lab.benchmark.objective import Objective

MEMORY_BUDGET = {"cpu": 1e9, "gpu": 2e10}  # bytes that a batch of runs may take, by device


@dataclasses.dataclass(frozen=True, eq=False)
class Runs:
    """S runs of n iterations.

    Attributes:
      losses: (S, n + 1) loss where each iteration ended, the start's first, +inf where it could not be evaluated;
        after a run ended by itself its last value goes on.
      evaluations: (S, n + 1) evaluations spent up to there, the start's own included.
      best_x: (S, d) the point with the lowest loss evaluated within the budget.
      last_x: (S, d) where the run ended.
      by_evaluation: one array a start, the loss of each evaluation; None: every iteration's loss counts from its last
        evaluation on.
      details: what else the row should say: learning rate, weights.
    """

    losses: np.ndarray
    evaluations: np.ndarray
    best_x: np.ndarray
    last_x: np.ndarray
    by_evaluation: list[np.ndarray] | None = None
    details: dict[str, Any] = dataclasses.field(default_factory=dict)

    def best_by_iteration(self) -> np.ndarray:
        """Return the lowest loss up to each iteration (S, n + 1)."""
        return np.minimum.accumulate(self.losses, axis=1)

    def best_by_evaluation(self, most: int) -> np.ndarray:
        """Return the lowest loss up to each evaluation (S, E), E the most any start made, ``most`` at most.

        A run that has ended keeps its value.
        """
        count = int(min(self.evaluations.max(), most))
        curves = np.full((len(self.losses), count), np.inf)
        for start, curve in enumerate(curves):
            if self.by_evaluation is not None:
                seen = self.by_evaluation[start][:count]
                curve[: len(seen)] = seen
            else:
                at = self.evaluations[start] - 1
                inside = at < count
                np.minimum.at(curve, at[inside], self.losses[start][inside])
        return np.minimum.accumulate(curves, axis=1)


class Method(Protocol):
    """An optimizer under test."""

    @property
    def name(self) -> str:
        """Name in tables."""
        ...

    @property
    def slow_from(self) -> int | None:
        """Dimension from which it gets fewer starts; None: never."""
        ...

    def run(self, objective: Objective, x0s: np.ndarray, iterations: int) -> Runs:
        """Run from every start (S, d) for a number of iterations."""
        ...


def in_chunks(
    function: Callable[..., Any], batches: tuple[np.ndarray, ...], bytes_each: float, budget: float | None = None
) -> Any:
    """Call a batched function on parts of its batch that fit into memory, all of one size, and join the results.

    Args:
      function: takes arrays (B, ...) and returns a pytree of arrays (B, ...).
      batches: arrays (N, ...) to go through.
      bytes_each: memory of one element, about.
      budget: memory of a part; None: `MEMORY_BUDGET`.

    Returns:
      The pytree with arrays (N, ...) in NumPy.
    """
    if budget is None:
        budget = MEMORY_BUDGET.get(jax.default_backend(), MEMORY_BUDGET["cpu"])
    total = len(batches[0])
    parts = -(-total // max(1, min(total, int(budget / bytes_each))))
    size = -(-total // parts)
    results = []
    for begin in range(0, total, size):
        parted = [np.asarray(batch[begin : begin + size]) for batch in batches]
        missing = size - len(parted[0])
        if missing:
            parted = [np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]) for part in parted]
        found = jax.tree.map(np.asarray, function(*parted))
        results.append(jax.tree.map(lambda leaf, kept=size - missing: leaf[:kept], found))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *results)
