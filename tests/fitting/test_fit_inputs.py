"""What a fit makes of its options before any work: weights by name, keypoints beside an input that is no video."""

import dataclasses

import numpy as np
import pytest

from motionrecon import config
from motionrecon.data.formats import camera_files
from motionrecon.errors import InputError
from motionrecon.fitting import fit
from motionrecon.fitting.objective_terms import LossWeights
from motionrecon.geometry import camera as cameras
from motionrecon.types import Observation, Sequence


def observation(mocap):
    points = np.zeros((4, 1, 3))
    seen = {"keypoints3d": points} if mocap else {"keypoints2d": points[..., :2]}
    empty = {f.name: None for f in dataclasses.fields(Observation) if f.default is dataclasses.MISSING}
    return Observation(**empty | seen | {"names": ("head",), "confidence": np.ones((4, 1)), "fps": 30.0})


def test_weights_given_by_name_keep_the_rest_of_the_kind_of_input():
    named = config.from_dict({"weights": {"keypoints": 50}}).weights
    for mocap in (True, False):
        usual = fit.loss_weights(None, observation(mocap))
        assert fit.loss_weights(named, observation(mocap)) == dataclasses.replace(usual, keypoints=50.0)
    found = fit.loss_weights({"planted": 3.0}, observation(True))
    usual = fit.loss_weights(None, observation(True))
    assert usual.planted != 3.0
    assert (found.planted, found.velocity_time, found.keypoints) == (3.0, usual.velocity_time, usual.keypoints)


def test_noisy_motion_capture_is_restrained_and_its_feet_stand():
    clean, noisy = (fit.loss_weights(None, observation(True), noise) for noise in (0.5 * fit.NOISY, 2.0 * fit.NOISY))
    for name in ("control_rate", "control", "planted"):  # what counts is the share of the keypoints' weight
        assert getattr(noisy, name) / noisy.keypoints > getattr(clean, name) / clean.keypoints, name
    assert noisy.planted > 0.0 and noisy.velocity_time > 0.0


def test_whole_weights_are_taken_as_they_are():
    whole = LossWeights(planted=7.0)
    assert fit.loss_weights(whole, observation(True)) is whole


def test_films_price_the_force_that_their_motion_does_not_show():
    film = fit.loss_weights(None, observation(False))
    assert film.com_velocity > 0.0 and film.control_rate > LossWeights().control_rate
    assert film.keypoints == LossWeights().keypoints


def test_what_is_known_of_lens_and_shoes_reaches_the_start(monkeypatch):
    told = {}
    monkeypatch.setattr(fit, "start_from_video", lambda seen, **options: told.update(options))
    monkeypatch.setattr(fit, "start_from_keypoints3d", lambda seen, **options: told.update(options))
    options = config.from_dict(
        {"input": {"field_of_view": 90}, "person": {"sole_thickness": 0.03, "height": 1.8, "strength": 2.0}}
    )
    fit.kinematic_start(Sequence("clip", observation(False), None, {}), options)
    assert told["fov"] == pytest.approx(np.pi / 2) and told["sole_thickness"] == 0.03 and told["height"] == 1.8
    told.clear()
    fit.kinematic_start(Sequence("clip", observation(True), None, {}), options)
    assert told == {"sole_thickness": 0.03, "height": 1.8}


def test_keypoints_beside_motion_capture_are_refused():
    options = config.InputOptions(keypoints="seen.json")
    with pytest.raises(InputError, match=r"seen\.json: replaces the detector of a video, and walk\.bvh is none"):
        fit.observe_file("walk.bvh", options)


def test_a_camera_file_without_a_pose_leaves_the_pose_to_be_estimated(tmp_path):
    camera = cameras.level(0.1, 1.4, cameras.intrinsics_from_fov((640, 480), 1.0), (640, 480))
    camera_files.write_camera(camera, tmp_path / "camera.toml")
    sequence = Sequence("clip", observation(False), None, {})
    assert not fit._pose_given(config.Config(), sequence)
    given = config.Config(input=config.InputOptions(camera=str(tmp_path / "camera.toml")))
    assert fit._pose_given(given, sequence)
