"""Who computes the shards of the batch: this process, or several worker processes.

A recipe of one shard is computed here, with all threads or an accelerator; several shards in processes of one thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

from motionrecon.errors import ConfigError
from motionrecon.optimizer_lab.meta_train.process_pool import ProcessPool
from motionrecon.optimizer_lab.meta_train.recipe import Recipe
from motionrecon.optimizer_lab.meta_train.shards import Place, Shard
from motionrecon.optimizer_lab.meta_train.unroll import Estimate, Theta


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
    """The one shard of a recipe that has no more, in this process."""

    def __init__(self, recipe: Recipe):
        self._shard = Shard(recipe, 0)

    def estimate(self, theta: Theta, place: Place) -> Estimate:
        """Return the shard's estimate."""
        return self._shard.estimate(theta, place)

    def restore(self, theta: Theta, particles: list[dict[int, Any]], place: Place) -> None:
        """Take over stored particles."""
        self._shard.restore(theta, particles[0], place.stage)

    def stored(self) -> list[dict[int, Any]]:
        """Return the particles."""
        return [self._shard.stored()]

    def close(self) -> None:
        """Nothing was started."""


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
    pool = LocalPool(recipe) if recipe.shards == 1 else ProcessPool(recipe, workers)
    try:
        yield pool
    finally:
        pool.close()
