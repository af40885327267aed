"""Single arrays: FreeMoCap's skeletons and points in a known order."""

import numpy as np
import pytest

from motionrecon.data import load
from motionrecon.data.formats import npy
from motionrecon.errors import DataError
from motionrecon.geometry.keypoint_layouts import H36M17, SMPL22
from motionrecon.geometry.keypoints import COCO17, MEDIAPIPE19


def _mediapipe(walking, count, unit=1000.0):
    values = np.full((30, count, 3), np.nan)
    values[:, list(MEDIAPIPE19)] = unit * walking(names=tuple(MEDIAPIPE19.values()))
    values[:, 33:] = 5000.0
    return values


@pytest.mark.parametrize("count", [33, 75, 543, 553])
def test_freemocap(tmp_path, walking, count):
    np.save(tmp_path / "mediapipe_body_3d_xyz.npy", _mediapipe(walking, count))
    found = load.load(tmp_path / "mediapipe_body_3d_xyz.npy", source_fps=30.0)
    order = [found.observation.names.index(n) for n in MEDIAPIPE19.values()]
    np.testing.assert_allclose(
        found.observation.keypoints3d[:, order], walking(names=tuple(MEDIAPIPE19.values())), atol=1e-9
    )
    assert found.recording.unit == "mm" and "30 Hz assumed" not in " ".join(found.warnings)


def test_order_by_limbs(tmp_path, walking):
    np.save(tmp_path / "a.npy", walking(names=H36M17))
    np.save(tmp_path / "b.npy", walking(names=COCO17))
    assert "pelvis, right_hip" in " ".join(npy.read(tmp_path / "a.npy").warnings)
    assert "nose, left_eye" in " ".join(npy.read(tmp_path / "b.npy").warnings)
    known = [i for i, n in enumerate(SMPL22) if n]
    values = np.zeros((30, 22, 3))
    values[:, known] = walking(names=tuple(SMPL22[i] for i in known))
    np.save(tmp_path / "c.npy", values)
    found = npy.read(tmp_path / "c.npy", fps=20.0)
    assert "left_ball" in found.observation.names and found.observation.fps == 20.0


def test_two_dimensions_with_confidence(tmp_path, walking):
    points = walking(names=COCO17)
    values = np.stack([400 + 300 * points[..., 0], 700 - 300 * points[..., 2], np.full(points.shape[:2], 0.8)], axis=-1)
    np.save(tmp_path / "a.npy", values)
    found = npy.read(tmp_path / "a.npy", fps=30.0, size=(1280, 720))
    np.testing.assert_allclose(found.observation.keypoints2d, values[..., :2])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 30, 33, 3)), "3 cameras"),
        (np.zeros((30, 33)), "has shape"),
        (np.zeros((30, 19, 3)), "no names for its 19 points"),
        (np.zeros((30, 33, 3)), "same in every frame"),
        (np.array([{"a": 1}], dtype=object), "Python objects"),
    ],
)
def test_refused(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataError, match=message):
        npy.read(tmp_path / "a.npy")
