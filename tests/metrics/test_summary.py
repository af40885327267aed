"""The table of methods: which reference, which contacts, what is unknown, and that the numbers are the metrics'."""

import dataclasses
import json

import numpy as np
import pytest

from motionrecon import metrics
from motionrecon.metrics import body_points
from motionrecon.types import UnsupportedInterval
from tests.fixtures import walking_result as made

THREE_D = ("mpjpe_g_mm", "mpjpe_mm", "mpjpe_pa_mm", "mpjpe_wa_mm", "accel_error_m_per_s2", "rte_percent")


@pytest.fixture(scope="module")
def mocap():
    return made.walking_result("mocap", frames=45)


def test_mocap_is_compared_with_what_was_seen(mocap):
    summary = metrics.summarize(mocap)
    mask = np.asarray(mocap.observation.confidence) > 0
    seen = np.asarray(mocap.observation.keypoints3d)
    distance = np.linalg.norm(np.asarray(mocap.rollout.keypoints) - seen, axis=-1)[mask]
    assert summary["reference"] == "observation"
    assert summary["methods"]["physics"]["mpjpe_g_mm"] == pytest.approx(1000 * distance.mean())
    assert summary["methods"]["physics"]["mpjpe_2d_px"] is None
    by_point = summary["per_keypoint"]["physics"]
    assert np.mean(list(by_point.values())) == pytest.approx(1000 * distance.mean(), rel=0.02)


def test_unsupported_intervals_are_told(mocap):
    assert metrics.summarize(mocap)["unsupported_intervals"] == []
    carried = dataclasses.replace(mocap, unsupported=(UnsupportedInterval(0.0, 1.4, "a box"),))
    expected = [{"start_s": 0.0, "end_s": 1.4, "cause": "a box"}]
    assert json.loads(json.dumps(metrics.summarize(carried)))["unsupported_intervals"] == expected


def test_smoothed_mocap_is_the_smoothed_observation_with_gaps_filled(mocap):
    summary = metrics.summarize(mocap)
    mask = np.asarray(mocap.observation.confidence)[..., None] > 0
    seen = np.asarray(mocap.observation.keypoints3d)
    smooth = metrics.gaussian_smooth(np.where(mask, seen, mocap.kinematic_keypoints), 2.0)
    assert summary["smoothing_sigma_frames"] == pytest.approx(2.0)
    expected = metrics.mpjpe_g(smooth, seen, mask[..., 0])
    assert summary["methods"]["smoothed"]["mpjpe_g_mm"] == pytest.approx(expected)


def test_the_smoothed_start_can_be_asked_for(mocap):
    seen, mask = np.asarray(mocap.observation.keypoints3d), np.asarray(mocap.observation.confidence) > 0
    expected = metrics.mpjpe_g(metrics.gaussian_smooth(np.asarray(mocap.kinematic_keypoints), 2.0), seen, mask)
    found = metrics.summarize(mocap, smoothed="start")["methods"]
    assert found["smoothed"]["mpjpe_g_mm"] == pytest.approx(expected)
    usual = metrics.summarize(mocap)["methods"]
    assert found["physics"] == usual["physics"] and found["smoothed"] != usual["smoothed"]


def test_truth_wins_over_the_observation(mocap):
    known = made.walking_result("mocap", frames=45, truth=True)
    summary = metrics.summarize(known)
    assert summary["reference"] == "truth"
    expected = metrics.mpjpe_g(np.asarray(known.rollout.keypoints), np.asarray(known.truth))
    assert summary["methods"]["physics"]["mpjpe_g_mm"] == pytest.approx(expected)
    assert summary["methods"]["physics"]["mpjpe_g_mm"] != metrics.summarize(mocap)["methods"]["physics"]["mpjpe_g_mm"]


def test_video_without_truth_has_image_error_and_ground_contact_only():
    summary = metrics.summarize(made.walking_result("video", frames=45))
    for method in metrics.METHODS:
        row = summary["methods"][method]
        assert all(row[key] is None for key in THREE_D)
        for key in ("mpjpe_2d_px", "tv_m_per_frame2", "foot_skate_percent", "penetration_mm", "float_mm"):
            assert np.isfinite(row[key])
        assert row["tv_m_per_s2"] == pytest.approx(row["tv_m_per_frame2"] * 900)
    assert summary["per_keypoint"]["unit"] == "px"
    assert summary["foot_contact_source"].startswith("kinematic start")


def test_unknown_values_are_present_as_none_and_json_takes_all():
    video = made.walking_result("video", frames=12)
    bare = dataclasses.replace(
        video, observation=dataclasses.replace(video.observation, keypoints2d=None, camera=None), foot_contacts=None
    )
    one_frame = _first_frame(bare)
    for result in (video, bare, one_frame):
        summary = metrics.summarize(result)
        keys = {frozenset(row) for row in summary["methods"].values()}
        assert len(keys) == 1 and len(next(iter(keys))) >= 14
        assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert metrics.summarize(one_frame)["methods"]["physics"]["tv_m_per_frame2"] is None


def _first_frame(result):
    def cut(record, *names):
        return dataclasses.replace(record, **{n: np.asarray(getattr(record, n))[:1] for n in names})

    states = cut(result.rollout.states, "position", "quats", "velocity")
    rollout = cut(result.rollout, "joint_pos", "keypoints", "com", "torque", "contact_pos", "contact_force")
    return dataclasses.replace(
        result,
        observation=cut(result.observation, "confidence"),
        kinematic=cut(result.kinematic, "root_pos", "quats"),
        motion=cut(result.motion, "root_pos", "quats"),
        control=cut(result.control, "targets"),
        kinematic_keypoints=np.asarray(result.kinematic_keypoints)[:1],
        rollout=dataclasses.replace(rollout, states=states),
    )


def test_contact_points_are_carried_to_the_kinematic_motion(mocap):
    carried = body_points.carried_contacts(mocap)
    expected, _ = made.contact_points(mocap.kinematic)
    np.testing.assert_allclose(carried, expected, atol=1e-9)


def test_points_fixed_to_no_link_are_refused(mocap):
    loose = np.asarray(mocap.rollout.contact_pos) + 0.05 * np.random.default_rng(0).standard_normal((45, 1, 3))
    result = dataclasses.replace(mocap, rollout=dataclasses.replace(mocap.rollout, contact_pos=loose))
    assert body_points.carried_contacts(result) is None
    assert metrics.summarize(result)["methods"]["kinematic"]["penetration_mm"] is None


def test_penetration_counts_from_the_surface_of_round_contact_points(mocap):
    deep = np.full(len(mocap.contact_names), 0.0)
    deep[mocap.contact_names.index("pelvis")] = 2.0  # a pelvis of 2 m radius reaches far below the ground
    wide = dataclasses.replace(mocap, contact_radius=deep)
    height = np.asarray(mocap.rollout.contact_pos)[:, mocap.contact_names.index("pelvis"), 2]
    found = metrics.summarize(wide)["methods"]["physics"]["penetration_mm"]
    assert found == pytest.approx(1000 * (2.0 - height).mean())


def test_keypoints_never_seen_do_not_enter_smoothness(mocap):
    hidden = np.asarray(mocap.observation.confidence).copy()
    hidden[:, 4] = 0.0
    wild = np.asarray(mocap.rollout.keypoints).copy()
    wild[:, 4] = 100.0 * np.random.default_rng(0).standard_normal((45, 3))
    observation = dataclasses.replace(mocap.observation, confidence=hidden)
    calm = dataclasses.replace(mocap, observation=observation)
    mad = dataclasses.replace(calm, rollout=dataclasses.replace(mocap.rollout, keypoints=wild))
    key = "jitter_m_per_s3"
    assert metrics.summarize(mad)["methods"]["physics"][key] == metrics.summarize(calm)["methods"]["physics"][key]


def test_optimizer_and_windows(mocap):
    summary = metrics.summarize(mocap)
    assert summary["optimizer"]["name"] == "gauss_newton"
    assert summary["optimizer"]["evaluations"] == sum(w.evaluations for w in mocap.windows)
    assert summary["optimizer"]["seconds_compile"] == 11.0
    assert [w["start"] for w in summary["windows"]] == [0, 10, 20, 30, 40]
    assert summary["windows"][2]["status"] == "stalled"
