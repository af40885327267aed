"""The kind of input decides start, weights and solver settings; what is given by name goes before."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from motionrecon import config
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.fitting import fit, kinds
from motionrecon.fitting.kinds import SETTINGS, Kind
from motionrecon.fitting.objective_terms import LossWeights
from motionrecon.types import Film, KinematicStart, Sequence
from tests.fixtures import small_clip


def test_what_was_observed_is_the_kind():
    made = synthetic_clips.load("wave/side")
    flat = Sequence("a", dataclasses.replace(made.observation, keypoints3d=None))
    assert kinds.kind_of(made) is Kind.MOCAP
    assert kinds.kind_of(flat) is Kind.KEYPOINTS2D
    assert kinds.kind_of(dataclasses.replace(flat, film=Film(Path("a.mp4")))) is Kind.FILM
    assert set(SETTINGS) == set(Kind)


def test_what_is_known_of_lens_and_shoes_reaches_the_start(monkeypatch):
    told = {}
    monkeypatch.setattr(kinds, "start_from_video", lambda seen, **options: told.update(options))
    monkeypatch.setattr(kinds, "start_from_keypoints3d", lambda seen, **options: told.update(options))
    options = config.from_dict({"input": {"field_of_view": 90}, "person": {"sole_thickness": 0.03, "height": 1.8}})
    made = synthetic_clips.load("wave/side")
    fit.kinematic_start(Sequence("a", dataclasses.replace(made.observation, keypoints3d=None)), options)
    assert told["fov"] == pytest.approx(np.pi / 2) and told["sole_thickness"] == 0.03 and told["height"] == 1.8
    told.clear()
    fit.kinematic_start(made, options)
    assert told == {"sole_thickness": 0.03, "height": 1.8}


def test_noise_shows_beside_the_kinematic_start():
    start: KinematicStart = small_clip.start()
    assert kinds.refined(Kind.MOCAP, start) is Kind.MOCAP
    points = np.asarray(start.observation.keypoints3d)
    points = points + 0.02 * np.random.default_rng(0).normal(size=points.shape)
    noisy = dataclasses.replace(start, observation=dataclasses.replace(start.observation, keypoints3d=points))
    assert kinds.observation_noise(noisy) > kinds.NOISY > kinds.observation_noise(start)
    assert kinds.refined(Kind.MOCAP, noisy) is Kind.NOISY_MOCAP
    assert kinds.refined(Kind.FILM, noisy) is Kind.FILM


@pytest.mark.parametrize("kind", Kind)
def test_weights_given_by_name_keep_the_rest_of_the_kind_of_input(kind):
    named = config.from_dict({"weights": {"keypoints": 50}}).weights
    usual = kinds.loss_weights(None, kind)
    assert kinds.loss_weights(named, kind) == dataclasses.replace(usual, keypoints=50.0)
    whole = LossWeights(planted=7.0)
    assert kinds.loss_weights(whole, kind) is whole


def test_clean_motion_capture_prices_forces_that_it_does_not_show():
    clean = SETTINGS[Kind.MOCAP].weights
    assert min(clean.com_velocity, clean.clearance, clean.planted, clean.pose) > 0.0
    assert clean.keypoints > LossWeights().keypoints


def test_noisy_motion_capture_is_restrained_and_its_feet_stand():
    clean, noisy = SETTINGS[Kind.MOCAP].weights, SETTINGS[Kind.NOISY_MOCAP].weights
    for name in ("control_rate", "control", "planted"):  # what counts is the share of the keypoints' weight
        assert getattr(noisy, name) / noisy.keypoints > getattr(clean, name) / clean.keypoints, name
    assert noisy.planted > 0.0 and noisy.velocity_time > 0.0


def test_films_price_force_less_because_their_motion_is_centimetres_off():
    clean, film = SETTINGS[Kind.MOCAP].weights, SETTINGS[Kind.FILM].weights
    assert 0.0 < film.com_velocity < clean.com_velocity and film.control_rate > LossWeights().control_rate
    assert film.keypoints == LossWeights().keypoints < clean.keypoints
    assert SETTINGS[Kind.MOCAP].judges_support and not SETTINGS[Kind.FILM].judges_support
