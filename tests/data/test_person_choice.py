"""Who is who: identities that trackers lose, change and exchange."""

import numpy as np
import pytest

from motionrecon.data import person_choice
from motionrecon.data.person_choice import Detection
from motionrecon.errors import DetectionError


def _person(x, t, identity=None, scale=100.0):
    shape = np.random.default_rng(0).uniform(0, 1, (17, 2)) * [0.4, 1.0]
    return Detection(np.column_stack([x + 3 * t + scale * shape, np.ones(17)]), identity=identity)


def _where(track):
    return [round(float(d.keypoints[:, 0].mean() - 3 * t)) for t, d in sorted(track.items())]


def test_one_person_who_is_called_anew():
    """Also after a long absence, and elsewhere: nobody ever stands beside anybody."""
    frames = [[_person(0 if t < 50 else 900, t, 1 + t // 10)] if not 30 <= t < 70 else [] for t in range(90)]
    track, people = person_choice.choose(frames, "largest", "a.json")
    assert people == 1 and sorted(track) == [t for t in range(90) if frames[t]]


def test_two_who_are_exchanged():
    """The tracker exchanges its names in the middle; bodies stay."""
    frames = [
        [_person(0, t, 1 if t < 20 else 2), _person(600, t, 2 if t < 20 else 1, scale=80.0)][:: 1 if t % 3 else -1]
        for t in range(40)
    ]
    track, people = person_choice.choose(frames, "largest", "a.json")
    assert people == 2 and len(track) == 40 and len(set(_where(track))) == 1


def test_one_who_comes_back_under_the_same_name():
    frames = [[_person(600, t, 5, scale=80.0)] + ([_person(0, t, 1)] if not 20 <= t < 70 else []) for t in range(90)]
    track, people = person_choice.choose(frames, "1", "a.json")
    assert people == 2 and sorted(track) == [*range(20), *range(70, 90)]
    with pytest.raises(DetectionError, match="no person 3; the file has 1, 5"):
        person_choice.choose(frames, 3, "a.json")


def test_strangers_without_names_stay_apart():
    frames = [[_person(0 if t < 20 else 900, t)] if t != 20 else [] for t in range(40)]
    assert person_choice.choose(frames, "largest", "a.json")[1] == 2
