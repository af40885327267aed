"""Loads to feet, feet in the air, and the mass from the plates, where the answer is known."""

import numpy as np
import pytest

from motionrecon.errors import InputError
from motionrecon.evaluate.forces import body_mass, plates_on_feet
from tests.fixtures import standing_points
from tests.fixtures.standing_points import POSE

FEET = np.stack([POSE[f"{s}_ankle"] * [1, 1, 0] for s in ("left", "right")])


def _plates(seconds=2.0, left=300.0, right=386.7, rate=1000.0, swapped=False):
    time = np.arange(int(seconds * rate)) / rate
    force, where = np.zeros((len(time), 2, 3)), np.tile(FEET + [0.05, 0, 0], (len(time), 1, 1))
    force[:, 0, 2], force[:, 1, 2] = left, right
    return standing_points.plates(time, *(a[:, ::-1] if swapped else a for a in (force, where)))


@pytest.mark.parametrize("swapped", [False, True])
def test_loads_go_to_the_nearer_foot(swapped):
    feet = plates_on_feet.on_feet(_plates(swapped=swapped), np.array([0.0, 2.0]), np.tile(FEET, (2, 1, 1)), (0.0, 1.9))
    np.testing.assert_allclose(feet.force[:, :, 2], [[300.0, 386.7]] * len(feet.time))
    np.testing.assert_allclose(feet.center_of_pressure[:, 0], np.tile(FEET[0] + [0.05, 0, 0], (len(feet.time), 1)))
    assert feet.compared.all() and not feet.far and len(feet.time) == 191


def test_two_steps_on_one_plate_and_a_load_that_is_far():
    plates = _plates(left=0.0, right=0.0)
    plates.force[100:800, 0, 2] = 600.0
    plates.force[1000:1700, 0, 2] = 600.0
    path = np.tile(FEET, (201, 1, 1))
    path[:90, 1, 0] += 2.0  # the right foot is elsewhere first, the left one then
    path[90:, 0, 0] += 2.0
    path[90:, 1] = FEET[0] + [0.4, 0.0, 0.0]
    feet = plates_on_feet.on_feet(plates, np.arange(201) / 100.0, path, (0.0, 1.9))
    assert feet.force[40, 0, 2] == pytest.approx(600.0) and feet.force[140, 1, 2] == pytest.approx(600.0)
    assert feet.force[140, 0, 2] == 0.0 and feet.far
    assert feet.compared[:, 0].sum() == pytest.approx(80, abs=2)  # 0.7 s and 50 ms on each side


def test_mass_of_who_stands():
    mass, said = body_mass.from_plates(standing_points.standing(), _plates(), (0.0, 1.9))
    assert mass == pytest.approx((300.0 + 386.7) / 9.81, rel=1e-6) and "1.9 s" in said


def test_mass_needs_the_whole_person():
    plates = _plates(right=0.0)
    with pytest.raises(InputError, match=r"carry the whole person for 0\.00 s"):
        body_mass.from_plates(standing_points.standing(), plates, (0.0, 1.9))
    with pytest.raises(InputError, match="no person"):
        body_mass.from_plates(standing_points.standing(), _plates(left=20.1, right=20.1), (0.0, 1.9))
