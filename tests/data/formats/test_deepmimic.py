"""DeepMimic text: known poses, uneven durations, broken rows, and the two published clips."""

import json

import numpy as np
import pytest

from motionrecon.data.formats import deepmimic
from motionrecon.errors import DataError

_IDENTITY = [1.0, 0.0, 0.0, 0.0]


def _row(dt=0.05, x=0.0, knee=0.0, root=(1.0, 0.0, 0.0, 0.0)):
    q = _IDENTITY
    return [dt, x, 0.9, 0.0, *root, *q, *q, *q, knee, *q, *q, 0.0, *q, 0.0, *q, *q, 0.0]


def _write(path, rows):
    path.write_text(json.dumps({"Loop": "wrap", "Frames": rows}))
    return path


def test_pose_by_hand(tmp_path):
    half = np.sqrt(0.5)
    rows = [
        _row(x=0.0),
        _row(x=0.1, knee=-np.pi / 2),
        _row(x=0.2, root=(2 * half, 0, 2 * half, 0)),
        _row(dt=0.0, x=0.3),
    ]
    found = deepmimic.read(_write(tmp_path / "a.txt", rows))
    at = {n: found.observation.keypoints3d[:, k] for k, n in enumerate(found.observation.names)}
    np.testing.assert_allclose(at["right_ankle"][0], [0.0, -0.085, 0.9 - 0.4215 - 0.4099], atol=1e-12)
    np.testing.assert_allclose(at["left_shoulder"][0], [-0.024, 0.183, 0.9 + 0.236 + 0.2435], atol=1e-12)
    # A knee at -90 degrees swings the shin backwards.
    np.testing.assert_allclose(at["right_ankle"][1], [0.1 - 0.4099, -0.085, 0.9 - 0.4215], atol=1e-12)
    # A quaternion that is not of unit length: 90 degrees about up turn left (+y) to -x.
    np.testing.assert_allclose(at["left_hip"][2], [0.2 - 0.085, 0.0, 0.9], atol=1e-12)
    assert found.observation.fps == 20.0 and found.recording.unit == "m"


def test_uneven_durations_become_even(tmp_path):
    times = np.cumsum([0, 0.05, 0.05, 0.1, 0.05, 0.05])
    rows = [_row(dt, x=2 * t) for t, dt in zip(times, [*np.diff(times), 0.0], strict=True)]
    found = deepmimic.read(_write(tmp_path / "a.txt", rows))
    np.testing.assert_allclose(np.diff(found.observation.keypoints3d[:, 0, 0]), 0.1, atol=1e-9)
    assert len(found.observation.confidence) == 7 and found.warnings


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([_row()], "1 frame"),
        ([_row(), _row()[:-1]], "frame 1 does not hold the 44"),
        ([_row(), [*_row()[:-1], "x"]], "no number"),
        ([_row(), [*_row()[:-1], float("nan")]], "not finite"),
        ([_row(), _row(root=(0, 0, 0, 0))], "zero"),
        ([_row(dt=0.0), _row()], "lasts 0 s"),
        ([_row(), _row()], "same in every frame"),
    ],
)
def test_broken_files_are_refused(tmp_path, rows, message):
    with pytest.raises(DataError, match=message):
        deepmimic.read(_write(tmp_path / "a.txt", rows))


def test_published_walk(samples):
    found = deepmimic.read(samples / "mocap/deepmimic/humanoid3d_walk.txt")
    observation = found.observation
    points, names = observation.keypoints3d, observation.names
    assert points.shape == (39, 18, 3) and observation.fps == 30.0 and not found.warnings
    pelvis = points[:, names.index("pelvis")]
    assert pelvis[-1, 0] - pelvis[0, 0] == pytest.approx(1.239, abs=1e-3)
    assert 0.846 < pelvis[:, 2].min() < pelvis[:, 2].max() < 0.875
    assert points[:, names.index("left_hip"), 1].mean() > points[:, names.index("right_hip"), 1].mean()
    assert 0.03 < points[..., 2].min() < 0.04  # toe base above the sole of the foot box


def test_published_backflip(samples):
    observation = deepmimic.read(samples / "mocap/deepmimic/humanoid3d_backflip.txt").observation
    points, names = observation.keypoints3d, observation.names
    assert len(points) == 29 and observation.fps == 16.0
    shin = points[:, names.index("left_knee")] - points[:, names.index("left_ankle")]
    np.testing.assert_allclose(np.linalg.norm(shin, axis=-1), 0.4099, atol=1e-9)
    pelvis = points[:, names.index("pelvis")]
    assert pelvis[-1, 0] - pelvis[0, 0] == pytest.approx(-1.08, abs=0.01)
    head = points[:, names.index("head_top"), 2] - pelvis[:, 2]
    assert head.min() < -0.5  # upside down in the middle
