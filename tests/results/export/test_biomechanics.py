"""Biomechanics in motion.npz, biomechanics.csv and metrics.json: readable, complete, and the same everywhere."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon import biomechanics, metrics
from motionrecon.results.export import biomechanics_table, metrics_json, npz
from motionrecon.types import Motion, Skeleton
from tests.fixtures import walking_result as made

FRAMES = 60


@pytest.fixture(scope="module")
def result():
    return made.walking_result("mocap", frames=FRAMES)


@pytest.fixture(scope="module")
def arrays(result, tmp_path_factory):
    return npz.read_motion(npz.write_motion(result, tmp_path_factory.mktemp("npz") / "motion.npz"))


@pytest.fixture(scope="module")
def table(result, tmp_path_factory):
    path = biomechanics_table.write_biomechanics(result, tmp_path_factory.mktemp("csv") / "biomechanics.csv")
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    assert len(set(header)) == len(header) and {len(row) for row in rows} == {len(header)}
    return dict(zip(header, np.array(rows, dtype=float).T, strict=True))


def test_keys_and_shapes(arrays):
    n, m, p = (len(arrays[f"joint_{kind}_names"]) for kind in ("angle", "moment", "power"))
    shapes = {
        "load_time": (FRAMES,), "joint_angles_deg": (FRAMES, n), "joint_moments": (FRAMES, m),
        "joint_moments_per_kg": (FRAMES, m), "joint_powers": (FRAMES, p), "joint_powers_per_kg": (FRAMES, p),
        "ground_reaction_force_filtered": (FRAMES, 2, 3), "gait_cycle_percent": (101,),
        "gait_cycle_mean": (len(arrays["gait_cycle_names"]), 101),
        "gait_cycle_deviation": (len(arrays["gait_cycle_names"]), 101),
        "gait_cycle_strides": (len(arrays["gait_cycle_names"]),),
        "heel_strike_time": (4,), "heel_strike_foot": (4,),
    }  # fmt: skip
    for name, shape in shapes.items():
        assert arrays[name].shape == shape, name
        assert arrays[name].dtype.kind in "if" and np.isfinite(arrays[name]).all(), name
    np.testing.assert_allclose(arrays["load_time"] - arrays["time"], 0.5 / made.FPS)
    np.testing.assert_allclose(arrays["joint_moments"], made.MASS * arrays["joint_moments_per_kg"])
    assert (np.diff(arrays["heel_strike_time"]) > 0).all()
    assert arrays["heel_strike_foot"].tolist() == [0, 1, 0, 1]


def test_powers_sum_to_that_of_all_torques(arrays):
    joints = ("spine", "chest", "neck", *(n for n in made.skeleton.JOINT_NAMES if "_" in n))
    whole = [arrays["joint_power_names"].tolist().index(name) for name in joints]
    quats = arrays["joint_quaternions"][:, 1:, [1, 2, 3, 0]]
    before, after = (Rotation.from_quat(q.reshape(-1, 4)) for q in (quats[:-1], quats[1:]))
    spin = (before.inv() * after).as_rotvec().reshape(FRAMES - 1, -1, 3) * made.FPS
    expected = np.sum(arrays["joint_torques"][:-1] * spin, axis=(1, 2))
    np.testing.assert_allclose(arrays["joint_powers"][:-1, whole].sum(axis=1), expected)


def test_the_table_holds_the_same(table, arrays):
    assert next(iter(table)) == "time_s"
    np.testing.assert_allclose(table["time_s"], arrays["time"], atol=1e-5)
    names = arrays["joint_angle_names"].tolist()
    for name in ("left_hip_flexion", "right_shoulder_elevation", "pelvis_tilt"):
        np.testing.assert_allclose(table[f"{name}_deg"], arrays["joint_angles_deg"][:, names.index(name)], rtol=1e-5)
    knee = arrays["joint_moment_names"].tolist().index("left_knee_flexion")
    np.testing.assert_allclose(table["left_knee_flexion_moment_Nm"], arrays["joint_moments"][:, knee], rtol=1e-5)
    force = arrays["ground_reaction_force_filtered"][:, 1, 2]
    np.testing.assert_allclose(table["right_ground_force_filtered_z_N"], force, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(table["left_center_of_pressure_x_m"], arrays["center_of_pressure"][:, 0, 0], atol=1e-5)
    for side, foot in (("left", 0), ("right", 1)):
        events = arrays["heel_strike_time"][arrays["heel_strike_foot"] == foot]
        marked = table["time_s"][table[f"{side}_heel_strike"] == 1.0]
        np.testing.assert_allclose(marked, events, atol=0.51 / made.FPS)


def test_metrics_have_a_section_on_gait(result, tmp_path):
    section = json.loads(
        metrics_json.write_metrics(metrics.summarize(result), tmp_path / "metrics.json").read_text(encoding="utf-8")
    )["gait"]
    assert section["strides"] == 2 and section["left"]["strides"] == section["right"]["strides"] == 1
    assert section["walking_speed_m_per_s"] == pytest.approx(1.2, rel=0.02)  # the fixture walks at 1.2 m/s
    assert section["cadence_steps_per_min"] == pytest.approx(2 * 0.9 * 60, rel=0.02)  # at 0.9 strides a second
    assert section["left"]["stride_length_m"] == pytest.approx(1.2 / 0.9, rel=0.05)
    assert len(section["heel_strikes_s"]["left"]) == 2


def test_unknown_is_null_never_zero(result, tmp_path):
    bare = dataclasses.replace(result, contact_names=tuple(f"point{i}" for i in range(14)))
    section = json.loads(
        metrics_json.write_metrics(metrics.summarize(bare), tmp_path / "metrics.json").read_text(encoding="utf-8")
    )["gait"]
    assert section["strides"] == 0 and section["heel_strikes_s"] == {"left": [], "right": []}
    assert [v for k, v in section.items() if k.endswith(("_m", "_s", "_percent", "_min", "_per_s")) and v == 0] == []
    assert section["walking_speed_m_per_s"] is None and section["left"]["stance_percent"] is None
    arrays = npz.motion_arrays(bare)
    assert "gait_cycle_mean" not in arrays and arrays["heel_strike_time"].shape == (0,)


def test_more_joints_and_points_are_taken_by_name(result):
    """Toe joints and points of other names under the feet: the same angles, and forces that count for the foot."""
    body, quats = result.motion.skeleton, np.asarray(result.motion.quats)
    names = (*body.names, "left_toes", "right_toes")
    parents = (*body.parents, body.names.index("left_ankle"), body.names.index("right_ankle"))
    more = Skeleton(names, parents, np.vstack([body.offsets, np.full((2, 3), 0.1)]))
    toes = np.tile([1.0, 0.0, 0.0, 0.0], (FRAMES, 2, 1))
    torque = np.concatenate([result.rollout.torque, np.ones((FRAMES, 2, 3))], axis=1)
    points = [n.replace("toe_outer", "ball_outer") for n in result.contact_names]
    grown = dataclasses.replace(
        result, motion=Motion(more, result.motion.fps, result.motion.root_pos, np.concatenate([quats, toes], axis=1)),
        rollout=dataclasses.replace(result.rollout, torque=torque), contact_names=tuple(points),
    )  # fmt: skip
    one, two = biomechanics.analyze(result), biomechanics.analyze(grown)
    assert one.angle_names == two.angle_names and one.loads.moment_names == two.loads.moment_names
    np.testing.assert_array_equal(one.angles, two.angles)
    np.testing.assert_array_equal(one.loads.moments, two.loads.moments)
    np.testing.assert_array_equal(one.force, two.force)


@pytest.mark.parametrize("frames", [1, 2, 14])
def test_short_clips_are_written_too(frames, tmp_path):
    short = made.walking_result("mocap", frames=14)
    motion = dataclasses.replace(
        short.motion, root_pos=short.motion.root_pos[:frames], quats=np.asarray(short.motion.quats)[:frames]
    )
    roll = short.rollout
    kept = {n: getattr(roll, n)[:frames] for n in ("joint_pos", "com", "torque", "contact_pos", "contact_force")}
    short = dataclasses.replace(short, motion=motion, rollout=dataclasses.replace(roll, **kept))
    found = biomechanics.analyze(short)
    assert found.cycle is None and found.gait.walking_speed_m_per_s is None and not len(found.heel_strikes[0])
    assert biomechanics_table.write_biomechanics(short, tmp_path / "b.csv").read_text().count("\n") == frames + 1
