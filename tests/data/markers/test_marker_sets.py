"""Marker sets: packaged files are whole, labels are found under any prefix, a user's mistakes are one clear line."""

import numpy as np
import pytest

from motionrecon.data.markers import marker_sets
from motionrecon.data.markers.landmarks import LANDMARKS
from motionrecon.errors import DataError

_PLUG_IN = ["LASI", "RASI", "LPSI", "RPSI", "LTHI", "RTHI", "LKNE", "RKNE", "LTIB", "RTIB", "LANK", "RANK", "LFIN"]
_OPENCAP = ["L.ASIS", "r.ASIS", "L.PSIS", "r.PSIS", "L_knee", "r_knee", "L_thigh1", "r_thigh1", "L_sh2", "r_sh2",
            "L_ankle", "r_ankle", "r_calc"]  # fmt: skip
_QUALISYS = ["WaistLFront", "WaistRFront", "WaistLBack", "WaistRBack", "LThigh", "RThigh", "LKneeOut", "RKneeOut",
             "LShin", "RShin", "LAnkleOut", "RAnkleOut", "LForefootOut", "LHeelBack", "SpineTop"]  # fmt: skip


def test_packaged_sets_are_whole_and_left_is_as_right():
    sets = marker_sets.standard_sets()
    assert len(sets) == 10 and len({s.name for s in sets}) == 10
    for one in sets:
        for label, place in one.places.items():
            if isinstance(place, str) and place.startswith("left_") and label.startswith("l"):
                assert one.places.get("r" + label[1:], place) in (place.replace("left_", "right_"), place)


def test_landmarks_mirror():
    for name, place in LANDMARKS.items():
        if name.startswith("left_"):
            other = LANDMARKS[name.replace("left_", "right_", 1)]
            np.testing.assert_array_equal(np.array(other.offset), np.array(place.offset) * (1, -1, 1))
            assert other.segment == place.segment.replace("left_", "right_")


@pytest.mark.parametrize(("labels", "name"), [(_PLUG_IN, "Plug-in Gait"), (_OPENCAP, "CAST (OpenCap laboratory, 51)"),
                                              (_QUALISYS, "Qualisys Animation")])  # fmt: skip
@pytest.mark.parametrize("prefix", ["", "Walker:", "Anna_", "x_"])
def test_sets_are_recognized_under_any_prefix(labels, name, prefix):
    found = marker_sets.recognize([prefix + n for n in ["*12", *labels, "*13"]])
    assert found is not None and found.name == name
    assert len(found.columns) + len(found.unused) == len(labels)
    assert 0 not in found.columns and len(labels) + 1 not in found.columns


def test_the_subject_with_most_markers_and_the_first_of_equal_labels():
    labels = ["A:LKNE", "A:RKNE", *(f"B:{n}" for n in _PLUG_IN), "B:LKNE"]
    found = marker_sets.recognize(labels)
    assert found is not None and min(found.columns) == 2 and len(labels) - 1 not in found.columns


def test_joint_centres_and_keypoints_are_no_surface_markers():
    points = ["RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "RBigToe", "LBigToe", "RHeel", "LHeel", "RShoulder",
              "LShoulder", "RElbow", "LElbow", "RWrist", "LWrist", "Neck", "Head"]  # fmt: skip
    assert marker_sets.recognize(points) is None
    assert (
        marker_sets.recognize(["LFEP", "RFEP", "LFEO", "RFEO", "LTIO", "RTIO", "PELO", "TRXO", "LHUO", "RHUO"]) is None
    )


def test_a_set_of_names_and_places():
    own = marker_sets.read_set(
        '[sided]\nASI = "asis"\nX1 = { segment = "thigh", offset = [0.01, 0.07, -0.2], spread = [0.01, 0.02, 0.03] }\n'
        'K = { segment = "thigh", at = "knee", offset = [0, 0.06, 0] }\n[markers]\nS = "sacrum"\nBOX = "unused"\n',
        "a.toml",
    )
    assert own.places["lasi"] == own.places["leftasi"] == "left_asis" and own.places["box"] == "unused"
    right = own.places["rx1"]
    assert right.segment == "right_thigh" and right.offset == (0.01, -0.07, -0.2) and right.spread == (0.01, 0.02, 0.03)
    assert own.places["rk"].at == "right_knee" and own.places["lx1"].at == "left_hip"


@pytest.mark.parametrize(("text", "told"), [
    ("not toml", "TOML"), ("[markers]\n", "names no markers"), ('[markers]\nA = "nose"\n', "no landmark"),
    ('[markers]\nA = { segment = "tail", offset = [0, 0, 0] }\n', "segments are"),
    ('[markers]\nA = { segment = "pelvis", offset = [0, 0] }\n', "offset = "),
    ('[markers]\nA = { segment = "pelvis", offset = [0, 0, 50] }\n', "metres"),
    ('[markers]\nA = { segment = "pelvis", at = "left_knee", offset = [0, 0, 0] }\n', "counts from"),
    ('[markers]\nA = { offset = [0, 0, 0], place = 1 }\n', "segment"),
])  # fmt: skip
def test_mistakes_are_one_line(text, told):
    with pytest.raises(DataError, match=r"a\.toml") as caught:
        marker_sets.read_set(text, "a.toml")
    assert told in str(caught.value) and "\n" not in str(caught.value)
