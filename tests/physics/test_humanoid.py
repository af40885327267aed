"""The person as MJCF, as Brax System and as Body."""

import dataclasses
import xml.etree.ElementTree as ElementTree

import jax
import numpy as np
from scipy.spatial.transform import Rotation

from motionrecon.geometry.world import GRAVITY
from motionrecon.physics import humanoid
from motionrecon.physics.body import BENDS, SOLE_POINTS


def test_brax_system_is_the_same_person(person):
    """MJCF, MuJoCo, Brax and back: names, tree, masses, centers, inertias, offsets, armature, gains, contact points."""
    body, system = person.body, person.system
    order = humanoid.link_order(system, person.skeleton)
    assert [system.link_names[i] for i in order] == list(person.skeleton.names)
    assert [-1 if p < 0 else order.index(p) for p in np.array(system.link_parents)[order]] == list(body.parents)
    assert system.qd_size() == len(body.armature) == 3 + 3 * len(body.parents)
    back = humanoid.body_from_system(system, person.skeleton, person.soles, person.height)
    assert jax.tree.structure(back) == jax.tree.structure(body)
    for found, made in zip(jax.tree.leaves(back), jax.tree.leaves(body), strict=True):
        assert np.asarray(made).dtype == np.float64
        np.testing.assert_allclose(found, made, rtol=1e-9, atol=1e-9)
    assert np.allclose(body.armature[:6], 0.0)
    assert np.isclose(body.gravity, GRAVITY)
    assert np.isclose(body.total_mass, person.mass, rtol=1e-12)


def test_mjcf_has_three_hinges_or_one_ball_a_joint(person):
    for ball, count in ((False, 3), (True, 1)):
        text = humanoid.write_mjcf(person.skeleton, person.soles, person.height, person.mass, ball_joints=ball)
        root = ElementTree.fromstring(text)
        assert len(root.findall(".//joint")) == count * (len(person.skeleton.names) - 1)
        assert len(root.findall(".//freejoint")) == 1


def test_contact_points_cover_the_body_and_mirror(person):
    names, links, offsets, radii, stiffness = humanoid.contact_points(person.skeleton, person.soles, person.height)
    assert {person.skeleton.names[i] for i in links} >= {
        "pelvis", "spine", "chest", "neck", "left_ankle", "left_knee", "left_elbow", "left_shoulder",
    }  # fmt: skip
    assert all("ankle" in person.skeleton.names[i] for i in links[:SOLE_POINTS])
    assert "ankle" not in person.skeleton.names[links[SOLE_POINTS]]
    assert len(set(names)) == len(names)
    for i, name in enumerate(names):
        if name.startswith("left_"):
            j = names.index(name.replace("left_", "right_"))
            assert np.allclose(offsets[i] * [1, -1, 1], offsets[j])
            assert radii[i] == radii[j]
            assert stiffness[i] == stiffness[j]


def test_sole_points_lie_on_the_sole_inside_its_outline(person):
    """Five a foot: corners of heel and ball and a soft toe, on the plane through the ankle's height or 1 mm over it."""
    names, _, offsets, radii, stiffness = humanoid.contact_points(person.skeleton, person.soles, person.height)
    soles = person.soles
    foot = ("heel_inner", "heel_outer", "ball_inner", "ball_outer", "toe")
    assert names[:SOLE_POINTS] == tuple(f"{side}_{point}" for side in ("left", "right") for point in foot)
    assert not radii[:SOLE_POINTS].any()
    assert [n for n, s in zip(names, stiffness, strict=True) if s < BENDS] == ["left_toe", "right_toe"]
    assert (stiffness > 0).all() and stiffness.max() == 1.0
    x, y, z = offsets[:5].T
    half = soles.half_width[0]
    assert ((z - soles.heel[0, 2] >= -1e-12) & (z - soles.heel[0, 2] < 2e-3)).all()
    assert ((x > soles.heel[0, 0]) & (x < soles.toe[0, 0])).all()
    assert (np.abs(y) <= half).all()
    assert y[1] > 0.0 > y[0] and y[3] > 0.0 > y[2]  # the left foot's outer points are to the left
    assert (x[2:4] < x[4]).all() and x[4] > soles.ball[0, 0]


def test_soles_that_are_not_level_carry_their_points_along(person):
    """A sole turned in the ankle's frame: the points turn with it, none leaves the plane."""
    angles = np.array([[0.1, 0.2, -0.15], [-0.2, 0.1, 0.1]])
    turn = Rotation.from_rotvec(angles)
    flat = person.soles

    def turned(v):
        return np.stack([r.apply(p) for r, p in zip(turn, np.asarray(v), strict=True)])

    tilted = dataclasses.replace(
        flat, heel=turned(flat.heel), ball=turned(flat.ball), toe=turned(flat.toe), across=turned(flat.across)
    )
    plain = humanoid.contact_points(person.skeleton, flat, person.height)
    moved = humanoid.contact_points(person.skeleton, tilted, person.height)
    expected = [turn[i // 5].apply(p) for i, p in enumerate(plain[2][:SOLE_POINTS])]
    np.testing.assert_allclose(moved[2][:SOLE_POINTS], expected, atol=1e-12)
    np.testing.assert_array_equal(moved[2][SOLE_POINTS:], plain[2][SOLE_POINTS:])


def test_gains_scale_with_mass_and_strength(person):
    light, heavy = (humanoid.gains(person.skeleton, m) for m in (50.0, 100.0))
    strong = humanoid.gains(person.skeleton, 50.0, strength=2.0)
    assert np.allclose(heavy.kp, 2 * light.kp)
    assert np.allclose(strong.torque_limit, 2 * light.torque_limit)
    assert np.allclose(strong.kp, light.kp)
    assert np.allclose(light.kd, light.kp / 10)
