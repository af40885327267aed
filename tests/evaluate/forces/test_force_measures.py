"""Measures of forces whose errors are known: equal, scaled, late, shifted, swapped between the feet."""

import numpy as np
import pytest

from motionrecon.evaluate.forces import force_measures, stance_measures
from motionrecon.evaluate.forces.force_measures import MethodForces
from motionrecon.evaluate.forces.plates_on_feet import FeetOnPlates

WEIGHT = 700.0
AXES = force_measures.directions(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))


@pytest.fixture
def walk():
    """Two steps, left then right, 0.2 s of double support between them."""
    time = np.arange(200) / 100.0
    force = np.zeros((200, 2, 3))
    for foot, start in ((0, 0.2), (1, 0.9)):
        phase = np.clip((time - start) / 0.9, 0.0, 1.0)
        force[:, foot, 2] = 1.1 * WEIGHT * np.sin(np.pi * phase)
        force[:, foot, 0] = -120 * np.sin(2 * np.pi * phase)
        force[:, foot, 1] = (1 - 2 * foot) * -40 * np.sin(np.pi * phase)
    center = np.where(force[..., 2:] > 20, np.array([0.5, 0.1, 0.0]), np.nan)
    compared = force[..., 2] > 20
    return FeetOnPlates(time, force, center, compared, False)


def _measured(walk, force, center=None):
    return force_measures.measures(MethodForces(force, center), walk, walk.compared.any(axis=1), AXES, WEIGHT)


def test_equal_forces_have_no_error(walk):
    found = _measured(walk, walk.force, np.nan_to_num(walk.center_of_pressure))
    for side in ("left", "right"):
        row = found["feet"][side]
        for component in force_measures.COMPONENTS:
            assert row[component]["rmse_n"] == 0.0 and row[component]["r"] == pytest.approx(1.0)
        assert row["center_of_pressure_mm"]["mean"] == 0.0
        assert row["strike_error_ms"] == [0.0] and row["toe_off_error_ms"] == [0.0]
        assert row["peak_error_percent_bw"] == [0.0] and row["impulse_error_percent"] == [0.0]
        assert row["loading_rate_ratio"] == [1.0] and row["stances"] == 1
    assert found["double_support"]["r"] == pytest.approx(1.0)
    assert found["total"]["vertical"]["rmse_n"] == 0.0


def test_a_tenth_more_is_a_tenth_more(walk):
    found = _measured(walk, 1.1 * walk.force)
    row = found["feet"]["left"]
    on = walk.compared[:, 0]
    vertical = walk.force[on, 0, 2]
    assert row["vertical"]["rmse_percent_bw"] == pytest.approx(10 * np.sqrt((vertical**2).mean()) / WEIGHT)
    assert row["vertical"]["rmse_percent_range"] == pytest.approx(10 * np.sqrt((vertical**2).mean()) / np.ptp(vertical))
    assert row["peak_error_percent_bw"][0] == pytest.approx(11.0, abs=0.1)
    assert row["impulse_error_percent"][0] == pytest.approx(10.0, abs=0.2)
    assert found["double_support"]["left_share_rmse_points"] == pytest.approx(0.0, abs=1e-9)
    assert "center_of_pressure_mm" not in row


def test_late_forces_are_late(walk):
    found = _measured(walk, np.roll(walk.force, 4, axis=0))
    for side in ("left", "right"):
        row = found["feet"][side]
        for event in ("strike_error_ms", "toe_off_error_ms", "peak_time_error_ms"):
            assert row[event][0] == pytest.approx(40.0, abs=1e-6)


def test_center_of_pressure_by_component(walk):
    off = np.nan_to_num(walk.center_of_pressure) + [0.03, -0.04, 0.0]
    found = _measured(walk, walk.force, off)["feet"]["right"]["center_of_pressure_mm"]
    assert found["mean"] == pytest.approx(50.0) and found["ap_bias"] == pytest.approx(30.0)
    assert found["ml_bias"] == pytest.approx(-40.0) and found["ml_rms"] == pytest.approx(40.0)


def test_swapped_feet_share_the_other_way(walk):
    found = _measured(walk, walk.force[:, ::-1])
    assert found["double_support"]["r"] == pytest.approx(-1.0)
    assert found["total"]["vertical"]["rmse_n"] == 0.0


def test_a_step_that_is_missed_has_no_event(walk):
    found = stance_measures.stances(walk.time, np.zeros(200), walk.force[:, 0, 2], WEIGHT)
    assert found["strike_error_ms"] == [None] and found["toe_off_error_ms"] == [None]
    assert found["impulse_error_percent"] == [pytest.approx(-100.0)]


def test_stances_that_the_clip_cuts_off():
    plate = np.full(100, 500.0)
    found = stance_measures.stances(np.arange(100) / 100.0, plate, plate, WEIGHT)
    assert found["strike_error_ms"] == [] and found["impulse_error_percent"] == []
    assert found["peak_error_percent_bw"] == [0.0]  # long enough to have its peak
