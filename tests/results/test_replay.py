"""A result is simulated again from its file alone."""

import dataclasses

import numpy as np
import pytest

from motionrecon.errors import DataError
from motionrecon.results.export import npz
from motionrecon.results.replay import replay
from tests.fixtures import small_clip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("result")
    npz.write_motion(small_clip.result(), folder / "motion.npz")
    return folder


def test_each_state_leads_to_the_next_and_the_first_to_all(folder):
    report, result = replay(folder), small_clip.result()
    frames = small_clip.FRAMES
    assert report.step_m.shape == report.step_speed.shape == report.unexplained_force.shape == (frames - 1,)
    assert report.drift_m.shape == (frames,)
    assert report.step_m.max() < 1e-9 and report.step_speed.max() < 1e-7
    assert report.drift_m.max() < 1e-6
    np.testing.assert_allclose(report.joint_positions, result.rollout.joint_pos, atol=1e-6)
    assert report.weight == pytest.approx(result.mass * 9.81)
    assert report.unexplained_force.max() < 0.01 * report.weight
    assert "each state leads to the next" in str(report)


def spoiled(folder, tmp_path, **changes):
    arrays = npz.read_motion(folder / "motion.npz") | changes
    path = tmp_path / "motion.npz"
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    return path


def test_what_is_not_simulated_is_found(folder, tmp_path):
    arrays = npz.read_motion(folder / "motion.npz")
    position = arrays["state_position"].copy()
    position[20:, 0] += 0.01  # a jump between two frames
    report = replay(spoiled(folder, tmp_path, state_position=position))
    assert int(np.argmax(report.step_m)) == 19 and report.step_m[19] == pytest.approx(0.01, rel=1e-3)
    controls = arrays["control_quaternions"].copy()
    controls[12] = controls[20]
    report = replay(spoiled(folder, tmp_path, control_quaternions=controls))
    assert set(np.flatnonzero(report.step_m > 1e-6)) <= {11, 12} and report.step_m.max() > 1e-4
    assert report.drift_m[:12].max() < 1e-6 < report.drift_m[13]


def test_a_hidden_force_shows_in_the_momentum(folder, tmp_path):
    forces = npz.read_motion(folder / "motion.npz")["contact_forces"].copy()
    forces[15, 0, 2] -= 100.0  # N that the stored contacts do not account for
    report = replay(spoiled(folder, tmp_path, contact_forces=forces))
    assert int(np.argmax(report.unexplained_force)) == 15
    assert report.unexplained_force[15] == pytest.approx(100.0, abs=20.0)


def test_refusals(folder, tmp_path):
    with pytest.raises(DataError, match=r"simulation_kd.*fit the clip again"):
        replay(spoiled(folder, tmp_path, simulation_kd=None))
    with pytest.raises(DataError, match="9 steps a frame"):
        replay(spoiled(folder, tmp_path, simulation_substeps=np.array(9)))
    with pytest.raises(DataError, match=r"motion\.npz"):
        replay(tmp_path / "nowhere")
    old = dataclasses.replace(small_clip.result(), simulation=None)
    with pytest.raises(DataError, match="fit the clip again"):
        replay(npz.write_motion(old, tmp_path / "old.npz"))
