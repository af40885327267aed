"""Moments and powers: virtual work, work done, both sides alike."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon.biomechanics.joint_angles import joint_angles
from motionrecon.biomechanics.joint_moments import joint_loads
from motionrecon.geometry import skeleton as skeletons
from motionrecon.types import Motion

BODY = skeletons.template()
FPS = 50.0


def motion_of(turns: dict[str, Rotation], frames: int) -> Motion:
    quats = np.zeros((frames, len(BODY.names), 4))
    quats[..., 0] = 1.0
    for name, turn in turns.items():
        quats[:, BODY.names.index(name)] = turn.as_quat()[..., [3, 0, 1, 2]]
    return Motion(BODY, FPS, np.zeros((frames, 3)), quats)


def torque_of(joint: str, values, frames: int) -> np.ndarray:
    out = np.zeros((frames, len(BODY.names) - 1, 3))
    out[:, BODY.names.index(joint) - 1] = values
    return out


def named(names, values, frame=0) -> dict[str, float]:
    return dict(zip(names, values[frame], strict=True))


@pytest.mark.parametrize("joint", ["hip", "knee", "ankle", "elbow", "shoulder"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_moments_do_the_work_of_small_changes_of_the_angles(side, joint):
    """Torque times a small turn is the sum of moments times the small changes of the angles."""
    name, rng = f"{side}_{joint}", np.random.default_rng(2)
    pose = Rotation.from_rotvec([0.4, -0.7, 0.3])
    torque = rng.normal(size=3) * 50.0
    loads = joint_loads(motion_of({name: Rotation.concatenate([pose, pose])}, 2), torque_of(name, torque, 2))
    moments = named(loads.moment_names, loads.moments)
    for _ in range(5):
        small = rng.normal(size=3) * 1e-6
        pair = Rotation.concatenate([pose * Rotation.from_rotvec(-small), pose * Rotation.from_rotvec(small)])
        names, angles = joint_angles(motion_of({name: pair}, 2))
        change = dict(zip(names, np.radians(angles[1] - angles[0]), strict=True))
        work = sum(moments[n] * change[n] for n in moments if n.startswith(name))
        assert work == pytest.approx(2.0 * torque @ small, rel=1e-5)


def test_signs_near_the_upright_pose():
    loads = joint_loads(motion_of({}, 2), torque_of("right_hip", [0, -30.0, 0], 2))
    assert named(loads.moment_names, loads.moments)["right_hip_flexion"] == pytest.approx(30.0)
    loads = joint_loads(motion_of({}, 2), torque_of("left_ankle", [0, -30.0, 0], 2))
    assert named(loads.moment_names, loads.moments)["left_ankle_dorsiflexion"] == pytest.approx(30.0)
    loads = joint_loads(motion_of({}, 2), torque_of("left_knee", [0, -30.0, 0], 2))
    found = named(loads.moment_names, loads.moments)
    assert found["left_knee_flexion"] == pytest.approx(-30.0)  # extends
    assert [n for n, v in found.items() if abs(v) > 1e-9] == ["left_knee_flexion"]


def test_both_sides_alike():
    mirror = np.array([-1.0, 1.0, -1.0])
    torque, spin = np.array([20.0, -35.0, 12.0]), np.array([0.5, -1.0, 0.3])
    found = {}
    for side, m in (("right", np.ones(3)), ("left", mirror)):
        turn = Rotation.from_rotvec(np.arange(4)[:, None] / FPS * (m * spin))
        loads = joint_loads(motion_of({f"{side}_hip": turn}, 4), torque_of(f"{side}_hip", m * torque, 4))
        for names, values in ((loads.moment_names, loads.moments), (loads.power_names, loads.powers)):
            for n, v in named(names, values).items():
                if n.startswith(f"{side}_hip"):
                    found.setdefault(n.split("_", 1)[1], []).append(v)
    for name, pair in found.items():
        assert len(pair) % 2 == 0 and pair[: len(pair) // 2] == pytest.approx(pair[len(pair) // 2 :]), name


def test_power_over_time_is_the_work():
    frames = 26
    angle = np.radians(60.0) * np.linspace(0, 1, frames) ** 2
    turn = Rotation.from_rotvec(angle[:, None] * np.array([0, 1.0, 0]))
    loads = joint_loads(motion_of({"left_knee": turn}, frames), torque_of("left_knee", [0, 40.0, 0], frames))
    power = dict(zip(loads.power_names, loads.powers.T, strict=True))
    work = 40.0 * np.radians(60.0)  # J, generated: the moment drives the flexion
    assert power["left_knee"][:-1].sum() / FPS == pytest.approx(work)
    assert power["left_knee_flexion"][:-1].sum() / FPS == pytest.approx(work)
    assert np.abs(power["left_knee_adduction"]).max() < 1e-9
    assert power["left_knee"][-1] == power["left_knee"][-2]  # the last row repeats
    assert all(np.abs(v).max() < 1e-9 for n, v in power.items() if not n.startswith("left_knee"))


def test_parts_sum_to_the_whole():
    rng, frames = np.random.default_rng(4), 12
    turn = Rotation.from_rotvec(np.cumsum(0.1 * rng.normal(size=(frames, 3)), axis=0))
    torque = rng.normal(size=(frames, 3)) * 30.0
    loads = joint_loads(motion_of({"right_hip": turn}, frames), torque_of("right_hip", torque, frames))
    power = dict(zip(loads.power_names, loads.powers.T, strict=True))
    parts = sum(power[f"right_hip_{n}"] for n in ("flexion", "adduction", "internal_rotation"))
    np.testing.assert_allclose(parts, power["right_hip"], atol=1e-9)
    step = (turn[:-1].inv() * turn[1:]).as_rotvec() * FPS
    np.testing.assert_allclose(power["right_hip"][:-1], np.sum(torque[:-1] * step, axis=1))
    assert "right_shoulder" in power and "right_shoulder_elevation" not in power


def test_a_single_frame_has_no_power():
    loads = joint_loads(motion_of({}, 1), torque_of("left_hip", [0, -5.0, 0], 1))
    assert named(loads.moment_names, loads.moments)["left_hip_flexion"] == pytest.approx(5.0)
    assert not loads.powers.any()
