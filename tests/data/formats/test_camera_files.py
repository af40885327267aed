"""Calibration files of each tool give the same kind of camera: metres, z up, OpenCV axes."""

import json

import cv2
import numpy as np
import pytest

from motionrecon.data.formats.camera_files import read_camera, read_camera_file, write_camera
from motionrecon.errors import DataError
from motionrecon.geometry import camera as geometry

SIZE = (640, 480)


@pytest.fixture
def camera():
    return geometry.look_at([3.0, -2.0, 1.6], [0.2, 0.1, 0.9], [[500.0, 0, 325], [0, 505.0, 236], [0, 0, 1]], SIZE)


def _same(one, two):
    for name in ("intrinsics", "distortion", "rotation", "translation"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), atol=1e-9)
    assert one.size == two.size


def test_own_format_round_trip(camera, tmp_path):
    write_camera(camera, tmp_path / "camera.toml")
    _same(read_camera(tmp_path / "camera.toml"), camera)
    assert [p.name for p in tmp_path.iterdir()] == ["camera.toml"]
    with pytest.raises(DataError, match="cannot be written"):
        write_camera(camera, tmp_path / "none" / "camera.toml")


@pytest.mark.parametrize("suffix", [".yml", ".json", ".xml"])
@pytest.mark.parametrize("matrix", [True, False])
def test_opencv_storage(camera, tmp_path, suffix, matrix):
    path = tmp_path / f"calibration{suffix}"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("camera_matrix", camera.intrinsics)
    storage.write("dist_coeffs", camera.distortion.reshape(1, 5))
    if matrix:
        storage.write("R", camera.rotation)
        storage.write("t", camera.translation.reshape(3, 1))
    else:
        storage.write("rvec", cv2.Rodrigues(camera.rotation)[0])
        storage.write("tvec", camera.translation)
    storage.release()
    _same(read_camera(path, size=SIZE), camera)


def test_plain_json_and_intrinsics_only_yaml(camera, tmp_path):
    path = tmp_path / "plain.json"
    content = {"camera_matrix": camera.intrinsics.tolist(), "dist_coeffs": [0.1, 0, 0, 0], "image_size": SIZE}
    content |= {"R": camera.rotation.tolist(), "t": camera.translation.tolist()}
    path.write_text(json.dumps(content))
    got = read_camera(path)
    np.testing.assert_allclose(got.distortion, [0.1, 0, 0, 0, 0])
    np.testing.assert_allclose(got.rotation, camera.rotation)
    path = tmp_path / "lens.yaml"
    path.write_text(
        "image_width: 640\nimage_height: 480\ncamera_matrix:\n  rows: 3\n  cols: 3\n"
        "  data: [500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0]\n"
    )
    lens = read_camera_file(path)
    assert lens.size == SIZE
    assert lens.rotation is None
    assert lens.intrinsics[0, 2] == 320.0
    with pytest.raises(DataError, match="no pose"):
        read_camera(path)


def test_scaling_to_the_picture(camera, tmp_path):
    path = tmp_path / "camera.toml"
    write_camera(camera, path)
    half = read_camera(path, size=(320, 240))
    (said,) = read_camera_file(path, size=(320, 240)).warnings
    assert "calibrated for 640 x 480, the picture is 320 x 240" in said
    assert read_camera_file(path, size=(640, 480)).warnings == ()
    points = np.array([[0.0, 0.0, 1.0], [0.5, -0.3, 1.5]])
    whole = (np.asarray(geometry.project(camera, points)) + 0.5) / 2 - 0.5
    np.testing.assert_allclose(geometry.project(half, points), whole, atol=1e-9)
    with pytest.raises(DataError, match="another shape"):
        read_camera(path, size=(480, 640))


def _aist(camera):
    """The camera as AIST++ writes it: centimetres, y up, (x, y, z) there = (x, z, -y) here."""
    turn = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    rotation = cv2.Rodrigues(camera.rotation @ turn.T)[0].ravel()
    base = {"size": SIZE, "matrix": camera.intrinsics.tolist(), "distortions": [0.0] * 5, "rotation": rotation.tolist()}
    return [dict(base, name=f"c0{i}", translation=(100 * camera.translation).tolist()) for i in (1, 2)]


def test_aist_and_human36m(camera, tmp_path):
    path = tmp_path / "setting.json"
    path.write_text(json.dumps(_aist(camera)))
    _same(read_camera(path, "c02"), camera)
    _same(read_camera(path, hint="gBR_sBM_c01_d06"), camera)
    path = tmp_path / "human36m.json"
    lens = {"calibration_matrix": camera.intrinsics.tolist(), "distortion": [0.0] * 5}
    pose = {"R": camera.rotation.tolist(), "t": (1000 * camera.translation).reshape(3, 1).tolist()}
    path.write_text(json.dumps({"intrinsics": {"12345678": lens}, "extrinsics": {"S9": {"12345678": pose}}}))
    _same(read_camera(path, "S9/12345678", size=SIZE), camera)
    assert read_camera_file(path, "12345678").rotation is None


def test_qualisys_axes(camera, tmp_path):
    center = -1000 * camera.rotation.T @ camera.translation
    axes = np.diag([1.0, -1.0, -1.0]) @ camera.rotation
    turn = " ".join(f'r{i + 1}{j + 1}="{axes[i, j]!r}"' for i in range(3) for j in range(3)).replace("np.float64", "")
    turn = turn.replace("(", "").replace(")", "")
    k = 64 * camera.intrinsics
    path = tmp_path / "lab.qca.txt"
    path.write_text(
        "<?xml version='1.0' encoding='ASCII'?><calibration><cameras><camera serial=\"cam07\">"
        '<fov_video left="0" top="0" right="639" bottom="479"/>'
        f'<transform x="{float(center[0])!r}" y="{float(center[1])!r}" z="{float(center[2])!r}" {turn}/>'
        f'<intrinsic focalLengthU="{k[0, 0]}" focalLengthV="{k[1, 1]}" centerPointU="{k[0, 2]}" '
        f'centerPointV="{k[1, 2]}" skew="0" radialDistortion1="0" radialDistortion2="0" radialDistortion3="0" '
        'tangentalDistortion1="0" tangentalDistortion2="0"/></camera></cameras></calibration>'
    )
    _same(read_camera(path, "cam07"), camera)


def test_bad_files(tmp_path):
    cases = {
        "text.toml": ("hello", "no camera that is understood"),
        "broken.json": ('{"camera_matrix": [1, 2', "not a usable calibration"),
        "short.json": ('{"camera_matrix": [1, 2]}', "not a usable calibration"),
        "eye.json": ('{"camera_matrix": [[0,0,0],[0,0,0],[0,0,1]]}', "make no sense"),
        "turned.json": (
            json.dumps({"K": [[9, 0, 5], [0, 9, 5], [0, 0, 1]], "R": (2 * np.eye(3)).tolist(), "t": [0, 0, 0]}),
            "no rotation",
        ),
    }
    for name, (text, words) in cases.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(DataError, match=words):
            read_camera(tmp_path / name)
    with pytest.raises(DataError, match="cannot be read"):
        read_camera(tmp_path / "none.toml")


def test_camera_is_found_by_name_or_film(samples):
    folder = samples / "video" / "pose2sim"
    scene = read_camera(folder / "Calib_scene.toml", hint="cam03")
    toml = read_camera(folder / "Calib_qualisys.toml", "cam03", size=(1088, 1920))
    qca = read_camera(folder / "Calib.qca.txt", "cam03")
    for camera in (toml, qca):
        np.testing.assert_allclose(-camera.rotation.T @ camera.translation, [-3.217, 2.231, 2.088], atol=1e-3)
    np.testing.assert_allclose(qca.rotation, toml.rotation, atol=1e-6)
    np.testing.assert_allclose(qca.intrinsics, toml.intrinsics, atol=0.01)
    np.testing.assert_allclose(-scene.rotation.T @ scene.translation, [-3.171, 2.285, 2.023], atol=1e-3)
    with pytest.raises(DataError, match="int_cam01_img"):
        read_camera(folder / "Calib_scene.toml", "cam09")
    with pytest.raises(DataError, match="4 cameras"):
        read_camera(folder / "Calib_scene.toml")


def test_aist_camera_projects_onto_its_annotation(samples):
    import pickle

    folder = samples / "aistpp" / "annotation"
    name = "gBR_sBM_cAll_d06_mBR2_ch06.pkl"
    points = pickle.loads((folder / "keypoints3d" / name).read_bytes())["keypoints3d_optim"][:100]
    seen = pickle.loads((folder / "keypoints2d" / name).read_bytes())["keypoints2d"][0, :100, :, :2]
    camera = read_camera(folder / "cameras" / "setting1.json", "c01")
    world = np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1) / 100
    error = np.linalg.norm(np.asarray(geometry.project(camera, world)) - seen, axis=-1)
    assert np.nanmedian(error) < 5.0
