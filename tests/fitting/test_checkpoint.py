"""A fit that was interrupted goes on to the same result."""

import jax
import numpy as np
import pytest

from motionrecon.errors import CheckpointError
from motionrecon.fitting import chain, checkpoint
from motionrecon.fitting.checkpoint import Checkpoint
from tests.fixtures import small_clip

INPUTS = (small_clip.WEIGHTS, "squat", {"mass": 70.0}, np.arange(3.0))


@pytest.fixture
def interrupted(tmp_path):
    """A fit broken off after its first window; returns its folder."""
    stored = Checkpoint(tmp_path / "out", INPUTS)

    def save(state):
        stored.save(state)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        chain.fit_clip(small_clip.prepared(), small_clip.WEIGHTS, save=save)
    return tmp_path / "out"


def test_resumed_is_identical_to_uninterrupted(interrupted):
    state = Checkpoint(interrupted, INPUTS).load()
    assert len(state.reports) == 1 and len(state.knots) == 10
    done = chain.fit_clip(small_clip.prepared(), small_clip.WEIGHTS, state=state)
    whole = small_clip.chained()
    np.testing.assert_array_equal(done.knots, whole.knots)
    for a, b in zip(jax.tree.leaves(done.states), jax.tree.leaves(whole.states), strict=True):
        np.testing.assert_array_equal(a, b)
    assert done.terms == whole.terms
    for a, b in zip(done.reports, whole.reports, strict=True):
        assert (a.window, a.status, a.method, a.loss_history) == (b.window, b.status, b.method, b.loss_history)
        assert (a.evaluations, a.steps, a.loss_last, a.error_mm) == (b.evaluations, b.steps, b.loss_last, b.error_mm)


def test_what_the_next_window_goes_on_from_is_stored(tmp_path):
    stored, states = Checkpoint(tmp_path, INPUTS), []

    def save(state):
        stored.save(state)
        states.append((state.carried, stored.load().carried))

    chain.fit_clip(small_clip.prepared(), small_clip.WEIGHTS, save=save)
    (carried, loaded), last = states
    assert len(loaded[1]) == len(loaded[0].position) == small_clip.WINDOW - 10
    for a, b in zip(jax.tree.leaves(loaded), jax.tree.leaves(carried), strict=True):
        np.testing.assert_array_equal(a, b)
    assert last == (None, None)


def test_a_finished_fit_is_stored_too(tmp_path):
    stored = Checkpoint(tmp_path, INPUTS)
    stored.save(small_clip.chained())
    assert [p.name for p in tmp_path.iterdir()] == [checkpoint.NAME]
    loaded = stored.load()
    done = chain.fit_clip(small_clip.prepared(), small_clip.WEIGHTS, state=loaded)  # nothing is left to do
    assert len(done.reports) == 2
    np.testing.assert_array_equal(done.knots, small_clip.chained().knots)


def test_nothing_stored(tmp_path):
    assert Checkpoint(tmp_path, INPUTS).load() is None


@pytest.mark.parametrize(
    "other",
    [
        ("walk", *INPUTS[1:]),
        (INPUTS[0], "walk", *INPUTS[2:]),
        (*INPUTS[:2], {"mass": 71.0}, INPUTS[3]),
        (*INPUTS[:3], np.array([0.0, 1.0, 2.0 + 1e-6])),
    ],
)
def test_other_inputs_are_refused(interrupted, other):
    with pytest.raises(CheckpointError, match="another input"):
        Checkpoint(interrupted, other).load()


def broken_files(whole):
    yield b""
    yield b"PK\x03\x04"
    yield b"no archive"
    yield whole[: len(whole) // 2]
    yield whole[:-40]


def test_broken_files_are_refused(interrupted):
    path = interrupted / checkpoint.NAME
    for content in broken_files(path.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="begin anew"):
            Checkpoint(interrupted, INPUTS).load()
    for values in ({"x": 1.0}, {"header": "{}"}, {"header": '{"key": 1}'}, {"header": "not json"}):
        with open(path, "wb") as file:
            np.savez(file, **values)
        with pytest.raises(CheckpointError, match="begin anew"):
            Checkpoint(interrupted, INPUTS).load()
