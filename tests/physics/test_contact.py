"""Ground contact on its own: it never pulls, friction stays in its cone, forces are smooth in depth."""

import dataclasses

import jax
import numpy as np
import pytest

from motionrecon.physics import contact
from motionrecon.physics.body import Ground

DT = 1.0 / 120.0
GROUNDS = [Ground(), Ground(1e4, 1e-2), Ground(3e5, 5e-4, 1.2, 0.02, 0.5)]


class Points:
    """What the contact needs to know of a body: any number of points with their shares of the stiffness."""

    def __init__(self, stiffness=1.0):
        self.contact_stiffness = stiffness


FIRM = Points()


def forces(ground, depth, velocity, new=None, body=FIRM):
    return np.asarray(contact.forces(body, ground, depth, velocity, velocity if new is None else new, DT))


def random_points(seed, *, speed=5.0, n=5000):
    """Depths (n,), velocities (n, 3) from slow to fast, and points of all stiffnesses from toes' to the ground's."""
    rng = np.random.default_rng(seed)
    depth = rng.uniform(-0.02, 0.05, n)
    velocity = rng.normal(size=(n, 3)) * rng.uniform(0, speed, (n, 1))
    return depth, velocity, Points(rng.uniform(0.02, 1.0, n))


@pytest.mark.parametrize("ground", GROUNDS)
def test_never_pulls_whatever_the_new_velocity(ground):
    depth, velocity, body = random_points(0)
    assert np.isfinite(forces(ground, depth, velocity, body=body)).all()
    for speed in (-10.0, -1.0, -1e-3, 0.0, 1e-3, 0.1, 1.0, 10.0, 1000.0):
        new = np.concatenate([velocity[:, :2], np.full((len(depth), 1), speed)], axis=1)
        vertical = forces(ground, depth, velocity, new, body)[:, 2]
        assert vertical.min() >= 0.0
        assert np.isfinite(vertical).all()


@pytest.mark.parametrize("ground", GROUNDS)
def test_normal_force_falls_with_the_new_speed(ground):
    depth = np.random.default_rng(2).uniform(-0.005, 0.05, 300)
    speeds = np.concatenate([-np.logspace(1, -3, 100), [0.0], np.logspace(-3, 1, 100)])
    vertical = np.stack([contact.normal_force(FIRM, ground, depth, np.full(300, s), DT)[0] for s in speeds])
    assert (np.diff(vertical, axis=0) < 0).all()


@pytest.mark.parametrize("ground", GROUNDS)
def test_pressed_by_spring_and_damper_and_let_go_when_leaving(ground):
    """Deep inside: spring plus damper while pressed, next to nothing of the spring's force when flying off."""
    depth = np.full(4, 10 * ground.width)
    full = ground.stiffness * (DT + 2 * np.sqrt(3 / ground.stiffness) * ground.damping_ratio)
    spring = ground.stiffness * depth[0]
    balance = spring / full  # the speed at which spring and damper cancel
    speed = np.array([-3.0, 0.0, 1.0, 5.0]) * balance
    vertical = forces(ground, depth, np.zeros((4, 3)), np.stack([0 * speed, 0 * speed, speed], axis=1))[:, 2]
    np.testing.assert_allclose(vertical[0], spring - full * speed[0], rtol=0.01)
    assert 0.1 * spring < vertical[2] < 0.2 * spring
    assert vertical[3] < 0.01 * spring


@pytest.mark.parametrize("ground", GROUNDS)
def test_slope_is_the_derivative(ground):
    depth, velocity, body = random_points(3)
    speed, eps = velocity[:, 2], 1e-6
    _, slope = contact.normal_force(body, ground, depth, speed, DT)
    ahead, behind = (np.asarray(contact.normal_force(body, ground, depth, speed + s * eps, DT)[0]) for s in (1, -1))
    assert (np.asarray(slope) >= 0).all()
    scale = ground.stiffness * (DT + np.sqrt(12 / ground.stiffness))
    np.testing.assert_allclose(slope, -(ahead - behind) / (2 * eps), rtol=2e-4, atol=1e-6 * scale)


@pytest.mark.parametrize("ground", GROUNDS)
def test_friction_opposes_sliding_and_stays_below_its_limit(ground):
    """Its limit is the coefficient times the load of the old velocity."""
    depth, velocity, body = random_points(1)
    load, _ = contact.normal_force(body, ground, depth, velocity[:, 2], DT)
    limit = ground.friction * np.asarray(load)
    sliding = forces(ground, depth, velocity, body=body)[:, :2]
    assert (np.sum(sliding * velocity[:, :2], axis=1) <= 0).all()
    assert (np.linalg.norm(sliding, axis=1) <= limit * (1 + 1e-9)).all()
    fast = np.linalg.norm(velocity[:, :2], axis=1) > 20 * ground.slip_speed
    assert fast.sum() > 100
    assert np.allclose(np.linalg.norm(sliding, axis=1)[fast], limit[fast], rtol=2e-3)


@pytest.mark.parametrize("ground", GROUNDS)
def test_friction_stays_in_the_cone_of_the_old_load_while_the_point_slows_down(ground):
    """Implicit in the new velocity: any that is not faster than the old one (nor turned) leaves the cone whole."""
    depth, velocity, body = random_points(4)
    load, _ = contact.normal_force(body, ground, depth, velocity[:, 2], DT)
    for share in (0.0, 0.3, 1.0):
        new = velocity * [share, share, 1.0]
        sliding = forces(ground, depth, velocity, new, body)[:, :2]
        assert (np.linalg.norm(sliding, axis=1) <= ground.friction * np.asarray(load) * (1 + 1e-9)).all()
        np.testing.assert_allclose(sliding, share * forces(ground, depth, velocity, body=body)[:, :2])


def test_force_vanishes_above_and_grows_below():
    depth = np.linspace(-0.03, 0.03, 200)
    vertical = forces(Ground(), depth, np.zeros((200, 3)))[:, 2]
    assert 0.0 <= vertical[0] < 1e-6
    assert (np.diff(vertical) > 0).all()
    at_rest = 0.5 * (1.0 + np.sqrt(1.0 + contact.CUT**2))  # what the smooth cut adds to the spring of a point at rest
    assert np.isclose(vertical[-1], at_rest * Ground().stiffness * depth[-1], rtol=1e-6)
    assert at_rest < 1.03


def test_soft_points_give_way_in_proportion():
    depth = np.full(2, 0.02)
    firm, soft = forces(Ground(), depth, np.zeros((2, 3)), body=Points(np.array([1.0, 0.03])))[:, 2]
    assert np.isclose(soft, 0.03 * firm, rtol=1e-9)


def test_resists_sinking():
    """A point that moves down is pushed harder than one at rest, by the damping ratio's amount deep inside."""
    depth = np.full(2, 0.02)
    down, still = forces(Ground(), depth, np.array([[0, 0, -0.1], [0, 0, 0.0]]))[:, 2]
    damper = 2 * np.sqrt(3 * Ground().stiffness) + DT * Ground().stiffness
    assert np.isclose(down - still, 0.1 * damper, rtol=0.05)


def test_ground_can_be_switched_off():
    off = dataclasses.replace(Ground(), enabled=0.0)
    assert np.abs(forces(off, np.full(3, 0.02), np.full((3, 3), -1.0))).max() < 1e-9


@pytest.mark.parametrize("enabled", [0.0, 1.0])
def test_derivatives_are_finite_at_rest_and_far_away(enabled):
    ground = dataclasses.replace(Ground(), enabled=enabled)
    slopes = jax.jacfwd(lambda d, u, v: contact.forces(FIRM, ground, d, u, v, DT), argnums=(0, 1, 2))
    for depth in (-10.0, 0.0, 0.5):
        for speed in (0.0, -3.0, 3.0):
            at = np.full((1, 3), speed)
            for leaf in jax.tree.leaves(slopes(np.full(1, depth), at, at)):
                assert np.isfinite(leaf).all()
