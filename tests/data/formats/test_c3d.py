"""C3D: joint centres by label, gaps, units, broken files."""

import ezc3d
import numpy as np
import pytest

from motionrecon.data.formats import c3d
from motionrecon.errors import DataError

_PLUG_IN_GAIT = {
    "pelvis": "PELO", "left_hip": "LFEP", "right_hip": "RFEP", "left_knee": "LFEO", "right_knee": "RFEO",
    "left_ankle": "LTIO", "right_ankle": "RTIO", "left_shoulder": "LCLO", "right_shoulder": "RCLO",
    "left_elbow": "LHUO", "right_elbow": "RHUO", "left_wrist": "LRAO", "right_wrist": "RRAO", "left_ball": "LTOE",
}  # fmt: skip


def _write(path, points, labels, unit="mm", scale=1000.0):
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    file["parameters"]["POINT"]["LABELS"]["value"] = tuple(labels)
    file["parameters"]["POINT"]["UNITS"]["value"] = (unit,)
    data = np.ones((4, len(labels), len(points)))
    data[:3] = scale * points.transpose(2, 1, 0)
    file["data"]["points"] = data
    file.write(str(path))


@pytest.mark.parametrize(("unit", "scale"), [("mm", 1000.0), ("m", 1.0)])
def test_round_trip_with_a_gap(tmp_path, walking, unit, scale):
    points = walking(names=tuple(_PLUG_IN_GAIT))
    gappy = points.copy()
    gappy[5:8, 3] = np.nan
    _write(tmp_path / "a.c3d", gappy, [f"Subject:{v}" for v in _PLUG_IN_GAIT.values()], unit, scale)
    found = c3d.read(tmp_path / "a.c3d")
    observation = found.observation
    order = [observation.names.index(n) for n in _PLUG_IN_GAIT]
    seen = observation.confidence[:, order] > 0
    assert np.argwhere(~seen).tolist() == [[5, 3], [6, 3], [7, 3]]
    np.testing.assert_allclose(observation.keypoints3d[:, order][seen], points[seen], atol=1e-6)
    assert observation.fps == 100.0 and found.recording.unit == unit


def test_too_few_known_labels(tmp_path, walking):
    points = walking(names=tuple(_PLUG_IN_GAIT))[:, :10]
    _write(tmp_path / "a.c3d", points, [f"*{i}" for i in range(10)])
    with pytest.raises(DataError, match="known body points"):
        c3d.read(tmp_path / "a.c3d")


def test_broken_files_are_refused(tmp_path, walking):
    good, bad = tmp_path / "a.c3d", tmp_path / "b.c3d"
    _write(good, walking(names=tuple(_PLUG_IN_GAIT)), _PLUG_IN_GAIT.values())
    for content in (b"", b"hello world, this is text", good.read_bytes()[:700], good.read_bytes()[:-900]):
        bad.write_bytes(content)
        with pytest.raises(DataError, match=r"b\.c3d"):
            c3d.read(bad)
