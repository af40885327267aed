"""Keypoint files of MMPose, YOLO, AlphaPose and browsers: the same person out of each, or one line."""

import json

import numpy as np
import pytest

from motionrecon.data.formats import keypoint_json
from motionrecon.errors import DataError
from motionrecon.geometry.keypoint_layouts import COCO18, H36M17
from motionrecon.geometry.keypoints import COCO17, MEDIAPIPE19

_SIZE = (1280, 720)


@pytest.fixture
def pixels(walking):
    """(12, 17, 3) px, COCO's order, confidence 0.9; walking in profile."""
    points = walking(frames=12, names=COCO17)
    x, y = 400 + 300 * points[..., 0], 700 - 300 * points[..., 2]
    return np.stack([x, y, np.full_like(x, 0.9)], axis=-1)


def _dump(path, content):
    path.write_text(json.dumps(content))
    return path


def _same(found, pixels, names=COCO17):
    order = [found.observation.names.index(n) for n in names]
    np.testing.assert_allclose(found.observation.keypoints2d[:, order], pixels[..., :2], atol=1e-3)
    np.testing.assert_allclose(found.observation.confidence[:, order], 0.9, atol=1e-6)


def _instance(frame):
    return {"keypoints": frame[:, :2].tolist(), "keypoint_scores": frame[:, 2].tolist(), "bbox": [[0, 0, 9, 9]]}


def test_mmpose(tmp_path, pixels):
    frames = [{"frame_id": t, "instances": [_instance(p)]} for t, p in enumerate(pixels)]
    meta = {"dataset_name": "coco", "keypoint_id2name": {str(i): n for i, n in enumerate(COCO17)}}
    for content in ({"meta_info": meta, "instance_info": frames}, {"instance_info": frames}, frames):
        _same(keypoint_json.read(_dump(tmp_path / "a.json", content), size=_SIZE, fps=30), pixels)
    folder = tmp_path / "predictions"
    folder.mkdir()
    for t, p in enumerate(pixels):
        _dump(folder / f"{t:06d}.json", [_instance(p)] if t != 4 else [])
    found = keypoint_json.read(folder, size=_SIZE, fps=30)
    assert np.flatnonzero((np.asarray(found.observation.confidence) == 0).all(axis=1)).tolist() == [4]


def test_names_that_a_file_states_beat_the_count(tmp_path, pixels):
    """18 points in an order of nobody, named."""
    order = np.random.default_rng(0).permutation(17)
    values = np.concatenate([pixels[:, order], pixels[:, :1]], axis=1)
    names = [*(COCO17[i] for i in order), "tail"]
    frames = [{"frame_id": t, "instances": [_instance(p)]} for t, p in enumerate(values)]
    content = {"meta_info": {"keypoint_id2name": {str(i): n for i, n in enumerate(names)}}, "instance_info": frames}
    _same(keypoint_json.read(_dump(tmp_path / "a.json", content), size=_SIZE, fps=30), pixels)


def test_points_of_a_lifter_are_refused(tmp_path, pixels):
    frames = [{"frame_id": t, "instances": [_instance(p) | {"keypoints": p.tolist()}]} for t, p in enumerate(pixels)]
    with pytest.raises(DataError, match="3D keypoints of a lifting model"):
        keypoint_json.read(_dump(tmp_path / "a.json", {"instance_info": frames}))


@pytest.mark.parametrize("more", [(), (0.8,), (0.8, 3), (3,)])
@pytest.mark.parametrize("width", [2, 3])
def test_yolo_labels(tmp_path, pixels, more, width):
    for t, frame in enumerate(pixels):
        values = frame[:, :width] / [*_SIZE, 1.0][:width]
        if t != 7:
            line = " ".join(f"{v:.6f}" for v in [0.5, 0.5, 0.2, 0.8, *values.ravel()])
            text = "".join(f" {m}" for m in more)
            (tmp_path / f"film_{t + 1}.txt").write_text(f"0 {line}{text}\n")
    found = keypoint_json.read(tmp_path, size=_SIZE, fps=30)
    assert found.observation.layout == "coco17" and (np.asarray(found.observation.confidence)[7] == 0).all()
    seen = np.delete(np.asarray(found.observation.keypoints2d), 7, 0)
    np.testing.assert_allclose(seen, np.delete(pixels[..., :2], 7, 0), atol=2e-3)
    with pytest.raises(DataError, match="--image-size"):
        keypoint_json.read(tmp_path, fps=30)


@pytest.mark.parametrize(
    ("text", "message"), [("0 0.5 0.5 0.1 0.1\n", "no pose of YOLO"), ("hello\n", "not a label file"), ("", "nobody")]
)
def test_other_text_files(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(DataError, match=message):
        keypoint_json.read(tmp_path)


def test_yolo_json(tmp_path, pixels):
    frames = [
        [{"name": "person", "track_id": 3, "keypoints": dict(zip(("x", "y", "visible"), p.T.tolist(), strict=True))}]
        for p in pixels
    ]
    _same(keypoint_json.read(_dump(tmp_path / "a.json", frames), size=_SIZE, fps=30), pixels)


def _coco18(pixels):
    index = {n: i for i, n in enumerate(COCO17)}
    middle = pixels[:, [index["left_shoulder"], index["right_shoulder"]]].mean(axis=1)
    return np.stack([middle if n == "neck" else pixels[:, index[n]] for n in COCO18], axis=1)


@pytest.mark.parametrize(("key", "points"), [("bodies", "joints"), ("people", "pose_keypoints_2d")])
def test_alphapose_by_image(tmp_path, pixels, key, points):
    frames = [{"version": "AlphaPose v0.3", key: [{points: p.ravel().tolist()}]} for p in _coco18(pixels)]
    content = {f"{t}.jpg": frame for t, frame in enumerate(frames)}
    _same(keypoint_json.read(_dump(tmp_path / "a.json", content), size=_SIZE, fps=30), pixels)
    folder = tmp_path / "sep-json"
    folder.mkdir()
    for t, frame in enumerate(frames):
        _dump(folder / f"{t}.json", frame)
    _same(keypoint_json.read(folder, size=_SIZE, fps=30), pixels)


def _landmarks(pixels):
    """(T, 33) landmarks of JavaScript, in fractions."""
    index = {n: i for i, n in enumerate(COCO17)}
    out = []
    for frame in pixels:
        points = [{"x": 0.5, "y": 0.5, "z": 0.0, "visibility": 0.0} for _ in range(33)]
        for i, name in MEDIAPIPE19.items():
            if name in index:
                x, y = frame[index[name], :2] / _SIZE
                points[i] = {"x": x, "y": y, "z": 0.1, "visibility": 0.9}
        out.append(points)
    return out


@pytest.mark.parametrize(
    "frame",
    [
        lambda p, t: {"landmarks": [p], "worldLandmarks": [p], "timestamp": 40.0 * t},
        lambda p, t: {"poseLandmarks": p, "poseWorldLandmarks": p, "timestampMs": 40.0 * t},
        lambda p, t: {"poseLandmarks": p, "za": p, "time": 0.04 * t},
        lambda p, t: p,
        lambda p, t: [p],
    ],
)
def test_mediapipe_of_browsers(tmp_path, pixels, frame):
    frames = [frame(p, t) for t, p in enumerate(_landmarks(pixels))]
    found = keypoint_json.read(_dump(tmp_path / "a.json", frames), size=_SIZE)
    known = [n for n in COCO17 if n in MEDIAPIPE19.values()]
    _same(found, pixels[:, [COCO17.index(n) for n in known]], known)
    timed = isinstance(frames[0], dict)
    assert found.observation.fps == pytest.approx(25.0 if timed else 30.0)
    assert (found.observation.landmarks3d is not None) == timed
    if timed:
        assert (
            len(keypoint_json.read(_dump(tmp_path / "b.json", {"results": frames}), size=_SIZE).observation.names) == 19
        )


def test_tensorflow_js(tmp_path, pixels):
    def pose(frame):
        points = [{"x": x, "y": y, "score": s, "name": n} for (x, y, s), n in zip(frame, COCO17, strict=True)]
        return {"keypoints": points, "score": 0.9}

    for content in ([[pose(p)] for p in pixels], {"frames": [{"poses": [pose(p)]} for p in pixels]}):
        _same(keypoint_json.read(_dump(tmp_path / "a.json", content), size=_SIZE, fps=30), pixels)


@pytest.mark.parametrize("low", [0.0, -1.0])
def test_openpose_in_fractions(tmp_path, pixels, low):
    values = _coco18(pixels)
    values[..., :2] = low + (1.0 - low) * values[..., :2] / _SIZE
    values[3, 0] = 0.0
    frames = [{"people": [{"pose_keypoints_2d": p.ravel().tolist()}]} for p in values]
    path = _dump(tmp_path / "a.json", frames)
    with pytest.raises(DataError, match="--image-size"):
        keypoint_json.read(path)
    found = keypoint_json.read(path, size=_SIZE, fps=30)
    k = found.observation.names.index("left_knee")
    np.testing.assert_allclose(found.observation.keypoints2d[:, k], pixels[:, COCO17.index("left_knee"), :2], atol=1e-3)
    assert found.observation.confidence[3, found.observation.names.index("nose")] == 0


def test_size_given_beats_the_files(tmp_path, pixels):
    content = {"keypoints": pixels.tolist(), "fps": 30, "width": 640, "height": 480}
    found = keypoint_json.read(_dump(tmp_path / "a.json", content), size=_SIZE)
    assert found.image_size == _SIZE and "The file says 640 x 480 px" in " ".join(found.warnings)


def test_layout_said(tmp_path, walking):
    points = walking(frames=12, names=H36M17)
    values = np.stack([400 + 300 * points[..., 0], 700 - 300 * points[..., 2], np.ones(points.shape[:2])], axis=-1)
    path = _dump(tmp_path / "a.json", {"keypoints": values.tolist()})
    for layout in (None, "h36m17"):
        found = keypoint_json.read(path, layout=layout)
        assert found.observation.layout == "h36m17" and "no person" not in " ".join(found.warnings)
    assert "no person as coco17" in " ".join(keypoint_json.read(path, layout="coco17").warnings)
