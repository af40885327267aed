"""Actors: state kept between requests, news before the answer, errors handed over, death and ends noticed."""

import multiprocessing
import os
import signal
import time

import pytest

from motionrecon.jobs import actors
from motionrecon.jobs.actors import Actor, ActorDiedError, Told
from tests.fixtures import actor_work


@pytest.fixture
def counter():
    actor = Actor(actor_work.Counter, 10)
    yield actor
    actor.stop()


def asked(actor, request):
    actor.send(request)
    return actor.answer()


def test_state_is_kept_and_errors_are_handed_over(counter):
    assert asked(counter, 1) == 11
    with pytest.raises(KeyError, match="no such request"):
        asked(counter, "raise")
    with pytest.raises(RuntimeError, match="UnportableError"):
        asked(counter, "raise what no pickle holds")
    assert asked(counter, "interrupt") == 11  # Ctrl-C is the parent's
    counter.send(5)
    assert counter.receive() == Told(("adding", 5))
    assert counter.receive().value == 16


def test_death_is_noticed_and_says_how(counter):
    counter.send("die")
    with pytest.raises(ActorDiedError, match=r"signal 9.*fewer --workers"):
        counter.answer()
    assert counter.arrived()
    counter.send(1)
    with pytest.raises(ActorDiedError, match="signal 9"):
        counter.receive()


def test_ctrl_c_while_it_starts(capfd):
    actor = Actor(actor_work.Counter, 0)
    for _ in range(40):  # over the whole of its start
        os.kill(actor._process.pid, signal.SIGINT)
        time.sleep(0.02)
    assert asked(actor, 1) == 1
    actor.stop()
    assert "Traceback" not in capfd.readouterr().err


def test_an_idle_one_ends_without_a_word(capfd):
    actor = Actor(actor_work.slow_to_leave)
    assert asked(actor, 1) == 1
    actor.pipe.close()
    time.sleep(0.3)  # it is on its way out when the signal comes
    actor.stop()
    assert capfd.readouterr().err == ""


def test_the_environment_is_the_workers_only():
    before = os.environ.get("OMP_NUM_THREADS")
    actor = Actor(actor_work.Counter, 0, environment={"OMP_NUM_THREADS": "7"})
    assert os.environ.get("OMP_NUM_THREADS") == before
    actor.stop()


def test_stopping_lets_the_work_tidy_up(tmp_path):
    both = [Actor(actor_work.tidy, str(tmp_path / name)) for name in ("a", "b")]
    for name, actor in zip("ab", both, strict=True):
        (tmp_path / name).mkdir()
        actor.send(None)
    while not all((tmp_path / name / "begun").exists() for name in "ab"):
        time.sleep(0.05)
    began = time.monotonic()
    actors.stop(both)
    assert time.monotonic() - began < 10.0
    assert all((tmp_path / name / "tidied").exists() for name in "ab")
    assert multiprocessing.active_children() == []
