"""Tasks that do not depend on each other, dealt out to worker processes; a worker that dies costs its task only.

Every task runs in an `actors.Actor` with one thread, with one worker or many, so that results do not depend on their
number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import wait
from typing import Any, NamedTuple

from motionrecon.jobs import actors, memory
from motionrecon.jobs.actors import Actor, ActorDiedError, Done, Raised, Tell, Told

PEAK_MB = 3000.0  # that a worker comes to hold
RENEWED_MB = 2500.0  # a worker that has held more is replaced: compiled programs of many clip lengths add up
# a detector's threads come and go with each film, and would leave their arenas behind
ENVIRONMENT: Mapping[str, str] = {**actors.ONE_THREAD, "MALLOC_ARENA_MAX": "1"}
Work = Callable[[Any, Tell], Any]


class Began(NamedTuple):
    """A worker has begun with the task."""


class Died(NamedTuple):
    """The task gave nothing: its worker died, or the work raised; one line says how."""

    reason: str


Event = Began | Told | Done | Died


def default_count(tasks: int) -> int:
    """Return one worker a core, as far as tasks and memory go."""
    return memory.processes(tasks, PEAK_MB)


def run(
    tasks: Sequence[Any],
    count: int,
    work: Work,
    *,
    device: str | None = None,
    renewed_mb: float = RENEWED_MB,
    environment: Mapping[str, str] = ENVIRONMENT,
) -> Iterator[tuple[Any, Event]]:
    """Do tasks in worker processes; closing the iterator ends them.

    Args:
      tasks: to do, in this order; anything that can be pickled.
      count: processes.
      work: a function that can be pickled, called in a worker as ``work(task, tell)``; ``tell`` sends news.
      device: JAX is set up for it before the first task; None: ``work`` sees to it.
      renewed_mb: a worker whose peak memory is above this is replaced by a fresh one, MB.
      environment: variables that workers start with.

    Yields:
      Each task with `Began`, any number of `Told`, and one `Done` or `Died`, as they come.
    """
    waiting, workers = list(reversed(tasks)), []
    try:
        while waiting or any(worker.busy for worker in workers):
            while len(workers) < count and sum(not worker.busy for worker in workers) < len(waiting):
                workers.append(_Worker(Actor(Desk, work, device, environment=environment)))
            for worker in workers:
                if waiting and not worker.busy:
                    worker.give(waiting.pop())
                    yield worker.task, Began()
            for worker in _ready(workers):
                task, event = worker.task, worker.event()
                if worker.dead or worker.peak_mb > renewed_mb:
                    workers.remove(worker)
                    worker.actor.stop()
                if event is not None:
                    yield task, event
    finally:
        actors.stop(worker.actor for worker in workers)


class Desk:
    """What a worker does with each task; it gives the task's value and the memory held so far.

    Args:
      work: see ``run``.
      device: see ``run``.
    """

    def __init__(self, work: Work, device: str | None):
        if device is not None:
            from motionrecon.jobs import runtime

            runtime.configure(device)
        self._work = work

    def __call__(self, task: Any, tell: Tell) -> tuple[Any, float]:
        """Do a task."""
        try:
            return self._work(task, tell), memory.peak_mb()
        finally:
            memory.release()


def raised(error: Exception) -> Died:
    """Return the event of a task whose work raised."""
    return Died(f"unexpected {type(error).__name__}: {error}")


class _Worker:
    """One process, and the task it is at."""

    def __init__(self, actor: Actor):
        self.actor, self.task = actor, None
        self.busy, self.dead, self.peak_mb = False, False, 0.0

    def give(self, task: Any) -> None:
        self.task, self.busy = task, True
        self.actor.send(task)

    def event(self) -> Event | None:
        """Return what has come; None: the worker died idle."""
        try:
            got = self.actor.receive()
        except ActorDiedError as error:
            self.dead = True
            event = Died(f"its worker process {error}; --resume does it again") if self.busy else None
            self.busy = False
            return event
        if isinstance(got, Told):
            return got
        self.busy = False
        if isinstance(got, Raised):
            return raised(got.error)
        value, self.peak_mb = got.value
        return Done(value)


def _ready(workers: list[_Worker]) -> list[_Worker]:
    """Wait until some worker has news or dies; return those."""
    wait([one for worker in workers for one in worker.actor.waits])
    return [worker for worker in workers if worker.actor.arrived()]
