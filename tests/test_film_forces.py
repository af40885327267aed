"""Forces under a filmed walker: the body's weight on average, no flight, near the generator's own."""

import dataclasses
import functools

import numpy as np
import pytest

from motionrecon.biomechanics.gait_events import body_weight
from motionrecon.config import Config, PersonOptions
from motionrecon.data.synthetic import synthetic_clips, synthetic_forces
from motionrecon.fitting import fit
from motionrecon.fitting.initialize.video.video_start import start_from_video
from motionrecon.types import Sequence

FRAMES, HEIGHT, MASS = 46, 1.75, 72.0


@functools.cache
def vertical():
    """Net vertical force (T - 1,) and its truth, in body weights, of a walk seen as 2D keypoints with 2 px of noise."""
    made = synthetic_clips.load("walk/oblique", HEIGHT)
    seen = made.observation
    pixels = np.asarray(seen.keypoints2d)[:FRAMES]
    pixels = pixels + 2.0 * np.random.default_rng(0).normal(size=pixels.shape)
    seen = dataclasses.replace(
        seen, keypoints2d=pixels, keypoints3d=None, confidence=np.asarray(seen.confidence)[:FRAMES]
    )
    start = start_from_video(seen, height=HEIGHT, camera=seen.camera)
    options = Config(person=PersonOptions(HEIGHT, MASS))
    result = fit.fit_sequence(Sequence("walk", seen), options, start=start)
    found = np.asarray(result.rollout.contact_force)[:-1, :, 2].sum(axis=1) / body_weight(MASS)
    return found, synthetic_forces.ground_force("walk", HEIGHT)[0][: FRAMES - 1, 2]


@pytest.mark.slow
def test_the_ground_carries_the_weight_in_every_frame():
    found, true = vertical()
    step = slice(8, 8 + 32)  # two steps
    assert abs(found[step].mean() - true[step].mean()) < 0.04
    assert found.min() > 0.2


@pytest.mark.slow
def test_the_net_force_is_near_the_truth():
    found, true = vertical()
    assert np.sqrt(np.mean((found - true) ** 2)) < 0.13
    assert np.corrcoef(found, true)[0, 1] > 0.7
    assert found.max() < 1.7
