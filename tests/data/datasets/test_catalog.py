"""Data sets by name: found below the root, and one line where they are not; the two that need no download."""

import shutil

import numpy as np
import pytest

from motionrecon.data.datasets import catalog
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.errors import DataError, InputError
from motionrecon.geometry import camera as cameras
from tests.fixtures import h36m_files


def test_root_from_argument_or_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("MOTIONRECON_DATA", raising=False)
    assert catalog.data_root(None) is None
    monkeypatch.setenv("MOTIONRECON_DATA", str(tmp_path))
    assert catalog.data_root(None) == tmp_path
    with pytest.raises(InputError, match=r"--data-root .*nowhere: no such folder"):
        catalog.data_root(tmp_path / "nowhere")
    monkeypatch.setenv("MOTIONRECON_DATA", str(tmp_path / "gone"))
    with pytest.raises(InputError, match="MOTIONRECON_DATA"):
        catalog.data_root(None)


def test_found_in_the_root_and_below(tmp_path):
    h36m_files.write_npz(tmp_path / "sets/h36m/data_3d_h36m.npz", {"S9": {"Walking": h36m_files.motion()}})
    for root in (tmp_path, tmp_path / "sets/h36m", tmp_path / "sets/h36m/data_3d_h36m.npz"):
        assert catalog.open_dataset("h36m", root).root == tmp_path / "sets/h36m"
    with pytest.raises(DataError, match="aist not found in it or below"):
        catalog.open_dataset("aist", tmp_path)
    with pytest.raises(InputError, match="did you mean"):
        catalog.open_dataset("h36n", tmp_path)
    with pytest.raises(DataError, match="--dataset synthetic"):
        catalog.open_dataset("aist", None)


def test_synthetic_needs_nothing():
    found = catalog.open_dataset("synthetic")
    assert len(found.clips("all")) == 28 and found.default_split("mocap") == "varied"
    walks = [c for c in found.clips("varied") if c.action == "walk"]
    assert len(walks) == 4
    loaded = [found.load(c) for c in walks[:2]]
    assert loaded[0].height != loaded[1].height
    assert abs(loaded[0].truth[-1, 0, 0] - loaded[1].truth[-1, 0, 0]) > 0.01  # another speed too
    assert set(found.joint_set.joints) <= set(loaded[0].reference.names)
    assert next(found.check()).status == "present"


def test_synthetic_films_are_drawn_once(tmp_path, monkeypatch):
    drawn = []

    def draw(key, path, height, seed):
        drawn.append((key, height, seed))
        path.write_bytes(b"film")

    monkeypatch.setattr(synthetic_clips, "render", draw)
    found = catalog.open_dataset("synthetic")
    found.root = tmp_path
    first, second = (c for c in found.clips("varied") if c.key in ("walk/oblique/0", "walk/oblique/1"))
    assert found.load(first).film.draw() == found.film(first)
    assert found.film(second) != found.film(first)
    assert len(drawn) == 2 and len(list(tmp_path.iterdir())) == 2


def test_mocap_folder(tmp_path, walking):
    np.savez(tmp_path / "a.npz", names=_names(), positions=walking(), fps=30.0)
    (tmp_path / "below").mkdir()
    shutil.copy(tmp_path / "a.npz", tmp_path / "below" / "b.npz")
    (tmp_path / "broken.bvh").write_text("HIERARCHY\nROOT Hips\n")
    found = catalog.open_dataset("mocap", tmp_path)
    assert [c.key for c in found.clips("all")] == ["a.npz", "below/b.npz", "broken.bvh"]
    loaded = found.load(found.clips("all")[1])
    np.testing.assert_allclose(loaded.truth, walking(), atol=1e-9)
    pixels = np.asarray(cameras.project(loaded.camera, loaded.truth))
    assert (pixels > 0).all() and (pixels < loaded.camera.size).all()
    assert [f.status for f in found.check()] == ["present", "present", "corrupt"]
    with pytest.raises(DataError, match="not found: any motion capture"):
        catalog.open_dataset("mocap", tmp_path / "below" / "..") and catalog.open_dataset("mocap", _empty(tmp_path))


def _names():
    from motionrecon.geometry.keypoints import MOCAP18

    return np.array(MOCAP18)


def _empty(folder):
    (folder / "empty").mkdir()
    return folder / "empty"
