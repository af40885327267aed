"""From a kinematic start to padded, weighted frames."""

import dataclasses

import numpy as np
import pytest

from motionrecon import prepare
from tests.fixtures import small_clip


def test_shapes_are_padded_to_one_program():
    clip = small_clip.prepared()
    k = len(small_clip.sequence().observation.names)
    assert clip.frames.points.shape == (small_clip.FRAMES, 24, 3) and len(clip.sites.names) == 24
    assert not clip.frames.root_weight[:, k:].any() and not clip.seen[:, k:].any()
    assert [len(prepare.padded(np.zeros((n, 2)))) for n in (1, 64, 65, 330)] == [64, 64, 128, 384]


def test_missing_points_weigh_nothing_and_stay_finite():
    start = small_clip.start()
    confidence = np.array(start.observation.confidence)
    confidence[5, 3] = 0.0
    points = np.array(start.observation.keypoints3d)
    points[5, 3] = 99.0  # a placeholder must not matter
    observation = dataclasses.replace(start.observation, confidence=confidence, keypoints3d=points)
    clip = prepare.prepare(dataclasses.replace(start, observation=observation), small_clip.MASS, small_clip.WEIGHTS)
    assert not clip.frames.root_weight[5, 3].any() and clip.seen[5, 3] == 0
    assert clip.frames.root_weight[5, 4].any()
    assert np.abs(clip.frames.points[5, 3]).max() < 3.0


def test_depth_is_weaker_along_the_viewing_ray():
    ray = np.tile([0.6, 0.0, 0.8], (small_clip.FRAMES, 1))
    start = dataclasses.replace(small_clip.start(), depth_axes=ray)
    clip = prepare.prepare(start, small_clip.MASS, small_clip.WEIGHTS)
    weight, plain = clip.frames.root_weight[0, 0], small_clip.prepared().frames.root_weight[0, 0]
    across = np.array([0.8, 0.0, -0.6])
    assert np.sum((weight @ across) ** 2) == pytest.approx(np.sum((plain @ across) ** 2))
    along = np.sum((weight @ ray[0]) ** 2) / np.sum((plain @ ray[0]) ** 2)
    assert along == pytest.approx(small_clip.WEIGHTS.depth)


def test_slices_beyond_the_end_repeat_and_weigh_nothing():
    clip = small_clip.prepared()
    frames, reference, states, knots = prepare.slice_frames(clip, 30, 40)
    np.testing.assert_array_equal(frames.valid, [1] * 6 + [0] * 4)
    assert not frames.root_weight[6:].any() and not frames.rate_weight[6:].any() and not frames.planted[6:].any()
    np.testing.assert_array_equal(reference[6:], np.repeat(clip.reference[-1:], 4, axis=0))
    np.testing.assert_array_equal(states.position[:6], clip.states.position[30:36])
    np.testing.assert_array_equal(knots[:6], clip.knots[30:36])
    assert clip.frames.valid.all()  # the clip itself is untouched


def test_the_signs_of_the_motions_quaternions_do_not_matter():
    start, clip = small_clip.start(), small_clip.prepared()
    quats = np.array(start.motion.quats)
    quats[12:, 3] *= -1.0
    motion = dataclasses.replace(start.motion, quats=quats)
    other = prepare.prepare(dataclasses.replace(start, motion=motion), small_clip.MASS, small_clip.WEIGHTS)
    np.testing.assert_allclose(other.reference, clip.reference, atol=1e-12)
