"""A result beside plates made from its own forces: no error, wherever its laboratory lies; pictures, tables, files."""

import csv
import dataclasses
import io
import json

import numpy as np
import pytest

from motionrecon.config import Config
from motionrecon.data.plates.force_plates import ForcePlates
from motionrecon.data.plates.plate_trials import PlateTrial
from motionrecon.evaluate.forces import fitted_motion, force_measures, plots, run, summary, table, trial_rows
from motionrecon.evaluate.forces.recorded_points import RecordedPoints
from motionrecon.evaluate.forces.time_series import at_times
from motionrecon.evaluate.forces.trial_input import ForceTask, TrialInput
from motionrecon.geometry.rotations import to_matrix
from motionrecon.results.export.npz import motion_arrays
from tests.fixtures.walking_result import MASS, walking_result

TURN = np.asarray(
    to_matrix(
        np.array([np.cos(0.4), 0.02, -0.01, np.sin(0.4)]) / np.linalg.norm([np.cos(0.4), 0.02, -0.01, np.sin(0.4)])
    )
)
SHIFT, LATE = np.array([3.0, -1.0, 0.2]), 0.35


@pytest.fixture(scope="module")
def arrays():
    found = motion_arrays(walking_result(frames=90))
    seen, known = found["observed_keypoints3d"], found["observed_confidence"] > 0
    found["observed_keypoints3d"] = np.where(known[..., None], seen, seen[:, :1])
    found["world_rotation"], found["world_translation"] = TURN.T, -TURN.T @ SHIFT
    return found


@pytest.fixture(scope="module")
def given(arrays):
    """The trial: its laboratory is turned and shifted, its plates' clock 0.35 s ahead, a plate under each foot."""
    time = arrays["time"] + LATE
    points = RecordedPoints(
        tuple(str(n) for n in arrays["keypoint_names"]), arrays["observed_keypoints3d"] @ TURN.T + SHIFT,
        float(arrays["fps"]), time, np.eye(3),
    )  # fmt: skip
    middle = time[:-1] + 0.5 / points.rate
    fine = np.arange(time[0], time[-1], 0.01)
    force = at_times(middle, arrays["ground_reaction_force"][:-1] @ TURN.T, fine)
    where = at_times(middle, arrays["center_of_pressure"][:-1] @ TURN.T + SHIFT, fine)
    on = force[..., 2:] > 5.0
    plates = ForcePlates(fine, force * on, where * on)
    return TrialInput(points, plates, LATE, Config(), MASS, ())


def test_a_fit_is_carried_to_the_laboratory(arrays):
    fitted = fitted_motion.from_arrays(arrays, LATE, MASS)
    np.testing.assert_allclose(fitted.rotation, TURN, atol=1e-12)
    np.testing.assert_allclose(fitted.force, arrays["ground_reaction_force"][:-1] @ TURN.T, atol=1e-9)
    np.testing.assert_allclose(
        fitted.center_of_pressure, arrays["center_of_pressure"][:-1] @ TURN.T + SHIFT, atol=1e-12
    )


def test_own_forces_have_no_error(arrays, given):
    found = trial_rows.physics(arrays, given, None).measures
    flat = summary.flat(found)
    assert flat["vertical_rmse_percent_bw"] < 1.0 and flat["vertical_r"] > 0.999  # the grid is not the frames
    assert flat["ap_r"] > 0.99 and flat["cop_mm"] < 5.0
    assert not found["plate_far_from_foot"]
    assert set(summary.KEYS) - set(flat) == {"mpjpe_g_mm"}


def test_a_heavier_person_has_larger_forces(arrays, given):
    heavy = dataclasses.replace(given, mass=2 * MASS)
    fitted = fitted_motion.from_arrays(arrays, LATE, 2 * MASS)
    own = fitted_motion.from_arrays(arrays, LATE, MASS)
    np.testing.assert_allclose(fitted.force, 2 * own.force)
    np.testing.assert_allclose(fitted.torque["left", "knee"], 2 * own.torque["left", "knee"])
    assert trial_rows.physics(arrays, heavy, None).measures["total"]["mean_error_percent_bw"] == pytest.approx(
        50, abs=8
    )


def test_torques_go_by_name(arrays, given):
    order = [0, *reversed(range(1, len(arrays["joint_names"])))]
    turned = dict(arrays) | {
        "joint_names": arrays["joint_names"][order], "joint_positions": arrays["joint_positions"][:, order],
        "joint_torques": arrays["joint_torques"][:, [i - 1 for i in order[1:]]],
    }  # fmt: skip
    a, b = (fitted_motion.from_arrays(x, LATE, MASS) for x in (arrays, turned))
    for key, values in a.torque.items():
        np.testing.assert_array_equal(values, b.torque[key])
    index = list(arrays["joint_names"]).index("left_knee") - 1
    np.testing.assert_array_equal(a.torque["left", "knee"], -arrays["joint_torques"][:-1, index, 1])


def test_known_moments_are_scored(arrays, given):
    fitted = fitted_motion.from_arrays(arrays, LATE, MASS)
    reference = {key: (fitted.force_time, values + 7.2) for key, values in fitted.torque.items()}
    found = trial_rows.physics(arrays, given, reference).measures["moments"]
    assert found["reference"] == "OpenSim"
    for side in ("left", "right"):
        for joint in ("hip", "knee", "ankle"):
            row = found[side][joint]
            assert row["bias_nm_per_kg"] == pytest.approx(-7.2 / MASS, rel=1e-6)
            assert row["rmse_nm_per_kg"] == pytest.approx(7.2 / MASS, rel=1e-6) and row["r"] == pytest.approx(1.0)


def test_picture_table_and_files(arrays, given, tmp_path):
    own, other = trial_rows.physics(arrays, given, None), None
    fitted = fitted_motion.from_arrays(arrays, LATE, MASS)
    axes = force_measures.directions(fitted.ahead, fitted.left)
    plots.write(tmp_path / "forces.png", "walk", own, other, axes, MASS * 9.81)
    assert (tmp_path / "forces.png").read_bytes()[:4] == b"\x89PNG"
    task = ForceTask(PlateTrial("walk", tmp_path / "walk.trc", tmp_path / "walk.mot"), str(tmp_path))
    good = {"sequence": "walk", "method": "physics", "status": "ok", "reason": "", "warnings": ["Guessed."]}
    rows = [
        good | {"measures": own.measures, "metrics": summary.flat(own.measures) | {"mpjpe_g_mm": 4.0}},
        good | {"sequence": "b", "measures": own.measures, "metrics": {"mpjpe_g_mm": 6.0}},
        *trial_rows.failed(task, "it broke"),
    ]
    files = run.write(run.content(rows, Config(), ["x.trc: has no force plates"]), tmp_path)
    text = files["table.md"].read_text()
    assert "median of 2" in text and "5.0" in text and ".992" in text and "21-23" in text
    assert "walk, physics: failed: it broke" in text and "walk: Guessed." in text and "x.trc" in text
    sheet = list(csv.DictReader(io.StringIO(files["rows.csv"].read_text())))
    score = own.measures["feet"]["left"]["vertical"]["rmse_percent_bw"]
    assert float(sheet[0]["feet.left.vertical.rmse_percent_bw"]) == pytest.approx(score)
    assert json.loads(files["results.json"].read_text())["median"]["physics"]["n"] == 2
    assert not table.remarks([good | {"warnings": []}])


def test_a_failure_is_two_rows_with_a_line(tmp_path):
    task = ForceTask(PlateTrial("a", tmp_path / "a.trc", tmp_path / "a.mot"), str(tmp_path))
    rows = trial_rows.evaluate(task)
    assert [row["method"] for row in rows] == list(trial_rows.METHODS)
    assert all(row["status"] == "failed" and "a.trc" in row["reason"] and "\n" not in row["reason"] for row in rows)
