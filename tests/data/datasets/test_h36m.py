"""Human3.6M from all its forms: one motion, the traps of its copies, its cameras, and what broken files are told."""

import json

import cv2
import numpy as np
import pytest

from motionrecon.data.datasets import h36m_cameras, h36m_names
from motionrecon.data.datasets.dataset import Clip
from motionrecon.data.datasets.h36m import H36M
from motionrecon.errors import DataError, InputError
from motionrecon.geometry import camera as cameras
from tests.fixtures import h36m_files as made

KEY = "S9/Walking/60457274"


def clip(key=KEY, frames=None):
    subject, take, camera = key.split("/")
    return Clip(key, subject, h36m_names.take(take)[0], camera, frames)


@pytest.fixture
def forms(tmp_path):
    """A folder of each form with the same take."""
    points = made.motion()
    made.write_cdf(tmp_path / "cdf/S9/MyPoseFeatures/D3_Positions/Walking.cdf", 1000 * points)
    made.write_npz(tmp_path / "npz/data_3d_h36m.npz", {"S9": {"Walking": points.astype(np.float32)}})
    made.write_h5(tmp_path / "h5/S9/MyPoses/3D_positions/Walking.h5", points)
    return tmp_path


def test_every_form_is_recognised_and_gives_the_same_motion(forms):
    loaded = {}
    for form in ("cdf", "npz", "h5"):
        assert H36M.found_in(forms / form)
        found = H36M(forms / form)
        assert found.form == form
        loaded[form] = found.load(clip())
    for form in ("npz", "h5"):
        np.testing.assert_allclose(loaded[form].truth, loaded["cdf"].truth, atol=1e-6)
    seen = loaded["cdf"].observation
    assert seen.fps == 50.0 and len(seen.confidence) == made.FRAMES
    assert set(h36m_names.H36M17) < set(seen.names)
    i = seen.names.index("left_ankle")
    np.testing.assert_allclose(seen.keypoints3d[:, i], made.motion()[:, 8], atol=1e-6)


def test_official_sample_forms_agree(samples):
    root = samples / "h36m" / "cmu_fixture"
    if not root.is_dir():
        pytest.skip("no h36m sample")
    found = [H36M(root, form).load(clip("S1/Walking_1/60457274")) for form in ("cdf", "npz")]
    np.testing.assert_allclose(found[0].truth, found[1].truth, atol=1e-6)
    assert found[0].camera is not None
    assert H36M(root).default_split("mocap") == "all"


def test_seventeen_joints_of_videopose3d(tmp_path):
    points = made.motion()[:, list(h36m_names.KEPT17)]
    made.write_npz(tmp_path / "data_3d_h36m.npz", {"S9": {"Walking": points}})
    seen = H36M(tmp_path).load(clip()).observation
    assert seen.names == tuple(n for n in h36m_names.POINTS.values() if n in h36m_names.H36M17)
    np.testing.assert_allclose(seen.keypoints3d[:, seen.names.index("right_wrist")], made.motion()[:, 27], atol=1e-9)


@pytest.mark.parametrize(
    ("stem", "take"),
    [
        ("Walking 1", "Walking_1"), ("Walking_1", "Walking_1"), ("Photo", "TakingPhoto"),
        ("TakingPhoto 1", "TakingPhoto_1"), ("WalkingDog 1", "WalkDog_1"), ("Discussions", "Discussion"),
        ("SittingDown-2", "SittingDown_2"),
    ],
)  # fmt: skip
def test_takes_under_all_their_spellings(stem, take):
    assert h36m_names.take(stem)[1] == take


def test_unknown_names_are_told():
    with pytest.raises(InputError, match=r'"Walkin".*did you mean "Walking"'):
        h36m_names.take("Walkin")
    with pytest.raises(InputError, match="S10"):
        h36m_names.subject("S10")
    assert h36m_names.subject("9") == "S9"


def test_protocols(tmp_path):
    points = made.motion()
    takes = {"Directions": points, "Directions 1": points, "Photo": points, "WalkDog 1": points, "Sitting": points}
    made.write_npz(tmp_path / "data_3d_h36m.npz", {"S11": takes, "S9": {"Walking": points}})
    found = H36M(tmp_path)
    mocap = found.clips("mocap")
    assert len(mocap) == 20
    assert sum(c.group == "in domain" for c in mocap) == 4
    assert {c.frames for c in mocap} == {(399, 599)}
    video = [c.key for c in found.clips("video")]
    assert "S11/Directions/60457274" not in video  # corrupt
    assert {"S11/Directions_1/60457274", "S11/TakingPhoto/60457274", "S11/WalkDog_1/60457274"} < set(video)
    assert not any("Sitting" in key for key in video)
    assert "S9/Waiting/60457274" in video  # missing: a row that says so
    assert found.default_split("mocap") == "mocap"
    with pytest.raises(InputError, match="--split tests: h36m has mocap, video, all"):
        found.clips("tests")
    with pytest.raises(DataError, match="S9/Waiting not found"):
        found.load(clip("S9/Waiting/60457274"))


def test_image_points_longer_than_the_motion_are_cut_and_shorter_ones_cut_it(tmp_path):
    points = made.motion()
    made.write_npz(tmp_path / "data_3d_h36m.npz", {"S9": {"Walking": points}})
    for frames in (made.FRAMES + 7, made.FRAMES - 7):
        views = [np.full((frames, 17, 2), float(c)) for c in range(4)]
        made.write_npz(tmp_path / "data_2d_h36m_gt.npz", {"S9": {"Walking": views}}, "positions_2d")
        loaded = H36M(tmp_path).load(clip())
        length = min(frames, made.FRAMES)
        assert len(loaded.truth) == len(loaded.image.confidence) == length
        seen = loaded.image
        assert seen.confidence[:, seen.names.index("left_ball")].max() == 0  # not among the 17
        assert np.all(seen.keypoints2d[:, seen.names.index("left_ankle")] == 3.0)  # camera 60457274 is the fourth


def test_films_and_2d_files_are_found_under_their_names(tmp_path):
    points = made.motion()
    made.write_cdf(tmp_path / "S9/MyPoseFeatures/D3_Positions/TakingPhoto 1.cdf", 1000 * points)
    made.write_cdf(tmp_path / "S9/MyPoseFeatures/D2_Positions/Photo 1.60457274.cdf", points[..., :2] * 100)
    (tmp_path / "S9/Videos").mkdir()
    (tmp_path / "S9/Videos/TakingPhoto 1.60457274.mp4").write_bytes(b"film")
    loaded = H36M(tmp_path).load(clip("S9/TakingPhoto_1/60457274", (10, 50)))
    assert loaded.film.path.name == "TakingPhoto 1.60457274.mp4"
    assert loaded.film.start_time == pytest.approx(10 / 50)
    np.testing.assert_allclose(loaded.image.keypoints2d[0, 0], 100 * points[10, 0, :2], atol=1e-3)


def test_missing_values_are_masked(tmp_path):
    points = made.motion()
    points[5, 27] = np.nan
    made.write_npz(tmp_path / "data_3d_h36m.npz", {"S9": {"Walking": points, "Waiting": np.full_like(points, np.nan)}})
    loaded = H36M(tmp_path).load(clip())
    i = loaded.observation.names.index("right_wrist")
    assert np.argwhere(loaded.observation.confidence == 0).tolist() == [[5, i]]
    assert np.isfinite(loaded.observation.keypoints3d).all() and np.isnan(loaded.truth[5, i]).all()
    with pytest.raises(DataError, match="only NaN"):
        H36M(tmp_path).load(clip("S9/Waiting/60457274"))


def test_a_window_outside_the_take_is_refused(forms):
    with pytest.raises(DataError, match="has 60 frames; source frames 41-80"):
        H36M(forms / "npz").load(clip(frames=(40, 80)))
    with pytest.raises(DataError, match="are needed"):
        H36M(forms / "npz").load(clip(frames=(10, 10)))


def _cut(path):
    path.write_bytes(path.read_bytes()[:400])


def _cut_late(path):
    path.write_bytes(path.read_bytes()[:-300])


def _other(path):
    if path.suffix == ".cdf":
        made.write_cdf(path, made.motion(), variable="Position")
    else:
        import h5py

        with h5py.File(path, "w") as file:
            file["pose/3d"] = np.zeros((10, 32, 3))


def _shape(path):
    if path.suffix == ".cdf":
        made.write_cdf(path, made.motion()[:, :20])
    else:
        import h5py

        with h5py.File(path, "w") as file:
            file["3D_positions"] = np.zeros((17, 40))


@pytest.mark.parametrize(
    ("harm", "word"), [(_cut, "not a readable"), (_cut_late, "not a readable"), (_other, "holds"), (_shape, "shape")]
)
@pytest.mark.parametrize("form", ["cdf", "h5"])
def test_broken_files_are_one_line_and_hurt_no_other(forms, form, harm, word):
    path = next((forms / form).rglob(f"Walking.{form}"))
    other = path.with_name(f"Waiting.{form}")
    other.write_bytes(path.read_bytes())
    harm(path)
    found = H36M(forms / form)
    with pytest.raises(DataError, match=word) as caught:
        found.load(clip())
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert len(found.load(clip("S9/Waiting/60457274")).truth) == made.FRAMES
    status = {finding.name: finding.status for finding in found.check()}
    assert (status["S9/Walking"], status["S9/Waiting"], status["cameras"]) == ("corrupt", "present", "missing")


@pytest.mark.parametrize(
    ("takes", "word"),
    [({"S9": {"Walking": np.zeros((10, 5, 3))}}, "shape"), ({"S9": [1]}, "dict of takes"), ({"S9": {"Run": 1}}, "Run")],
)
def test_broken_archives(tmp_path, takes, word):
    made.write_npz(tmp_path / "data_3d_h36m.npz", takes)
    with pytest.raises(InputError, match=word):
        H36M(tmp_path).load(clip())


def test_names_that_human36m_does_not_have_are_left_out(tmp_path):
    made.write_npz(
        tmp_path / "data_3d_h36m.npz",
        {"S9": {"Walking": made.motion(), "Dancing": made.motion()}, "S4": {"Walking": made.motion()}},
    )
    assert [c.key for c in H36M(tmp_path).clips("all")] == ["S9/Walking/60457274"]
    made.write_npz(tmp_path / "data_3d_h36m.npz", {"S4": {"Walking": made.motion()}})
    with pytest.raises(DataError, match=r'data_3d_h36m\.npz: "S4" is no subject'):
        H36M(tmp_path)


@pytest.mark.parametrize("form", ["cdf", "h5"])
def test_a_renamed_file_is_named(forms, form):
    path = next((forms / form).rglob(f"Walking.{form}"))
    strange = path.with_name(f"Dancing 1.{form}")
    strange.write_bytes(path.read_bytes())
    found = {f.name.split("/")[-1]: f.status for f in H36M(forms / form).check()}
    assert found[strange.name] == "corrupt" and found["Walking"] == "present"
    for known in path.parent.glob(f"*.{form}"):
        if known != strange:
            known.unlink()
    with pytest.raises(DataError, match=r"Dancing 1\.\w+ is named after none of its actions"):
        H36M(forms / form)


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match=r"not found: Human3\.6M"):
        H36M(tmp_path)


def test_cameras_of_the_official_metadata(tmp_path):
    known = made.write_metadata(tmp_path / "metadata.xml")
    assert h36m_cameras.find(tmp_path) == tmp_path / "metadata.xml"
    camera = h36m_cameras.read(tmp_path / "metadata.xml", "S9", "58860488")
    (a, b, c), place = known["S9", "58860488"]
    turns = [cv2.Rodrigues(np.array(v))[0] for v in ((a, 0, 0.0), (0, b, 0.0), (0, 0, c))]
    np.testing.assert_allclose(camera.rotation, turns[0] @ turns[1] @ turns[2], atol=1e-12)
    np.testing.assert_allclose(-camera.rotation.T @ camera.translation, place / 1000, atol=1e-9)
    np.testing.assert_allclose(camera.distortion, [-0.2, 0.24, -0.0009, -0.0014, -0.002])
    assert camera.intrinsics[0, 0] == 1147.0 and camera.intrinsics[1, 1] == 1145.0
    (tmp_path / "metadata.xml").write_text("<metadata><w0>[1 2 3]</w0></metadata>")
    with pytest.raises(DataError, match="3 camera numbers"):
        h36m_cameras.read(tmp_path / "metadata.xml", "S9", "58860488")
    with pytest.raises(DataError, match='no camera "123"'):
        h36m_cameras.read(tmp_path / "metadata.xml", "S9", "123")


def test_json_cameras_project_as_opencv_does(samples):
    path = samples / "h36m" / "camera-parameters.json"
    if not path.is_file():
        pytest.skip("no h36m sample")
    raw = json.loads(path.read_text())
    points = made.motion()[::10].reshape(-1, 3)
    for name in h36m_names.CAMERAS:
        camera = h36m_cameras.read(path, "S9", name)
        inner, outer = raw["intrinsics"][name], raw["extrinsics"]["S9"][name]
        turn = cv2.Rodrigues(np.array(outer["R"]))[0]
        expected, _ = cv2.projectPoints(
            1000 * points, turn, np.array(outer["t"], float), np.array(inner["calibration_matrix"]),
            np.array(inner["distortion"], float),
        )  # fmt: skip
        np.testing.assert_allclose(np.asarray(cameras.project(camera, points)), expected[:, 0], atol=1e-3)
