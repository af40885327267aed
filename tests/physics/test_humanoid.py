"""The person as MJCF, as Brax System and as Body."""

import xml.etree.ElementTree as ElementTree

import jax
import numpy as np

from motionrecon.physics import anthropometry, humanoid


def test_system_holds_what_was_written(person):
    """MJCF, MuJoCo, Brax and back: names, tree, masses, centres, inertias, offsets, armature."""
    masses, coms, inertias = anthropometry.link_inertias(
        person.skeleton, person.height, person.mass, person.soles.heel, person.soles.toe
    )
    body, system = person.body, person.system
    order = humanoid.link_order(system, person.skeleton)
    assert [system.link_names[i] for i in order] == list(person.skeleton.names)
    assert [-1 if p < 0 else order.index(p) for p in np.array(system.link_parents)[order]] == list(body.parents)
    assert system.qd_size() == len(body.armature) == 3 + 3 * len(body.parents)
    for found, written in ((body.mass, masses), (body.com, coms), (body.inertia, inertias)):
        assert np.allclose(found, written, atol=1e-9)
    assert np.allclose(body.offsets, person.skeleton.offsets, atol=1e-12)
    assert np.allclose(body.armature[:6], 0.0)
    assert np.allclose(body.armature[6:], humanoid.ARMATURE)
    assert np.isclose(body.gravity, humanoid.GRAVITY)
    assert np.isclose(body.total_mass, person.mass, rtol=1e-12)


def test_same_mjcf_gives_the_same_body(person):
    again, _ = humanoid.build(person.skeleton, person.soles, person.height, person.mass)
    assert jax.tree.structure(again) == jax.tree.structure(person.body)
    for a, b in zip(jax.tree.leaves(again), jax.tree.leaves(person.body), strict=True):
        assert np.array_equal(a, b)


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
    assert all("ankle" in person.skeleton.names[i] for i in links[:8])
    assert len(set(names)) == len(names)
    for i, name in enumerate(names):
        if name.startswith("left_"):
            j = names.index(name.replace("left_", "right_"))
            assert np.allclose(offsets[i] * [1, -1, 1], offsets[j])
            assert radii[i] == radii[j]


def test_gains_scale_with_mass_and_strength(person):
    light, heavy = (humanoid.gains(person.skeleton, m) for m in (50.0, 100.0))
    strong = humanoid.gains(person.skeleton, 50.0, humanoid.HumanoidOptions(strength=2.0))
    assert np.allclose(heavy.kp, 2 * light.kp)
    assert np.allclose(strong.torque_limit, 2 * light.torque_limit)
    assert np.allclose(strong.kp, light.kp)
    assert np.allclose(light.kd, light.kp / 10)
