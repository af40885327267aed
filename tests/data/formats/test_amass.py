"""AMASS: rotations of SMPL's joints become a person, beside AIST++ whose joints were measured otherwise."""

import pickle

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon.data import load
from motionrecon.data.formats import amass, npz
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import COCO17


def _standing(frames=30, height=1.70, **more):
    """A person who walks along x with swinging thighs, facing +x: SMPL's rest faces +z with y up."""
    upright = Rotation.from_matrix([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).as_rotvec()
    poses = np.zeros((frames, 52, 3))
    poses[:, 0] = upright
    swing = 0.4 * np.sin(2 * np.pi * np.arange(frames) / 30)
    poses[:, 1, 0], poses[:, 2, 0] = swing, -swing
    trans = np.stack([np.arange(frames) / 30, np.zeros(frames), np.full(frames, 0.0)], axis=-1)
    trans[:, 2] = height / 1.70 * 0.915  # the rest pose's soles are there under the pelvis
    return {"poses": poses.reshape(frames, -1), "trans": trans, "betas": np.ones(16), "gender": "female"} | more


@pytest.mark.parametrize(("key", "rate"), [("mocap_framerate", 120.0), ("mocap_frame_rate", 60.0)])
def test_a_person_stands(tmp_path, key, rate):
    np.savez(tmp_path / "a.npz", **_standing(), **{key: rate})
    found = load.load(tmp_path / "a.npz", fps=rate)
    points, names = np.asarray(found.observation.keypoints3d), found.observation.names
    assert found.observation.fps == rate and found.observation.layout == "amass"
    top, low = points[0, names.index("head_top"), 2], points[0, names.index("left_ankle"), 2]
    assert 1.5 < top < 1.8 and 0.0 < low < 0.15
    assert points[0, names.index("left_hip"), 1] > points[0, names.index("right_hip"), 1] + 0.1  # faces +x
    assert points[0, names.index("left_ball"), 0] > points[0, names.index("left_ankle"), 0] + 0.08
    said = " ".join(found.warnings)
    assert "body model that is not in it" in said and "--height" in said


@pytest.mark.parametrize("height", [1.5, 1.85])
def test_stature(tmp_path, height):
    """Found from the floor where nobody says it; the one given wins."""
    np.savez(tmp_path / "a.npz", **_standing(height=height), mocap_framerate=30)
    free = npz.read(tmp_path / "a.npz")
    assert f"of {height:.2f} m" in free.warnings[0] and "feet on the floor" in free.warnings[0]
    given = npz.read(tmp_path / "a.npz", height=1.70)
    leg = [given.observation.names.index(f"left_{j}") for j in ("hip", "knee", "ankle")]

    def length(found):
        return np.linalg.norm(np.diff(found.observation.keypoints3d[0, leg], axis=0), axis=-1).sum()

    assert length(free) / length(given) == pytest.approx(height / 1.70, rel=0.02)


def test_smplx_release_and_plain_smpl(tmp_path):
    made = _standing()
    poses = made.pop("poses")
    np.savez(tmp_path / "a.npz", **made, root_orient=poses[:, :3], pose_body=poses[:, 3:66], mocap_frame_rate=30)
    np.savez(tmp_path / "b.npz", **made, poses=poses[:, :72])
    one, two = npz.read(tmp_path / "a.npz"), npz.read(tmp_path / "b.npz", fps=30)
    np.testing.assert_allclose(one.observation.keypoints3d, two.observation.keypoints3d, atol=1e-9)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"poses": np.zeros((9, 30)), "trans": np.zeros((9, 3))}, "poses have shape"),
        ({"poses": np.zeros((9, 66)), "trans": np.zeros((8, 3))}, "trans has shape"),
        ({"poses": np.full((9, 66), np.nan), "trans": np.zeros((9, 3))}, "not finite"),
        ({"poses": np.zeros((9, 66)), "trans": np.zeros((9, 3))}, "same in every frame"),
    ],
)
def test_bad_archives(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        npz.read(tmp_path / "a.npz")


@pytest.mark.dataset
@pytest.mark.parametrize("name", ["gBR_sBM_cAll_d06_mBR2_ch06", "gJS_sFM_cAll_d02_mJS4_ch09"])
def test_limbs_point_where_nine_cameras_saw_them(samples, name):
    folder = samples / "aistpp" / "annotation"
    motion = pickle.loads((folder / "motions" / f"{name}.pkl").read_bytes())
    seen = pickle.loads((folder / "keypoints3d" / f"{name}.pkl").read_bytes())["keypoints3d_optim"]
    scale = float(np.ravel(motion["smpl_scaling"])[0])
    arrays = {"poses": motion["smpl_poses"].astype(float), "trans": motion["smpl_trans"].astype(float) / scale}
    found = amass.read(samples / "a.npz", arrays, fps=60.0, height=1.70)
    points, names = (
        np.asarray(found.observation.keypoints3d) @ np.asarray(found.recording.rotation),
        found.observation.names,
    )
    for side in ("left_", "right_"):
        for start, end in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
            ours = points[:, names.index(side + end)] - points[:, names.index(side + start)]
            theirs = seen[:, COCO17.index(side + end)] - seen[:, COCO17.index(side + start)]
            cosine = np.sum(ours * theirs, axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
            assert np.median(np.degrees(np.arccos(np.clip(cosine, -1, 1)))) < 9.0, side + end
    knee = points[:, names.index("left_knee")] - seen[:, COCO17.index("left_knee")] / scale
    assert np.median(np.linalg.norm(knee, axis=1)) < 0.06
