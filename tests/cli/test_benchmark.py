"""``motionrecon benchmark``: what it refuses, and a small run through the command line."""

import re
import shlex
from pathlib import Path

import pytest

from motionrecon.cli import main

DOCUMENT = (Path(__file__).parents[2] / "docs" / "classical.md").read_text(encoding="utf-8")


def ends(capsys, *words, code=2):
    assert main.run(["benchmark", "classical", *words]) == code
    return capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--functions", "ackly"], "--functions ackly: unknown; did you mean 'ackley'?"),
        (["--columns", "shifted"], "--columns shifted: unknown; choose from paper, offset, rotated"),
        (["--dims", "ten"], "--dims ten: give whole numbers from 1 to 10000"),
        (["--dims", "1", "--functions", "rosenbrock"], "Rosenbrock is not defined for d = 1"),
        (["--methods", "scipy-bfg"], "unknown method 'scipy-bfg'; did you mean 'scipy-bfgs'?"),
        (["--methods", ","], "--methods: names nothing"),
        (["--starts", "0"], "starts = 0: give 1 or more"),
        (["--workers", "0"], "--workers 0: give 1 or more"),
        (["--weights", "optimus"], "--weights optimus: give NAME=FILE"),
        (["--methods", "adam", "--weights", "optimus=x"], "not among the methods"),
        (["--methods", "adafactor-mlp", "--weights", "adafactor-mlp=no.npz"], "no.npz"),
        (["--overwrite", "--resume"], "exclude each other"),
    ],
)
def test_bad_usage_is_one_line(capsys, tmp_path, words, said):
    out = ends(capsys, *words, "-o", str(tmp_path / "run"))
    assert said in out.err
    assert len(out.err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_small_run_and_going_on(capsys, tmp_path):
    folder = tmp_path / "run"
    words = ["--methods", "scipy-bfgs,shrink-bfgs", "--functions", "sphere,trid", "--dims", "3", "--starts", "2",
             "--iterations", "15", "--workers", "1", "--no-figures", "-o", str(folder)]  # fmt: skip
    out = ends(capsys, *words, code=0)
    assert "[12/12] rotated trid 3d shrink-bfgs" in out.err
    assert "Who is first, column offset" in out.out
    assert "is a control" in out.out
    assert (folder / "tables.md").is_file()
    assert "holds results already" in ends(capsys, *words).err
    again = ends(capsys, *words, "--resume", code=0)
    assert "[1/" not in again.err
    assert "other options (iterations 15)" in ends(capsys, *words, "--resume", "--iterations", "16").err
    assert ends(capsys, *words, "--resume", "-q", code=0).out == ""


def test_every_option_is_documented_and_documented_commands_parse():
    command = main.cli.commands["benchmark"].commands["classical"]
    table = DOCUMENT.split("## Options")[1]
    for parameter in command.params:
        assert max(parameter.opts, key=len) in table, parameter.name
    lines = re.findall(r"motionrecon benchmark classical (.*)", DOCUMENT.split("```")[1])
    assert len(lines) == 4
    for line in lines:
        command.make_context("classical", shlex.split(line))


def test_documented_python_runs():
    code = re.findall(r"```python\n(.*?)```", DOCUMENT, flags=re.S)[0]
    names = {}
    exec(code, names)
    assert names["loss"] > 0
    assert names["gradient"].shape == (20,)
