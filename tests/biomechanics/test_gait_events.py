"""Contacts: known times within a sample, no events from scuffs, gaps, standing or noise."""

import numpy as np
import pytest

from motionrecon.biomechanics.gait_events import body_weight, foot_contacts

WEIGHT = body_weight(70.0)


def stance(t, start, stop):
    """A foot's vertical force in N: two humps, as in walking."""
    s = np.clip((t - start) / (stop - start), 0, 1)
    return WEIGHT * (1.15 * np.sin(np.pi * s) + 0.35 * np.sin(3 * np.pi * s))


def sampled(force, fps, seconds=4.0, fine=200):
    """Means over frames, and the times of their middles."""
    frames = int(seconds * fps)
    t = (np.arange(frames)[:, None] + (np.arange(fine) + 0.5) / fine) / fps
    return (np.arange(frames) + 0.5) / fps, force(t).mean(axis=1)


@pytest.mark.parametrize("fps", [25.0, 30.0, 50.0, 100.0])
@pytest.mark.parametrize("shift", [0.0, 0.007, 0.019])
def test_known_times_within_a_sample(fps, shift):
    starts = np.array([0.3, 1.4, 2.5]) + shift
    time, force = sampled(lambda t: sum(stance(t, s, s + 0.66) for s in starts), fps)
    found = foot_contacts(time, force, WEIGHT)
    np.testing.assert_allclose(found.heel_strikes, starts, atol=1.0 / fps)
    np.testing.assert_allclose(found.toe_offs, starts + 0.66, atol=1.0 / fps)


def test_the_ends_of_the_clip_are_no_events():
    time, force = sampled(lambda t: stance(t, -0.3, 0.4) + stance(t, 1.2, 1.9) + stance(t, 3.7, 4.4), 50.0)
    found = foot_contacts(time, force, WEIGHT)
    assert found.landed.tolist() == [False, True, True] and found.left.tolist() == [True, True, False]
    np.testing.assert_allclose(found.heel_strikes, [1.2, 3.7], atol=0.02)
    np.testing.assert_allclose(found.toe_offs, [0.4, 1.9], atol=0.02)


def test_gaps_scuffs_and_noise_are_no_events():
    rng = np.random.default_rng(0)
    time, force = sampled(lambda t: stance(t, 0.5, 1.2) + stance(t, 2.0, 2.7), 50.0)
    force[(time > 0.8) & (time < 0.87)] = 0.0  # a hop within the stance
    force[(time > 1.6) & (time < 1.64)] = 0.6 * WEIGHT  # short
    force[(time > 3.2) & (time < 3.6)] = 0.1 * WEIGHT  # weak
    force += 4.0 * rng.standard_normal(len(force))
    found = foot_contacts(time, force, WEIGHT)
    np.testing.assert_allclose(found.heel_strikes, [0.5, 2.0], atol=0.02)
    np.testing.assert_allclose(found.toe_offs, [1.2, 2.7], atol=0.02)


def test_standing_and_flying_have_none():
    time = np.arange(100) / 30.0
    standing = foot_contacts(time, np.full(100, 0.5 * WEIGHT), WEIGHT)
    assert len(standing.start) == 1 and not len(standing.heel_strikes) and not len(standing.toe_offs)
    assert not len(foot_contacts(time, np.zeros(100), WEIGHT).start)
    assert not len(foot_contacts(time, np.full(100, -0.3 * WEIGHT), WEIGHT).start)  # a ground that pulls
