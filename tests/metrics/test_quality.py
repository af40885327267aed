"""A good result passes every check; each fault of a result fails the check that is meant for it."""

import dataclasses
import json

import numpy as np
import pytest

from motionrecon import metrics
from motionrecon.errors import ConfigError
from motionrecon.metrics import quality
from motionrecon.types import FitStatus
from tests.fixtures.walking_result import GRAVITY, MASS, walking_result


def _judged(result):
    record = metrics.summarize(result)["quality"]
    return {check["name"]: check for check in record["checks"]}, record


def _failed(result):
    checks, record = _judged(result)
    failed = {name for name, check in checks.items() if not check["passed"]}
    assert record["passed"] == (not failed)
    return failed


def _replaced(result, **rollout):
    return dataclasses.replace(result, rollout=dataclasses.replace(result.rollout, **rollout))


@pytest.fixture(params=["mocap", "video"])
def result(request):
    return walking_result(request.param)


def test_a_good_result_passes(result):
    checks, record = _judged(result)
    assert _failed(result) <= {"skate"}  # the fixture's motion is noisy on purpose
    assert {"windows", "force", "flight", "frames_seen", "points_seen", "skate", "penetration"} <= set(checks)
    assert ("error" in checks) == (result.observation.keypoints3d is not None)
    assert ("pixels" in checks) == (result.observation.keypoints3d is None)
    json.dumps(record, allow_nan=False)
    for check in record["checks"]:
        assert check["words"] and (check["passed"] or check["words"] in record["sentence"])


def test_a_window_that_failed(result):
    windows = list(result.windows)
    windows[1] = dataclasses.replace(windows[1], status=FitStatus.DIVERGED)
    assert "windows" in _failed(dataclasses.replace(result, windows=tuple(windows)))


def test_a_body_elsewhere(result):
    away = _replaced(result, keypoints=np.asarray(result.rollout.keypoints) + np.array([0.4, 0.0, 0.0]))
    wanted = (
        {"error", "error_over_start", "fallen"}
        if result.observation.keypoints3d is not None
        else {"pixels", "pixels_over_start"}
    )
    assert wanted <= _failed(away)
    checks, _ = _judged(away)
    if "error" in checks:
        assert checks["error"]["value"] == pytest.approx(400.0, abs=20.0)


def test_the_error_is_measured_against_what_was_observed_not_the_truth():
    result = walking_result("mocap", truth=True)
    moved = dataclasses.replace(result, truth=np.asarray(result.truth) + 1.0)
    assert not {"error", "error_over_start", "fallen"} & _failed(moved)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.5])
def test_forces_that_do_not_carry_the_body(result, share):
    bent = _replaced(result, contact_force=share * np.asarray(result.rollout.contact_force))
    checks, _ = _judged(bent)
    assert not checks["force"]["passed"]
    assert checks["force"]["value"] == pytest.approx(abs(1.0 - share), abs=0.1)
    assert checks["flight"]["passed"] == (share > 0)


def test_a_mean_force_is_due_to_the_speed_gained_too(result):
    """A body that is thrown up by g/2 all along carries one and a half weights."""
    fps, frames = result.observation.fps, len(np.asarray(result.kinematic.root_pos))
    t = np.arange(frames) / fps
    root = np.asarray(result.kinematic.root_pos) * np.array([1.0, 1.0, 0.0])
    root[:, 2] = 0.25 * GRAVITY * t**2
    rising = dataclasses.replace(result, kinematic=dataclasses.replace(result.kinematic, root_pos=root))
    force = np.asarray(result.rollout.contact_force) * 0.0
    force[:, 0, 2] = 1.5 * MASS * GRAVITY
    checks, _ = _judged(_replaced(rising, contact_force=force))
    assert checks["force"]["value"] == pytest.approx(0.0, abs=0.08)


def test_unreliable_forces_are_not_judged(result):
    none = dataclasses.replace(result, force_reliable=np.zeros(len(result.rollout.contact_force), bool))
    checks, _ = _judged(_replaced(none, contact_force=0.0 * np.asarray(result.rollout.contact_force)))
    assert not {"force", "flight"} & set(checks)


def test_points_that_nobody_saw(result):
    confidence = np.array(result.observation.confidence)
    confidence[:, ::2] = 0.0
    confidence[:, 1] = 0.0
    unseen = dataclasses.replace(result, observation=dataclasses.replace(result.observation, confidence=confidence))
    assert {"frames_seen", "points_seen"} <= _failed(unseen)


def test_an_unseen_point_is_no_error_of_0():
    result = walking_result("mocap")
    confidence = np.array(result.observation.confidence)
    confidence[:, 3] = 0.0
    confidence[:26] = 0.0
    observation = dataclasses.replace(result.observation, confidence=confidence)
    summary = metrics.summarize(dataclasses.replace(result, observation=observation))
    name = result.observation.names[3]
    assert all(summary["per_keypoint"][method][name] is None for method in metrics.METHODS)
    assert summary["windows"][0]["error_mm"] is None and summary["windows"][-1]["error_mm"] is not None
    seen = confidence > 0
    off = np.linalg.norm(np.asarray(result.rollout.keypoints) - np.asarray(observation.keypoints3d), axis=-1)
    value = {check["name"]: check["value"] for check in summary["quality"]["checks"]}["error"]
    assert value == pytest.approx(1000.0 * off[seen].mean())


def test_required_limits(result):
    asked = dict(
        result.config, output={"require": ["penetration=0", "points_seen=99.9", "jitter_m_per_s3=1", "gait=1"]}
    )
    with pytest.raises(ConfigError, match='"gait"'):
        metrics.summarize(dataclasses.replace(result, config=asked))
    asked["output"]["require"].pop()
    failed = _failed(dataclasses.replace(result, config=asked))
    assert {"penetration", "points_seen", "jitter_m_per_s3"} <= failed


def test_what_is_required_and_cannot_be_measured_fails():
    result = walking_result("video")
    asked = dict(result.config, output={"require": ["mpjpe_g_mm=50"]})
    checks, _ = _judged(dataclasses.replace(result, config=asked))
    assert not checks["mpjpe_g_mm"]["passed"] and "cannot be measured" in checks["mpjpe_g_mm"]["words"]


def test_every_check_is_documented():
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "quality.md").read_text()
    for kind in quality.KINDS.values():
        assert f"| `{kind.key}` | at {kind.side} {kind.limit:g}" in text
