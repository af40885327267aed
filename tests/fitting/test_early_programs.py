"""What is made ahead is what windows call: the same shapes, types and structures, and no program twice."""

import jax
import numpy as np
import pytest

from motionrecon.fitting import chain, early_programs
from motionrecon.jobs import program_store, runtime
from tests.fixtures import small_clip


@pytest.fixture
def called(monkeypatch):
    """The programs that were called, with what their executables depend on."""
    keys, inner = set(), program_store.Program._call

    def call(self, args, kwargs):
        one = inner(self, args, kwargs)
        if one is not None:
            keys.add((self.name, one.key))
        return one

    monkeypatch.setattr(program_store.Program, "_call", call)
    return keys


def test_a_fit_calls_what_was_made_ahead(called):
    """A first window with a free start, later ones with the state they inherit, and shooting: no shape is missing."""
    ahead = {(program.name, program._call(arguments, {}).key) for program, arguments in early_programs.calls(26)}
    clip = small_clip.prepared()
    called.clear()
    chain.fit_clip(clip, small_clip.WEIGHTS)
    windows = {program.name for program, _ in early_programs.calls(26)}
    again = {(name, key) for name, key in called if name in windows}
    assert {name for name, _ in again} >= windows
    assert again <= ahead


def test_background_threads_make_programs_ready(monkeypatch, tmp_path):
    monkeypatch.setenv("MOTIONRECON_CACHE", str(tmp_path))
    program = program_store.Program(lambda x: x + 1, name="one more")
    program_store.begin(program, jax.ShapeDtypeStruct((3,), np.float64))
    while program_store.busy():
        pass
    assert program.variants == 1
    monkeypatch.setattr(program_store, "_compile", None)
    assert program(np.zeros(3)).sum() == 3.0


def test_nothing_is_made_ahead_on_one_core(monkeypatch):
    monkeypatch.setattr(runtime, "threads", lambda: 1)
    monkeypatch.setattr(program_store, "begin", None)
    early_programs.begin(26)
