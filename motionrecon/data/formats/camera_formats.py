"""Reads the calibration formats of other tools, each into metres, a z-up world and OpenCV's camera axes.

Known by content, not by name: Pose2Sim TOML (also ours), Anipose's and FreeMoCap's, Qualisys ``.qca.txt`` XML, OpenCV
YAML/XML/JSON, ROS and Kalibr YAML, EasyMocap's pair of YAML, COLMAP's text, Human3.6M's JSON, AIST++'s setting JSON.
"""

from __future__ import annotations

import json
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from motionrecon.data.formats import camera_record, camera_tools, camera_worlds
from motionrecon.data.formats.camera_record import CameraFile
from motionrecon.errors import DataError
from motionrecon.jobs.runtime import quiet_native_stderr

_AIST_FROM_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])  # (X, Y, Z) -> (X, Z, -Y)
_QUALISYS_SUBPIXELS = 64.0
_H36M_SIZES = {"54138969": (1000, 1002), "55011271": (1000, 1000), "58860488": (1000, 1000), "60457274": (1000, 1002)}
_MATRIX_KEYS = (
    "camera_matrix", "cameraMatrix", "Camera_Matrix", "K", "k", "matrix", "intrinsics", "intrinsic", "mtx", "M"
)  # fmt: skip
_DISTORTION_KEYS = (
    "dist_coeffs", "distortion_coefficients", "Distortion_Coefficients", "distCoeffs", "distortions", "distortion",
    "dist", "D", "d",
)  # fmt: skip
_ROTATION_KEYS = ("rvec", "rotation", "R", "rotation_matrix")
_TRANSLATION_KEYS = ("tvec", "translation", "t", "T")


def parse(path: Path) -> list[CameraFile]:
    """Return every camera in the file, or in EasyMocap's folder; raises DataError where it is no known format."""
    if path.is_dir():
        path = next(
            (path / name for name in ("intri.yml", "cameras.txt") if (path / name).is_file()), path / "intri.yml"
        )
    text = _text(path)
    try:
        cameras = _parse_text(text, _beside(path))
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise DataError(f"{path}: not a usable calibration ({type(error).__name__}: {error}); check the file") from None
    if not cameras:
        raise DataError(
            f"{path}: holds no camera that is understood; give a Pose2Sim, Anipose or FreeMoCap TOML, Qualisys "
            ".qca.txt, OpenCV or ROS YAML, XML or JSON, EasyMocap's intri.yml, COLMAP's cameras.txt, or a Human3.6M or "
            "AIST calibration"
        )
    for camera in cameras:
        _check(path, camera)
    return cameras


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: the camera file cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not a text file; give a calibration in TOML, JSON, YAML or XML") from None


def _beside(path: Path) -> str:
    """Return the other half of EasyMocap's pair, intri.yml and extri.yml; "" where there is none."""
    other = {"intri": "extri", "extri": "intri"}.get(path.stem)
    file = path.with_name(f"{other}{path.suffix}")
    return _text(file) if other and file.is_file() else ""


def _parse_text(text: str, other: str) -> list[CameraFile]:
    start = text.lstrip()
    if start.startswith("<") and "<opencv_storage" not in text and "<calibration" in text:
        return _qualisys(text)
    if start.startswith("{") or (
        start[:1] == "[" and start[1:].lstrip().startswith("{")
    ):  # "[name]" opens a TOML table
        return _json(json.loads(text))
    if camera_tools.is_colmap(text):
        return camera_tools.colmap(text)
    if start.startswith(("%YAML", "<?xml", "<opencv_storage")):
        return _document(text, other)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return _document("%YAML:1.0\n---\n" + text.replace("\n---", "").removeprefix("---"), other)
    if any(key in table for key in _MATRIX_KEYS):
        return camera_worlds.judged([_opencv(table, "camera")])
    entries = [(key, value) for key, value in table.items() if isinstance(value, dict) and "matrix" in value]
    cameras = [_opencv(value, str(value.get("name", key))) for key, value in entries]
    return camera_worlds.judged(cameras, table.get("metadata"))


def _json(data: Any) -> list[CameraFile]:
    if isinstance(data, list):
        return [_aist(item) for item in data]
    if isinstance(data.get("intrinsics"), dict) and isinstance(data.get("extrinsics"), dict):
        return _h36m(data)
    if any(key in data for key in _MATRIX_KEYS):
        return camera_worlds.judged([_opencv(data, str(data.get("name", data.get("camera_name", "camera"))))])
    cameras = camera_tools.numbered(data) or camera_tools.kalibr(data)
    if cameras:
        return camera_worlds.judged(cameras)
    entries = [(key, value) for key, value in data.items() if isinstance(value, dict)]
    cameras = [_opencv(value, key) for key, value in entries if any(k in value for k in _MATRIX_KEYS)]
    return camera_worlds.judged(cameras)


def _aist(item: dict) -> CameraFile:
    """AIST++: y-up world in centimetres; its floor (about y = 64 cm) is the loader's matter, not the camera's."""
    rotation = camera_record.rotation(item["rotation"]) @ _AIST_FROM_Z_UP
    return CameraFile(
        str(item["name"]),
        np.array(item["matrix"], float),
        camera_record.distortion(item["distortions"]),
        camera_record.size(item["size"]),
        rotation,
        np.array(item["translation"], float).reshape(3) / 100.0,
    )


def _h36m(data: dict) -> list[CameraFile]:
    """Human3.6M: names "S9/60457274"; z-up world in millimetres. A bare camera id gives the intrinsics only."""
    cameras = []
    for camera_id, values in data["intrinsics"].items():
        matrix, distortion = (
            np.array(values["calibration_matrix"], float),
            camera_record.distortion(values["distortion"]),
        )
        size = _H36M_SIZES.get(camera_id)
        cameras.append(CameraFile(camera_id, matrix, distortion, size))
        for subject, poses in data["extrinsics"].items():
            if camera_id in poses:
                rotation = np.array(poses[camera_id]["R"], float)
                translation = np.array(poses[camera_id]["t"], float).reshape(3) / 1000.0
                cameras.append(CameraFile(f"{subject}/{camera_id}", matrix, distortion, size, rotation, translation))
    return cameras


def _qualisys(text: str) -> list[CameraFile]:
    """Qualisys Track Manager: intrinsics in 1/64 px, position in mm, rows of the rotation = camera axes in the world.

    Its camera looks along -z with y up in the image; OpenCV's along +z with y down.
    """
    cameras = []
    for node in ElementTree.fromstring(text).iter("camera"):
        lens, pose, view = node.find("intrinsic"), node.find("transform"), node.find("fov_video")
        if lens is None or pose is None or view is None:
            continue
        k = {key: float(value) / _QUALISYS_SUBPIXELS for key, value in lens.attrib.items() if key[0] in "cfs"}
        matrix = np.array(
            [
                [k["focalLengthU"], k.get("skew", 0.0), k["centerPointU"]],
                [0.0, k["focalLengthV"], k["centerPointV"]],
                [0.0, 0.0, 1.0],
            ]
        )
        keys = ("radialDistortion1", "radialDistortion2", "tangentalDistortion1", "tangentalDistortion2")
        distortion = [float(lens.get(key, 0.0)) for key in (*keys, "radialDistortion3")]
        axes = np.array([[float(pose.attrib[f"r{i}{j}"]) for j in (1, 2, 3)] for i in (1, 2, 3)])
        rotation = np.diag([1.0, -1.0, -1.0]) @ axes
        center = np.array([float(pose.attrib[axis]) for axis in "xyz"]) / 1000.0
        edges = {key: int(float(value)) for key, value in view.attrib.items()}
        size = (edges["right"] - edges["left"] + 1, edges["bottom"] - edges["top"] + 1)
        cameras.append(
            CameraFile(node.get("serial", ""), matrix, np.array(distortion), size, rotation, -rotation @ center)
        )
    return cameras


def _document(text: str, other: str = "") -> list[CameraFile]:
    """Parse YAML or XML of OpenCV, and YAML of others; ``other``: a second document with more of the same cameras."""
    data = _opencv_document(text)
    if not isinstance(data, dict) or not data:
        data = _yaml(text)
    if other:
        more = _opencv_document(other)
        data = (more if isinstance(more, dict) else {}) | (data if isinstance(data, dict) else {})
    return _json(data) if isinstance(data, dict) else []


def _opencv_document(text: str) -> Any:
    with quiet_native_stderr():
        try:
            storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
            return _node(storage.root())
        except (cv2.error, SystemError):
            return None


def _yaml(text: str) -> Any:
    try:
        return yaml.safe_load(text.removeprefix("%YAML:1.0\n---\n"))
    except yaml.YAMLError:
        return None


def _node(node: cv2.FileNode) -> Any:
    if node.isMap():
        keys = node.keys()
        if {"dt", "data"} <= set(keys):  # OpenCV's own matrices; OpenCV 5 writes "sizes" for "rows" and "cols"
            return node.mat()
        if {"rows", "cols", "data"} <= set(keys):
            shape = int(node.getNode("rows").real()), int(node.getNode("cols").real())
            return np.array(_node(node.getNode("data")), float).reshape(shape)
        return {key: _node(node.getNode(key)) for key in keys}
    if node.isSeq():
        return [_node(node.at(i)) for i in range(node.size())]
    return node.string() if node.isString() else node.real()


def _opencv(data: dict, name: str) -> CameraFile:
    def first(keys: tuple[str, ...]) -> Any:
        value = next((data[key] for key in keys if key in data), None)
        if isinstance(value, dict) and "data" in value:
            value = value["data"]  # row by row; the callers know the shape
        return value

    if (
        data.get("fisheye")
        or data.get("fisheye_model")
        or str(data.get("distortion_model", "")).lower() in ("equidistant", "fisheye")
    ):
        raise ValueError(f'camera "{name}" is a fisheye lens, which is not supported; undistort the video first')
    matrix = np.array(first(_MATRIX_KEYS), float).reshape(3, 3)
    distortion = first(_DISTORTION_KEYS)
    size = next((data[key] for key in ("size", "image_size", "imageSize", "resolution") if key in data), None)
    for keys in (("image_width", "image_height"), ("image_Width", "image_Height"), ("width", "height")):
        if size is None and all(data.get(key) for key in keys):
            size = tuple(data[key] for key in keys)
    rotation, translation = first(_ROTATION_KEYS), first(_TRANSLATION_KEYS)
    posed = rotation is not None and translation is not None
    return CameraFile(
        name,
        matrix,
        camera_record.distortion([] if distortion is None else distortion),
        None if size is None else camera_record.size(size),
        camera_record.rotation(rotation) if posed else None,
        np.array(translation, float).reshape(3) if posed else None,
    )


def _check(path: Path, camera: CameraFile) -> None:
    numbers = [camera.intrinsics, camera.distortion]
    if camera.rotation is not None and camera.translation is not None:
        numbers += [camera.rotation, camera.translation]
        error = np.abs(camera.rotation @ camera.rotation.T - np.eye(3)).max()
        if not error < 1e-3 or np.linalg.det(camera.rotation) < 0:
            raise DataError(f'{path}: the rotation of camera "{camera.name}" is no rotation; check the file')
    if not all(np.isfinite(n).all() for n in numbers) or not _is_lens(camera.intrinsics):
        raise DataError(f'{path}: camera "{camera.name}" has numbers that make no sense (focal length); check the file')


def _is_lens(matrix: np.ndarray) -> bool:
    return bool(matrix[0, 0] > 0 and matrix[1, 1] > 0 and np.allclose(matrix[2], [0, 0, 1]) and matrix[1, 0] == 0)
