"""``motionrecon eval --forces`` as the shell sees it: what is wrong in one line, tables, files, trials that fail."""

import json

import numpy as np
import pytest

from motionrecon.cli.main import run
from motionrecon.evaluate import workers
from motionrecon.evaluate.forces import summary
from tests.fixtures import plate_files, standing_points
from tests.fixtures.standing_points import POSE


def _trial(folder, name, start=0.0):
    points = standing_points.breathing()
    np.savez(folder / f"{name}.joints.npz", names=np.array(points.names), positions=points.positions, fps=100.0)
    time = start + np.arange(2000) / 1000.0
    force, where = np.zeros((2000, 2, 3)), np.zeros((2000, 2, 3))
    force[..., 2] = 350.0
    where[:] = np.stack([POSE[f"{s}_ankle"] * [1, 1, 0] for s in ("left", "right")])
    np.savez(folder / f"{name}.plates.npz", time=time, force=force, cop=where)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def at_once(monkeypatch):
    """Trials are done at once, without fitting; returns the tasks as they come."""
    seen = []

    def run_tasks(tasks, count, **_):
        for task in tasks:
            seen.append(task)
            metrics = dict.fromkeys(summary.KEYS) | {"vertical_rmse_percent_bw": 9.5, "vertical_r": 0.91}
            row = {"sequence": task.trial.name, "status": "ok", "reason": "", "metrics": metrics, "warnings": []}
            yield task, [row | {"method": "physics"}, row | {"method": "double-differentiated"}]

    monkeypatch.setattr(workers, "run", run_tasks)
    return seen


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--forces", "nowhere"], "nowhere: no such file or folder"),
        (["--forces", "data"], "holds no recording with force plates"),
        (["--forces", "data", "--dataset", "h36m"], "--dataset does not go with --forces"),
        (["--forces", "data", "--input", "video"], "--input does not go with --forces"),
        (["--height", "1.7"], "--height: goes with --forces"),
        (["--forces", "data", "--mass", "900"], "person.mass 900"),
        (["--forces", "data", "--optimizer", "bfgs,adam"], "give one with --forces"),
        (["--forces", "data", "--overwrite", "--resume"], "exclude"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(folder, arguments, word, capsys):
    assert run(["eval", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and word in err and len(err.strip().splitlines()) == 1


def test_choosing_trials(folder, at_once, capsys):
    for name in ("walk1", "walk2", "jump"):
        _trial(folder, name)
    assert run(["eval", "--forces", "data", "--sequence", "wakl1"]) == 2
    assert 'did you mean "walk1"' in capsys.readouterr().err
    assert run(["eval", "--forces", "data", "--sequence", "walk*", "--mass", "70", "--height", "1.8", "-q"]) == 0
    assert [task.trial.name for task in at_once] == ["walk1", "walk2"]
    assert at_once[0].fit.person.mass == 70.0 and at_once[0].fit.person.height == 1.8
    assert run(["eval", "--forces", "data", "--limit", "0", "-o", "b"]) == 2


def test_a_trial_that_fails_is_a_row_and_exit_code_1(folder, at_once, capsys):
    _trial(folder, "a")
    _trial(folder, "b", start=9.0)
    (folder / "c.trc").write_text("")
    assert run(["eval", "--forces", "data", "--json", "all.json"]) == 1
    out, err = capsys.readouterr()
    assert "9.5 / - / .91" in out and "b, physics: failed" in out and "less than 0.3 s in common" in out
    assert "c.trc: has no force plates beside it" in out and ".992" in out
    assert "[1/2] b: failed" in err and "[2/2] a: vertical physics 9.5 % BW" in err
    found = json.loads((folder.parent / "all.json").read_text())
    assert [row["status"] for row in found["rows"]] == ["ok", "ok", "failed", "failed"]
    assert found["median"]["physics"]["n"] == 1
    _trial(folder, "b")
    at_once.clear()
    assert run(["eval", "--forces", "data", "--resume"]) == 0
    assert [task.trial.name for task in at_once] == ["b"]  # what is done is not done again
    (folder / "trials.toml").write_text("[a]\nmass = 71\n")
    assert run(["eval", "--forces", "data", "--resume"]) == 0
    assert [task.trial.name for task in at_once] == ["b", "a"]  # its options are others now


def test_nothing_readable_is_exit_code_2(folder, at_once, capsys):
    _trial(folder, "a", start=9.0)
    assert run(["eval", "--forces", "data"]) == 2
    err = capsys.readouterr().err.strip().splitlines()
    assert "give offset in trials.toml ([a])" in err[-1]


def test_one_recording(folder, at_once, capsys):
    _, force, where = plate_files.steps(200)
    points = standing_points.breathing()
    values = plate_files.channels(2, force, where, np.array([0.0, 0.0, -0.04]))
    plate_files.write_c3d(folder / "walk.c3d", 2, values, np.array([0.0, 0.0, -0.04]), points=points.positions,
                          labels=points.names)  # fmt: skip
    assert run(["eval", "--forces", "data/walk.c3d", "--mass", "70"]) == 0
    assert at_once[0].trial.plates == at_once[0].trial.recording
    assert "walk" in capsys.readouterr().out
