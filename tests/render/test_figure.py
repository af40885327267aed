"""The body's surface is closed, follows the joints, stands on its soles and fits any proportions."""

import dataclasses

import numpy as np
import pytest
import trimesh

from motionrecon.errors import InputError
from motionrecon.geometry import skeleton as skeletons
from motionrecon.render import figure
from motionrecon.types import Skeleton

HEIGHT = 1.8


def rest_pose(skeleton):
    rest = figure.rest_positions(skeleton)
    return rest, np.tile(np.eye(3), (len(rest), 1, 1))


def test_rest_pose_has_the_stature_and_stands_on_the_soles():
    body = figure.build(skeletons.template(HEIGHT), HEIGHT, face=True)
    vertices, normals = figure.pose(body, *rest_pose(skeletons.template(HEIGHT)))
    z = vertices[:, 2] + (skeletons.HIP_HEIGHT * HEIGHT)
    assert z.min() == pytest.approx(0.0, abs=0.004)
    assert z.max() == pytest.approx(HEIGHT, abs=0.03)
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0, abs=1e-4)
    assert np.ptp(vertices[:, 1]) == pytest.approx(HEIGHT, rel=0.08)  # the arm span


def test_every_part_is_closed_and_right_side_out():
    body = figure.build(skeletons.template(HEIGHT), HEIGHT, face=True)
    vertices, _ = figure.pose(body, *rest_pose(skeletons.template(HEIGHT)))
    parts = trimesh.Trimesh(vertices, body.faces, process=False).split(only_watertight=False)
    assert len(parts) > 20
    assert all(p.is_watertight and p.volume > 0 for p in parts)


def test_the_coarse_body_is_closed_and_keeps_the_outline():
    skeleton = skeletons.template(HEIGHT)
    fine = figure.build(skeleton, HEIGHT)
    coarse = figure.coarser(fine)
    assert len(coarse.faces) < 0.6 * len(fine.faces)
    (a, _), (b, normals) = (figure.pose(f, *rest_pose(skeleton)) for f in (fine, coarse))
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0, abs=1e-4)
    mesh = trimesh.Trimesh(b, coarse.faces, process=False)
    parts = mesh.split(only_watertight=False)
    assert len(parts) > 20 and all(p.is_watertight and p.volume > 0 for p in parts)
    assert np.ptp(b, axis=0) == pytest.approx(np.ptp(a, axis=0), abs=0.005)
    assert mesh.volume == pytest.approx(trimesh.Trimesh(a, fine.faces, process=False).volume, rel=0.06)


def test_left_and_right_mirror_each_other():
    body = figure.build(skeletons.template(HEIGHT), HEIGHT)
    vertices, _ = figure.pose(body, *rest_pose(skeletons.template(HEIGHT)))
    assert vertices[:, 1].max() == pytest.approx(-vertices[:, 1].min(), abs=1e-4)
    assert abs(vertices[:, 1].mean()) < 2e-3


def test_the_forearm_turns_with_the_elbow():
    skeleton = skeletons.template(HEIGHT)
    body = figure.build(skeleton, HEIGHT)
    pos, rot = rest_pose(skeleton)
    elbow = skeleton.names.index("left_elbow")
    before, _ = figure.pose(body, pos, rot)
    rot[elbow] = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]  # forearm from +y to +x
    after, _ = figure.pose(body, pos, rot)
    hand = before[:, 1] > pos[elbow, 1] + 0.12 * HEIGHT
    expected = (before[hand] - pos[elbow]) @ rot[elbow].T + pos[elbow]
    assert after[hand] == pytest.approx(expected, abs=1e-4)
    still = before[:, 1] < pos[elbow, 1] - 0.1 * HEIGHT
    assert after[still] == pytest.approx(before[still], abs=1e-6)


def test_unusual_proportions_give_a_closed_body():
    skeleton = skeletons.template(1.6)
    scale = np.random.default_rng(1).uniform(0.75, 1.25, (len(skeleton.names), 1))
    odd = Skeleton(skeleton.names, skeleton.parents, np.asarray(skeleton.offsets) * scale + 0.004, skeleton.symmetry)
    body = figure.build(odd)
    vertices, _ = figure.pose(body, *rest_pose(odd))
    assert np.isfinite(vertices).all()
    rest = figure.rest_positions(odd)
    for name in ("left_knee", "right_elbow", "neck", "right_ankle"):  # every joint lies inside the body
        distance = np.linalg.norm(vertices - rest[odd.names.index(name)], axis=1).min()
        assert distance < 0.075


def test_foreign_skeleton_is_refused_by_name():
    skeleton = skeletons.template(1.7)
    foreign = dataclasses.replace(skeleton, names=("hips", *skeleton.names[1:]))
    with pytest.raises(InputError, match="pelvis"):
        figure.build(foreign)
