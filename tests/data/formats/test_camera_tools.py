"""Cameras of other tools: the lens always, the pose where its world is one of metres with z up."""

import cv2
import numpy as np
import pytest

from motionrecon.data.formats import camera_files
from motionrecon.data.formats.camera_files import read_camera, read_camera_file
from motionrecon.errors import DataError
from motionrecon.geometry import camera as geometry

SIZE = (640, 480)
_ROS = """image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [500.0, 0.0, 325.0, 0.0, 505.0, 236.0, 0.0, 0.0, 1.0]
distortion_model: {model}
distortion_coefficients:
  rows: 1
  cols: 5
  data: [0.1, -0.05, 0.0, 0.001, 0.0]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
"""
_MESSAGE = """header:
  stamp: {secs: 1, nsecs: 2}
  frame_id: "camera"
height: 480
width: 640
distortion_model: "plumb_bob"
D: [0.1, -0.05, 0.0, 0.001, 0.0]
K: [500.0, 0.0, 325.0, 0.0, 505.0, 236.0, 0.0, 0.0, 1.0]
R: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
P: [500.0, 0.0, 325.0, 0.0, 0.0, 505.0, 236.0, 0.0, 0.0, 0.0, 1.0, 0.0]
"""
_KALIBR = """cam0:
  camera_model: pinhole
  intrinsics: [500.0, 505.0, 325.0, 236.0]
  distortion_model: radtan
  distortion_coeffs: [0.1, -0.05, 0.0, 0.001]
  resolution: [640, 480]
  T_cam_imu:
  - [1.0, 0.0, 0.0, 0.0]
  - [0.0, 1.0, 0.0, 0.0]
  - [0.0, 0.0, 1.0, 0.0]
  - [0.0, 0.0, 0.0, 1.0]
"""
_COLMAP = """# Camera list with one line of data per camera:
#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]
# Number of cameras: 1
1 OPENCV 640 480 500.0 505.0 325.5 236.5 0.1 -0.05 0.0 0.001
"""
_NEWER = _MESSAGE.replace("D:", "d:").replace("K:", "k:").replace("R:", "r:").replace("P:", "p:")
_LENS = np.array([[500.0, 0, 325], [0, 505.0, 236], [0, 0, 1]])


@pytest.fixture
def camera():
    return geometry.look_at([3.0, -2.0, 1.6], [0.2, 0.1, 0.9], _LENS, SIZE)


@pytest.mark.parametrize(
    "text", [_ROS.format(model="plumb_bob"), _MESSAGE, _NEWER, _KALIBR, _COLMAP],
    ids=["ros", "message", "ros2", "kalibr", "colmap"],
)  # fmt: skip
def test_lens_alone(tmp_path, text):
    path = tmp_path / "lens.txt"
    path.write_text(text)
    found = read_camera_file(path)
    np.testing.assert_allclose(found.intrinsics, _LENS)
    np.testing.assert_allclose(found.distortion, [0.1, -0.05, 0.0, 0.001, 0.0])
    assert found.size == SIZE == camera_files.picture_size(path) and found.rotation is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_ROS.format(model="equidistant"), "fisheye"),
        (_KALIBR.replace("radtan", "equidistant"), "undistort"),
        (_COLMAP.replace("OPENCV", "OPENCV_FISHEYE"), "undistort"),
        (_MESSAGE.replace("[0.1, -0.05, 0.0, 0.001, 0.0]", "[0.1, 0, 0, 0, 0, 0.2, 0, 0]"), "more than 5"),
    ],
)
def test_lenses_that_are_no_pinhole(tmp_path, text, message):
    path = tmp_path / "lens.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_camera_file(path)


@pytest.mark.parametrize("suffix", [".xml", ".yml"])
@pytest.mark.parametrize("old", [True, False])
def test_opencv_calibration_programs(tmp_path, suffix, old):
    """What OpenCV's own calibration samples write beside the matrix."""
    path = tmp_path / f"out_camera_data{suffix}"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("calibration_Time" if old else "calibration_time", "Fri 13 Nov 2026")
    storage.write("image_Width" if old else "image_width", SIZE[0])
    storage.write("image_Height" if old else "image_height", SIZE[1])
    storage.write("flags", 6)
    storage.write("fisheye_model", 0)
    storage.write("Camera_Matrix" if old else "camera_matrix", _LENS)
    storage.write(
        "Distortion_Coefficients" if old else "distortion_coefficients", np.array([[0.1], [0], [0], [0], [0]])
    )
    storage.write("avg_reprojection_error", 0.4)
    storage.write("extrinsic_parameters", np.ones((3, 6)))
    storage.release()
    found = read_camera_file(path)
    np.testing.assert_allclose(found.intrinsics, _LENS)
    assert found.size == SIZE and found.distortion[0] == 0.1 and found.rotation is None


def _easymocap(folder, cameras):
    intri = cv2.FileStorage(str(folder / "intri.yml"), cv2.FILE_STORAGE_WRITE)
    extri = cv2.FileStorage(str(folder / "extri.yml"), cv2.FILE_STORAGE_WRITE)
    for storage in (intri, extri):
        storage.startWriteStruct("names", cv2.FileNode_SEQ)
        for name in cameras:
            storage.write("", name)
        storage.endWriteStruct()
    for name, camera in cameras.items():
        intri.write(f"K_{name}", np.asarray(camera.intrinsics))
        intri.write(f"dist_{name}", np.array([[0.1, 0.0, 0.0, 0.0, 0.0]]))
        extri.write(f"R_{name}", cv2.Rodrigues(np.asarray(camera.rotation))[0])
        extri.write(f"Rot_{name}", np.asarray(camera.rotation))
        extri.write(f"T_{name}", np.asarray(camera.translation).reshape(3, 1))
    intri.release()
    extri.release()


@pytest.mark.parametrize("given", ["intri.yml", "extri.yml", ""])
def test_easymocap(tmp_path, camera, given):
    _easymocap(tmp_path, {"01": camera, "02": geometry.look_at([-3.0, 2.0, 1.2], [0.0, 0.0, 0.9], _LENS, SIZE)})
    found = read_camera(f"{tmp_path / given}:01", size=SIZE)
    np.testing.assert_allclose(found.rotation, camera.rotation, atol=1e-9)
    np.testing.assert_allclose(found.translation, camera.translation, atol=1e-9)
    np.testing.assert_allclose(found.intrinsics, _LENS)
    with pytest.raises(DataError, match="say which one with --camera FILE:NAME: 01, 02"):
        read_camera_file(tmp_path / given)


def test_stereo_calibration(tmp_path):
    storage = cv2.FileStorage(str(tmp_path / "intrinsics.yml"), cv2.FILE_STORAGE_WRITE)
    for side in "12":
        storage.write(f"M{side}", _LENS * [[float(side)], [1], [1]])
        storage.write(f"D{side}", np.zeros((1, 5)))
    storage.release()
    assert read_camera_file(tmp_path / "intrinsics.yml", "2").intrinsics[0, 0] == 1000.0


def _toml(path, cameras, metadata="", unit=1.0):
    text = ""
    for name, (rotation, translation) in cameras.items():
        turn = ", ".join(repr(float(v)) for v in cv2.Rodrigues(np.asarray(rotation, float))[0].ravel())
        shift = ", ".join(repr(float(unit * v)) for v in translation)
        text += (
            f'[{name}]\nname = "{name}"\nsize = [640, 480]\ndistortions = [0.0, 0.0, 0.0, 0.0, 0.0]\n'
            f"matrix = {_LENS.tolist()}\nrotation = [{turn}]\ntranslation = [{shift}]\n\n"
        )
    path.write_text(text + metadata)


def test_the_first_cameras_world_is_left_out(tmp_path, camera):
    cameras = {"cam_0": (np.eye(3), np.zeros(3)), "cam_1": (camera.rotation, camera.translation)}
    _toml(tmp_path / "a.toml", cameras)
    for name in cameras:
        found = read_camera_file(tmp_path / "a.toml", name)
        assert found.rotation is None and "world is that of a camera" in found.warnings[0]


@pytest.mark.parametrize(
    ("metadata", "posed"),
    [
        ("[metadata]\nadjusted = false\nerror = 0.5\n", False),
        ("[metadata]\nadjusted = false\nerror = 0.5\ngroundplane_calibration = true\n", True),
        ("", True),
    ],
)
def test_millimetres(tmp_path, camera, metadata, posed):
    """FreeMoCap states whether it found the floor; of others a camera kilometres away is one in millimetres."""
    _toml(tmp_path / "a.toml", {"cam_1": (camera.rotation, camera.translation)}, metadata, unit=1000.0)
    found = read_camera_file(tmp_path / "a.toml")
    assert (found.rotation is not None) == posed
    if found.translation is not None:
        np.testing.assert_allclose(found.translation, camera.translation, atol=1e-9)
        assert "millimetres" in found.warnings[0]


@pytest.mark.parametrize(
    ("centre", "target", "message"),
    [
        ([0.1, 0.0, 6.0], [0.0, 0.0, 0.0], "straight down"),
        ([4.0, 0.0, -3.0], [0.0, 0.0, 0.9], "3.0 m under the floor"),
        ([3e6, 0.0, 1.0], [0.0, 0.0, 0.9], "3000 m away"),
    ],
)
def test_poses_of_no_film_of_a_person(tmp_path, centre, target, message):
    made = geometry.look_at(centre, target, _LENS, SIZE)
    _toml(tmp_path / "a.toml", {"c": (made.rotation, made.translation)})
    found = read_camera_file(tmp_path / "a.toml")
    assert found.rotation is None and message in found.warnings[-1]
    with pytest.raises(DataError, match="no pose"):
        read_camera(tmp_path / "a.toml")


def test_name_behind_the_file(tmp_path, camera):
    path = tmp_path / "a:b.toml"
    _toml(path, {"left": (camera.rotation, camera.translation), "right": (camera.rotation, camera.translation)})
    assert read_camera_file(f"{path}:right").name == "right"
    with pytest.raises(DataError, match='no camera "middle"; it has: left, right'):
        read_camera_file(f"{path}:middle")
    with pytest.raises(DataError, match="cannot be read"):
        read_camera_file(f"{tmp_path / 'none.toml'}:right")
