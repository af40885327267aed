"""Run tasks in worker processes on this machine; a worker that dies costs its task and nothing else.

Every task runs in a worker process of its own interpreter with one thread, with one worker or many, so that results
do not depend on their number.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from motionrecon.evaluate import clip_rows
from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.protocol import Task
from motionrecon.jobs import worker_environment

_MEMORY_MB = 3000.0  # a worker's peak
RENEWED_MB = 2500.0  # a worker that has held more is replaced: compiled programs of many clip lengths add up
# a detector's threads come and go with each film, and would leave their arenas behind
ENVIRONMENT = {**worker_environment.ONE_THREAD, "MALLOC_ARENA_MAX": "1"}
Work = Callable[[Any], list[Row]]
Died = Callable[[Any, str], list[Row]]


def default_workers(tasks: int) -> int:
    """Return one worker a core, as far as tasks and memory go."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(ValueError, OSError, AttributeError):
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
        cores = min(cores, int(free / _MEMORY_MB))
    return max(1, min(cores, tasks))


def prepare(device: str) -> None:
    """Set a worker's process up: JAX with its cache on disk, quiet libraries."""
    from motionrecon.jobs import runtime

    runtime.configure(device)


def release_memory() -> None:
    """Give memory that is free back to the system, where the C library has a way to (glibc)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _serve(pipe: Connection, device: str, work: Work) -> None:
    """Do tasks from the pipe until None comes; the whole life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption ends the parent, which ends the workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    prepare(device)
    while (task := pipe.recv()) is not None:
        pipe.send(work(task))
        release_memory()


def _failed_rows(task: Task, reason: str) -> list[Row]:
    return [clip_rows.failed(task, method, reason) for method in task.methods]


class _Worker:
    """One process, and the task it is at."""

    def __init__(self, context: Any, device: str, work: Work):
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(theirs, device, work), daemon=True)
        with worker_environment.set_while_starting(ENVIRONMENT):
            self.process.start()
        theirs.close()
        self.task: Any = None
        self.peak_mb = 0.0

    def give(self, task: Any) -> None:
        self.task = task
        with contextlib.suppress(OSError):  # it died idle: noticed at its sentinel
            self.pipe.send(task)

    def stop(self) -> None:
        if self.task is None and self.process.is_alive():
            with contextlib.suppress(OSError):
                self.pipe.send(None)
            self.process.join(2.0)
        self.process.kill()
        self.process.join()
        self.pipe.close()


def run(
    tasks: Sequence[Any],
    workers: int,
    *,
    device: str = "cpu",
    work: Work = clip_rows.evaluate,
    died: Died = _failed_rows,
    renewed_mb: float = RENEWED_MB,
) -> Iterator[tuple[Any, list[Row]]]:
    """Do tasks in worker processes.

    Args:
      tasks: to do, in this order; whatever ``work`` takes (by default ``protocol.Task``).
      workers: processes.
      device: for JAX.
      work: what a worker does with a task.
      died: rows of a task whose worker died, from the task and one line about the death.
      renewed_mb: a worker whose peak memory is above this is replaced by a fresh one.

    Yields:
      Each task with its rows, as they end; a task whose worker died gives failed rows.
    """
    context = multiprocessing.get_context("spawn")
    waiting, pool = list(reversed(tasks)), []
    try:
        while waiting or any(w.task for w in pool):
            while waiting and len(pool) < workers:
                pool.append(_Worker(context, device, work))
            for worker in pool:
                if waiting and worker.task is None:
                    worker.give(waiting.pop())
            ended = _ended(pool, died)
            for worker in [w for w in pool if w.task is None and w.peak_mb > renewed_mb]:
                pool.remove(worker)
                worker.stop()
            yield from ended
    finally:
        for worker in pool:
            worker.stop()


def _ended(pool: list[_Worker], died: Died) -> list[tuple[Any, list[Row]]]:
    """Wait until a task ends or a worker dies; dead workers leave the pool."""
    wait([w.pipe for w in pool if w.task is not None] + [w.process.sentinel for w in pool])
    ended = []
    for worker in list(pool):
        task, rows, dead = worker.task, None, False
        try:
            if task is not None and worker.pipe.poll():
                rows = worker.pipe.recv()
        except (EOFError, OSError):
            dead = True
        dead = dead or (rows is None and not worker.process.is_alive())
        if dead:
            worker.process.join(1.0)
            pool.remove(worker)
            if task is not None:
                rows = died(task, _death(worker.process.exitcode))
            worker.task = None
            worker.stop()
        if task is not None and rows is not None:
            worker.task = None
            worker.peak_mb = max((row.get("peak_mb", 0.0) for row in rows), default=0.0)
            ended.append((task, rows))
    return ended


def _death(code: int | None) -> str:
    word = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    hint = "; out of memory? use fewer --workers" if code == -9 else ""
    return f"its worker process died ({word}){hint}; --resume does it again"
