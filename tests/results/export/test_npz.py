"""motion.npz: the contract's keys and shapes, forces per foot, and refusals."""

import dataclasses
import json

import numpy as np
import pytest

from motionrecon.biomechanics.foot_loads import foot_loads
from motionrecon.errors import DataError
from motionrecon.results.export import npz
from tests.fixtures import walking_result as made


@pytest.fixture(scope="module")
def result():
    return made.walking_result("video", frames=12, truth=True)


def test_contract(result, tmp_path):
    data = npz.read_motion(npz.write_motion(result, tmp_path / "motion.npz"))
    t, j, a, c, k = 12, 14, 13, len(result.contact_names), 19
    shapes = {
        "joint_names": (j,), "joint_parents": (j,), "joint_offsets": (j, 3), "time": (t,), "root_position": (t, 3),
        "joint_quaternions": (t, j, 4), "joint_positions": (t, j, 3), "control_quaternions": (t, a, 4),
        "joint_torques": (t, a, 3), "contact_positions": (t, c, 3), "contact_forces": (t, c, 3),
        "ground_reaction_force": (t, 2, 3), "center_of_pressure": (t, 2, 3), "center_of_mass": (t, 3),
        "body_mass": (), "fps": (), "observed_keypoints2d": (t, k, 2), "state_position": (t, 3),
        "state_quaternions": (t, j, 4), "state_velocity": (t, 6 + 3 * a), "true_keypoints3d": (t, k, 3),
    }  # fmt: skip
    for name, shape in shapes.items():
        assert data[name].shape == shape, name
    assert set(npz.REQUIRED) <= set(data)
    assert "observed_keypoints3d" not in data
    assert data["joint_names"].tolist() == list(result.motion.skeleton.names)
    np.testing.assert_array_equal(data["state_velocity"], result.rollout.states.velocity)
    np.testing.assert_allclose(np.diff(data["time"]), 1 / made.FPS)
    assert json.loads(str(data["config"]))["windows"]["length"] == 26
    for name, values in data.items():
        assert values.dtype.kind != "O"
        if values.dtype.kind == "f":
            assert np.isfinite(values).all(), name
    assert [p.name for p in tmp_path.iterdir()] == ["motion.npz"]


def test_unreliable_forces_are_marked_where_judged(result):
    assert "force_reliable" not in npz.motion_arrays(result)
    judged = dataclasses.replace(result, force_reliable=np.arange(12) > 4)
    kept = npz.motion_arrays(judged)["force_reliable"]
    assert kept.dtype == bool and kept.tolist() == [False] * 5 + [True] * 7


def test_feet_share_the_contact_force(result):
    data = npz.motion_arrays(result)
    np.testing.assert_allclose(data["ground_reaction_force"].sum(1), data["contact_forces"].sum(1))


def test_centre_of_pressure_by_hand():
    names = ("left_heel_inner", "left_toe_outer", "right_heel_inner", "left_hand")
    points = np.array([[[0.0, 0, 0.01], [0.2, 0.1, -0.01], [1.0, 1, 0.3], [5, 5, 0]]])
    forces = np.array([[[3.0, 0, 100], [0, 0, 300], [0, 0, 0.5], [0, 0, 900]]])
    force, center = foot_loads(points, forces, names)
    np.testing.assert_allclose(force[0], [[3, 0, 400], [0, 0, 0.5]])
    np.testing.assert_allclose(center[0, 0], [0.15, 0.075, 0])
    np.testing.assert_allclose(center[0, 1], [1, 1, 0])  # unloaded: its projection


def test_no_foot_points_give_zeros():
    force, center = foot_loads(np.ones((2, 1, 3)), np.ones((2, 1, 3)), ("pelvis",))
    assert not force.any() and not center.any()


def test_refusals(result, tmp_path):
    with pytest.raises(DataError, match=r"no\.npz"):
        npz.read_motion(tmp_path / "no.npz")
    (tmp_path / "text.npz").write_text("not a zip")
    with pytest.raises(DataError, match="not a readable"):
        npz.read_motion(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", fps=30.0)
    with pytest.raises(DataError, match="lacks format_version"):
        npz.read_motion(tmp_path / "other.npz")
    np.savez(tmp_path / "newer.npz", **{**npz.motion_arrays(result), "format_version": 99})
    with pytest.raises(DataError, match="newer"):
        npz.read_motion(tmp_path / "newer.npz")


def test_nothing_is_left_when_writing_fails(result, tmp_path):
    broken = dataclasses.replace(result, contact_names=None)
    with pytest.raises(TypeError):
        npz.write_motion(broken, tmp_path / "motion.npz")
    assert not list(tmp_path.iterdir())
