"""Shards in worker processes of one thread each; used wherever there are several shards, with one worker or many.

A worker holds its shards' problems, so only weights and meta-gradients travel. As every process computes alike and
estimates are summed in the order of the shards, the weights do not depend on the number of workers.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.errors import MotionReconError
from motionrecon.jobs import actors
from motionrecon.jobs.actors import Actor, ActorDiedError, Tell
from motionrecon.optimizer_lab.meta_train.recipe import Recipe
from motionrecon.optimizer_lab.meta_train.shards import Place, Shard, mean
from motionrecon.optimizer_lab.meta_train.unroll import Estimate, Theta

# large pages for the perturbed weights: small ones cost more than the inner steps
_ENVIRONMENT = {**actors.ONE_THREAD, "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


class ProcessPool:
    """Worker processes with a recipe's shards dealt out in turn.

    Args:
      recipe: of the run.
      workers: processes.
    """

    def __init__(self, recipe: Recipe, workers: int):
        self._shards, self._workers = recipe.shards, workers
        dealt = [list(range(worker, recipe.shards, workers)) for worker in range(workers)]
        self._actors = [Actor(_Shards, recipe, own, environment=_ENVIRONMENT) for own in dealt]

    def estimate(self, theta: Theta, place: Place) -> Estimate:
        """Return the mean of all shards' estimates."""
        plain = jax.tree.map(np.asarray, theta)
        answers = self._ask([("estimate", (plain, place))] * self._workers)
        return mean([jax.tree.map(jnp.asarray, Estimate(*one)) for one in self._in_order(answers)])

    def restore(self, theta: Theta, particles: list[dict[int, Any]], place: Place) -> None:
        """Take over stored particles."""
        plain = jax.tree.map(np.asarray, theta)
        questions = [
            ("restore", (plain, particles[worker :: self._workers], place.stage)) for worker in range(self._workers)
        ]
        self._ask(questions)

    def stored(self) -> list[dict[int, Any]]:
        """Return the particles."""
        return self._in_order(self._ask([("stored", ())] * self._workers))

    def close(self) -> None:
        """End the workers."""
        actors.stop(self._actors)

    def _ask(self, questions: list[tuple[str, tuple]]) -> list[list[Any]]:
        for actor, question in zip(self._actors, questions, strict=True):
            actor.send(question)
        try:
            return [actor.answer() for actor in self._actors]
        except ActorDiedError as error:
            raise MotionReconError(f"a worker process of the training {error}; go on with --resume") from None

    def _in_order(self, answers: list[list[Any]]) -> list[Any]:
        return [answers[shard % self._workers][shard // self._workers] for shard in range(self._shards)]


class _Shards:
    """Shards of a recipe in a worker process; a question is a word and what belongs to it."""

    def __init__(self, recipe: Recipe, own: list[int]):
        from motionrecon.jobs import runtime

        runtime.configure("cpu")
        jax.config.update("jax_enable_x64", False)
        self._shards = [Shard(recipe, index) for index in own]

    def __call__(self, question: tuple[str, tuple], tell: Tell) -> list[Any]:
        word, content = question
        if word == "estimate":
            theta, place = content
            estimates = [shard.estimate(theta, Place(*place)) for shard in self._shards]
            return [jax.tree.map(np.asarray, tuple(one)) for one in estimates]
        if word == "restore":
            theta, particles, stage = content
            for shard, stored in zip(self._shards, particles, strict=True):
                shard.restore(theta, stored, stage)
            return []
        return [shard.stored() for shard in self._shards]
