"""Jobs to worker processes: decides what one process does in one go, so that programs are compiled once.

A compiled program belongs to a method, a dimension and (in large ones) whether there is a rotation; a job is all
problems that share one. Workers send rows as they end; with one worker everything is done in this process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from motionrecon.jobs import pool
from motionrecon.jobs.actors import Tell, Told
from motionrecon.jobs.pool import Died
from motionrecon.optimizer_lab.benchmark.objective import shares_program
from motionrecon.optimizer_lab.benchmark.protocol import COLUMNS, Problem, Protocol
from motionrecon.optimizer_lab.benchmark.row import Row, failed

# from this dimension on a run takes longer than compiling, and jobs are cut, so that all workers have some
_LARGE, _PIECE = 250, 4


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
    """Do jobs and yield rows as they end; a worker that dies leaves failed rows of what its job had not done yet.

    Args:
      work: the jobs.
      count: worker processes.
      device: "auto", "cpu" or "gpu".
    """
    if min(count, len(work)) <= 1:
        for job in work:
            yield from _rows(job)
        return
    ended: dict[int, int] = {}
    with contextlib.closing(pool.run(list(enumerate(work)), count, _send, device=device)) as events:
        for (number, job), event in events:
            if isinstance(event, Told):
                ended[number] = ended.get(number, 0) + 1
                yield event.value
            elif isinstance(event, Died):
                for problem in job.problems[ended.get(number, 0) :]:
                    yield failed(problem, job.method, event.reason)


def _send(numbered: tuple[int, Job], tell: Tell) -> None:
    for row in _rows(numbered[1]):
        tell(row)


def _rows(job: Job) -> Iterator[Row]:
    from motionrecon.optimizer_lab.benchmark import methods
    from motionrecon.optimizer_lab.benchmark.row import measure

    given = {} if job.weights is None else {job.method: job.weights}
    (method,) = methods.make_methods((job.method,), job.protocol, given)
    for problem in job.problems:
        yield measure(problem, method, job.protocol)
