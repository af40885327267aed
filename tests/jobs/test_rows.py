"""Rows on disk: found by their key, kept for the same options only, named where they are broken."""

import pytest

from motionrecon.errors import CheckpointError
from motionrecon.jobs import rows
from motionrecon.jobs.rows import Rows

OPTIONS = {"noise": 5.0, "methods": ["a"]}
KEYS = [
    ("walk",), ("run",), ("S9/Walking 1/60457274",), ("S9_Walking_1_60457274",), ("..",), ("",), ("x" * 200,),
    ("x" * 201,), ("paper", "sphere-2-adam"), ("paper", "sphere-2-optimus-small+leak"), ("über",),
]  # fmt: skip


def opened(folder, *, resume, options=OPTIONS):
    return Rows(folder, rows.mark(options), options, resume=resume)


def test_every_key_has_its_own_row(tmp_path):
    store = opened(tmp_path, resume=False)
    assert all(store.read(*key) is None for key in KEYS)
    for number, key in enumerate(KEYS):
        store.write({"number": number}, *key)
    again = opened(tmp_path, resume=True)
    assert [again.read(*key) for key in KEYS] == [{"number": number} for number in range(len(KEYS))]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == len(KEYS) + 1 and all((tmp_path / "rows") in path.parents for path in files)
    assert (tmp_path / "rows" / "paper" / "sphere-2-adam.json").is_file()


def test_without_resume_they_are_gone(tmp_path):
    opened(tmp_path, resume=False).write({}, "walk")
    assert opened(tmp_path, resume=False).read("walk") is None


def test_other_options_are_named(tmp_path):
    opened(tmp_path, resume=False)
    with pytest.raises(CheckpointError, match=r"other options \(noise 5.0\)"):
        opened(tmp_path, resume=True, options={**OPTIONS, "noise": 6.0})
    with pytest.raises(CheckpointError, match=r"\(version\)"):
        Rows(tmp_path, "other", OPTIONS, resume=True)


def test_broken_files_are_named(tmp_path):
    store = opened(tmp_path, resume=False)
    store.write({}, "walk")
    path = tmp_path / "rows" / "walk.json"
    path.write_text("{")
    with pytest.raises(CheckpointError, match=r"walk\.json: cannot be read"):
        store.read("walk")


def test_marks_are_equal_for_equal_options_only():
    assert rows.mark({"a": 1, "b": 2}) == rows.mark({"b": 2, "a": 1})
    assert rows.mark({"a": 1}) != rows.mark({"a": 2})
