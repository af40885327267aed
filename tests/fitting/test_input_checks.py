"""What is refused or told before a fit: people upside down, sides exchanged, ground that is not level."""

import dataclasses

import numpy as np
import pytest

from motionrecon.data.synthetic import synthetic_clips
from motionrecon.errors import InputError
from motionrecon.fitting import fit, input_checks

ACTIONS = [f"{action}/{view}" for action in ("walk", "run", "kick", "jump") for view in ("side", "front")]


def _pictures(name, **changes):
    clip = synthetic_clips.load(name)
    seen = dataclasses.replace(clip.observation, keypoints3d=None, camera=None, **changes)
    return dataclasses.replace(clip, observation=seen, image_size=(1280, 720))


@pytest.mark.parametrize("name", ACTIONS)
def test_people_the_right_way_up_pass(name):
    clip = _pictures(name)
    assert input_checks.before_start(clip, None, "clip") == []
    assert input_checks.upside_down(clip.observation) == 0.0
    assert input_checks.sides_exchanged(clip.observation) < 0.05


def test_upside_down_is_refused_before_anything_is_done():
    clip = _pictures("walk/side")
    turned = np.array([1280.0, 720.0]) - np.asarray(clip.observation.keypoints2d)
    over = dataclasses.replace(clip, observation=dataclasses.replace(clip.observation, keypoints2d=turned))
    with pytest.raises(InputError, match=r"clip.mp4: the person stands on the head in 100%.*--rotate 180") as raised:
        fit.fit_sequence(over, source="clip.mp4")
    assert raised.value.exit_code == 2
    assert input_checks.before_start(over, None, "clip", turned=True) == []
    known = synthetic_clips.load("walk/side").camera
    said = dataclasses.replace(over, observation=dataclasses.replace(over.observation, camera=known))
    assert input_checks.before_start(said, None, "clip") == []  # a camera with its pose says that it is so


def test_upside_down_is_not_judged_by_few_frames():
    clip = _pictures("walk/side")
    confidence = np.array(clip.observation.confidence)
    confidence[4:] = 0.0
    assert input_checks.upside_down(dataclasses.replace(clip.observation, confidence=confidence)) is None


def test_sides_that_change_places_are_told():
    clip = _pictures("walk/side")
    names = clip.observation.names
    other = [names.index(n.replace("left_", "#").replace("right_", "left_").replace("#", "right_")) for n in names]
    points = np.array(clip.observation.keypoints2d)
    points[::2] = points[::2][:, other]
    wrong = dataclasses.replace(clip, observation=dataclasses.replace(clip.observation, keypoints2d=points))
    assert any("Left and right are exchanged" in line for line in input_checks.before_start(wrong, None, "clip"))


def test_parts_that_no_picture_shows_are_told():
    clip = _pictures("walk/side")
    confidence = np.array(clip.observation.confidence)
    for k, name in enumerate(clip.observation.names):
        if name.endswith(("elbow", "wrist")):
            confidence[:, k] = 0.0
    (line,) = input_checks.before_start(_pictures("walk/side", confidence=confidence), None, "clip")
    assert "left arm, right arm" in line


@pytest.mark.dataset
def test_stairs_are_refused(samples):
    with pytest.raises(InputError, match=r"different heights.*stairs.*--time-range"):
        fit.fit_file(str(samples / "cases" / "03-down-the-stairs.npz"))
