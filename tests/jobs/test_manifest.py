"""The manifest: every change is on disk at once, and what is left says how it ended."""

import json
from pathlib import Path

import pytest

from motionrecon.errors import InputError
from motionrecon.jobs.manifest import NAME, Manifest


def states(root):
    return [entry["state"] for entry in json.loads((root / NAME).read_text())["inputs"]]


def inputs(root):
    return [(f"{name}.bvh", root / name) for name in ("a", "b", "c")]


def test_states_as_they_change(tmp_path):
    root = tmp_path / "deep" / "out"
    with pytest.raises(KeyboardInterrupt), Manifest(root, inputs(root)) as manifest:
        assert states(root) == ["waiting"] * 3
        manifest.began(0)
        manifest.began(1)
        assert states(root) == ["running", "running", "waiting"]
        manifest.done(0, 12.34)
        assert states(root) == ["done", "running", "waiting"]
        raise KeyboardInterrupt
    assert states(root) == ["done", "interrupted", "waiting"]
    with Manifest(root, inputs(root)) as manifest:
        manifest.done(0)  # in the earlier run
        manifest.failed(1, "b.bvh: broken", 1.0)
        (root / "a").mkdir()
    entries = json.loads((root / NAME).read_text())["inputs"]
    assert [(e["state"], e["seconds"], e["error"]) for e in entries] == [
        ("done", 12.3, None), ("failed", 1.0, "b.bvh: broken"), ("waiting", None, None)
    ]  # fmt: skip
    assert manifest.count("failed") == 1


@pytest.mark.parametrize("error", [None, ValueError])
def test_nothing_is_left_of_nothing(tmp_path, error):
    root = tmp_path / "deep" / "out"
    try:
        with Manifest(root, inputs(root)) as manifest:
            manifest.failed(0, "broken", 0.0)
            if error is not None:
                raise error
    except ValueError:
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_one_and_none_at_all(tmp_path):
    (tmp_path / NAME).write_text("[1]")
    with Manifest(tmp_path, inputs(tmp_path)) as manifest:
        manifest.done(0)
        (tmp_path / "a").mkdir()
    assert states(tmp_path)[0] == "done"
    with Manifest(None, inputs(tmp_path)) as manifest:
        manifest.began(0)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="-o/--output"), Manifest(Path(tmp_path, "file"), inputs(tmp_path)):
        pass
