"""What the documents promise is there: commands, options, files, keys, layers."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from motionrecon import biomechanics, config
from motionrecon.biomechanics import joint_axes
from motionrecon.cli import main
from motionrecon.evaluate import suite
from motionrecon.results import export, result_folder
from motionrecon.results.export import npz
from tests.fixtures import walking_result

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def blocks(text):
    return re.findall(r"```sh\n(.*?)```", text, flags=re.S)


PLACEHOLDER = re.compile(r"INPUT|DATASET|SEQUENCE|RESULT_FOLDER|\.\.\.|\[|\|")


def written(document):
    """Every command of a document: lines of its shell blocks, and what stands in backticks."""
    text = document.read_text(encoding="utf-8")
    inline = re.sub(r"```.*?```", "", text, flags=re.S)
    yield from "\n".join(blocks(text)).splitlines()
    yield from (" ".join(code.split()) for code in re.findall(r"`(motionrecon [^`]*)`", inline))


def commands(words):
    for document in DOCUMENTS:
        for line in dict.fromkeys(written(document)):
            found = re.search(rf"motionrecon ({words}(?: .*)?)$", line)
            if found and not PLACEHOLDER.search(line):
                yield pytest.param(found[1], id=f"{document.name}: {found[1]}")


def split(command):
    """The names of a command's commands, the last of them, and its arguments."""
    words, names, found = shlex.split(command, comments=True), [], main.cli
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        names.append(words[0])
        found, words = found.commands[words[0]], words[1:]
    return tuple(names), found, words


def parse(command):
    """Parse a command as the shell would, without running it; one without arguments is only named."""
    names, found, words = split(command)
    if words and not {"--help", "-h"} & set(words):
        found.make_context(names[-1], words, parent=main.cli.make_context("motionrecon", []))


OTHERS = f"(?:{'|'.join(sorted(set(main.cli.commands) - {'fit'}))})"


def test_readme_opens_with_the_two_commands():
    first, second = blocks(README)[:2]
    assert len(first.splitlines()) == len(second.splitlines()) == 1
    assert README.index(first) < 400
    assert "-m venv" in first
    assert "pip install" in first
    assert "motionrecon fit examples/" in first
    assert "pytest" in second
    assert f"{second.split('-m pytest ')[1].strip()}" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("command", commands(OTHERS))
def test_documented_evaluations_parse(command):
    parse(command)


def documented():
    return sorted({split(found.values[0])[0] for found in commands(f"(?:fit|{OTHERS[3:-1]})")})


def test_every_command_is_documented():
    tops = {name for name, *_ in documented()}
    assert tops == set(main.cli.commands)


@pytest.mark.parametrize("names", documented(), ids=" ".join)
def test_help_of_every_documented_command(names, capsys):
    assert main.run([*names, "--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"Usage: motionrecon {' '.join(names)}") and "--help" in out and err == ""


def test_suites_of_the_documents_are_those_there_are():
    names = set(suite.available())
    named = {
        name for document in DOCUMENTS for line in written(document) for name in re.findall(r"--suite ([a-z]+)", line)
    }
    assert named == names
    table = (ROOT / "docs" / "eval.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in table for name in names)
    assert all(name in next(p.help for p in main.evaluate.params if p.name == "suite") for name in names)


def test_every_option_of_eval_is_documented():
    table = (ROOT / "docs" / "eval.md").read_text(encoding="utf-8")
    for parameter in main.evaluate.params:
        longest = max(parameter.opts, key=len)
        assert f"`{longest}" in table, longest


@pytest.mark.parametrize("command", commands("fit"))
def test_documented_commands_parse(command):
    parse(command)


def test_files_of_the_first_command_are_bundled():
    names = re.findall(r"examples/[\w.]+", blocks(README)[0])
    assert len(names) == 3
    for name in names:
        assert (ROOT / name).is_file(), name


def test_every_option_is_documented_with_its_default():
    table = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for parameter in main.fit.params:
        if isinstance(parameter, click.Option):
            longest = max(parameter.opts, key=len)
            assert longest in table, longest
    for section in config.to_dict(config.Config()).items():
        for key in section[1]:
            assert f"`{section[0]}.{key}`" in table
    for key in ("window", "overlap"):
        assert re.search(rf"`optimizer.{key}` \| {getattr(config.OptimizerOptions(), key)} ", table)


def test_every_result_key_is_documented():
    table = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    for key in (*npz.REQUIRED, *npz.motion_arrays(walking_result.walking_result(frames=60))):
        assert f"`{key}`" in table or key.startswith("simulation_"), key


def test_every_joint_angle_is_documented():
    text = (ROOT / "docs" / "biomechanics.md").read_text(encoding="utf-8")
    for axes in joint_axes.ALL:
        for angle in axes.angles:
            assert f"`{angle}`" in text, angle
    for key in walking_gait():
        assert f"`{key}`" in (ROOT / "docs" / "results.md").read_text(encoding="utf-8"), key


def walking_gait() -> dict:
    return biomechanics.gait_summary(biomechanics.analyze(walking_result.walking_result(frames=60)))


def test_formats_agree():
    assert set(config.FORMATS) == set(result_folder.FORMATS)
    assert export.__name__ == "motionrecon.results.export"


def test_links_lead_somewhere():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_layout_names_exist():
    layout = README.split("## Layout")[1].split("```")[1]
    names = ["pyproject.toml", "motionrecon/", "physics/", "data/", "models/", "cli/", "tests/"]
    places = [layout.index(name) for name in names]
    assert places == sorted(places)
    for name in names:
        assert (ROOT / name).exists() or (ROOT / "motionrecon" / name).exists()


def test_both_opencv_packages_stay_at_one_version():
    pins = {p.split("==")[0]: p.split("==")[1] for p in PROJECT["project"]["dependencies"] if p.startswith("opencv")}
    assert set(pins) == {"opencv-python", "opencv-contrib-python"}
    assert len(set(pins.values())) == 1


def test_lock_file_names_public_places_only():
    hosts = set(re.findall(r"(?:https?|file)://[^/\"]*", (ROOT / "uv.lock").read_text(encoding="utf-8")))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}


def test_no_source_package_is_ignored():
    for line in (ROOT / ".gitignore").read_text().split():
        assert line.strip("/") not in {"data", "models", "physics", "cli"}


def test_importing_the_package_loads_no_jax():
    code = "import sys, motionrecon, motionrecon.config, motionrecon.cli.main; print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_import_contracts_hold():
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
