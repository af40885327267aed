"""Shards in worker processes of one thread each; used wherever there are several shards, with one worker or many.

A worker holds its shards' problems, so only weights and meta-gradients travel. As every process computes alike and
estimates are summed in the order of the shards, the weights do not depend on the number of workers.
"""

from __future__ import annotations

import multiprocessing
import signal
from multiprocessing.connection import Connection
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.errors import MotionReconError
from motionrecon.jobs import worker_environment
from motionrecon.optimizer_lab.meta_train.recipe import Recipe
from motionrecon.optimizer_lab.meta_train.shards import Place, Shard, mean
from motionrecon.optimizer_lab.meta_train.unroll import Estimate, Theta

# large pages for the perturbed weights: small ones cost more than the inner steps
_ENVIRONMENT = {**worker_environment.ONE_THREAD, "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


class ProcessPool:
    """Worker processes with a recipe's shards dealt out in turn.

    Args:
      recipe: of the run.
      workers: processes.
    """

    def __init__(self, recipe: Recipe, workers: int):
        self._shards, self._workers = recipe.shards, workers
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes: list[Any] = []
        with worker_environment.set_while_starting(_ENVIRONMENT):
            for worker in range(workers):
                ours, theirs = context.Pipe()
                own = list(range(worker, recipe.shards, workers))
                process = context.Process(target=_serve, args=(theirs, recipe, own), daemon=True)
                process.start()
                theirs.close()
                self._pipes.append(ours)
                self._processes.append(process)

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
        for process, pipe in zip(self._processes, self._pipes, strict=True):
            process.kill()
            process.join()
            pipe.close()

    def _ask(self, questions: list[tuple[str, tuple]]) -> list[list[Any]]:
        try:
            for pipe, question in zip(self._pipes, questions, strict=True):
                pipe.send(question)
            answers = [pipe.recv() for pipe in self._pipes]
        except (EOFError, OSError):
            raise MotionReconError(
                "a worker process of the training died; out of memory? use fewer --workers, and go on with --resume"
            ) from None
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return answers

    def _in_order(self, answers: list[list[Any]]) -> list[Any]:
        return [answers[shard % self._workers][shard // self._workers] for shard in range(self._shards)]


def _serve(pipe: Connection, recipe: Recipe, own: list[int]) -> None:
    """Answer questions until the pipe closes; the whole life of a worker."""
    from motionrecon.jobs import runtime

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption ends the parent, which ends the workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    runtime.configure("cpu")
    jax.config.update("jax_enable_x64", False)
    shards = [Shard(recipe, index) for index in own]
    while True:
        try:
            word, content = pipe.recv()
        except EOFError:
            return
        try:
            answer = _answer(shards, word, content)
        except Exception as error:  # told to the parent, which raises it
            answer = error
        pipe.send(answer)


def _answer(shards: list[Shard], word: str, content: tuple) -> Any:
    if word == "estimate":
        theta, place = content
        estimates = [shard.estimate(theta, Place(*place)) for shard in shards]
        return [jax.tree.map(np.asarray, tuple(one)) for one in estimates]
    if word == "restore":
        theta, particles, stage = content
        for shard, stored in zip(shards, particles, strict=True):
            shard.restore(theta, stored, stage)
        return []
    return [shard.stored() for shard in shards]
