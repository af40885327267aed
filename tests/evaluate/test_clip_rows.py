"""One clip through the methods: rows that say what happened, and programs shared by clips of all lengths."""

import jax
import numpy as np
import pytest

from motionrecon.data.datasets.dataset import Clip
from motionrecon.errors import FitError
from motionrecon.evaluate import clip_rows
from motionrecon.evaluate.protocol import Protocol, Task
from motionrecon.fitting import fit

SQUAT = Clip("squat/oblique/0", "0", "squat", "oblique")


def task(frames=30, methods=("gauss_newton",), **protocol):
    return Task(SQUAT, Protocol(methods=methods, frames=frames, **protocol), methods)


def test_a_clip_that_cannot_be_read_gives_a_row_a_method():
    wrong = Task(Clip("dance/side", "0", "dance", "side"), Protocol(), ("gauss_newton", "bfgs"))
    rows = clip_rows.evaluate(wrong)
    assert [r["method"] for r in rows] == ["kinematic", "smoothed", "gauss-newton", "bfgs"]
    assert all(r["status"] == "failed" and "dance/side" in r["reason"] and r["peak_mb"] > 0 for r in rows)
    assert "traceback" not in rows[0]


def test_an_unexpected_error_keeps_its_traceback(monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(fit, "fit_sequence", broken)
    rows = clip_rows.evaluate(task())
    assert {r["status"] for r in rows} == {"failed"}
    assert "unexpected ZeroDivisionError: by hand" in rows[-1]["reason"] and "broken" in rows[-1]["traceback"]


@pytest.fixture
def few_steps(monkeypatch):
    """Fits that stop early, and one optimizer that fails."""
    real = fit.fit_sequence

    def fitted(sequence, options, *args, **kwargs):
        assert sequence.truth is None  # methods do not see the truth
        if options.optimizer.name == "adam":
            raise FitError("no finite simulation was found")
        return real(sequence, options, *args, **kwargs)

    monkeypatch.setattr(fit, "fit_sequence", fitted)


@pytest.mark.slow
def test_methods_stand_side_by_side_and_one_that_fails_harms_no_other(few_steps):
    rows = clip_rows.evaluate(task(methods=("adam", "gauss_newton")))
    assert [(r["method"], r["status"]) for r in rows] == [
        ("kinematic", "ok"), ("smoothed", "ok"), ("adam", "failed"), ("gauss-newton", "ok"),
    ]  # fmt: skip
    kinematic, physics = rows[0], rows[3]
    assert kinematic["metrics"]["mpjpe_g_mm"] < 5.0 and physics["metrics"]["mpjpe_g_mm"] < 5.0
    assert kinematic["metrics"]["mpjpe_2d_px"] < 2.0  # the camera went with the levelled world
    assert physics["evaluations"] > 0 and physics["loss"] is not None and physics["joints"] == rows[1]["joints"]
    losses = np.array(physics["curve"]["loss"])
    assert len(losses) == clip_rows.CURVE_POINTS and (np.diff(losses) <= 1e-12).all()
    assert physics["truth_tv_m_per_frame2"] == pytest.approx(kinematic["metrics"]["tv_m_per_frame2"], rel=0.5)


@pytest.mark.slow
def test_a_clip_of_another_length_compiles_nothing():
    """Else a long run over clips of all lengths would fill the memory."""
    compiled = []

    def heard(event: str, seconds: float, **_: object) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(seconds)

    clip_rows.evaluate(task(30))
    jax.monitoring.register_event_duration_secs_listener(heard)
    rows = clip_rows.evaluate(task(33))
    assert rows[-1]["status"] == "ok" and rows[-1]["frames"] == 33
    assert compiled == []
