"""Rotation vectors and interpolation beyond half a turn, where a quaternion and its negative are different turns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import rotations

AXIS = np.array([0.6, -0.48, 0.64])


def turns(angles):
    return rotations.exp(np.asarray(angles)[:, None] * AXIS)


def test_unwrapped_log_inverts_exp_up_to_a_whole_turn():
    angles = np.linspace(-6.2, 6.2, 311)
    np.testing.assert_allclose(rotations.log_unwrapped(turns(angles)), angles[:, None] * AXIS, atol=1e-12)


def test_unwrapped_log_is_continuous_across_pi_where_log_jumps():
    angles = np.pi + np.linspace(-1e-3, 1e-3, 21)
    step = np.diff(rotations.log_unwrapped(turns(angles)), axis=0)
    np.testing.assert_allclose(step, 1e-4 * np.tile(AXIS, (20, 1)), atol=1e-12)
    jump = np.linalg.norm(np.diff(rotations.log(turns(angles)), axis=0), axis=1)
    assert jump.max() == pytest.approx(2 * np.pi, rel=1e-3)
    np.testing.assert_allclose(rotations.log(turns([4.0])), (4.0 - 2 * np.pi) * AXIS[None], atol=1e-12)


def test_the_sign_of_a_quaternion_matters_to_the_unwrapped_log_only():
    q = turns([0.5, 2.0, 3.0])
    other = np.linalg.norm(rotations.log_unwrapped(-q), axis=1)
    np.testing.assert_allclose(other, 2 * np.pi - np.array([0.5, 2.0, 3.0]))  # the other way round
    np.testing.assert_allclose(rotations.log(-q), rotations.log(q), atol=1e-12)
    np.testing.assert_allclose(rotations.log(q), rotations.log_unwrapped(q), atol=1e-12)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 3e-4, 1.0, 3.1, np.pi, 3.2, 6.0])
def test_derivative_of_the_unwrapped_log(angle):
    """log(exp(v) exp(d)) ~ v + J_r^-1 d, at tiny angles and beyond pi."""
    v = angle * AXIS
    base = rotations.exp(v)
    slope = jax.jacfwd(lambda d: rotations.log_unwrapped(rotations.mul(base, rotations.exp(d))))(jnp.zeros(3))
    np.testing.assert_allclose(slope @ rotations.right_jacobian(v), np.eye(3), atol=1e-7)


def test_interpolation_keeps_the_sign_it_is_given():
    a, b = turns([2.8]), turns([3.6])  # the way across pi, 0.8 rad
    middle = turns([3.2])
    np.testing.assert_allclose(rotations.nlerp_unwrapped(a, b, 0.5), middle, atol=1e-12)
    np.testing.assert_allclose(rotations.nlerp(a, -b, 0.5), middle, atol=1e-12)
    far = rotations.nlerp_unwrapped(a, -b, 0.5)  # the long way round
    assert abs(float(np.sum(np.asarray(far) * np.asarray(middle)))) < 1e-12
    for t, end in ((0.0, a), (1.0, -b)):
        np.testing.assert_allclose(rotations.nlerp_unwrapped(a, -b, t), end, atol=1e-12)
    np.testing.assert_allclose(rotations.nlerp(a, -b, 1.0), b, atol=1e-12)


def test_continuous_flips_signs_until_neighbours_agree():
    q = np.array(turns(np.linspace(0.0, 9.0, 40)))
    flipped = q * np.where(np.random.default_rng(0).random(40) < 0.5, -1.0, 1.0)[:, None]
    found = np.asarray(rotations.continuous(jnp.asarray(flipped)))
    np.testing.assert_allclose(found * np.sign(flipped[0] @ q[0]), q, atol=1e-12)
