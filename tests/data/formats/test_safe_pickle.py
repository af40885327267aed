"""Object arrays in NPZ files: plain containers of arrays load, everything else is refused before it runs."""

import pickle

import numpy as np
import pytest

from motionrecon.data.formats import safe_pickle
from motionrecon.errors import DataError


def test_nested_dicts_of_arrays_load(tmp_path):
    content = {"S1": {"Walking 1": np.arange(6.0).reshape(2, 3)}}
    views = {"S1": {"Walking 1": [np.ones((2, 2)), np.zeros((3, 2))]}}
    np.savez_compressed(
        tmp_path / "a.npz", a=np.array(content, dtype=object), b=np.array(views, dtype=object), c=[1, 2]
    )
    found = safe_pickle.load_npz(tmp_path / "a.npz")
    np.testing.assert_array_equal(found["a"]["S1"]["Walking 1"], content["S1"]["Walking 1"])
    assert [len(v) for v in found["b"]["S1"]["Walking 1"]] == [2, 3]
    assert found["c"].tolist() == [1, 2]
    assert safe_pickle.nested(found, "a", tmp_path) is found["a"]
    with pytest.raises(DataError, match="'missing'"):
        safe_pickle.nested(found, "missing", tmp_path)


class _Evil:
    def __reduce__(self):
        return (print, ("this must never run",))


def test_nothing_else_is_built(tmp_path, capsys):
    np.savez_compressed(tmp_path / "evil.npz", positions_3d=np.array({"S1": _Evil()}, dtype=object))
    with pytest.raises(DataError, match=r"evil\.npz.*builtins\.print"):
        safe_pickle.load_npz(tmp_path / "evil.npz")
    assert "never" not in capsys.readouterr().out


def test_broken_archives_are_one_line(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.array({"x": np.zeros(1000)}, dtype=object))
    whole = (tmp_path / "a.npz").read_bytes()
    for name, content in (("cut", whole[: len(whole) // 2]), ("empty", b""), ("text", b"hello")):
        (tmp_path / f"{name}.npz").write_bytes(content)
        with pytest.raises(DataError, match=f"{name}.npz"):
            safe_pickle.load_npz(tmp_path / f"{name}.npz")
    with pytest.raises(DataError, match="no such file"):
        safe_pickle.load_npz(tmp_path / "absent.npz")
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(DataError, match="pickle of list"):
        safe_pickle.load_arrays(tmp_path / "list.pkl")
