"""Names of the common rigs and marker sets end at the right canonical point."""

import numpy as np
import pytest

from motionrecon.data.formats import joint_names, rig_names

_LIMBS = ("hip", "knee", "ankle", "ball", "shoulder", "elbow", "wrist")
_RIGS = {
    "cmu": ("Hips", "{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase", "{}Arm", "{}ForeArm", "{}Hand", "{}Shoulder"),
    "mixamo": (
        "mixamorig:Hips", "mixamorig:{}UpLeg", "mixamorig:{}Leg", "mixamorig:{}Foot", "mixamorig:{}ToeBase",
        "mixamorig:{}Arm", "mixamorig:{}ForeArm", "mixamorig:{}Hand", "mixamorig:{}Shoulder",
    ),
    "lafan1": ("Hips", "{}UpLeg", "{}Leg", "{}Foot", "{}Toe", "{}Arm", "{}ForeArm", "{}Hand", "{}Shoulder"),
    "xsens": ("Hips", "{}Hip", "{}Knee", "{}Ankle", "{}Toe", "{}Shoulder", "{}Elbow", "{}Wrist", "{}Collar"),
    "rokoko": ("Hips", "{}Thigh", "{}Shin", "{}Foot", "{}Toe", "{}Arm", "{}ForeArm", "{}Hand", "{}Shoulder"),
    "own": (
        "pelvis", "{}_hip", "{}_knee", "{}_ankle", "{}_ball", "{}_shoulder", "{}_elbow", "{}_wrist", "{}_clavicle",
    ),
}  # fmt: skip
_SHORT = {
    "smpl": ("Pelvis", "{}_Hip", "{}_Knee", "{}_Ankle", "{}_Foot", "{}_Shoulder", "{}_Elbow", "{}_Wrist", "{}_Collar"),
    "biped": (
        "Bip01", "Bip01 {} Thigh", "Bip01 {} Calf", "Bip01 {} Foot", "Bip01 {} Toe0", "Bip01 {} UpperArm",
        "Bip01 {} Forearm", "Bip01 {} Hand", "Bip01 {} Clavicle",
    ),
    "unreal": ("pelvis", "thigh_{}", "calf_{}", "foot_{}", "ball_{}", "upperarm_{}", "lowerarm_{}", "hand_{}",
               "clavicle_{}"),
    "daz": ("hip", "{}Thigh", "{}Shin", "{}Foot", "{}Toe", "{}Shldr", "{}ForeArm", "{}Hand", "{}Collar"),
}  # fmt: skip


def _cases():
    yield from ((k, v, ("Left", "Right")) for k, v in _RIGS.items())
    for rig, names in _SHORT.items():
        yield rig, names, ("l", "r") if rig in ("unreal", "daz") else ("L", "R")


@pytest.mark.parametrize(("rig", "names", "sides"), _cases(), ids=lambda v: v if isinstance(v, str) else "")
def test_rigs(rig, names, sides):
    labels = [names[0], *(n.format(s) for s in sides for n in names[1:])]
    found = rig_names.map_rig(labels)
    assert labels[found["pelvis"]] == names[0]
    for side, short in zip(("left_", "right_"), sides, strict=True):
        for limb, name in zip(_LIMBS, names[1:8], strict=True):
            assert labels[found[side + limb]] == name.format(short), limb


@pytest.mark.parametrize(
    ("label", "canonical"),
    [
        ("RAnkle", "right_ankle"), ("LBigToe", "left_toe"), ("RSmallToe", "right_small_toe"), ("LHeel", "left_heel"),
        ("Hip", "pelvis"), ("Neck", "neck"), ("Head", "head_top"), ("Nose", "nose"), ("RWrist", "right_wrist"),
        ("subject:LFEP", "left_hip"), ("LFEO", "left_knee"), ("RTIO", "right_ankle"), ("RHUO", "right_elbow"),
        ("LHJC", "left_hip"), ("RKJC", "right_knee"), ("RHJC_study", "right_hip"), ("midHip", "pelvis"),
        ("left_ankle", "left_ankle"), ("LHEE", "left_heel"), ("LTOE", "left_ball"), ("r_toe_study", "right_ball"),
    ],
)  # fmt: skip
def test_markers(label, canonical):
    names, origin, _ = joint_names.pick_markers([label, "unknown_42"], np.zeros((2, 2, 3)))
    assert names == (canonical,) and origin == (label,)


def test_joint_between_two_skin_markers():
    positions = np.arange(24, dtype=float).reshape(2, 4, 3)
    labels = ["r_knee_study", "r_mknee_study", "L.Ankle", "R.Elbow"]
    names, origin, picked = joint_names.pick_markers(labels, positions)
    k = names.index("right_knee")
    assert origin[k] == "r_knee_study + r_mknee_study"
    np.testing.assert_array_equal(picked[:, k], positions[:, :2].mean(axis=1))
    assert "left_ankle" in names and "right_elbow" in names


def test_words_that_start_with_l_or_r_are_no_sides():
    assert joint_names.split_side("LowerBack") == ("", "lowerback")
    assert joint_names.split_side("Root") == ("", "root")
    assert joint_names.split_side("reference") == ("", "reference")
