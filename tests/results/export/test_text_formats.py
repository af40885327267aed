"""metrics.json, motion.trc and motion.csv: strict, readable, and in the axes they claim."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon import biomechanics
from motionrecon.results.export import biomechanics_table, metrics_json, table, trc
from motionrecon.types import WorldTransform
from tests.fixtures import walking_result as made


@pytest.fixture(scope="module")
def result():
    return made.walking_result("mocap", frames=8)


def test_metrics_are_strict_json(tmp_path):
    summary = {"methods": {"physics": {"mpjpe_mm": None}}, "n": np.int64(3), "x": np.float32(0.5), "v": np.arange(2)}
    path = metrics_json.write_metrics(summary, tmp_path / "metrics.json")
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "methods": {"physics": {"mpjpe_mm": None}}, "n": 3, "x": 0.5, "v": [0, 1],
    }  # fmt: skip
    with pytest.raises(ValueError, match="JSON"):
        metrics_json.write_metrics({"methods": float("nan")}, tmp_path / "bad.json")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["metrics.json"]


def test_trc(result, tmp_path):
    lines = trc.write_trc(result, tmp_path / "motion.trc").read_text().splitlines()
    names = [n for n in lines[3].split("\t")[2:] if n]
    header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
    assert (header["NumFrames"], header["Units"], int(header["NumMarkers"])) == ("8", "m", len(names))
    assert len(set(names)) == len(names) and {"left_knee", "head_top", "left_wrist"} <= set(names)
    values = np.array([[float(v) for v in line.split("\t")] for line in lines[6:]])
    assert values.shape == (8, 2 + 3 * len(names))
    knee = values[:, 2 + 3 * names.index("left_knee") :][:, :3]
    expected = np.asarray(result.rollout.joint_pos)[:, result.motion.skeleton.names.index("left_knee")]
    np.testing.assert_allclose(knee, expected[:, [0, 2, 1]] * [1, 1, -1], atol=1e-6)


def test_csv(result, tmp_path):
    with table.write_csv(result, tmp_path / "motion.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 8
    up = [float(r["left_ground_force_z_N"]) + float(r["right_ground_force_z_N"]) for r in rows]
    np.testing.assert_allclose(up, np.asarray(result.rollout.contact_force)[..., 2].sum(1), rtol=1e-5)
    knee = result.motion.skeleton.names.index("right_knee")
    assert float(rows[3]["right_knee_torque_y_Nm"]) == pytest.approx(result.rollout.torque[3, knee - 1, 1], rel=1e-5)
    assert float(rows[3]["time_s"]) == pytest.approx(0.1)


def test_the_recordings_world_is_that_of_the_input(result, tmp_path):
    """Places are moved, forces turned, torques left alone; the fitted world is written as it is."""
    turn = Rotation.from_euler("xyz", [4, -3, 20], degrees=True).as_matrix()
    tilted = dataclasses.replace(result, world=WorldTransform(turn, np.array([0.3, -0.2, 0.07])))
    header, plain = table.columns(result)
    values = {frame: table.columns(tilted, frame)[1] for frame in ("recording", "world")}
    np.testing.assert_array_equal(values["world"], plain)

    def of(frame, name):
        return values[frame][:, [i for i, h in enumerate(header) if h.startswith(name)]]

    knee = of("recording", "left_knee_position") @ turn.T + [0.3, -0.2, 0.07]
    np.testing.assert_allclose(knee, of("world", "left_knee_position"), atol=1e-12)
    np.testing.assert_allclose(
        of("recording", "left_ground_force") @ turn.T, of("world", "left_ground_force"), atol=1e-9
    )
    np.testing.assert_array_equal(of("recording", "left_knee_torque"), of("world", "left_knee_torque"))
    first = [float(v) for v in trc.write_trc(tilted, tmp_path / "a.trc").read_text().splitlines()[6].split("\t")[2:5]]
    np.testing.assert_allclose(first, of("recording", "pelvis_position")[0][[0, 2, 1]] * [1, 1, -1], atol=1e-6)
    found = biomechanics.analyze(tilted)
    names, rows = biomechanics_table.columns(found, tilted.world)
    force = rows[:, [i for i, n in enumerate(names) if n.startswith("right_ground_force_") and "filtered" not in n]]
    np.testing.assert_allclose(force @ turn.T, found.force[:, 1], atol=1e-9)
