"""AIST++ as a data set: cameras and floor fit the published clips; splits; what missing or broken files are told."""

import dataclasses
import json
import pickle

import cv2
import numpy as np
import pytest

from motionrecon.data.datasets import aist_dataset
from motionrecon.data.datasets.aist_dataset import AIST
from motionrecon.errors import DataError, InputError
from motionrecon.geometry import camera as cameras
from motionrecon.geometry.keypoints import COCO17

NAME = "gBR_sBM_cAll_d04_mBR0_ch01"
FLOORS = {"d06": 64.0, "d04": 64.0, "d02": 64.0}  # cm, each 62 to 66 by three independent means


@pytest.fixture
def root(tmp_path, walking):
    """One dance in the layout of the release, seen by camera c01."""
    for folder in ("keypoints3d", "keypoints2d", "cameras"):
        (tmp_path / folder).mkdir()
    points = walking(frames=130, names=COCO17) / 0.01 @ aist_dataset.aist.ROTATION + np.array([0.0, 64.0, 0.0])
    settings = [
        {
            "name": f"c{i:02d}", "size": [1920, 1080], "matrix": [[1300, 0, 960], [0, 1300, 540], [0, 0, 1]],
            "distortions": [-0.1, 0, 0, 0, 0], "rotation": [3.1 - 0.1 * i, 0.02, 0.01], "translation": [1.0, 150, 450],
        }
        for i in range(1, 10)
    ]  # fmt: skip
    views = []
    for view in settings:
        pixels, _ = cv2.projectPoints(
            points.reshape(-1, 3), np.array(view["rotation"]), np.array(view["translation"]),
            np.array(view["matrix"], float), np.array(view["distortions"]),
        )  # fmt: skip
        views.append(np.concatenate([pixels.reshape(-1, 17, 2), np.full((130, 17, 1), 0.9)], axis=-1))
    seen = np.array(views, np.float32)
    seen[0, 3, 5] = np.nan
    seen[0, 7, 2] = 0.0, 0.0, 0.14  # a score that AIST++ itself leaves out
    (tmp_path / "keypoints3d" / f"{NAME}.pkl").write_bytes(pickle.dumps({"keypoints3d_optim": points}))
    (tmp_path / "keypoints2d" / f"{NAME}.pkl").write_bytes(pickle.dumps({"keypoints2d": seen}))
    (tmp_path / "cameras" / "setting1.json").write_text(json.dumps(settings))
    (tmp_path / "cameras" / "mapping.txt").write_text(f"{NAME} setting1\n")
    return tmp_path


def at(clip, number):
    return dataclasses.replace(clip, key=clip.key.replace("c01", f"c{number:02d}"), camera=f"c{number:02d}")


def test_every_camera_sees_the_points_where_its_2d_is(root):
    found = AIST(root)
    (clip,) = found.clips("all")
    assert clip.frames == (0, 120) and clip.subject == "d04" and clip.camera == "c01"
    for number in range(1, 10):
        loaded = found.load(at(clip, number))
        pixels = np.asarray(cameras.project(loaded.camera, loaded.observation.keypoints3d))
        image = loaded.image
        off = np.linalg.norm(pixels - image.keypoints2d, axis=-1)
        assert off[image.confidence > 0].max() < 0.01
    assert loaded.observation.fps == 60.0 and len(loaded.truth) == 120
    first = found.load(clip).image
    assert np.argwhere(first.confidence == 0).tolist() == [[3, 5], [7, 2]] and np.isfinite(first.keypoints2d).all()


def test_published_clips(samples):
    root = samples / "aistpp" / "annotation"
    if not root.is_dir():
        pytest.skip("no AIST++ sample")
    found = AIST(root)
    for clip in found.clips("whole"):
        for number in range(1, 10):
            loaded = found.load(at(clip, number))
            image = loaded.image
            pixels = np.asarray(cameras.project(loaded.camera, loaded.observation.keypoints3d))
            off = np.linalg.norm(pixels - image.keypoints2d, axis=-1)[image.confidence > 0]
            assert np.median(off) <= 10.0, (clip.key, number)
        floor = float(loaded.floor.split()[0])
        assert abs(floor - FLOORS[clip.subject]) <= 3.0


def test_splits(root):
    found = AIST(root)
    paper = found.clips("paper")
    assert len(paper) == 15 and {c.frames for c in paper} == {(0, 120)}
    assert found.default_split("video") == "all"
    assert found.clips("whole")[0].frames is None
    with pytest.raises(DataError, match="this dance of the split is not there"):
        found.load(paper[0])
    with pytest.raises(InputError, match="--split papr"):
        found.clips("papr")
    assert {f.status for f in found.check() if f.name in aist_dataset.PAPER} == {"missing"}


def test_missing_and_broken_files(root, tmp_path):
    found = AIST(root)
    (clip,) = found.clips("all")
    with pytest.raises(DataError, match="130 frames, 1-200 are needed"):
        found.load(dataclasses.replace(clip, frames=(0, 200)))
    (root / "keypoints2d" / f"{NAME}.pkl").write_bytes(pickle.dumps({"keypoints2d": np.zeros((9, 130, 17))}))
    with pytest.raises(DataError, match="keypoints2d has shape"):
        found.load(clip)
    (root / "keypoints2d" / f"{NAME}.pkl").write_bytes(pickle.dumps({"keypoints2d": np.zeros((9, 100, 17, 3))}))
    with pytest.raises(DataError, match="has 100 frames, 1-120 are needed"):
        found.load(clip)
    (root / "keypoints2d" / f"{NAME}.pkl").unlink()
    assert found.load(clip).image is None
    (root / "cameras" / "mapping.txt").write_text("other setting1\n")
    with pytest.raises(DataError, match=f"no line for {NAME}"):
        AIST(root).load(clip)
    (root / "cameras" / "mapping.txt").unlink()
    assert AIST(root).load(clip).camera is None
    with pytest.raises(DataError, match=r"not found: keypoints3d"):
        AIST(tmp_path / "cameras")


def test_films_beside_the_annotations(root):
    (root / "videos").mkdir()
    (root / "videos" / f"{NAME.replace('cAll', 'c01')}.mp4").write_bytes(b"film")
    found = AIST(root)
    assert found.load(found.clips("all")[0]).film.path.name == f"{NAME.replace('cAll', 'c01')}.mp4"
