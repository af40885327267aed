"""TRC: names, units, axes, gaps and broken tables."""

import numpy as np
import pytest

from motionrecon.data import axes
from motionrecon.data.formats import trc
from motionrecon.errors import DataError

_NAMES = {
    "right_hip": "RHip", "right_knee": "RKnee", "right_ankle": "RAnkle", "right_toe": "RBigToe", "left_hip": "LHip",
    "left_knee": "LKnee", "left_ankle": "LAnkle", "left_toe": "LBigToe", "neck": "Neck", "head_top": "Head",
    "right_shoulder": "RShoulder", "right_elbow": "RElbow", "left_shoulder": "LShoulder", "left_elbow": "LElbow",
    "pelvis": "Hip",
}  # fmt: skip


def _write(path, points, unit="m", scale=1.0, labels=None, edit=None, gaps=()):
    labels = labels or list(_NAMES.values())
    values = points @ axes.Y_UP_X_FORWARD * scale  # back to y up, x forward
    rows = []
    for t, frame in enumerate(values):
        cells = [["", "", ""] if (t, k) in gaps else [f"{v:.6f}" for v in p] for k, p in enumerate(frame)]
        rows.append("\t".join([str(t + 1), f"{t / 60:.5f}", *(c for p in cells for c in p)]))
    count = len(labels)
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"60.000\t60.000\t{len(points)}\t{count}\t{unit}\t60.000\t1\t{len(points)}",
        "Frame#\tTime\t" + "\t\t\t".join(labels) + "\t\t",
        "\t\t" + "\t".join(f"{a}{i + 1}" for i in range(count) for a in "XYZ"),
        *rows,
    ]
    text = "\n".join(lines) + "\n"
    path.write_text(edit(text) if edit else text)


@pytest.mark.parametrize(("unit", "scale"), [("m", 1.0), ("mm", 1000.0), ("", 100.0)])
def test_round_trip(tmp_path, walking, unit, scale):
    points = walking(names=tuple(_NAMES))
    _write(tmp_path / "a.trc", points, unit, scale)
    found = trc.read(tmp_path / "a.trc")
    order = [found.observation.names.index(n) for n in _NAMES]
    np.testing.assert_allclose(found.observation.keypoints3d[:, order], points, atol=1e-5)
    assert found.observation.fps == 60.0 and found.recording.labels["pelvis"] == "Hip"


def test_gaps_and_unknown_labels(tmp_path, walking):
    points = walking(names=tuple(_NAMES))
    points = np.concatenate([points, points[:, :1]], axis=1)
    labels = [*_NAMES.values(), "Wand"]
    _write(tmp_path / "a.trc", points, labels=labels, gaps={(3, 1), (4, 1)})
    found = trc.read(tmp_path / "a.trc")
    k = found.observation.names.index("right_knee")
    assert np.flatnonzero(found.observation.confidence[:, k] == 0).tolist() == [3, 4]
    assert np.isfinite(found.observation.keypoints3d).all()
    assert any("Wand" in w for w in found.warnings)


def test_z_up_file_is_noticed(tmp_path, walking):
    points = walking(names=tuple(_NAMES))
    _write(tmp_path / "a.trc", points @ axes.Y_UP_X_FORWARD.T)
    found = trc.read(tmp_path / "a.trc")
    order = [found.observation.names.index(n) for n in _NAMES]
    np.testing.assert_allclose(found.observation.keypoints3d[:, order], points, atol=1e-5)
    assert any("taken as up" in w for w in found.warnings)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t: "hello\n" * 9, "not a whole TRC"),
        (lambda t: t.replace("DataRate\t", "Rate\t", 1).replace("OrigDataRate", "Orig"), "DataRate"),
        (lambda t: t.rstrip() + "\t1.0\t2.0\n", "columns"),
        (lambda t: t.rstrip()[:-3] + "abc\n", "no number"),
        (lambda t: "\n".join(t.splitlines()[:5]) + "\n\n", "0 frame"),
        (lambda t: t.replace("60.000", "0.000"), "frame rate"),
        (lambda t: t.replace("Knee", "Wand").replace("Ankle", "Stick").replace("Hip", "Ball3"), "known body points"),
    ],
)
def test_broken_files_are_refused(tmp_path, walking, edit, message):
    _write(tmp_path / "a.trc", walking(names=tuple(_NAMES))[:, :9], labels=list(_NAMES.values())[:9], edit=edit)
    with pytest.raises(DataError, match=message) as caught:
        trc.read(tmp_path / "a.trc")
    assert "a.trc" in str(caught.value) and "\n" not in str(caught.value)
