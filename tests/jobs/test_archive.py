"""Archives: what was written comes back, and anything damaged says so."""

import numpy as np
import pytest

from motionrecon.jobs import archive
from motionrecon.jobs.archive import ArchiveError

HEAD = {"version": 1, "name": "über", "list": [1, None, 2.5]}
ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b.0": np.array([True, False]), "c": np.zeros((0, 3), np.float32)}


@pytest.mark.parametrize("compressed", [False, True])
def test_what_was_written_comes_back(tmp_path, compressed):
    path = tmp_path / "x.npz"
    archive.write(path, HEAD, ARRAYS, compressed=compressed)
    head, arrays = archive.read(path)
    assert head == HEAD and set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
    whole = path.read_bytes()
    for content in (b"", b"PK\x03\x04", b"none", whole[: len(whole) // 2], whole[:-40]):
        path.write_bytes(content)
        with pytest.raises(ArchiveError):
            archive.read(path)
    for middle in range(60, len(whole) - 60, 37):  # a byte turned somewhere: told, or no matter
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :])
        try:
            archive.read(path)
        except ArchiveError:
            continue


def test_other_archives_are_refused(tmp_path):
    path = tmp_path / "x.npz"
    for content in ({"x": np.zeros(2)}, {"header": np.array("not json")}, {"header": np.array("[1]")}):
        np.savez(path, **content)
        with pytest.raises(ArchiveError):
            archive.read(path)
    with pytest.raises(FileNotFoundError):
        archive.read(tmp_path / "none.npz")
