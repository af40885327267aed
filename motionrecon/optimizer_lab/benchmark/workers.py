"""Jobs to worker processes: decides what one process does in one go, so that programs are compiled once.

A compiled program belongs to a method, a dimension and (in large ones) whether there is a rotation; a job is all
problems that share one. Workers send rows as they end; with one worker everything is done in this process.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import queue as queues
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, NamedTuple

from motionrecon.errors import FitError
from motionrecon.jobs import worker_environment
from motionrecon.optimizer_lab.benchmark.objective import shares_program
from motionrecon.optimizer_lab.benchmark.protocol import COLUMNS, Problem, Protocol
from motionrecon.optimizer_lab.benchmark.row import Row

# from this dimension on a run takes longer than compiling, and jobs are cut, so that all workers have some
_LARGE, _PIECE = 250, 4
_queue: Any = None


class Job(NamedTuple):
    """Problems that share a compiled program.

    Attributes:
      problems: in the order in which they are run.
      method: name.
      weights: file of its weights; None: those shipped, or it has none.
      protocol: how.
    """

    problems: tuple[Problem, ...]
    method: str
    weights: Path | None
    protocol: Protocol


def jobs(todo: list[tuple[Problem, str]], protocol: Protocol, weights: dict[str, Path]) -> list[Job]:
    """Return the jobs of what is to do, in its order."""
    groups: dict[tuple[int, bool, str], list[Problem]] = {}
    for problem, method in todo:
        rotated = shares_program(problem.d) or COLUMNS[problem.column].rotated
        groups.setdefault((problem.d, rotated, method), []).append(problem)
    found = []
    for (d, _, method), problems in groups.items():
        piece = _PIECE if d >= _LARGE else len(problems)
        for begin in range(0, len(problems), piece):
            found.append(Job(tuple(problems[begin : begin + piece]), method, weights.get(method), protocol))
    return found


def run(work: list[Job], count: int, device: str) -> Iterator[Row]:
    """Do jobs and yield rows as they end.

    Args:
      work: the jobs.
      count: worker processes.
      device: "auto", "cpu" or "gpu".

    Raises:
      FitError: a worker process died.
    """
    if min(count, len(work)) <= 1:
        for job in work:
            yield from _rows(job)
        return
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    with (
        worker_environment.set_while_starting(),
        concurrent.futures.ProcessPoolExecutor(
            count, mp_context=context, initializer=_prepare, initargs=(queue, device)
        ) as pool,
    ):
        try:
            futures = [pool.submit(_send, job) for job in work]
            while not all(future.done() for future in futures) or not queue.empty():
                with contextlib.suppress(queues.Empty):
                    yield queue.get(timeout=0.2)
            for future in futures:
                future.result()
        except BrokenProcessPool:
            raise FitError(
                "a worker process died, likely for want of memory; go on with --resume and fewer --workers"
            ) from None
        except BaseException:
            for process in list((pool._processes or {}).values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _prepare(queue: Any, device: str) -> None:
    import signal

    from motionrecon.jobs import runtime

    global _queue
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption ends the parent, which ends the workers
    _queue = queue
    runtime.configure(device)


def _send(job: Job) -> None:
    for row in _rows(job):
        _queue.put(row)


def _rows(job: Job) -> Iterator[Row]:
    from motionrecon.optimizer_lab.benchmark import methods
    from motionrecon.optimizer_lab.benchmark.row import measure

    given = {} if job.weights is None else {job.method: job.weights}
    (method,) = methods.make_methods((job.method,), job.protocol, given)
    for problem in job.problems:
        yield measure(problem, method, job.protocol)
