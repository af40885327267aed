"""Masses and inertias of the segments."""

import numpy as np
import pytest

from motionrecon.geometry import skeleton as skeletons
from motionrecon.physics import anthropometry


def links(height, mass):
    soles = skeletons.template_soles(height)
    return anthropometry.link_inertias(skeletons.template(height), height, mass, soles.heel, soles.toe)


@pytest.mark.parametrize(("height", "mass"), [(1.10, 19.0), (1.70, 65.0), (2.05, 130.0)])
def test_masses_sum_to_the_body(height, mass):
    assert np.isclose(links(height, mass)[0].sum(), mass, rtol=1e-12)


def test_left_and_right_mirror():
    mass, com, inertia = links(1.70, 65.0)
    flip = np.diag([1.0, -1.0, 1.0])
    for i, j in skeletons.SYMMETRY:
        assert np.isclose(mass[i], mass[j])
        assert np.allclose(com[i] @ flip, com[j])
        assert np.allclose(flip @ inertia[i] @ flip, inertia[j])


def test_inertias_are_physical():
    """Positive principal moments that meet the triangle inequality; radii of gyration of 1 to 15 cm and more."""
    mass, _, inertia = links(1.70, 65.0)
    assert np.allclose(inertia, np.swapaxes(inertia, 1, 2))
    moments = np.linalg.eigvalsh(inertia)
    assert (moments > 0).all()
    assert (moments[:, 0] + moments[:, 1] >= moments[:, 2] * (1 - 1e-9)).all()
    radii = np.sqrt(moments / mass[:, None])
    assert radii.min() > 0.01
    assert radii.max() < 0.2


def test_segments_are_plausible():
    """Fractions of body mass near de Leva's; the centre of mass of a T-pose near 55-58 % of stature."""
    height, mass = 1.70, 65.0
    m, com, _ = links(height, mass)
    at = dict(zip(skeletons.JOINT_NAMES, m / mass, strict=True))
    assert 0.13 < at["left_hip"] < 0.16
    assert 0.35 < at["pelvis"] + at["spine"] + at["chest"] < 0.48
    assert 0.06 < at["neck"] < 0.08
    skeleton = skeletons.template(height)
    identity = np.tile([1.0, 0, 0, 0], (len(m), 1))
    joints, _ = skeletons.forward_kinematics(skeleton, np.array([0, 0, skeletons.HIP_HEIGHT * height]), identity)
    whole = m @ (np.asarray(joints) + com) / mass
    assert 0.53 * height < whole[2] < 0.60 * height
    assert abs(whole[1]) < 1e-12


def test_inertia_scales_with_mass_and_squared_length():
    a, b = links(1.50, 50.0), links(1.80, 80.0)
    assert np.allclose(b[2], a[2] * (80 / 50) * (1.80 / 1.50) ** 2)


def test_default_mass_is_an_average_build():
    assert 60 < anthropometry.default_mass(1.70) < 70
