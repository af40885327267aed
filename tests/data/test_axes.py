"""Units and up axes are recovered from the body."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon.data import axes
from motionrecon.geometry.keypoints import MOCAP18


@pytest.mark.parametrize("matrix", [axes.Z_UP, axes.Y_UP, axes.Y_UP_X_FORWARD])
def test_conversions_are_proper_rotations(matrix):
    np.testing.assert_array_equal(matrix @ matrix.T, np.eye(3))
    assert np.linalg.det(matrix) == pytest.approx(1.0)


@pytest.mark.parametrize("unit", list(axes.UNITS))
@pytest.mark.parametrize("height", [1.2, 1.7, 2.0])
def test_unit_is_recovered(walking, unit, height):
    points = walking(height=height) / axes.UNITS[unit]
    scale, name, sentence = axes.guess_unit(MOCAP18, points)
    assert name == unit and scale == axes.UNITS[unit] and unit in sentence


def test_unknown_unit_is_scaled_to_an_average_person(walking):
    scale, name, sentence = axes.guess_unit(MOCAP18, walking(height=1.7) * 6.0)
    assert name == "unknown" and scale == pytest.approx(1 / 6.0, rel=0.02) and "scaled" in sentence


@pytest.mark.parametrize("default", ["y", "z", "x forward y"])
@pytest.mark.parametrize("axis", range(6))
def test_up_is_recovered_whatever_the_default(walking, default, axis):
    up = np.eye(3)[axis % 3] * (1 if axis < 3 else -1)
    world = walking()
    turn = Rotation.align_vectors([up, np.roll(up, 1)], [[0, 0, 1], [1, 0, 0]])[0]
    points = turn.apply(world.reshape(-1, 3)).reshape(world.shape)
    rotation, _ = axes.guess_up(MOCAP18, points, default)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    back = points @ rotation.T
    np.testing.assert_allclose(back[..., 2], world[..., 2], atol=1e-9)


def test_somebody_who_lies_down_now_and_then_does_not_turn_the_world(walking):
    standing = walking()
    lying = standing @ Rotation.from_euler("y", 90, degrees=True).as_matrix().T
    rotation, sentence = axes.guess_up(MOCAP18, np.concatenate([standing, lying, lying]), "z")
    np.testing.assert_array_equal(rotation, np.eye(3))
    assert sentence is None
