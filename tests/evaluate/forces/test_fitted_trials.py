"""Fits of recordings with force plates: the ground pushes and never pulls, and a walk's forces are the plates'."""

import json

import numpy as np
import pytest

from motionrecon import config
from motionrecon.cli.main import run
from motionrecon.fitting import fit

pytestmark = [pytest.mark.dataset, pytest.mark.slow]
TRIALS = {
    "walk_oc1": (1.68, 62.9, None), "walk_gait2392": (1.803, 72.6, None), "squat_oc": (1.68, 60.1, (0.0, 3.0)),
    "dropjump_oc1": (1.68, 60.1, (1.25, 2.68)),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIALS)
def test_the_ground_never_pulls(samples, name):
    height, mass, span = TRIALS[name]
    options = config.Config(config.InputOptions(time_range=span), config.PersonOptions(height, mass))
    result = fit.fit_file(str(samples / "forces" / f"{name}.joints.npz"), options)
    force = np.asarray(result.rollout.contact_force)
    assert force[..., 2].min() >= 0.0
    assert force[..., 2].max() > 0.2 * mass * 9.81
    friction = np.linalg.norm(force[..., :2], axis=-1)
    assert friction.max() < 2.0 * force[..., 2].max()


def test_forces_of_a_walk_are_the_plates(samples, tmp_path):
    folder = samples / "forces"
    command = ["eval", "--forces", str(folder), "--sequence", "walk_gait2392", "--height", "1.803", "--mass", "72.6"]
    assert run([*command, "--workers", "1", "-o", str(tmp_path / "out")]) == 0
    rows = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["rows"]
    found = {row["method"]: row["metrics"] for row in rows}
    physics, baseline = found["physics"], found["double-differentiated"]
    assert physics["vertical_rmse_percent_bw"] < 8.0
    assert physics["vertical_r"] > 0.97
    assert physics["vertical_rmse_percent_bw"] < baseline["vertical_rmse_percent_bw"]
