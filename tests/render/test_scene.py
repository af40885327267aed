"""The drawn room: the same however many rows are drawn at a time, a floor below a wall."""

import numpy as np
import pytest

from motionrecon.render import scene
from motionrecon.types import Camera

CAMERA = Camera(
    np.array([[150.0, 0, 80], [0, 150.0, 45], [0, 0, 1]]), np.array([0.05, 0.0, 0.001, 0.0, 0.0]),
    np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]]), np.array([0.0, 1.4, 5.0]), (160, 91),
)  # fmt: skip


@pytest.mark.parametrize("wall", [8.0, None])
def test_bands_make_one_picture(monkeypatch, wall):
    room = scene.Room(wall=wall)
    monkeypatch.setattr(scene, "_BAND", 1000)
    whole = scene.draw_room(CAMERA, room, seed=3)
    monkeypatch.setattr(scene, "_BAND", 20)
    np.testing.assert_array_equal(scene.draw_room(CAMERA, room, seed=3), whole)
    assert whole.shape == (91, 160, 3) and whole.dtype == np.uint8


def test_the_wall_stands_on_the_floor():
    picture = scene.draw_room(CAMERA, scene.Room(grain=0.0)).astype(float)
    assert abs(picture[5].mean() - picture[15].mean()) < 8  # plain wall above
    assert picture[80].std() > 2 * picture[5].std()  # tiles below
