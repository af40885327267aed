"""Ground contact on its own: it never pulls, friction stays in its cone, forces are smooth in depth."""

import dataclasses

import jax
import numpy as np
import pytest

from motionrecon.physics import contact
from motionrecon.physics.body import Ground

DT = 1.0 / 120.0
GROUNDS = [Ground(), Ground(1e4, 1e-2), Ground(3e5, 5e-4, 1.2, 0.02, 0.5)]


def forces(ground, depth, velocity, new=None):
    push, damping = contact.coefficients(ground, depth, velocity, DT)
    return np.asarray(push - damping * (velocity if new is None else new))


@pytest.mark.parametrize("ground", GROUNDS)
def test_never_pulls(ground):
    rng = np.random.default_rng(0)
    depth = rng.uniform(-0.02, 0.05, 5000)
    velocity = rng.normal(size=(5000, 3)) * rng.uniform(0, 5, (5000, 1))
    vertical = forces(ground, depth, velocity)[:, 2]
    assert vertical.min() >= -1e-6
    assert np.isfinite(vertical).all()


@pytest.mark.parametrize("ground", GROUNDS)
def test_friction_opposes_sliding_and_stays_below_its_limit(ground):
    rng = np.random.default_rng(1)
    depth = rng.uniform(-0.005, 0.03, 5000)
    velocity = rng.normal(size=(5000, 3)) * 2.0
    push, damping = contact.coefficients(ground, depth, velocity, DT)
    sliding = -np.asarray(damping * velocity)[:, :2]
    spring = np.asarray(push)[:, 2]
    assert (np.sum(sliding * velocity[:, :2], axis=1) <= 0).all()
    assert (np.linalg.norm(sliding, axis=1) <= ground.friction * spring * (1 + 1e-9)).all()
    fast = np.linalg.norm(velocity[:, :2], axis=1) > 20 * ground.slip_speed
    assert np.allclose(np.linalg.norm(sliding, axis=1)[fast], (ground.friction * spring)[fast], rtol=2e-3)


def test_force_vanishes_above_and_grows_below():
    depth = np.linspace(-0.03, 0.03, 200)
    vertical = forces(Ground(), depth, np.zeros((200, 3)))[:, 2]
    assert vertical[0] < 1e-6
    assert (np.diff(vertical) > 0).all()
    assert np.isclose(vertical[-1], Ground().stiffness * depth[-1], rtol=1e-6)


def test_resists_sinking():
    """A point that moves down is pushed harder than one at rest, by the damping ratio's amount deep inside."""
    depth = np.full(2, 0.02)
    down, still = forces(Ground(), depth, np.array([[0, 0, -0.1], [0, 0, 0.0]]))[:, 2]
    damper = 2 * np.sqrt(3 * Ground().stiffness) + DT * Ground().stiffness
    assert np.isclose(down - still, 0.1 * damper, rtol=0.05)


def test_ground_can_be_switched_off():
    off = dataclasses.replace(Ground(), enabled=0.0)
    assert np.abs(forces(off, np.full(3, 0.02), np.full((3, 3), -1.0))).max() < 1e-9


def test_derivatives_are_finite_at_rest_and_far_away():
    slopes = jax.jacfwd(lambda d, v: contact.coefficients(Ground(), d, v, DT), argnums=(0, 1))
    for depth in (-10.0, 0.0, 0.5):
        for leaf in jax.tree.leaves(slopes(np.full(1, depth), np.zeros((1, 3)))):
            assert np.isfinite(leaf).all()
