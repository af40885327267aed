"""A film that is upside down is told from a person who is."""

import numpy as np
import pytest

from motionrecon.data.picture_attitude import Attitude, attitude
from motionrecon.geometry.keypoints import COCO17

_HEIGHTS = {"shoulder": 1.45, "elbow": 1.15, "wrist": 0.9, "hip": 0.95, "knee": 0.5, "ankle": 0.1}


def standing(frames=20, **heights):
    """(T, 17, 2) px, y down, of a person who stands, and walks to the right; ``heights`` (m) of single joints."""
    placed = []
    for name in COCO17:
        joint = name.split("_")[-1]
        side = {"left": 0.1, "right": -0.1}.get(name.split("_")[0], 0.0)
        placed.append((side, (_HEIGHTS | heights).get(joint, heights.get("head", 1.65))))
    walk = np.stack([0.04 * np.arange(frames), np.zeros(frames)], axis=1)
    return 200.0 * (np.array([0.0, 1.8]) + (np.array(placed) + walk[:, None]) * np.array([1.0, -1.0]))


def turned(pixels, degrees):
    """As seen when the picture is turned clockwise."""
    angle = np.radians(degrees)
    return pixels @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


HANDSTAND = {"head": 0.25, "shoulder": 0.45, "elbow": 0.25, "wrist": 0.02, "hip": 0.95, "knee": 1.4, "ankle": 1.8}


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (standing(), Attitude.UPRIGHT),
        (turned(standing(), 180), Attitude.UPSIDE_DOWN),
        (turned(standing(), -90), Attitude.HEAD_LEFT),  # a turn clockwise by 90 brings it upright
        (turned(standing(), 90), Attitude.HEAD_RIGHT),
        (turned(standing(), 30), Attitude.UPRIGHT),
        (standing(**HANDSTAND), Attitude.HEAD_DOWN),
        (turned(standing(wrist=1.9, elbow=1.7), 180), Attitude.HEAD_DOWN),  # arms raised: cannot be told
        (np.concatenate([turned(standing(9), 180), standing(11)]), Attitude.UPRIGHT),  # a flip
        (np.concatenate([turned(standing(15), 90), standing(5)]), Attitude.UPRIGHT),  # lies down
    ],
)
def test_attitudes(pixels, expected):
    assert attitude(COCO17, pixels, np.ones(pixels.shape[:2])) is expected


def test_what_is_hardly_seen_tells_nothing():
    pixels = turned(standing(), 180)
    sure = np.ones(pixels.shape[:2])
    sure[:, COCO17.index("left_ankle")] = 0.1
    assert attitude(COCO17, pixels, sure) is Attitude.UPRIGHT
    sure = np.ones(pixels.shape[:2])
    sure[:, [COCO17.index(f"{s}_wrist") for s in ("left", "right")]] = 0.0
    assert attitude(COCO17, pixels, sure) is Attitude.HEAD_DOWN
    assert attitude(("nose",), pixels[:, :1], sure[:, :1]) is Attitude.UPRIGHT
