"""``motionrecon train-optimizer`` as the shell sees it: help, one line for what is wrong, a run and its resumption."""

import os
import signal
import subprocess
import sys

import pytest

from motionrecon.cli.main import run

RUN = ["train-optimizer", "--rule", "adafactor-mlp", "--preset", "smoke", "-o", "out"]
SHORT = [*RUN, "--estimator", "bptt:3", "--replicas", "2"]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def test_help_loads_no_jax():
    code = "import sys; from motionrecon.cli.main import run; "
    code += "run(['train-optimizer', '-h']); sys.exit('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and "--estimator" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--rule", "optimos"], "did you mean 'optimus'"),
        (["--tasks", "physics"], "--tasks physics is not available yet; give classical or rosenbrock"),
        (["--estimator", "bppt"], "--estimator bppt: choose from pes, nres, bptt"),
        (["--dimensions", "4;12"], "--dimensions 4;12: give whole numbers"),
        (["--minutes", "0"], "--minutes 0: give a time above 0"),
        (["--workers", "0"], "--workers 0: give 1 or more"),
        (["--workers", "2"], "--shards 2"),
        (["--std", "-1"], "std -1: give a number above 0"),
        (["--resume"], "nothing to go on from"),
        (["--resume", "--overwrite"], "exclude each other"),
        (["--begin-with", "nowhere.npz"], "nowhere.npz: no such weights file"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, word, capfd):
    assert run([*SHORT, *arguments]) == 2
    lines = [
        line
        for line in capfd.readouterr().err.splitlines()
        if not line.startswith(("Usage", "Try", "motionrecon train"))
    ]
    assert word in "\n".join(lines)
    assert len([line for line in lines if line.strip()]) == 1
    assert not os.path.exists("out"), "an empty folder was left behind"


def test_a_run_its_resumption_and_what_is_refused(capfd):
    assert run([*SHORT, "--minutes", "1e-6"]) == 0
    assert "go on with --resume" in capfd.readouterr().out
    assert run([*SHORT, "--resume", "--seed", "4"]) == 2
    assert "seed 4, not 0" in capfd.readouterr().err
    assert run(SHORT) == 2
    assert "holds results already" in capfd.readouterr().err
    assert run([*SHORT, "--resume"]) == 0
    shown = capfd.readouterr()
    assert "Done after 3 meta-steps" in shown.out and "[3/3] bptt, meta-loss" in shown.err


@pytest.mark.slow
def test_a_stop_from_outside_stores_the_run():
    command = [sys.executable, "-m", "motionrecon", *RUN, "--estimator", "bptt:100000"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("[20/"):
            break
    process.send_signal(signal.SIGTERM)
    told = process.stderr.read()
    assert process.wait(60) == 130
    assert "--resume" in told and os.path.exists("out/checkpoint.npz") and os.path.exists("out/weights.npz")
