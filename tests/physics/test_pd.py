"""The joint controllers: limits, direction, linearisation."""

import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import rotations
from motionrecon.physics import pd
from motionrecon.types import PDGains

DT = 1.0 / 120.0
GAINS = PDGains(np.full(500, 400.0), np.full(500, 40.0), np.full(500, 150.0))


def random(seed):
    rng = np.random.default_rng(seed)
    quats, target = (rotations.exp(1.5 * rng.normal(size=(500, 3))) for _ in range(2))
    return quats, target, 10.0 * rng.normal(size=(500, 3))


def test_explicit_torque_stays_within_the_limit():
    quats, target, velocity = random(0)
    torque, slope = pd.torque_law(GAINS, quats, target, velocity, 0.0)
    assert np.abs(torque).max() <= 150.0
    assert (np.asarray(slope) >= 0).all()


def test_saturated_torque_is_the_limit_and_keeps_the_least_slope():
    """Far from the target only the share that keeps a saturated joint from chattering is left to linearise."""
    quats = np.tile([1.0, 0, 0, 0], (500, 1))
    torque, slope = pd.torque_law(GAINS, quats, rotations.exp(np.full((500, 3), 1.7)), np.full((500, 3), -3.0), DT)
    assert np.allclose(torque, 150.0, rtol=1e-3)
    assert np.allclose(slope, pd.LEAST_SLOPE * (40.0 + DT * 400.0), rtol=1e-2)


def test_torque_turns_the_joint_towards_its_target_in_the_childs_axes():
    quats, target, _ = random(2)
    torque, _ = pd.torque_law(GAINS, quats, target, jnp.zeros((500, 3)), DT)
    before = np.linalg.norm(rotations.log_unwrapped(rotations.mul(rotations.conj(quats), target)), axis=1)
    moved = rotations.mul(quats, rotations.exp(1e-4 * torque))
    after = np.linalg.norm(rotations.log_unwrapped(rotations.mul(rotations.conj(moved), target)), axis=1)
    assert (after < before).all()
    assert (before > np.pi).any() and (before < np.pi).any()


def test_torque_is_continuous_where_the_error_passes_half_a_turn():
    """A target and its negative are one orientation, but lie at the two ends of different turns."""
    quats, weak = np.tile([1.0, 0, 0, 0], (500, 1)), PDGains(np.full(500, 10.0), np.full(500, 1.0), np.full(500, 150.0))
    axis = np.array([0.6, -0.48, 0.64])
    target = rotations.exp(np.linspace(3.0, 3.3, 500)[:, None] * axis)
    torque, _ = pd.torque_law(weak, quats, target, np.zeros((500, 3)), 0.0)
    along = torque @ axis
    assert along.min() > 25.0 and np.all(np.abs(np.diff(along)) < 0.01)
    other, _ = pd.torque_law(weak, quats, -target, np.zeros((500, 3)), 0.0)
    assert (other @ axis).max() < -25.0  # the other way round


def test_small_errors_give_linear_feedback():
    error, velocity = np.tile([1e-4, -2e-4, 5e-5], (500, 1)), np.tile([1e-3, 0.0, -2e-3], (500, 1))
    quats = np.tile([1.0, 0, 0, 0], (500, 1))
    torque, slope = pd.torque_law(GAINS, quats, rotations.exp(error), velocity, 0.0)
    assert np.allclose(torque, 400 * error - 40 * velocity, rtol=1e-5)
    assert np.allclose(slope, 40.0, rtol=1e-5)


@pytest.mark.parametrize("dt", [DT, 1.0 / 480.0])
def test_slope_is_the_derivative_in_the_new_velocity(dt):
    """Torque at velocity x and at the error after moving with x for dt falls by slope per unit of x, but for the
    least slope of a saturated joint."""
    quats, _, velocity = random(3)
    target = rotations.mul(quats, rotations.exp(0.2 * velocity / 10.0))  # error and velocity along one axis: exact
    _, slope = pd.torque_law(GAINS, quats, target, velocity, dt)

    def moved(x):
        turned = rotations.mul(quats, rotations.exp(dt * (x - velocity)))
        return pd.torque_law(GAINS, turned, target, x, 0.0)[0]

    step = 1e-6 * velocity / np.linalg.norm(velocity, axis=1, keepdims=True)
    change = (moved(velocity + step) - moved(velocity - step)) / 2
    full = 40.0 + dt * 400.0
    own = full * (slope / full - pd.LEAST_SLOPE) / (1.0 - pd.LEAST_SLOPE)
    assert np.asarray(own).max() > 0.5 * full and np.asarray(own).min() < 0.1 * full
    assert np.allclose(change, -own * step, atol=1e-9)
