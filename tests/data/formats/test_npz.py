"""NPZ: named 3D positions, our own result, 2D keypoints, and archives that must not be trusted."""

import numpy as np
import pytest

from motionrecon.data.formats import npz
from motionrecon.errors import DataError
from motionrecon.geometry import skeleton
from motionrecon.geometry.keypoints import COCO17, MOCAP18


@pytest.mark.parametrize(("key", "names"), [("positions", "names"), ("keypoints3d", "joint_names")])
def test_named_positions(tmp_path, walking, key, names):
    points = walking()
    points[3, 2] = np.nan
    np.savez(tmp_path / "a.npz", **{key: points, names: np.array(MOCAP18), "fps": 60})
    found = npz.read(tmp_path / "a.npz")
    seen = found.observation.confidence > 0
    assert np.argwhere(~seen).tolist() == [[3, 2]]
    np.testing.assert_allclose(found.observation.keypoints3d[seen], points[seen])
    assert found.observation.fps == 60.0 and found.observation.names == MOCAP18 and found.recording.unit == "m"


def test_foreign_names_and_units(tmp_path, walking):
    legs = [side + name for side in ("Left", "Right") for name in ("UpLeg", "Leg", "Foot", "Toe")]
    arms = [side + name for side in ("Left", "Right") for name in ("Arm", "ForeArm", "Hand")]
    labels = ["Hips", "Spine9", "Neck", "Head", *legs, *arms]
    np.savez(tmp_path / "a.npz", positions=100 * walking(), names=labels, fps=30)
    found = npz.read(tmp_path / "a.npz")
    k = found.observation.names.index("left_knee")
    np.testing.assert_allclose(found.observation.keypoints3d[:, k], walking()[:, MOCAP18.index("left_knee")])
    assert found.recording.unit == "cm" and any("Spine9" in w for w in found.warnings)


def test_unnamed_positions_say_what_was_assumed(tmp_path, walking):
    np.savez(tmp_path / "a.npz", positions=walking(names=COCO17))
    found = npz.read(tmp_path / "a.npz")
    assert found.observation.names == COCO17
    assert any("not named" in w for w in found.warnings) and any("30 Hz" in w for w in found.warnings)


def test_own_result(tmp_path, walking):
    height, frames = 1.7, 20
    body = skeleton.template(height)
    rng = np.random.default_rng(3)
    root = np.cumsum(rng.normal(size=(frames, 3)) * 0.01, axis=0)
    quats = rng.normal(size=(frames, 14, 4)) * 0.1 + np.array([1.0, 0, 0, 0])
    quats /= np.linalg.norm(quats, axis=-1, keepdims=True)
    joint_pos, joint_rot = skeleton.forward_kinematics(body, root, quats)
    truth = np.asarray(skeleton.site_positions(skeleton.template_sites(MOCAP18, height), joint_pos, joint_rot))
    np.savez(
        tmp_path / "motion.npz",
        joint_names=np.array(body.names),
        joint_positions=np.asarray(joint_pos),
        joint_quaternions=quats,
        fps=30.0,
    )
    found = npz.read(tmp_path / "motion.npz")
    assert found.observation.names == MOCAP18
    np.testing.assert_allclose(found.observation.keypoints3d, truth, atol=1e-9)
    with np.load(tmp_path / "motion.npz") as archive:
        arrays = dict(archive)
    toe = truth[:, :1] + 1.0
    np.savez(tmp_path / "more.npz", **arrays, keypoint_names=["left_toe"], keypoint_positions=toe, body_height=height)
    more = npz.read(tmp_path / "more.npz").observation
    assert more.names == (*MOCAP18, "left_toe")
    np.testing.assert_allclose(more.keypoints3d, np.concatenate([truth, toe], axis=1), atol=1e-9)


def test_2d_keypoints(tmp_path, walking):
    pixels = np.concatenate([100 + 300 * walking(names=COCO17)[..., [0, 2]], np.full((30, 17, 1), 0.8)], axis=-1)
    np.savez(tmp_path / "a.npz", keypoints=pixels, fps=25, width=1280, height=720)
    found = npz.read(tmp_path / "a.npz")
    np.testing.assert_allclose(found.observation.keypoints2d, pixels[..., :2])
    assert found.observation.layout == "coco17" and found.observation.fps == 25.0
    assert found.image_size == (1280, 720) and not found.warnings
    assert (found.observation.confidence == 0.8).all() and found.observation.keypoints3d is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"hello": np.zeros(3)}, "holds hello; accepted are"),
        ({"positions": np.zeros((5, 18))}, "shape"),
        ({"positions": np.zeros((5, 18, 3)), "names": ["a", "b"]}, "2 names for 18 points"),
        ({"positions": np.zeros((5, 18, 3))}, "same in every frame"),
        ({"positions": np.full((5, 18, 3), np.nan)}, "missing"),
        ({"positions": np.ones((5, 7, 3))}, "no names for its 7 points"),
        ({"positions": np.ones((5, 18, 3)), "fps": "fast"}, "fps is not a number"),
        ({"positions": np.ones((5, 18, 3)), "fps": -30}, "frame rate of -30"),
        ({"keypoints": np.ones((5, 19, 3)), "fps": 30}, "19 keypoints"),
        ({"positions": np.array([{"a": 1}], dtype=object)}, "plain arrays"),
    ],
)
def test_bad_archives_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message) as caught:
        npz.read(tmp_path / "a.npz")
    assert "a.npz" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04broken"])
def test_files_that_are_no_archives(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npz"):
        npz.read(tmp_path / "a.npz")
