"""Tasks of an evaluation to worker processes, here or on a Ray cluster; what a dead worker leaves are failed rows."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from motionrecon.evaluate import clip_rows
from motionrecon.evaluate.clip_rows import Row
from motionrecon.jobs import pool, ray_cluster
from motionrecon.jobs.actors import Done, Tell
from motionrecon.jobs.pool import Died

Work = Callable[[Any], list[Row]]
Failed = Callable[[Any, str], list[Row]]


def _failed_rows(task: Any, reason: str) -> list[Row]:
    return [clip_rows.failed(task, method, reason) for method in task.methods]


def run(
    tasks: Sequence[Any],
    workers: int | None,
    *,
    ray: str | None = None,
    device: str = "cpu",
    work: Work = clip_rows.evaluate,
    died: Failed = _failed_rows,
    renewed_mb: float = pool.RENEWED_MB,
) -> Iterator[tuple[Any, list[Row]]]:
    """Do tasks in worker processes; closing the iterator ends them.

    Args:
      tasks: to do, in this order; whatever ``work`` takes (by default ``protocol.Task``).
      workers: processes; None: as many as cores and memory allow, or as the cluster has CPUs.
      ray: address of a Ray cluster, or "auto"; None: this machine's processes.
      device: for JAX.
      work: what a worker does with a task.
      died: rows of a task whose worker died, from the task and one line about the death.
      renewed_mb: a worker (of this machine) whose peak memory is above this is replaced by a fresh one.

    Yields:
      Each task with its rows, as they end; a task whose worker died gives failed rows.
    """
    alone = functools.partial(_alone, work)
    if ray is not None:
        events = ray_cluster.run(tasks, ray, workers, alone, device=device)
    else:
        count = workers or pool.default_count(len(tasks))
        events = pool.run(tasks, count, alone, device=device, renewed_mb=renewed_mb)
    with contextlib.closing(events):
        for task, event in events:
            if isinstance(event, Done):
                yield task, event.value
            elif isinstance(event, Died):
                yield task, died(task, event.reason)


def _alone(work: Work, task: Any, tell: Tell) -> list[Row]:
    return work(task)
