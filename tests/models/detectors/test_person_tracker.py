"""Following, cropping and searching, with a stand-in detector that sees coloured blocks like MediaPipe sees people:
one an image, and only those taller than a fifth of it.
"""

import numpy as np
import pytest

from motionrecon.geometry.keypoints import COCO17
from motionrecon.models.detectors import person_crop
from motionrecon.models.detectors.person_tracker import PersonTracker, TrackerOptions

_SHAPE = np.random.default_rng(1).uniform(0.05, 0.95, (17, 2))
_SHAPE[[0, 1]] = [[0, 0], [1, 1]]


class Blocks:
    """Reports the block of greatest area that is a fifth of the image high and not cut by its edge."""

    def __init__(self):
        self.restarts = self.calls = 0
        self.closed = False

    def __call__(self, image):
        self.calls += 1
        best = None
        for channel in range(3):
            rows, columns = np.nonzero(image[..., channel] > 180)
            if len(rows) < 20:
                continue
            low, high = np.array([columns.min(), rows.min()]), np.array([columns.max() + 1, rows.max() + 1])
            if low.min() <= 0 or high[0] >= image.shape[1] or high[1] >= image.shape[0]:
                continue
            if high[1] - low[1] >= 0.2 * image.shape[0] and (best is None or (high - low).prod() > best[0]):
                best = ((high - low).prod(), low + _SHAPE * (high - low))
        return None if best is None else person_crop.make_pose(COCO17, best[1], np.full(17, 0.9))

    def restart(self):
        self.restarts += 1

    def close(self):
        self.closed = True


def frame(*blocks):
    """Image 360x640; blocks (channel, left, top, height), each a third as wide as high."""
    image = np.zeros((360, 640, 3), np.uint8)
    for channel, x, y, height in blocks:
        image[y : y + height, x : x + max(height // 3, 1), channel] = 255
    return image


def tracker(person="largest"):
    return PersonTracker(Blocks(), Blocks(), person, TrackerOptions(crop_side=256))


def _left(pose):
    return pose.pixels[:, 0].min()


def test_a_large_person_is_followed_in_the_whole_image():
    follow = tracker()
    for i in range(10):
        assert _left(follow.step(frame((0, 100 + 5 * i, 60, 240)))) == pytest.approx(100 + 5 * i, abs=1)
    assert follow.enlarged == 0
    assert follow.people == 1


@pytest.mark.parametrize("height", [60, 40, 24])
def test_a_small_person_is_found_and_enlarged(height):
    follow = tracker()
    assert Blocks()(frame((0, 300, 200, height))) is None
    for i in range(20):
        pose = follow.step(frame((0, 300 + 3 * i, 200, height)))
        assert _left(pose) == pytest.approx(300 + 3 * i, abs=1.0)
    assert follow.enlarged == 20


def test_who_shrinks_is_cropped():
    follow = tracker()
    for i in range(40):
        assert follow.step(frame((0, 300, 60, 200 - 4 * i))) is not None
    assert 5 < follow.enlarged < 40


@pytest.mark.parametrize(("person", "x"), [("largest", 400), (1, 80), (2, 400), (3, 560)])
def test_the_person_asked_for(person, x):
    follow = tracker(person)
    for i in range(5):
        pose = follow.step(frame((1, 80 + i, 80, 160), (0, 400 + i, 60, 200), (2, 560 + i, 90, 150)))
        assert _left(pose) == pytest.approx(x + i, abs=1.5)
    assert follow.people == 3


def test_the_smaller_of_two_close_neighbours():
    follow = tracker(2)
    assert _left(follow.step(frame((0, 200, 60, 240), (1, 300, 150, 120)))) == pytest.approx(300, abs=1.5)
    assert follow.people == 2


def test_absence_is_a_gap_and_the_person_is_taken_up_again():
    follow = tracker()
    film = [frame((0, 100, 60, 240))] * 5 + [frame()] * 15 + [frame((0, 400, 60, 240))] * 12
    seen = [follow.step(image) is not None for image in film]
    assert seen == [True] * 5 + [False] * 15 + [True] * 12


def test_searches_become_rare_while_nobody_is_there():
    follow = tracker()
    for _ in range(120):
        assert follow.step(frame()) is None
    coarse, middle, fine = (len(person_crop.tiles((640, 360), share)) for share in (1.0, 0.5, 0.25))
    assert follow._single.calls <= 120 + 5 * (coarse + middle) + 2 * fine


def test_somebody_else_is_not_taken_for_the_one_followed():
    follow = tracker(1)
    follow.step(frame((0, 100, 60, 100), (1, 400, 60, 100)))
    assert all(follow.step(frame((1, 400, 60, 100))) is None for _ in range(30))


def test_restart_and_close():
    follow = tracker(2)
    both = frame((0, 100, 60, 200), (1, 400, 60, 160))
    assert _left(follow.step(both)) == pytest.approx(400, abs=1.5)
    follow.restart()
    assert follow.step(frame((0, 100, 60, 200))) is None  # a new shot: the second from the left is not there
    follow.close()
    assert follow._tracking.closed and follow._single.closed


def test_nobody_smaller_is_searched_beside_the_largest():
    picture = frame((0, 100, 60, 240), (1, 420, 160, 60))  # a quarter as tall as the other
    calls = {}
    for person, seen in (("largest", 1), (1, 2)):
        follow = tracker(person)
        assert _left(follow.step(picture)) == pytest.approx(100, abs=1)
        assert follow.people == seen
        calls[person] = follow._single.calls
    assert calls["largest"] < 0.5 * calls[1]
