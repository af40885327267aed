"""Stored programs give what the function gives, are found again without compiling, and are never trusted blindly."""

import os
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.jobs import program_files, program_store
from motionrecon.jobs.program_store import Program


def halves(x, y):
    return {"sum": jnp.sin(x) + y, "x": x / 2}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIONRECON_CACHE", str(tmp_path))
    return tmp_path / "programs"


@pytest.fixture
def compiled(monkeypatch):
    """How often something was compiled."""
    count, inner = [], program_store._compile
    monkeypatch.setattr(program_store, "_compile", lambda lowered: (count.append(1), inner(lowered))[1])
    return count


ARGUMENTS = np.linspace(0.0, 3.0, 7), 2.0


def check(program):
    result = program(*ARGUMENTS)
    np.testing.assert_array_equal(result["x"], ARGUMENTS[0] / 2)
    np.testing.assert_allclose(result["sum"], np.sin(ARGUMENTS[0]) + 2.0, rtol=1e-15)


def test_a_second_process_compiles_nothing(place, compiled):
    check(Program(halves))
    assert len(compiled) == 1
    assert sorted(path.suffix for path in place.iterdir()) == [".index", ".program"]
    check(Program(halves))
    assert len(compiled) == 1


def test_other_shapes_types_and_structures_are_other_programs(place, compiled):
    program = Program(halves)
    for x, y in ((np.zeros(2), 1.0), (np.zeros(3), 1.0), (np.zeros(2, np.float32), 1.0), (np.zeros(2), np.ones(2))):
        assert program(x, y)["x"].shape == x.shape
        assert program(x, y)["x"].dtype == x.dtype
    assert len(compiled) == 4


def test_changed_sources_find_an_unchanged_program_by_its_text(place, compiled, monkeypatch):
    check(Program(halves))
    monkeypatch.setattr(program_store, "source_mark", lambda: "edited")
    check(Program(halves))
    assert len(compiled) == 1

    def halves_changed(x, y):
        return {"sum": jnp.sin(x) + y, "x": x / 2 + 0 * y}

    program = Program(halves_changed, name=Program(halves).name)
    monkeypatch.setattr(program_store, "source_mark", lambda: "edited again")
    check(program)
    assert len(compiled) == 2


def test_an_argument_that_is_not_used_is_checked_all_the_same(place, compiled, monkeypatch):
    def first(x, y):
        return x + 1

    assert Program(first)(1.0, np.zeros(3)) == 2.0
    monkeypatch.setattr(program_store, "source_mark", lambda: "edited")
    assert Program(first)(1.0, np.zeros((3, 2))) == 2.0
    assert len(compiled) == 2


def test_programs_need_names_that_tell_them_apart():
    with pytest.raises(ValueError, match="name of its own"):
        Program(lambda x: x)


def test_a_change_in_the_functions_own_file_is_noticed(place, compiled, monkeypatch):
    """Also outside the rooms of ``source_mark``: the index is another one, the unchanged text is found all the same."""
    check(Program(halves))
    monkeypatch.setattr(program_store, "_file_mark", lambda path: "edited")
    check(Program(halves))
    assert len(compiled) == 1 and len(list(place.glob("*.index"))) == 2


def test_another_machine_compiles_anew(place, compiled, monkeypatch):
    check(Program(halves))
    monkeypatch.setattr(program_store, "machine_mark", lambda: "another processor")
    check(Program(halves))
    assert len(compiled) == 2


@pytest.mark.parametrize("suffix", ["index", "program"])
def test_damaged_entries_are_compiled_anew(place, compiled, suffix):
    check(Program(halves))
    (path,) = place.glob(f"*.{suffix}")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    check(Program(halves))
    assert len(compiled) == (2 if suffix == "program" else 1)  # a program is still found by its text
    check(Program(halves))
    assert len(compiled) == (2 if suffix == "program" else 1)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no file modes")
def test_what_others_can_write_is_not_read(place, compiled):
    check(Program(halves))
    place.chmod(0o777)
    check(Program(halves))
    assert len(compiled) == 2


def test_a_read_only_place_costs_time_only(place, compiled, monkeypatch):
    def full(path):
        raise OSError("no space left")

    monkeypatch.setattr(program_files, "replaced", full)
    check(Program(halves))
    check(Program(halves))
    assert len(compiled) == 2


def test_the_oldest_entries_go_when_the_folder_is_full(place, monkeypatch):
    check(Program(halves))
    (old,) = place.glob("*.program")
    os.utime(old, (1, 1))
    monkeypatch.setattr(program_files, "LIMIT", old.stat().st_size + 2000)
    Program(halves)(np.zeros(3), 1.0)
    assert not old.exists()
    assert len(list(place.glob("*.program"))) == 1


def test_static_arguments(place, compiled):
    def power(x, exponent, scale):
        return scale * x**exponent

    for _ in range(2):
        program = Program(power, static_argnames=("exponent",))
        assert float(program(np.asarray(3.0), 2, scale=np.asarray(2.0))) == 18.0
        assert float(program(np.asarray(3.0), exponent=3, scale=np.asarray(2.0))) == 54.0
    assert len(compiled) == 2


def test_inside_other_programs_the_function_is_inlined(place, compiled):
    program = Program(halves)
    slope = jax.grad(lambda x: jnp.sum(program(x, 2.0)["sum"]))(jnp.asarray(ARGUMENTS[0]))
    np.testing.assert_allclose(slope, np.cos(ARGUMENTS[0]), rtol=1e-14)
    assert not compiled


_PROCESS = """
import sys
import jax, jax.numpy as jnp, numpy as np
from motionrecon.jobs import program_store, runtime
runtime.configure("cpu")
def root(a):
    return jnp.linalg.cholesky(a @ a.T + jnp.eye(5))
a = np.arange(25.0).reshape(5, 5)
if sys.argv[1] == "jit":
    print(float(jax.jit(root)(a).sum()))
else:
    if sys.argv[1] == "load":
        program_store._compile = None
    print(float(program_store.Program(root)(a).sum()))
"""


def test_programs_of_a_process_before_run_alone(tmp_path):
    """A factorization needs LAPACK looked up; what JAX's own cache has must not be stored again: it cannot run."""
    environment = os.environ | {"MOTIONRECON_CACHE": str(tmp_path)}
    printed = set()
    for mode in ("jit", "jit", "store", "load"):
        command = [sys.executable, "-c", textwrap.dedent(_PROCESS), mode]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        printed.add(done.stdout)
    assert len(printed) == 1
