"""ASF/AMC: a small leg worked out by hand, the search for the skeleton, broken files, and the CMU kick."""

import numpy as np
import pytest

from motionrecon.data.formats import amc
from motionrecon.errors import DataError

_ASF = """# a comment
:version 1.10
:units
  mass 1.0
  length 0.45
  angle deg
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    id 1
    name lfemur
    direction 0 -1 0
    length 7.0
    axis 0 0 20 XYZ
    dof rx ry rz
    limits (-160 20)
           (-70 70)
           (-60 70)
  end
  begin
    id 2
    name ltibia
    direction 0 -2 0
    length 6.0
    axis 0 0 0 XYZ
    dof rx
  end
:hierarchy
  begin
    root lfemur
    lfemur ltibia
  end
"""
_AMC = """#!OML:ASF x
# a comment
:FULLY-SPECIFIED
:DEGREES
1
root 1 2 3 0 0 0
lfemur 0 0 0
ltibia 90
2
root 1 2 3 0 90 0
lfemur 0 0 90
ltibia 0
"""


def _parse(tmp_path, asf=_ASF, motion=_AMC):
    (tmp_path / "11.asf").write_text(asf)
    (tmp_path / "11_01.amc").write_text(motion)
    return amc.parse_asf(tmp_path / "11.asf"), amc.parse_amc(tmp_path / "11_01.amc")


def test_forward_kinematics_by_hand(tmp_path):
    rig, frames = _parse(tmp_path)
    points = amc.forward_kinematics(tmp_path / "11_01.amc", rig, frames)
    np.testing.assert_array_equal(points["root"], [[1, 2, 3]] * 2)
    np.testing.assert_allclose(points["lfemur"][0], [1, -5, 3], atol=1e-12)
    # The knee's 90 degrees about x turn the shin from -y to -z.
    np.testing.assert_allclose(points["ltibia"][0], [1, -5, -3], atol=1e-12)
    # The hip's 90 degrees about z turn the thigh from -y to +x, the root's about y that to -z.
    np.testing.assert_allclose(points["lfemur"][1], [1, 2, -4], atol=1e-12)
    np.testing.assert_allclose(points["ltibia"][1], [1, 2, -10], atol=1e-12)


def test_skeleton_is_found_by_subject(tmp_path):
    _parse(tmp_path)
    (tmp_path / "12.asf").write_text(_ASF)
    assert amc.find_asf(tmp_path / "11_01.amc") == tmp_path / "11.asf"
    assert amc.find_asf(tmp_path / "11_01.amc", tmp_path / "12.asf") == tmp_path / "12.asf"


def test_missing_skeleton_is_named(tmp_path):
    (tmp_path / "33_01.amc").write_text(_AMC)
    with pytest.raises(DataError, match=r"33\.asf.*--asf"):
        amc.read(tmp_path / "33_01.amc")
    with pytest.raises(DataError, match="no such skeleton"):
        amc.read(tmp_path / "33_01.amc", asf=tmp_path / "gone.asf")


@pytest.mark.parametrize(
    ("asf", "motion", "message"),
    [
        (_ASF, _AMC.replace("ltibia 0\n", ""), "frame 2 has 0 values for ltibia"),
        (_ASF, _AMC.replace("ltibia 90", "ltibia 90 5"), "frame 1 has 2 values"),
        (_ASF, _AMC.replace("ltibia 90", "ltibia ninety"), "number was expected"),
        (_ASF, "root 1 2 3 0 0 0\n", "before the first frame"),
        (_ASF, ":DEGREES\n", "no frames"),
        (_ASF.split(":hierarchy")[0], _AMC, "not a whole ASF"),
        (_ASF.replace("length 7.0", "length"), _AMC, "incomplete"),
        (_ASF.replace("lfemur ltibia", "lfemur lfoot"), _AMC, "lfoot of the hierarchy is not defined"),
        (_ASF, _AMC, "known body points"),
    ],
)
def test_broken_files_are_refused(tmp_path, asf, motion, message):
    (tmp_path / "11.asf").write_text(asf)
    (tmp_path / "11_01.amc").write_text(motion)
    with pytest.raises(DataError, match=message):
        amc.read(tmp_path / "11_01.amc")


def test_cmu_kick(samples):
    found = amc.read(samples / "mocap/cmu/11_01_kick.amc")
    observation = found.observation
    points, names = observation.keypoints3d, observation.names
    assert points.shape == (597, 20, 3) and observation.fps == 120.0
    assert any("120 Hz assumed" in w for w in found.warnings)
    assert found.recording.unit == "inch/0.45 (CMU)"
    height = {n: np.percentile(points[:, names.index(n), 2], 1) for n in names}
    assert height["left_ball"] == pytest.approx(0.045, abs=2e-3) == height["right_ball"]
    assert height["left_toe"] == pytest.approx(0.020, abs=1e-3)
    assert height["right_toe"] == pytest.approx(0.026, abs=1e-3)
    assert points[-1, 0, 0] - points[0, 0, 0] == pytest.approx(3.1, abs=0.1)
    thigh = np.linalg.norm(points[:, names.index("left_hip")] - points[:, names.index("left_knee")], axis=-1)
    np.testing.assert_allclose(thigh, 7.33161 * 0.0254 / 0.45, rtol=1e-9)
    assert np.linalg.norm(np.diff(points, axis=0), axis=-1).max() * 120 < 20


@pytest.mark.dataset
def test_bones_of_another_name_are_told_by_the_tree(samples, tmp_path):
    words = {"femur": "b1", "tibia": "b2", "foot": "b3", "humerus": "b4", "radius": "b5", "hipjoint": "b6"}
    for name in ("11.asf", "11_01_kick.amc"):
        text = (samples / "mocap/cmu" / name).read_text()
        for old, new in words.items():
            text = text.replace(f"l{old}", f"left_{new}").replace(f"r{old}", f"right_{new}")
        (tmp_path / name).write_text(text)
    known = amc.read(samples / "mocap/cmu/11_01_kick.amc").observation
    found = amc.read(tmp_path / "11_01_kick.amc")
    limbs = [n for n in known.names if n.startswith(("left_", "right_"))]
    assert len(limbs) == 16 and any("by the tree" in w for w in found.warnings)
    for name in (*limbs, "pelvis"):
        k = found.observation.names.index(name)
        off = found.observation.keypoints3d[:, k] - known.keypoints3d[:, known.names.index(name)]
        assert np.abs(off).max() < 1e-3, name
