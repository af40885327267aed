"""Joint angles: against SciPy's Euler angles, poses known by anatomy, both sides alike, no steps of whole turns."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon.biomechanics import angle_sequences
from motionrecon.biomechanics.joint_angles import joint_angles
from motionrecon.geometry import skeleton as skeletons
from motionrecon.types import Motion, Skeleton

REST = {"shoulder_elevation": 90.0, "elbow_pronation": 90.0}  # all others are zero in the T-pose


def moved(frames=1, body=None, **turns) -> Motion:
    """The T-pose with some joints turned: SciPy rotations of the child in its parent, single or T of them."""
    body = body or skeletons.template()
    quats = np.zeros((frames, len(body.names), 4))
    quats[..., 0] = 1.0
    for name, turn in turns.items():
        quats[:, body.names.index(name)] = turn.as_quat()[..., [3, 0, 1, 2]]
    return Motion(body, 30.0, np.zeros((frames, 3)), quats)


def angles(motion: Motion, frame=0) -> dict[str, float]:
    names, values = joint_angles(motion)
    assert len(set(names)) == len(names) == values.shape[1]
    return dict(zip(names, values[frame], strict=True))


def rest(name: str) -> float:
    return REST.get(name.split("_", 1)[1], 0.0)


def changed(found: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in found.items() if abs(value - rest(name)) > 1e-6}


def about(axis, degrees):
    return Rotation.from_rotvec(np.radians(degrees) * np.array(axis, float))


def test_zero_is_the_t_pose():
    assert changed(angles(moved())) == {}


@pytest.mark.parametrize("side", ["left", "right"])
def test_only_the_bent_knee_bends(side):
    found = changed(angles(moved(**{f"{side}_knee": about([0, 1, 0], 60)})))
    assert found == pytest.approx({f"{side}_knee_flexion": 60.0})


def lower_leg(motion: Motion, joint: str, toward) -> np.ndarray:
    """Where a point of a link (m, in its axes) lies relative to its joint, in the world."""
    _, rot = skeletons.clip_poses(motion.skeleton, motion.root_pos, motion.quats)
    return rot[0, motion.skeleton.names.index(joint)] @ np.array(toward, float)


@pytest.mark.parametrize("side, medial", [("left", -1.0), ("right", 1.0)])
@pytest.mark.parametrize(
    "joint, axis, angle, point, moves",
    [
        ("hip", (0, -1, 0), "flexion", (0, 0, -1), (1, 0, 0)),
        ("hip", (1, 0, 0), "adduction", (0, 0, -1), (0, "medial", 0)),
        ("hip", (0, 0, 1), "internal_rotation", (1, 0, 0), (0, "medial", 0)),
        ("knee", (0, 1, 0), "flexion", (0, 0, -1), (-1, 0, 0)),
        ("ankle", (0, -1, 0), "dorsiflexion", (1, 0, 0), (0, 0, 1)),
        ("ankle", (1, 0, 0), "inversion", (0, 0, -1), (0, "medial", 0)),
        ("ankle", (0, 0, 1), "internal_rotation", (1, 0, 0), (0, "medial", 0)),
    ],
)
def test_signs_by_where_the_limb_goes(side, medial, joint, axis, angle, point, moves):
    mirrored = 1.0 if side == "right" or axis[1] else -1.0
    motion = moved(**{f"{side}_{joint}": about(axis, 25 * mirrored)})
    assert changed(angles(motion)) == pytest.approx({f"{side}_{joint}_{angle}": 25.0})
    direction = np.array([medial if part == "medial" else part for part in moves], float)
    assert (lower_leg(motion, f"{side}_{joint}", point) - point) @ direction == pytest.approx(np.sin(np.radians(25)))


@pytest.mark.parametrize("joint, first", [("hip", -1), ("knee", 1), ("ankle", -1)])
def test_legs_agree_with_scipy(joint, first):
    rng = np.random.default_rng(3)
    turns = Rotation.from_euler("YXZ", rng.uniform(-70, 70, (40, 3)), degrees=True)
    yxz = turns.as_euler("YXZ", degrees=True)
    for side, other in (("right", 1), ("left", -1)):
        names, values = joint_angles(moved(40, **{f"{side}_{joint}": turns}))
        i = [k for k, name in enumerate(names) if name.startswith(f"{side}_{joint}_")]
        np.testing.assert_allclose(values[:, i], yxz * [first, other, other], atol=1e-9)


@pytest.mark.parametrize("sequence", ["ZXY", "YXZ", "YXY"])
def test_sequences_agree_with_scipy(sequence):
    turns = Rotation.random(200, rng=np.random.default_rng(1))
    found = angle_sequences.decompose(turns.as_matrix(), sequence)
    np.testing.assert_allclose(Rotation.from_euler(sequence, found).as_matrix(), turns.as_matrix(), atol=1e-12)
    expected = turns.as_euler(sequence)
    if sequence == "YXY":  # SciPy counts the middle angle from 0 to 180 degrees, the ISB from 0 to -180
        expected[:, 1] *= -1.0
        expected[:, [0, 2]] -= np.pi * np.sign(expected[:, [0, 2]])
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("sequence", ["ZXY", "YXZ", "YXY"])
def test_gimbal_lock_keeps_the_rotation(sequence):
    middle = 0.0 if sequence == "YXY" else 90.0
    turns = Rotation.from_euler(sequence, [[20.0, middle, 30.0], [0.0, middle, 0.0]], degrees=True)
    found = angle_sequences.decompose(turns.as_matrix(), sequence)
    np.testing.assert_allclose(Rotation.from_euler(sequence, found).as_matrix(), turns.as_matrix(), atol=1e-7)
    np.testing.assert_allclose(found[1], np.radians([0.0, middle, 0.0]), atol=1e-6)


@pytest.mark.parametrize("side, out", [("left", 1.0), ("right", -1.0)])
class TestArm:
    """The arm's direction in the thorax, and the forearm's, say what the angles must be."""

    def arm(self, side, shoulder, elbow=None):
        elbow = elbow or Rotation.identity()
        return moved(**{f"{side}_shoulder": shoulder, f"{side}_elbow": elbow})

    def test_hanging_arm_has_no_elevation(self, side, out):
        found = angles(self.arm(side, about([1, 0, 0], -90 * out)))
        assert found[f"{side}_shoulder_elevation"] == pytest.approx(0.0, abs=1e-4)
        assert found[f"{side}_shoulder_internal_rotation"] == pytest.approx(0.0, abs=1e-4)

    def test_arm_forward(self, side, out):
        found = angles(self.arm(side, about([0, 0, 1], -90 * out)))
        assert found[f"{side}_shoulder_elevation_plane"] == pytest.approx(90.0)
        assert found[f"{side}_shoulder_elevation"] == pytest.approx(90.0)
        assert found[f"{side}_shoulder_internal_rotation"] == pytest.approx(0.0, abs=1e-6)

    def test_plane_and_elevation_of_any_direction(self, side, out):
        for turn in Rotation.random(30, rng=np.random.default_rng(5)):
            found = angles(self.arm(side, turn))
            x, y, z = turn.apply([0, out, 0])
            assert found[f"{side}_shoulder_elevation"] == pytest.approx(np.degrees(np.arccos(-z)))
            assert found[f"{side}_shoulder_elevation_plane"] == pytest.approx(np.degrees(np.arctan2(x, out * y)))

    def test_internal_rotation_brings_the_forearm_to_the_belly(self, side, out):
        hanging, bent = about([1, 0, 0], -90 * out), about([0, 0, 1], -90 * out)
        forward = lower_leg(self.arm(side, hanging, bent), f"{side}_elbow", (0, out, 0))
        np.testing.assert_allclose(forward, [1, 0, 0], atol=1e-12)
        # 10 degrees away from the body, so that the plane of elevation is known
        turned = about([1, 0, 0], 10 * out) * about([0, 0, 1], -40 * out) * hanging
        motion = self.arm(side, turned, bent)
        found = angles(motion)
        assert lower_leg(motion, f"{side}_elbow", (0, out, 0))[1] * out < -0.5
        assert found[f"{side}_shoulder_internal_rotation"] == pytest.approx(40.0)
        assert found[f"{side}_shoulder_elevation"] == pytest.approx(10.0)
        assert found[f"{side}_elbow_flexion"] == pytest.approx(90.0)

    def test_elbow(self, side, out):
        flexed = self.arm(side, Rotation.identity(), about([0, 0, 1], -70 * out))
        assert changed(angles(flexed)) == pytest.approx({f"{side}_elbow_flexion": 70.0})
        assert lower_leg(flexed, f"{side}_elbow", (0, out, 0))[0] > 0.9  # to the front
        supine = self.arm(side, Rotation.identity(), about([0, 1, 0], -90))  # palm forward, thumb up
        assert lower_leg(supine, f"{side}_elbow", (1, 0, 0))[2] == pytest.approx(1.0)
        assert angles(supine)[f"{side}_elbow_pronation"] == pytest.approx(0.0, abs=1e-6)


def test_trunk_is_the_chest_in_the_pelvis():
    found = angles(moved(spine=about([0, 1, 0], 20), chest=about([0, 1, 0], 15)))
    assert changed(found) == pytest.approx({"spine_flexion": 20, "chest_flexion": 15, "trunk_flexion": 35})
    assert angles(moved(chest=about([1, 0, 0], 12)))["trunk_right_bend"] == pytest.approx(12.0)
    assert angles(moved(spine=about([0, 0, 1], 12)))["trunk_left_rotation"] == pytest.approx(12.0)


def test_pelvis_in_the_room():
    turn = Rotation.from_euler("ZXY", [140.0, 8.0, 11.0], degrees=True)  # heading, left side up, forward
    found = changed(angles(moved(pelvis=turn)))
    assert found == pytest.approx({"pelvis_rotation": 140.0, "pelvis_obliquity": 8.0, "pelvis_tilt": 11.0})
    assert turn.apply([0, 1, 0])[2] > 0


def test_turning_on_and_on_has_no_steps():
    t = np.linspace(0.0, 1.0, 200)
    spin = Rotation.from_rotvec(np.radians(900.0 * t)[:, None] * np.array([0, 0, 1.0]))
    roll = Rotation.from_rotvec(np.radians(-720.0 * t)[:, None] * np.array([0, 1.0, 0]))
    for motion, name, whole in (
        (moved(200, pelvis=spin), "pelvis_rotation", 900.0),
        (moved(200, pelvis=roll), "pelvis_tilt", -720.0),
        (moved(200, left_hip=roll), "left_hip_flexion", 720.0),
    ):
        names, values = joint_angles(motion)
        assert np.abs(np.diff(values, axis=0)).max() < 10.0
        curve = values[:, names.index(name)]
        assert curve[-1] - curve[0] == pytest.approx(whole)
        assert abs(np.median(curve)) <= 180.0


def test_unknown_and_missing_joints_change_nothing():
    body = skeletons.template()
    more = Skeleton((*body.names, "left_toes", "<script>"), (*body.parents, 6, 2), np.vstack([body.offsets] * 2)[:16])
    turns = {"left_knee": about([0, 1, 0], 60), "left_toes": about([0, 1, 0], 30), "<script>": about([1, 0, 0], 30)}
    assert angles(moved(body=more, **turns)) == pytest.approx(angles(moved(left_knee=turns["left_knee"])))
    legs = dataclasses.replace(body, names=("pelvis", "a", "b", "c", *body.names[4:10], "d", "e", "f", "g"))
    found = angles(moved(body=legs, left_knee=turns["left_knee"]))
    assert changed(found) == pytest.approx({"left_knee_flexion": 60.0})
    assert not [name for name in found if "trunk" in name or "shoulder" in name]
    strange = Skeleton(("root", "x"), (-1, 0), np.zeros((2, 3)))
    assert joint_angles(moved(3, body=strange))[1].shape == (3, 0)
