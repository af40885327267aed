"""Squares, tiles and the choice among people."""

import numpy as np
import pytest

from motionrecon.errors import InputError
from motionrecon.geometry.keypoints import COCO17
from motionrecon.models.detectors import person_crop


def pose(x: float, extent: float = 100.0, confidence: float = 0.9):
    pixels = np.random.default_rng(0).uniform(-0.5, 0.5, (17, 2)) * extent + (x, 200.0)
    return person_crop.make_pose(COCO17, pixels, np.full(17, confidence))


def test_cut_out_and_back_meet_the_same_pixel():
    image = np.zeros((120, 200, 3), np.uint8)
    image[80:84, 150:154] = 255
    square = person_crop.Square(110, 50, 90)  # reaches over the lower right corner
    part = person_crop.cut_out(image, square, 360)
    assert part.shape == (360, 360, 3)
    at = np.argwhere(part[..., 0] > 200).mean(axis=0)[::-1] + 0.5
    found = person_crop.make_pose(COCO17, np.tile(at, (17, 1)), np.ones(17))
    np.testing.assert_allclose(person_crop.to_image(found, square, 360).pixels[0], [152.0, 82.0], atol=0.2)
    assert person_crop.cut_out(image, person_crop.Square(500, 500, 50), 64).max() == 0


def test_tiles_cover_the_image():
    covered = np.zeros((90, 200), bool)
    for tile in person_crop.tiles((200, 90), 0.5):
        assert tile.side == 45
        assert tile.x >= 0 and tile.y >= 0 and tile.x + 45 <= 200 and tile.y + 45 <= 90
        covered[tile.y : tile.y + 45, tile.x : tile.x + 45] = True
    assert covered.all()


def test_a_pose_over_an_inner_edge_is_partial():
    person = pose(100.0)
    assert person_crop.cut_by(person, person_crop.Square(0, 100, 110), (400, 400))
    assert not person_crop.cut_by(person, person_crop.Square(0, 100, 200), (400, 400))
    assert not person_crop.cut_by(person, person_crop.Square(0, 100, 110), (110, 210))


def test_distinct_keeps_the_surest_of_each_person():
    people = person_crop.distinct([pose(300), pose(100, confidence=0.6), pose(104, confidence=0.8)])
    assert [p.confidence[0] for p in people] == [0.8, 0.9]
    assert people[0].torso[0] < people[1].torso[0]


def test_choice():
    left, middle, right = pose(100), pose(300, 150), pose(500)
    people = [left, middle, right]
    assert person_crop.choose(people, "largest", None) is middle
    assert person_crop.choose(people, 3, None) is right
    assert person_crop.choose(people, 4, None) is None
    assert person_crop.choose(people, 1, pose(520)) is right  # the one followed so far
    assert person_crop.choose([left], 2, pose(500)) is None
    assert person_crop.choose([], "largest", None) is None


@pytest.mark.parametrize("person", [0, -1, "second", True, 1.5])
def test_bad_person(person):
    with pytest.raises(InputError, match="--person"):
        person_crop.check_person(person)
