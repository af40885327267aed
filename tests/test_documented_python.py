"""The Python that the documents print is run, each block as it stands, in a folder that holds what it reads."""

import re
from pathlib import Path

import numpy as np
import pytest

import motionrecon
from motionrecon.results.export import npz
from tests.fixtures import small_clip, walking_result

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
SLOW = ("minimize(", "replay(")  # blocks that simulate or minimize for real


def blocks():
    for document in DOCUMENTS:
        found = re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), flags=re.S)
        for number, code in enumerate(found, 1):
            name = f"{document.name} {number}"
            yield pytest.param(code, id=name, marks=[pytest.mark.slow] if any(word in code for word in SLOW) else [])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A result in runs/walk, as the README's first command leaves it, and the examples."""
    (tmp_path / "runs" / "walk").mkdir(parents=True)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    npz.write_motion(walking_result.walking_result(frames=60), tmp_path / "runs" / "walk" / "motion.npz")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", blocks())
def test_python_of_the_documents_runs(code, folder, monkeypatch):
    if "motionrecon.fit(" in code:  # the fit itself: test_the_documented_fit_of_a_film
        (folder / "runs" / "walk" / "motion.npz").unlink()
        result = walking_result.walking_result("video", frames=45)
        asked = []
        monkeypatch.setitem(vars(motionrecon), "fit", lambda *given: asked.append(given) or result)
        exec(compile(code, "block", "exec"), {})
        assert asked[0][0] == "examples/walk.mp4" and asked[0][1].person.height == 1.75
        assert (folder / "runs" / "walk" / "motion.npz").is_file()
        return
    if "replay(" in code:
        (folder / "out").mkdir()
        npz.write_motion(small_clip.result(), folder / "out" / "motion.npz")
    exec(compile(code, "block", "exec"), {})


@pytest.mark.slow
def test_the_documented_fit_of_a_film(folder):
    (code,) = (block.values[0] for block in blocks() if "motionrecon.fit(" in block.values[0])
    (folder / "runs" / "walk" / "motion.npz").unlink()
    names = {}
    exec(compile(code, "block", "exec"), names)
    assert np.asarray(names["result"].rollout.joint_pos).ndim == 3
    assert (folder / "runs" / "walk" / "metrics.json").is_file()


def test_there_are_blocks_to_run():
    named = {block.id for block in blocks()}
    assert {"README.md 1", "python.md 1", "python.md 2", "results.md 2"} <= named
