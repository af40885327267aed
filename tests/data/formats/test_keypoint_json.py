"""2D keypoints: every accepted format gives the same observation; the wrong ones are named."""

import json

import numpy as np
import pytest

from motionrecon.data.formats import keypoint_json
from motionrecon.errors import DataError, DetectionError
from motionrecon.geometry.keypoint_layouts import COCO18
from motionrecon.geometry.keypoints import BODY25, COCO17, HALPE26, MEDIAPIPE19

_SIZE = (1280, 720)


def _pixels(walking, names, shift=0.0, scale=300.0, frames=12):
    """(T, K, 3) px with confidence 0.9; walking in profile."""
    points = walking(frames=frames, names=tuple(names))
    x, y = 400 + shift + scale * points[..., 0], 700 - scale * points[..., 2]
    return np.stack([x, y, np.full_like(x, 0.9)], axis=-1)


def _dump(path, content):
    path.write_text(json.dumps(content))
    return path


def _openpose_frame(*people):
    return {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": p.ravel().tolist()} for p in people]}


def _check(found, pixels, names):
    order = [found.observation.names.index(n) for n in names]
    np.testing.assert_allclose(found.observation.keypoints2d[:, order], pixels[..., :2])
    np.testing.assert_allclose(found.observation.confidence[:, order], 0.9)


@pytest.mark.parametrize(
    ("layout", "names"),
    [("body25", BODY25), ("coco18", COCO18), ("halpe26", HALPE26), ("coco17", COCO17)],
)
def test_openpose_folder(tmp_path, walking, layout, names):
    pixels = _pixels(walking, names)
    for t, frame in enumerate(pixels):
        _dump(tmp_path / f"clip_{t:012d}_keypoints.json", _openpose_frame(frame))
    found = keypoint_json.read(tmp_path, size=_SIZE, fps=50.0)
    _check(found, pixels, names)
    assert found.observation.layout == layout and found.observation.fps == 50.0 and not found.warnings


def test_openpose_single_file_and_empty_frames(tmp_path, walking):
    pixels = _pixels(walking, BODY25)
    frames = [_openpose_frame(p) for p in pixels]
    frames[4] = _openpose_frame()
    found = keypoint_json.read(_dump(tmp_path / "a.json", frames))
    assert (found.observation.confidence[4] == 0).all() and (np.delete(found.observation.confidence, 4, 0) > 0).all()
    assert np.isfinite(found.observation.keypoints2d).all()
    text = " ".join(found.warnings)
    assert "not found in 1 of 12" in text and "1280 x 720 px assumed" in text and "30 Hz assumed" in text


def test_points_at_the_origin_are_missing(tmp_path, walking):
    pixels = _pixels(walking, BODY25)
    pixels[3, 7] = 0.0
    found = keypoint_json.read(_dump(tmp_path / "a.json", [_openpose_frame(p) for p in pixels]), size=_SIZE, fps=30)
    assert np.argwhere(found.observation.confidence == 0).tolist() == [[3, 7]]


def test_coco_results_with_missing_images(tmp_path, walking):
    pixels = _pixels(walking, COCO17)
    entries = [
        {"image_id": 100 + t, "category_id": 1, "keypoints": p.ravel().tolist(), "score": 1.0}
        for t, p in enumerate(pixels)
        if t != 5
    ]
    found = keypoint_json.read(_dump(tmp_path / "a.json", entries), size=_SIZE, fps=30)
    assert len(found.observation.confidence) == 12 and (found.observation.confidence[5] == 0).all()
    np.testing.assert_allclose(np.delete(found.observation.keypoints2d - pixels[..., :2], 5, 0), 0.0)


def test_coco_annotations_state_size_and_visibility(tmp_path, walking):
    pixels = _pixels(walking, COCO17)
    pixels[..., 2] = 2
    pixels[2, 9, 2] = 1
    content = {
        "images": [{"id": t, "width": 1280, "height": 720} for t in range(12)],
        "annotations": [{"image_id": t, "keypoints": p.ravel().tolist()} for t, p in enumerate(pixels)],
    }
    found = keypoint_json.read(_dump(tmp_path / "a.json", content), fps=30)
    assert found.image_size == _SIZE and found.observation.confidence[2, 9] == 0.5
    assert found.observation.confidence[0].min() == 1.0


def test_alphapose_follows_identities(tmp_path, walking):
    near, far = _pixels(walking, HALPE26), _pixels(walking, HALPE26, shift=200, scale=120)
    entries = []
    for t in range(12):
        people = [(1, near[t]), (7, far[t])]
        for idx, p in people[:: 1 if t % 2 else -1]:
            entries.append({"image_id": f"{t}.jpg", "keypoints": p.ravel().tolist(), "score": 2.5, "idx": idx})
    path = _dump(tmp_path / "alphapose-results.json", entries)
    _check(keypoint_json.read(path, size=_SIZE, fps=30), near, HALPE26)
    _check(keypoint_json.read(path, size=_SIZE, fps=30, person=7), far, HALPE26)
    with pytest.raises(DetectionError, match="no person 2; the file has 1, 7"):
        keypoint_json.read(path, person=2)


def test_largest_person_is_followed_without_identities(tmp_path, walking):
    near, far = _pixels(walking, BODY25), _pixels(walking, BODY25, shift=350, scale=120)
    frames = [_openpose_frame(*((n, f) if t % 3 else (f, n))) for t, (n, f) in enumerate(zip(near, far, strict=True))]
    frames[6] = _openpose_frame(far[6])  # the larger one is lost for a frame
    path = _dump(tmp_path / "a.json", frames)
    found = keypoint_json.read(path, size=_SIZE, fps=30)
    assert np.flatnonzero(found.observation.confidence[:, 0] == 0).tolist() == [6]
    np.testing.assert_allclose(np.delete(found.observation.keypoints2d - near[..., :2], 6, 0), 0.0)
    assert any("2 people" in w for w in found.warnings)
    _check(keypoint_json.read(path, size=_SIZE, fps=30, person="2"), far, BODY25)  # to the right of the larger one
    with pytest.raises(DetectionError, match=r"no person 3; the file has 1 \(leftmost\) to 2"):
        keypoint_json.read(path, person=3)


@pytest.mark.parametrize("nested", [False, True])
def test_mediapipe(tmp_path, walking, nested):
    names = tuple(MEDIAPIPE19.values())
    pixels, world = _pixels(walking, names), walking(frames=12, names=names) - 1.0
    frames = []
    for t in range(12):
        points, metric = [{"x": 0.0, "y": 0.0, "z": 0.0, "visibility": 0.1}] * 33, [{"x": 0.0, "y": 0.0, "z": 0.0}] * 33
        for k, i in enumerate(MEDIAPIPE19):
            x, y, c = pixels[t, k]
            points[i] = {"x": x / 1280, "y": y / 720, "z": 0.0, "visibility": c}
            metric[i] = dict(zip("xyz", world[t, k], strict=True))
        row = {"landmarks": points, "world_landmarks": metric}
        frames.append({k: [v] for k, v in row.items()} if nested else row)
    content = {"fps": 24, "width": 1280, "height": 720, "frames": frames}
    found = keypoint_json.read(_dump(tmp_path / "a.json", content))
    _check(found, pixels, names)
    np.testing.assert_allclose(found.observation.landmarks3d, world)
    assert found.observation.fps == 24.0 and found.observation.layout == "mediapipe33"
    frames[3] = {"landmarks": None}
    found = keypoint_json.read(_dump(tmp_path / "b.json", frames), size=_SIZE, fps=24)
    assert np.flatnonzero((found.observation.confidence == 0).all(axis=1)).tolist() == [3]
    with pytest.raises(DataError, match="fractions of the image"):
        keypoint_json.read(tmp_path / "b.json")


def test_plain(tmp_path, walking):
    pixels = _pixels(walking, HALPE26)
    content = {"keypoints": pixels.tolist(), "fps": 30, "width": 1280, "height": 720, "names": list(HALPE26)}
    _check(keypoint_json.read(_dump(tmp_path / "a.json", content)), pixels, HALPE26)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": 1}, "unknown kind; accepted are"),
        ([], "empty list; accepted are"),
        ([1, 2], "unknown kind"),
        ({"keypoints": [[[1, 2, 1]] * 9] * 3}, "9 keypoints a person are of no known layout"),
        ({"keypoints": [[[1, 2, 1]] * 17] * 3}, "same in every frame"),
        ({"keypoints": [[[1, 2, 1]] * 17, [[1, 2, 1]] * 25]}, "counts differ"),
        ({"keypoints": [[["a", 2, 1]] * 17] * 3}, "cannot be read"),
        ({"keypoints": [[1, 2, 3, 4]] * 3}, "cannot be read"),
        ([{"image_id": 0, "keypoints": None}], "cannot be read"),
        (_openpose_frame(np.ones((25, 3))), "1 frame"),
    ],
)
def test_bad_content_is_refused(tmp_path, content, message):
    with pytest.raises(DataError, match=message) as caught:
        keypoint_json.read(_dump(tmp_path / "a.json", content))
    assert "a.json" in str(caught.value) and "\n" not in str(caught.value)


def test_nobody_and_broken_files(tmp_path):
    with pytest.raises(DetectionError, match="nobody"):
        keypoint_json.read(_dump(tmp_path / "a.json", [_openpose_frame()] * 4))
    with pytest.raises(DetectionError, match="nobody"):
        keypoint_json.read(_dump(tmp_path / "a.json", {"keypoints": [[[1, 2, 0]] * 17] * 3}))
    (tmp_path / "b.json").write_text('{"keypoints": [[')
    with pytest.raises(DataError, match="truncated"):
        keypoint_json.read(tmp_path / "b.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="without OpenPose"):
        keypoint_json.read(tmp_path / "folder")
    _dump(tmp_path / "folder" / "x.json", {"a": 1})
    with pytest.raises(DataError, match=r"x\.json is not an OpenPose"):
        keypoint_json.read(tmp_path / "folder")
