"""BVH: read back by an independent parser, continuous angles, end sites, poles."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from motionrecon.data.formats import bvh as reader
from motionrecon.geometry import keypoints, skeleton, world
from motionrecon.results.export import bvh
from motionrecon.types import Motion, WorldTransform
from tests.fixtures import walking_result as made


def parse(text: str):
    """A tiny BVH reader: joint positions (T, 3) in file units by name, frame time; end sites are "NAME end"."""
    head, body = text.split("MOTION")
    lines = body.strip().splitlines()
    count, step = int(lines[0].split()[1]), float(lines[1].split()[2])
    values = np.array([[float(v) for v in line.split()] for line in lines[2:]])
    assert len(values) == count
    places, stack, column, name = {}, [], 0, None
    tokens = head.split()
    for i, token in enumerate(tokens):
        if token in ("ROOT", "JOINT"):
            name = tokens[i + 1]
        elif token == "End":
            name = f"{stack[-1][0]} end"
        elif token == "{":
            stack.append([name, None, None])
        elif token == "}":
            stack.pop()
        elif token == "OFFSET":
            offset = np.array([float(v) for v in tokens[i + 1 : i + 4]])
            base, turn = (np.zeros(3), Rotation.identity(count)) if len(stack) == 1 else stack[-2][1:]
            stack[-1][1:] = [base + turn.apply(np.tile(offset, (count, 1))), turn]
            places[name] = stack[-1][1]
        elif token == "CHANNELS":
            labels = tokens[i + 2 : i + 2 + int(tokens[i + 1])]
            part = values[:, column : column + len(labels)]
            column += len(labels)
            if "Xposition" in labels:
                places[name] = part[:, [labels.index(f"{a}position") for a in "XYZ"]]
                stack[-1][1] = places[name]
            turns = [j for j, label in enumerate(labels) if label.endswith("rotation")]
            order = "".join(labels[j][0] for j in turns)
            stack[-1][2] = stack[-1][2] * Rotation.from_euler(order, part[:, turns], degrees=True)
    assert column == values.shape[1]
    return places, step


def to_world(points: np.ndarray) -> np.ndarray:
    """File axes (left, up, forward) in cm to the world's (forward, left, up) in m."""
    return points[:, [2, 0, 1]] / 100.0


def test_round_trip_by_the_small_parser(tmp_path):
    motion = made.walk(40, noise=0.05)
    places, step = parse(bvh.write_bvh(motion, tmp_path / "a.bvh").read_text())
    expected, turns = skeleton.forward_kinematics(motion.skeleton, motion.root_pos, motion.quats)
    assert step == pytest.approx(1 / made.FPS, abs=1e-8)
    for j, name in enumerate(motion.skeleton.names):
        np.testing.assert_allclose(to_world(places[name]), np.asarray(expected)[:, j], atol=1e-5)
    for place, point in {"neck end": "head_top", "left_wrist": "left_wrist", "right_wrist end": "right_hand",
                         "left_ball": "left_ball", "right_ball end": "right_toe"}.items():  # fmt: skip
        site = skeleton.template_sites((point,), made.HEIGHT)
        there = np.asarray(skeleton.site_positions(site, expected, turns))[:, 0]
        np.testing.assert_allclose(to_world(places[place]), there, atol=1e-5)


def test_round_trip_through_the_package_s_own_reader(tmp_path):
    motion = made.walk(20)
    observation = reader.read(bvh.write_bvh(motion, tmp_path / "a.bvh")).observation
    pos, rot = skeleton.forward_kinematics(motion.skeleton, motion.root_pos, motion.quats)
    sites = skeleton.template_sites(keypoints.MOCAP18, made.HEIGHT)
    expected = np.asarray(skeleton.site_positions(sites, pos, rot))
    found = np.asarray(observation.keypoints3d)[:, [observation.names.index(n) for n in keypoints.MOCAP18]]
    assert observation.fps == pytest.approx(made.FPS)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_angles_run_on_through_a_spin():
    turns = np.linspace(0, 5 * np.pi, 120)
    for axis in "zxy":
        quats = Rotation.from_euler(axis, turns[:, None]).as_quat()[:, None, [3, 0, 1, 2]]
        angles = bvh.euler_zxy(quats)
        assert np.abs(np.diff(angles, axis=0)).max() < 0.2
        assert np.abs(angles[-1]).max() == pytest.approx(5 * np.pi, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), tilt=st.sampled_from([None, 90.0, -90.0]))
def test_angles_give_the_rotation_also_at_the_poles(seed, tilt):
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-180, 180, (6, 3))
    if tilt is not None:
        angles[2:4, 1] = tilt
    rotation = Rotation.from_euler("ZXY", angles, degrees=True)
    found = bvh.euler_zxy(rotation.as_quat()[:, None, [3, 0, 1, 2]])[:, 0]
    back = Rotation.from_euler("ZXY", found)
    assert (rotation.inv() * back).magnitude().max() < 1e-5


def test_end_sites_follow_the_person_s_bones():
    body = skeleton.template(1.7)
    offsets = np.array(body.offsets)
    offsets[body.names.index("left_elbow")] *= 1.5
    points = bvh.tips(dataclasses.replace(body, offsets=offsets))
    left, right = (points[body.names.index(f"{s}_elbow")] for s in ("left", "right"))
    assert [name for name, _ in left] == ["left_wrist", "left_hand"]
    assert np.linalg.norm(left[0][1]) == pytest.approx(1.5 * np.linalg.norm(right[0][1]))


def test_other_skeletons_get_plain_ends(tmp_path):
    body = skeleton.Skeleton(("root", "tail"), (-1, 0), np.array([[0.0, 0, 0], [0.3, 0, 0]]))
    quats = np.tile([1.0, 0, 0, 0], (2, 2, 1))
    places, _ = parse(bvh.write_bvh(Motion(body, 10.0, np.zeros((2, 3)), quats), tmp_path / "a.bvh").read_text())
    np.testing.assert_allclose(to_world(places["tail end"])[0], [0.4, 0, 0], atol=1e-6)


def test_a_result_is_written_in_the_recordings_world(tmp_path):
    turn = Rotation.from_euler("xyz", [4, -3, 20], degrees=True).as_matrix()
    result = dataclasses.replace(
        made.walking_result(frames=12), world=WorldTransform(turn, np.array([0.3, -0.2, 0.07]))
    )
    own, fitted = (
        reader.read(bvh.write_result(result, tmp_path / f"{frame}.bvh", frame)).observation.keypoints3d
        for frame in ("recording", "world")
    )
    np.testing.assert_allclose(own, world.to_recording(result.world, fitted), atol=1e-5)
    assert np.abs(own - fitted).max() > 0.05
