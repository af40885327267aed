"""``motionrecon fit A B C --workers N``: a worker that dies costs its clip, a manifest says so, --resume finishes."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from motionrecon.cli.main import run
from tests.fixtures import batch_work

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clips(tmp_path, monkeypatch):
    """Makes files to fit in the working folder, which is the test's own; the fit is a stand-in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.import_module("motionrecon.cli.fit"), "fit_input", batch_work.fit_input)

    def make(*names):
        for name in names:
            (tmp_path / f"{name}.bvh").write_text("x")
        return [f"{name}.bvh" for name in names]

    return make


def states(folder="out"):
    entries = json.loads(Path(folder, "manifest.json").read_text())["inputs"]
    return {Path(entry["input"]).stem: entry for entry in entries}


def test_a_dead_worker_and_a_bad_input_cost_one_clip_each_and_resume_finishes(clips, capsys):
    names = ["a", "dies", "broken", "b", "c"]
    command = ["fit", *clips(*names), "-o", "out", "--workers", "2"]
    assert run(command) == 1
    out, err = capsys.readouterr()
    found = states()
    assert {name: found[name]["state"] for name in names} == {
        "a": "done", "dies": "failed", "broken": "failed", "b": "done", "c": "done"
    }  # fmt: skip
    assert "dies.bvh: its worker process died (signal 9)" in found["dies"]["error"]
    assert found["broken"]["error"] == "broken.bvh: broken; export it again"
    assert all(found[name]["seconds"] >= 0 and found[name]["error"] is None for name in "abc")
    assert found["a"]["folder"] == os.path.join("out", "a")
    assert os.listdir("out/dies") == [".windows.npz"]  # to go on from; nothing half written
    assert "3 of 5 inputs done. Failed: dies.bvh, broken.bvh;" in out and "manifest.json" in out
    assert err.count("motionrecon: error: ") == 2 and "Traceback" not in err
    assert "a: note: the stature of a is a guess." in err and "Reading" not in err
    assert "] a: done, MPJPE-G 4.2 mm (" in err
    before = [Path("out", name, "process").read_text() for name in "abc"]
    clips("broken")
    Path("broken.bvh").rename("whole.bvh")
    again = ["fit", "a.bvh", "dies.bvh", "whole.bvh", "b.bvh", "c.bvh", "-o", "out", "--workers", "2", "--resume"]
    assert run(again) == 0
    out, err = capsys.readouterr()
    assert "5 of 5 inputs done." in out and "5 inputs, 3 finished already" in err
    assert [Path("out", name, "process").read_text() for name in "abc"] == before
    assert {entry["state"] for entry in states().values()} == {"done"}
    assert states()["a"]["seconds"] == found["a"]["seconds"]


def test_everything_is_finished_already(clips, capsys):
    command = ["fit", *clips("a", "b"), "-o", "out", "--workers", "2", "-q"]
    assert run(command) == 0
    assert run([*command, "--resume"]) == 0
    assert capsys.readouterr() == ("", "")
    before = Path("out/manifest.json").read_bytes()
    assert run([*command, "c.bvh"]) == 2  # refused before anything is done
    assert capsys.readouterr().err.count("\n") == 1
    assert Path("out/manifest.json").read_bytes() == before


def test_all_lines_with_verbose(clips, capsys):
    assert run(["fit", *clips("a", "b"), "--workers", "2", "-v"]) == 0
    assert "b: Reading the input ..." in capsys.readouterr().err
    assert states("runs")["b"]["state"] == "done"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--workers", "0"], "--workers 0: give 1 or more"),
        (["--workers", "2", "--overwrite", "--resume"], "exclude each other"),
        (["--workers", "2", "-o", "a.bvh"], "-o/--output"),
        (["--ray", "auto"], "motionrecon[ray]"),
    ],
)
def test_wrong_usage(clips, capsys, monkeypatch, options, word):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(["fit", *clips("a", "b"), *options]) == 2
    err = capsys.readouterr().err
    assert word in err and err.strip().splitlines()[-1].startswith("motionrecon: error: ")
    assert not os.path.exists("runs")


def test_bad_inputs_alone_leave_nothing(clips, capsys):
    clips("broken")
    assert run(["fit", "none.bvh", "broken.bvh", "-q", "-o", "out/deep", "--workers", "2"]) == 2
    assert capsys.readouterr().err.count("motionrecon: error: ") == 2
    assert not os.path.exists("out")


def test_ctrl_c_stops_the_workers_and_the_manifest_says_so(clips):
    clips("slow", "a", "b")
    code = (
        "import importlib, sys\n"
        "if __name__ == '__main__':\n"
        "    from tests.fixtures import batch_work\n"
        "    importlib.import_module('motionrecon.cli.fit').fit_input = batch_work.fit_input\n"
        "    from motionrecon.cli.main import main\n"
        "    sys.argv = ['motionrecon', 'fit', 'slow.bvh', 'a.bvh', 'b.bvh', '-o', 'out', '--workers', '2']\n"
        "    main()\n"
    )
    Path("batch.py").write_text(code)
    process = subprocess.Popen(
        [sys.executable, "batch.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    for _ in range(600):
        if Path("out/b/metrics.json").exists() and Path("out/slow/.windows.npz").exists():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in err and "--resume" in err and "Traceback" not in err
    found = states()
    assert [found[name]["state"] for name in ("slow", "a", "b")] == ["interrupted", "done", "done"]


def children(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.slow
@pytest.mark.dataset
@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="finds the workers in /proc")
def test_a_killed_worker_of_a_real_batch(samples, tmp_path):
    names = ["02_01", "07_02", "08_01"]
    sources = [str(samples / "mocap" / "cmu" / f"{name}.bvh") for name in names]
    command = [sys.executable, "-m", "motionrecon", "fit", *sources, "-o", str(tmp_path / "out"), "--workers", "2"]
    command += ["--time-range", "0", "1", "--no-overlay"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    killed = None
    while killed is None:
        time.sleep(0.2)
        for pid in children(process.pid):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes() and list(tmp_path.glob("out/*/")):
                killed = pid
    os.kill(killed, signal.SIGKILL)
    out, err = process.communicate(timeout=3000)
    assert process.returncode == 1, err
    found = states(tmp_path / "out")
    assert sorted(found[name]["state"] for name in names) == ["done", "done", "failed"]
    assert "2 of 3 inputs done." in out and err.count("died (signal 9)") == 1
    again = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert {entry["state"] for entry in states(tmp_path / "out").values()} == {"done"}
    for name in names:
        assert (tmp_path / "out" / name / "motion.npz").is_file()
