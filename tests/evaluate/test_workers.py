"""Workers: each task once, one that dies costs its task only, an interruption ends them, how many is all one."""

import multiprocessing
import sys
import time

import pytest

from motionrecon.errors import InputError
from motionrecon.evaluate import workers
from tests.fixtures import eval_work


def run(keys, count, work=eval_work.rows):
    tasks = [eval_work.task(key) for key in keys]
    return {task.clip.key: rows for task, rows in workers.run(tasks, count, work=work)}


def without_process(rows):
    return [{k: v for k, v in row.items() if k not in ("worker", "peak_mb")} for row in rows]


def test_results_do_not_depend_on_the_number_of_workers():
    keys = [f"clip{i}" for i in range(5)]
    one, two = run(keys, 1), run(keys, 2)
    assert set(one) == set(two) == set(keys)
    assert all(without_process(one[k]) == without_process(two[k]) for k in keys)
    assert len({rows[0]["worker"] for rows in one.values()}) == 1
    assert len({rows[0]["worker"] for rows in two.values()}) == 2


def test_a_worker_that_dies_costs_one_clip():
    found = run(["a", "dies", "b", "c"], 1, eval_work.rows_or_death)
    assert [row["status"] for row in found["dies"]] == ["failed"] * 2
    assert "died (signal 9)" in found["dies"][0]["reason"] and "--resume" in found["dies"][0]["reason"]
    assert all(row["status"] == "ok" for key in "abc" for row in found[key])


def test_leaving_early_ends_the_workers(tmp_path):
    tasks = [eval_work.task("quick"), eval_work.task(str(tmp_path / "begun"))]
    ended = workers.run(tasks, 2, work=eval_work.quick_or_slow_rows)
    assert next(ended)[0].clip.key == "quick"
    assert len(multiprocessing.active_children()) == 2
    began = time.monotonic()
    ended.close()  # as an interruption does
    assert multiprocessing.active_children() == []
    assert time.monotonic() - began < 10.0


def test_workers_start_with_one_thread():
    assert run(["a"], 1, eval_work.threads)["a"][0]["metrics"]["mpjpe_g_mm"] == 1.0


@pytest.mark.slow
def test_ray_does_the_same():
    pytest.importorskip("ray")
    keys = ["a", "dies", "b"]
    tasks = [eval_work.task(key) for key in keys]
    found = {t.clip.key: rows for t, rows in workers.run(tasks, 1, ray="auto", work=eval_work.rows_or_death)}
    assert without_process(found["a"]) == without_process(run(["a"], 1)["a"])
    assert found["b"][0]["status"] == "ok"
    assert found["dies"][0]["status"] == "failed" and "Ray worker died" in found["dies"][0]["reason"]


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"motionrecon\[ray\]"):
        next(workers.run([eval_work.task("a")], 1, ray="auto"))
