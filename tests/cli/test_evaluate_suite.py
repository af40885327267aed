"""``motionrecon eval --suite`` as the shell sees it: one line for what is wrong, tables, all numbers kept, resuming."""

import json

import pytest

from motionrecon.cli.main import run
from motionrecon.evaluate import workers
from tests.fixtures import eval_work


@pytest.fixture(autouse=True)
def no_root(monkeypatch, tmp_path):
    for name in ("MOTIONRECON_DATA", "MOTIONRECON_SAMPLES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def done(monkeypatch):
    """Tasks are done at once, without fitting; says which."""
    seen = []

    def run_tasks(tasks, count, **_):
        for task in tasks:
            seen.append((task.clip.key, task.protocol.seed, task.protocol.camera, task.methods))
            rows = eval_work.rows(task)
            for row in rows:
                row["camera"] = task.protocol.camera
            yield task, rows

    monkeypatch.setattr(workers, "run", run_tasks)
    return seen


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--suite", "walk"], 'did you mean "walks"'),
        (["--suite", "walks"], "no data root is given"),
        (["--suite", "walks", "--data-root", "nowhere"], "no such folder"),
        (["--suite", "walks", "--data-root", "empty"], "any motion capture file"),
        (["--suite", "walks", "--data-root", "other"], "none of its clips is there"),
        (["--suite", "drawn", "--noise-mm", "5"], "--noise-mm: a suite decides that itself"),
        (["--suite", "drawn", "--dataset", "synthetic"], "--dataset: a suite decides that itself"),
        (["--suite", "drawn", "--forces", "F"], "--forces: a suite decides that itself"),
        (["--suite", "drawn", "--sequence", "wlak/side"], 'did you mean "walk/side"'),
        (["--suite", "drawn", "--starts", "0"], "--starts 0"),
        (["--starts", "2"], "goes with --suite"),
        (["--baselines", "pnp"], "--input video"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments, word, capsys, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.bvh").write_text("x")
    assert run(["eval", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and word in err and len(err.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_a_suite_prints_its_tables_keeps_its_numbers_and_goes_on(done, capsys, tmp_path):
    command = ["eval", "--suite", "drawn", "--actions", "walk", "--limit", "2", "--workers", "1"]
    assert run([*command, "--camera", "known", "--json", "all.json"]) == 0
    out, err = capsys.readouterr()
    assert "Suite drawn:" in out and "by camera, view, method" in out and "[2] walk/oblique" in err
    found = json.loads((tmp_path / "all.json").read_text())
    assert found == json.loads((tmp_path / "runs" / "eval-drawn" / "results.json").read_text())
    assert {row["name"] for row in found["rows"]} == {"walk/side", "walk/oblique"} and found["suite"] == "drawn"
    assert (tmp_path / "runs" / "eval-drawn" / "rows.csv").read_text().startswith("name,part,view,seed,start,sequence")
    assert [(key, camera) for key, _, camera, _ in done] == [("walk/side", "known"), ("walk/oblique", "known")]
    assert run([*command, "--camera", "known"]) == 2  # holds results
    done.clear()
    assert run([*command, "--camera", "known", "--resume"]) == 0 and done == []
    capsys.readouterr()
    assert run(["tables", "--compare", "all.json", "runs/eval-drawn"]) == 0
    assert "equal to the printed digits" in capsys.readouterr().out
    assert run([*command, "--overwrite", "-q"]) == 0
    assert capsys.readouterr() == ("", "") and len(done) == 4  # both cameras


def test_clips_that_fail_are_told_by_the_exit_code(monkeypatch, capsys):
    def fail(tasks, count, **_):
        for task in tasks:
            rows = eval_work.rows(task)
            yield task, [row | {"status": "failed", "reason": "a reason", "metrics": {}} for row in rows]

    monkeypatch.setattr(workers, "run", fail)
    assert run(["eval", "--suite", "drawn", "--sequence", "walk/side", "--workers", "1"]) == 1
    out, err = capsys.readouterr()
    assert "a reason" in err and "failed: walk/side" in out and "unknown: penetration: not measured" in out
