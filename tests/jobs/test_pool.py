"""The pool: each task once, one that dies or raises costs itself only, leaving early ends the workers."""

import multiprocessing
import time

import pytest

from motionrecon.jobs import pool
from motionrecon.jobs.actors import Done, Told
from motionrecon.jobs.pool import Began, Died
from tests.fixtures import actor_work


def events(tasks, count, **options):
    found = {}
    for task, event in pool.run(tasks, count, actor_work.doubled, **options):
        found.setdefault(task, []).append(event)
    return found


@pytest.mark.parametrize("count", [1, 2])
def test_every_task_once_and_the_dead_cost_only_themselves(count):
    found = events([1, -1, 0, 2, 3], count)
    assert [type(event) for event in found[1]] == [Began, Told, Done]
    assert {task: found[task][-1].value[0] for task in (1, 2, 3)} == {1: 2, 2: 4, 3: 6}
    assert found[2][1] == Told("at 2")
    assert [type(event) for event in found[-1]] == [Began, Died]
    assert "died (signal 9" in found[-1][1].reason and "--resume" in found[-1][1].reason
    assert "ZeroDivisionError: division by zero" in found[0][-1].reason
    processes = {found[task][-1].value[1] for task in (1, 2, 3)}
    assert len(processes) <= count + 1
    assert {found[task][-1].value[2] for task in (1, 2, 3)} == {"1"}


def test_a_worker_that_holds_too_much_is_replaced():
    for limit, processes in ((0.5, 3), (1e6, 1)):  # MB
        found = events([1, 2, 3], 1, renewed_mb=limit)
        assert len({found[task][-1].value[1] for task in (1, 2, 3)}) == processes


def test_no_more_workers_than_tasks():
    assert events([], 4) == {}
    tasks = pool.run([1], 4, actor_work.doubled)
    next(tasks)
    assert len(multiprocessing.active_children()) == 1
    tasks.close()


def test_leaving_early_ends_the_workers():
    tasks = pool.run([1, 2], 2, actor_work.slow_but_one)
    assert next(event for _, event in tasks if isinstance(event, Done)).value == 1
    assert len(multiprocessing.active_children()) == 2
    began = time.monotonic()
    tasks.close()  # as an interruption does
    assert multiprocessing.active_children() == []
    assert time.monotonic() - began < 10.0


def test_the_number_of_workers_fits_the_work():
    assert pool.default_count(1) == 1
    assert pool.default_count(1000) >= 1
