"""The command as the shell sees it: help, exit codes, one line for what goes wrong."""

import subprocess
import sys
import time

import pytest

from motionrecon import __version__
from motionrecon.cli.main import run


def shell(*arguments, env=None):
    return subprocess.run([sys.executable, "-m", "motionrecon", *arguments], capture_output=True, text=True, env=env)


def test_without_arguments_prints_help():
    done = shell()
    assert done.returncode == 0
    assert "fit" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(("command", "option"), [("fit", "--time-range"), ("eval", "--optimizer")])
def test_help_is_quick_and_loads_nothing_heavy(command, option):
    code = (
        f"import sys; from motionrecon.cli.main import run; code = run(['{command}', '--help'])\n"
        "heavy = {'jax', 'numpy', 'cv2', 'scipy', 'brax', 'mediapipe', 'matplotlib', 'ray'} & set(sys.modules)\n"
        "sys.exit(code or (repr(heavy) if heavy else 0))"
    )
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        seconds.append(time.perf_counter() - started)
        assert done.returncode == 0, done.stderr
    assert option in done.stdout
    assert min(seconds) < 0.5


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"motionrecon {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["fit"], "Missing argument"),
        (["fti"], "fti"),
        (["fit", "a.bvh", "--heigth", "1.8"], "--height"),
        (["fit", "a.bvh", "--height", "tall"], "--height"),
        (["fit", "a.bvh", "--optimizer", "newton"], "gauss-newton"),
        (["fit", "a.bvh", "--time-range", "1"], "--time-range"),
        (["fit", "a.bvh", "--overwrite", "--resume"], "exclude"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments, word, capsys):
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("motionrecon: error: ")
    assert word in err


def test_another_python_is_refused_in_one_line():
    code = "import sys; sys.version_info = (3, 13, 0, 'final', 0)\nimport motionrecon.cli.main"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11 or 3.12, this is 3.13" in done.stderr
