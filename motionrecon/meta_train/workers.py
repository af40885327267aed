"""Who computes the shards of the batch: this process, or several worker processes.

Estimates are summed in the order of the shards, so the weights do not depend on the number of workers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

import jax

from motionrecon.errors import ConfigError
from motionrecon.meta_train.recipe import Recipe
from motionrecon.meta_train.shards import Place, Shard
from motionrecon.meta_train.unroll import Estimate, Theta


class Pool(Protocol):
    """Computes shards."""

    def estimate(self, theta: Theta, place: Place, /) -> Estimate:
        """Return the mean of all shards' estimates of a meta-step."""
        ...

    def restore(self, theta: Theta, particles: list[dict[int, Any]], place: Place, /) -> None:
        """Take over every shard's stored particles."""
        ...

    def stored(self) -> list[dict[int, Any]]:
        """Return every shard's particles for a checkpoint."""
        ...

    def close(self) -> None:
        """End what was started."""
        ...


class LocalPool:
    """All shards in this process, one after the other."""

    def __init__(self, recipe: Recipe):
        self._shards = [Shard(recipe, index) for index in range(recipe.shards)]

    def estimate(self, theta: Theta, place: Place) -> Estimate:
        """Return the mean of all shards' estimates."""
        return mean([shard.estimate(theta, place) for shard in self._shards])

    def restore(self, theta: Theta, particles: list[dict[int, Any]], place: Place) -> None:
        """Take over stored particles."""
        for shard, own in zip(self._shards, particles, strict=True):
            shard.restore(theta, own, place.stage)

    def stored(self) -> list[dict[int, Any]]:
        """Return the particles."""
        return [shard.stored() for shard in self._shards]

    def close(self) -> None:
        """Nothing was started."""


def mean(estimates: list[Estimate]) -> Estimate:
    """Return the mean of estimates, summed in their order."""
    if len(estimates) == 1:
        return estimates[0]
    return _mean(estimates)


@jax.jit
def _mean(estimates: list[Estimate]) -> Estimate:
    return jax.tree.map(lambda *leaves: sum(leaves[1:], leaves[0]) / len(leaves), *estimates)


@contextlib.contextmanager
def open_pool(recipe: Recipe, workers: int) -> Iterator[Pool]:
    """Provide the pool for a number of workers, and end it.

    Raises:
      ConfigError: there are more workers than shards.
    """
    if workers > recipe.shards:
        raise ConfigError(
            f"--workers {workers}: the recipe has {recipe.shards} shard(s) to divide; give --shards {workers} or more"
        )
    pool = LocalPool(recipe)
    try:
        yield pool
    finally:
        pool.close()
