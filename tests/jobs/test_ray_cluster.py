"""Ray does what the pool does, where it is installed."""

import sys

import pytest

from motionrecon.errors import InputError
from motionrecon.jobs import ray_cluster
from motionrecon.jobs.actors import Done, Told
from motionrecon.jobs.pool import Died
from tests.fixtures import actor_work


@pytest.mark.slow
def test_ray_does_the_same():
    pytest.importorskip("ray")
    found = {}
    for task, event in ray_cluster.run([1, -1, 0, 2], "auto", 1, actor_work.doubled):
        found.setdefault(task, []).append(event)
    assert found[1][1] == Told("at 1") and isinstance(found[1][2], Done)
    assert found[2][-1].value[::2] == (4, "1")
    assert isinstance(found[-1][-1], Died) and "Ray worker died" in found[-1][-1].reason
    assert "ZeroDivisionError: division by zero" in found[0][-1].reason


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"motionrecon\[ray\]"):
        next(ray_cluster.run([1], "auto", 1, actor_work.doubled))
