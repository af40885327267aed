"""Where a result is judged: the points that the kinematic start leaves out have no say where that is asked for."""

import dataclasses

import numpy as np
import pytest

from motionrecon import metrics
from motionrecon.evaluate import clip_rows
from tests.fixtures import walking_result


class Start:
    """The part of a kinematic start that says which points it trusts."""

    def __init__(self, observation):
        self.observation = observation


def test_fitted_points_alone_are_judged():
    known = walking_result.walking_result("mocap", frames=45, truth=True)
    confidence = np.ones(np.shape(known.observation.confidence))
    left_out = len(known.observation.names) - 1
    confidence[:, left_out] = 0.0
    trusted = dataclasses.replace(known.observation, confidence=confidence)
    found = metrics.summarize(clip_rows._on_fitted(known, Start(trusted)))["methods"]["physics"]
    off = np.linalg.norm(np.asarray(known.rollout.keypoints) - np.asarray(known.truth), axis=-1)
    assert found["mpjpe_g_mm"] == pytest.approx(1e3 * np.delete(off, left_out, axis=1).mean())
    # as the summary of a fit whose reference is what it observed, with that point's confidence 0
    seen = dataclasses.replace(trusted, keypoints3d=np.asarray(known.truth))
    usual = metrics.summarize(dataclasses.replace(known, observation=seen, truth=None))["methods"]["physics"]
    assert {key: value for key, value in found.items() if value != usual[key]} == {}
