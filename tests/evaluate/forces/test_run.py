"""Whole runs in worker processes: a worker that dies, and a real fit of a person who stands on two plates."""

import csv

import numpy as np
import pytest

from motionrecon.cli.main import run as command
from motionrecon.config import Config
from motionrecon.data.plates import plate_trials
from motionrecon.evaluate.forces import run, trial_rows
from tests.fixtures import eval_work, standing_points
from tests.fixtures.standing_points import POSE

WEIGHT = 70.0 * 9.81


def _standing(folder, name):
    """A NPZ of a person who stands and breathes, half the weight on each of two plates."""
    points = standing_points.breathing()
    np.savez(folder / f"{name}.joints.npz", names=np.array(points.names), positions=points.positions, fps=100.0)
    force, where = np.zeros((200, 2, 3)), np.zeros((200, 2, 3))
    force[..., 2] = WEIGHT / 2
    where[:] = np.stack([POSE[f"{s}_ankle"] * [1, 1, 0] + [0.02, 0, 0] for s in ("left", "right")])
    np.savez(folder / f"{name}.plates.npz", time=points.time, force=force, cop=where)


@pytest.mark.slow
def test_a_worker_that_dies_costs_its_trial(tmp_path, monkeypatch):
    _standing(tmp_path, "dies")
    trials, _ = plate_trials.find(tmp_path)
    monkeypatch.setattr(trial_rows, "evaluate", eval_work.death)
    rows = run.run(trials, Config(), tmp_path, count=1)
    assert [row["method"] for row in rows] == list(trial_rows.METHODS)
    assert all(row["status"] == "failed" and "worker process died" in row["reason"] for row in rows)


@pytest.mark.slow
def test_standing_person_weighs_what_the_plates_say(tmp_path):
    _standing(tmp_path, "still")
    folder = tmp_path / "out"
    arguments = ["eval", "--forces", str(tmp_path), "--height", "1.75", "-o", str(folder), "--workers", "1", "-q"]
    assert command(arguments) == 0
    physics, other = csv.DictReader((folder / "rows.csv").open())
    assert float(physics["mass_kg"]) == pytest.approx(70.0, rel=1e-3)
    assert abs(float(physics["total.mean_error_percent_bw"])) < 3.0
    assert float(physics["vertical_rmse_percent_bw"]) < 15.0 and float(physics["mpjpe_g_mm"]) < 15.0
    assert float(other["vertical_rmse_percent_bw"]) < 1.0
    trial = folder / "trials" / "still"
    assert {p.name for p in trial.iterdir()} == {"motion.npz", "forces.npz", "forces.png"}
    with np.load(trial / "forces.npz") as series:
        np.testing.assert_allclose(series["plate_force"][..., 2], WEIGHT / 2, rtol=1e-6)
