"""``motionrecon eval``, ``data`` and ``tables`` as the shell sees them: help, one line for what is wrong, tables."""

import json
import os
import subprocess
import sys

import pytest

from motionrecon.cli.main import run
from motionrecon.evaluate import workers
from tests.fixtures import eval_work, h36m_files


@pytest.fixture(autouse=True)
def no_root(monkeypatch, tmp_path):
    monkeypatch.delenv("MOTIONRECON_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def at_once(monkeypatch):
    """Tasks are done at once, without fitting."""

    def run_tasks(tasks, count, **_):
        for task in tasks:
            yield task, eval_work.rows(task)

    monkeypatch.setattr(workers, "run", run_tasks)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--dataset", "h36n"], 'did you mean "h36m"'),
        (["--dataset", "h36m"], "no data root is given"),
        (["--dataset", "aist", "--data-root", "nowhere"], "--data-root nowhere: no such folder"),
        (["--dataset", "aist", "--data-root", "."], "aist not found in it or below"),
        (["--dataset", "mocap", "--data-root", "."], "any motion capture file"),
        (["--split", "fornt"], 'did you mean "front"'),
        (["--subjects", "S9"], "--subjects S9"),
        (["--actions", "wlak"], 'did you mean "walk"'),
        (["--sequence", "walk/top"], "no such sequence"),
        (["--limit", "0"], "--limit 0"),
        (["--frames", "2"], "--frames 2"),
        (["--optimizer", "newton"], "--optimizer"),
        (["--optimizer", ""], "name at least one optimizer"),
        (["--noise-mm", "5", "--input", "video"], "--noise-mm"),
        (["--workers", "0"], "--workers 0"),
        (["--overwrite", "--resume"], "exclude"),
        (["-c", "absent.toml"], "absent.toml"),
        (["--max-evaluations", "0"], "max_evaluations"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments, word, capsys):
    assert run(["eval", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and word in err and len(err.strip().splitlines()) == 1


def test_a_run_prints_tables_and_writes_files(at_once, capsys, tmp_path):
    command = ["eval", "--split", "side", "--limit", "3", "--optimizer", "bfgs", "--workers", "1"]
    assert run([*command, "--json", "all.json"]) == 0
    out, err = capsys.readouterr()
    assert "MPJPE-G" in out and "95 % interval" in out and "W-100" in out and "3 sequences" in out
    assert "[3/3]" in err
    folder = tmp_path / "runs" / "eval-synthetic-side-mocap"
    assert json.loads((tmp_path / "all.json").read_text()) == json.loads((folder / "results.json").read_text())
    assert run(command) == 2  # holds results
    assert "--resume" in capsys.readouterr().err
    assert run([*command, "--resume", "--optimizer", "adam,bfgs"]) == 0
    assert "[3/3]" in capsys.readouterr().err
    assert run([*command, "--resume", "--frames", "20"]) == 2
    assert "other options (frames None)" in capsys.readouterr().err
    assert run([*command, "--overwrite", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_paper_rows_stand_beside_those_of_human36m(at_once, capsys, tmp_path):
    h36m_files.write_npz(tmp_path / "data_3d_h36m.npz", {"S9": {"Walking": h36m_files.motion(700)}})
    assert run(["eval", "--dataset", "h36m", "--data-root", ".", "--workers", "1", "-o", "out"]) == 0
    out, _ = capsys.readouterr()
    assert "Table 1. Human3.6M" in out and "DiffPhy + Optimus" in out and "split mocap" in out
    assert run(["tables", "out"]) == 0
    assert "motionrecon gauss-newton" in capsys.readouterr().out
    assert run(["tables"]) == 0
    assert capsys.readouterr().out.count("ours: not measured") == 4
    assert run(["tables", "nowhere"]) == 2
    (tmp_path / "bad.json").write_text("[]")
    assert run(["tables", "bad.json"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 2


def test_missing_files_are_rows_that_say_so(capsys, tmp_path):
    """The real worker, one process: nothing can be loaded, so nothing is fitted."""
    h36m_files.write_npz(tmp_path / "data_3d_h36m.npz", {"S9": {"Walking": h36m_files.motion()}})
    command = ["eval", "--dataset", "h36m", "--data-root", ".", "--sequence", "S9/Wa*", "--workers", "1", "-o", "out"]
    assert run([*command, "--split", "mocap"]) == 1
    out, err = capsys.readouterr()
    assert "S9/Waiting not found" in out and "source frames 400-599 are needed" in out
    assert "Traceback" not in out + err
    rows = json.loads((tmp_path / "out" / "results.json").read_text())["rows"]
    assert {row["status"] for row in rows} == {"failed"} and len(rows) == 4 * 3


def test_data_list_check_and_show(capsys, tmp_path):
    assert run(["data", "list"]) == 0
    assert "always there" in capsys.readouterr().out
    folder = tmp_path / "S9/MyPoseFeatures/D3_Positions"
    h36m_files.write_cdf(folder / "Walking.cdf", 1000 * h36m_files.motion())
    h36m_files.write_metadata(tmp_path / "metadata.xml")
    assert run(["data", "list", "--data-root", "."]) == 0
    assert "split mocap: 20 sequences" in capsys.readouterr().out
    assert run(["data", "check", "h36m", "--data-root", "."]) == 0
    (folder / "Waiting.cdf").write_bytes((folder / "Walking.cdf").read_bytes()[:500])
    assert run(["data", "check", "h36m", "--data-root", "."]) == 1
    assert "corrupt  S9/Waiting" in capsys.readouterr().out
    show = ["data", "show", "S9/Walking/60457274", "--dataset", "h36m", "--data-root", ".", "-o", "a.png"]
    assert run(show) == 0
    out = capsys.readouterr().out
    assert "60 at 50 Hz" in out and "floor" in out and (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert run(show) == 2
    assert run(["data", "show", "walk/sidw"]) == 2
    assert run(["data", "check", "h36n"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 3 and 'did you mean "walk/side"' in lines[1]


@pytest.mark.slow
def test_real_fits_with_one_and_two_workers_agree(tmp_path):
    """Two clips from start to table, the numbers equal bit for bit whoever computed them."""
    environment = {k: v for k, v in os.environ.items() if k != "MOTIONRECON_DATA"}
    for count in ("1", "2"):
        command = ["eval", "--actions", "squat", "--limit", "2", "--frames", "24", "--workers", count]
        command += ["-o", f"out{count}"]
        done = subprocess.run(
            [sys.executable, "-m", "motionrecon", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    rows = [json.loads((tmp_path / f"out{count}" / "results.json").read_text())["rows"] for count in "12"]
    assert [r["metrics"] for r in rows[0]] == [r["metrics"] for r in rows[1]]
    physics = [r for r in rows[0] if r["method"] == "gauss-newton"]
    assert all(r["status"] == "ok" and r["metrics"]["mpjpe_g_mm"] < 5.0 and r["evaluations"] > 0 for r in physics)
