"""Surface markers in files: joint centres come out, what is odd is told or refused, options reach the fit."""

import ezc3d
import numpy as np
import pytest

from motionrecon.data import load
from motionrecon.data.formats import c3d
from motionrecon.errors import DataError

_LEGS = ("ASI", "PSI", "THI", "KNE", "TIB", "ANK", "HEE", "TOE")


def _c3d(path, made, unit="mm", scale=1000.0, rate=100.0, prefix="Walker:"):
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [rate]
    file["parameters"]["POINT"]["LABELS"]["value"] = tuple(prefix + n for n in made.labels)
    file["parameters"]["POINT"]["UNITS"]["value"] = (unit,)
    data = np.ones((4, len(made.labels), len(made.markers)))
    data[:3] = scale * made.markers.transpose(2, 1, 0)
    file["data"]["points"] = data
    file.write(str(path))


def _trc(path, made, rate=100.0):
    points = made.markers @ np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])  # z up to y up
    head = ["PathFileType\t4\t(X/Y/Z)\ta.trc", "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits",
            f"{rate}\t{rate}\t{len(points)}\t{len(made.labels)}\tm",
            "Frame#\tTime\t" + "\t\t\t".join(made.labels) + "\t\t", "\t\t"]  # fmt: skip
    rows = [f"{t + 1}\t{t / rate}\t" + "\t".join(f"{v:.5f}" for v in p.ravel()) for t, p in enumerate(points)]
    path.write_text("\n".join(head + rows) + "\n")


def _off(found, made, step=1):
    points, names = found.observation.keypoints3d, found.observation.names
    return {n: np.linalg.norm(points[:, names.index(n)] - j[::step], axis=-1).mean() for n, j in made.joints.items()}


@pytest.mark.parametrize("suffix", ["c3d", "trc"])
def test_joint_centres_of_a_marker_file(tmp_path, recording, suffix):
    made = recording(frames=30)
    path = tmp_path / f"a.{suffix}"
    (_c3d if suffix == "c3d" else _trc)(path, made)
    found = load.load(path, fps=100.0)
    assert max(_off(found, made).values()) < 0.02 and found.observation.fps == 100.0
    assert any("Plug-in Gait, 30 markers" in w for w in found.warnings)


def test_fast_recordings_are_thinned_and_units_guessed(tmp_path, recording):
    made = recording(frames=60)
    _c3d(tmp_path / "a.c3d", made, unit="", scale=100.0, rate=240.0)
    found = c3d.read(tmp_path / "a.c3d")
    assert found.observation.fps == 120.0 and found.recording.unit == "cm"
    assert max(_off(found, made, 2).values()) < 0.02


@pytest.mark.parametrize("legs", [False, True])
def test_labels_of_the_wrong_side_and_mirrored_axes_are_refused(tmp_path, recording, legs):
    made = recording(frames=20)
    if legs:
        keep = [i for i, n in enumerate(made.labels) if n[1:] in _LEGS]
        made.labels, made.markers = [made.labels[i] for i in keep], made.markers[:, keep]
    right = list(made.labels)
    middle = ("C7", "T10", "CLAV", "STRN")
    made.labels = [{"L": "R", "R": "L"}[n[0]] + n[1:] if n not in middle else n for n in right]
    _c3d(tmp_path / "a.c3d", made)
    made.labels, made.markers = right, made.markers * (1.0, -1.0, 1.0)
    _c3d(tmp_path / "b.c3d", made)
    for name in ("a", "b"):
        with pytest.raises(DataError, match="only in the mirror"):
            c3d.read(tmp_path / f"{name}.c3d")


def test_a_set_of_ones_own_and_a_static_trial(tmp_path, recording):
    made, standing = recording(frames=20), recording(frames=12)
    roles = {
        "ASI": "asis",
        "PSI": "psis",
        "KNE": "knee_lateral",
        "ANK": "ankle_lateral",
        "TIB": "shank",
        "SHO": "acromion",
    }
    old = list(made.labels)
    made.labels = standing.labels = [f"M{i}" for i in range(len(old))]
    lines = [
        f'M{i} = "{"left" if n[0] == "L" else "right"}_{roles[n[1:]]}"' for i, n in enumerate(old) if n[1:] in roles
    ]
    (tmp_path / "own.toml").write_text('name = "Own"\n[markers]\n' + "\n".join(lines) + "\n")
    _c3d(tmp_path / "a.c3d", made)
    _c3d(tmp_path / "s.c3d", standing)
    with pytest.raises(DataError, match="known body points"):
        load.load(tmp_path / "a.c3d")
    options = {"markers": tmp_path / "own.toml", "static": tmp_path / "s.c3d", "fps": 100.0}
    found = load.load(tmp_path / "a.c3d", **options)
    off = _off_known(found, made)
    assert max(off[n] for n in off if n.endswith(("hip", "knee", "ankle"))) < 0.03
    assert any("Own, 12 markers" in w for w in found.warnings)


def _off_known(found, made):
    made.joints = {n: j for n, j in made.joints.items() if n in found.observation.names}
    return _off(found, made)


def test_options_where_they_do_not_belong(tmp_path, recording):
    _c3d(tmp_path / "a.c3d", recording(frames=10))
    (tmp_path / "own.toml").write_text('[markers]\nX = "c7"\n')
    with pytest.raises(DataError, match=r"not those of .*own\.toml"):
        load.load(tmp_path / "a.c3d", markers=tmp_path / "own.toml")
    with pytest.raises(DataError, match=r"none\.c3d: no such file"):
        load.load(tmp_path / "a.c3d", static=tmp_path / "none.c3d")
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    with pytest.raises(DataError, match="--static is for surface markers"):
        load.load(tmp_path / "a.npz", static=tmp_path / "a.c3d")


@pytest.mark.dataset
def test_plug_in_gait_markers_of_a_real_walk(samples):
    """Case 16: within 40 mm of the joints that the markers were put around (hips 191, knees 140 mm by label alone)."""
    found = c3d.read(samples / "cases" / "16-plug-in-gait-markers.c3d")
    truth = np.load(samples / "cases" / "16-plug-in-gait-markers.truth.npz")
    names, points = found.observation.names, found.observation.keypoints3d
    common = [n for n in map(str, truth["names"]) if n in names]
    assert len(common) == 14
    off = {n: np.linalg.norm(points[:, names.index(n)] - truth["positions"][:, list(truth["names"]).index(n)], axis=-1)
           for n in common}  # fmt: skip
    assert {n: round(1000 * float(e.mean())) for n, e in off.items() if e.mean() > 0.040} == {}
