"""Files that laboratories and studios published or reported: each read as it must be, or refused in one line."""

import numpy as np
import pytest

from motionrecon.config import InputOptions
from motionrecon.data import load, truth
from motionrecon.data.formats import c3d_file, camera_files
from motionrecon.errors import DataError
from motionrecon.fitting import kinds, read_input
from motionrecon.geometry import camera as geometry
from motionrecon.types import Camera

pytestmark = pytest.mark.dataset


@pytest.fixture
def cases(samples):
    return samples / "cases"


@pytest.mark.parametrize("name", ["05-dec-integer.c3d", "08-scale-differs-in-header.c3d"])
def test_c3d_equals_the_same_points_of_an_intel_file(cases, name):
    usual = c3d_file.read(cases / "06-parameter-twice.c3d")
    found = c3d_file.read(cases / name)
    assert found.labels == usual.labels and found.rate == usual.rate
    np.testing.assert_allclose(found.points, usual.points, atol=1.0)  # mm
    assert len(load.load(cases / name).observation.names) == 17


def test_c3d_parameter_twice(cases):
    found = load.load(cases / "06-parameter-twice.c3d")
    points = np.asarray(found.observation.keypoints3d)
    names = found.observation.names
    leg = [names.index(f"left_{j}") for j in ("hip", "knee", "ankle")]
    assert np.linalg.norm(np.diff(points[:, leg], axis=1), axis=-1).sum(axis=1).mean() == pytest.approx(0.81, abs=0.05)
    assert points[:, names.index("head_top"), 2].mean() == pytest.approx(1.4, abs=0.1)


def test_trc_with_unnamed_trajectories(cases):
    found = load.load(cases / "10-unnamed-trajectories.trc")
    assert len(found.observation.names) == 17 and len(found.observation.confidence) == 40
    assert "3 trajectories have no name" in found.warnings[0]
    k = found.observation.names.index("pelvis")
    np.testing.assert_allclose(np.asarray(found.observation.keypoints3d)[0, k, 2], 0.88906, atol=1e-6)


def test_body25b_is_recognised_by_its_limbs(cases):
    found = load.load(cases / "17-openpose-body25b.json", size=(1920, 1080))
    observation = found.observation
    assert observation.layout == "body25b"
    ankle = observation.keypoints2d[0, observation.names.index("left_ankle")]
    np.testing.assert_allclose(ankle, [307.1, 841.0])
    said = load.load(cases / "17-openpose-body25b.json", size=(1920, 1080), layout="body25")
    assert said.observation.layout == "body25" and "make no person as body25" in " ".join(said.warnings)
    with pytest.raises(DataError, match="has 25 keypoints a person, --layout coco17 has 17; fitting is body25 or"):
        load.load(cases / "17-openpose-body25b.json", layout="coco17")


def test_fractions_ask_for_the_size(cases):
    path = cases / "19-openpose-fractions.json"
    with pytest.raises(DataError, match="fractions of the image; give the image's size with --image-size"):
        load.load(path)
    found = load.load(path, size=(1920, 1080))
    k = found.observation.names.index("nose")
    np.testing.assert_allclose(found.observation.keypoints2d[0, k], [0.21112 * 1920, 0.43704 * 1080], atol=0.01)


def test_identities_that_never_stand_side_by_side_are_one(cases):
    found = load.load(cases / "20-alphapose-identity-switch.json", size=(1920, 1080))
    assert len(found.observation.confidence) == 45
    assert (np.asarray(found.observation.confidence).max(axis=1) > 0).all()
    text = " ".join(found.warnings)
    assert "2 identities (1, 7); taken for one" in text and "people were seen" not in text


def test_mmpose_is_read_like_coco(cases):
    found = load.load(cases / "21-mmpose-inferencer.json", size=(1920, 1080))
    same = load.load(cases / "20-alphapose-identity-switch.json", size=(1920, 1080))
    assert found.observation.names == same.observation.names and found.observation.layout == "coco17"
    np.testing.assert_allclose(found.observation.keypoints2d, same.observation.keypoints2d)


def test_the_cameras_size_is_the_pictures(cases):
    source, camera = cases / "23-size-only-in-the-camera.json", cases / "23-size-only-in-the-camera.camera.toml"
    found = read_input.observe_file(str(source), InputOptions(camera=str(camera)))
    assert found.image_size == (1920, 1080) and "image size" not in " ".join(found.warnings)
    lens = camera_files.read_camera_file(camera, size=found.image_size)
    assert lens.intrinsics[0, 0] == 1500.0
    true = truth.at_frames(found.observation, truth.read_truth(cases / "23-size-only-in-the-camera.truth.npz"))
    known = Camera(lens.intrinsics, lens.distortion, lens.rotation, lens.translation, lens.size)
    k = found.observation.names.index("left_knee")
    seen = np.asarray(geometry.project(known, true[:, k]))
    assert np.nanmedian(np.linalg.norm(seen - np.asarray(found.observation.keypoints2d)[:, k], axis=-1)) < 2.0


def test_anipose_gives_its_lens_and_no_pose(cases):
    path = cases / "25-anipose.toml"
    with pytest.raises(DataError, match="say which one with --camera FILE:NAME: cam_0, cam_1"):
        camera_files.read_camera_file(path)
    found = camera_files.read_camera_file(f"{path}:cam_1", size=(1920, 1080))
    assert found.name == "cam_1" and found.rotation is None and found.intrinsics[0, 0] == 1500.0
    assert "left out" in found.warnings[0]
    with pytest.raises(DataError, match="no pose"):
        camera_files.read_camera(f"{path}:cam_0")


def test_a_film_of_wide_pixels_shows_the_person_as_its_square_twin(cases):
    """28 and 30 are cut from one film; 30 is the square one, upside down."""
    wide, square = (
        read_input.observe_file(str(cases / name), InputOptions())
        for name in ("28-pixels-twice-as-wide.mp4", "30-upside-down.mp4")
    )
    assert wide.image_size == square.image_size == (704, 260)
    assert "704 x 260" in " ".join(wide.warnings)
    assert square.film.view.turn == 180 and "turned by 180 degrees" in " ".join(square.warnings)
    assert len(wide.observation.confidence) == len(square.observation.confidence) == 45
    found = [np.asarray(clip.observation.keypoints2d) for clip in (wide, square)]
    names = wide.observation.names
    for seen in found:
        high = {j: seen[:, [names.index(f"{s}_{j}") for s in ("left", "right")], 1].mean() for j in ("ear", "ankle")}
        assert high["ankle"] - high["ear"] == pytest.approx(165, abs=10)  # px, y down: the head is up
    trunk = [names.index(f"{s}_{j}") for s in ("left", "right") for j in ("shoulder", "hip")]
    assert np.median(np.linalg.norm(found[0][:, trunk] - found[1][:, trunk], axis=-1)) < 4.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["28-pixels-twice-as-wide.mp4", "30-upside-down.mp4"])
def test_the_walker_of_a_film_walks_at_its_speed(cases, name):
    start = kinds.kinematic_start(read_input.observe_file(str(cases / name), InputOptions()), None)
    where = np.asarray(start.motion.root_pos)
    seconds = (len(where) - 1) / start.motion.fps
    assert np.linalg.norm((where[-1] - where[0])[:2]) / seconds == pytest.approx(1.2, abs=0.1)  # as the whole film
    assert (where[:, 2] > 0.8).all()
