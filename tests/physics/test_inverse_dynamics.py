"""Torques of a kinematic motion and the targets that give them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import rotations
from motionrecon.physics import inverse_dynamics, pd, rollout
from motionrecon.physics.body import SOLE_POINTS


@pytest.fixture(scope="module")
def required():
    return jax.jit(inverse_dynamics.required_torque)


def test_static_stand_needs_forces_that_carry_the_weight(person, standing, required):
    torque, force = required(person.body, standing.state, jnp.zeros(45))
    weight = person.mass * person.body.gravity
    assert np.allclose(np.asarray(force).sum(axis=0), [0.0, 0.0, weight], atol=1e-3 * weight)
    assert force[:SOLE_POINTS, 2].min() > 0
    assert np.abs(force[SOLE_POINTS:]).max() < 1e-3 * weight
    assert np.abs(torque).max() < 60.0
    left, right = (torque.reshape(13, 3)[person.skeleton.names.index(f"{s}_knee") - 1] for s in ("left", "right"))
    assert np.allclose(left * np.array([-1, 1, -1]), right, atol=1e-6)


def test_offsets_make_the_controllers_give_the_torque(person, standing, control_offsets, required):
    states = jax.tree.map(lambda x: jnp.stack([x] * 4), standing.state)
    lead, offsets = control_offsets(person.body, states, 30.0)
    assert not np.any(lead)  # nothing moves
    target = rotations.mul(standing.state.quats[1:], rotations.exp(offsets[1]))
    given, _ = pd.torque_law(person.body.gains, standing.state.quats[1:], target, jnp.zeros((13, 3)), person.dt)
    needed, _ = required(person.body, standing.state, jnp.zeros(45))
    assert np.allclose(given.reshape(-1), needed, rtol=0.06, atol=0.01)


def test_offsets_are_bounded_and_finite_for_impossible_motions(person, control_offsets):
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 3))
    states = jax.jit(rollout.kinematic_states)(30.0, root, rotations.exp(rng.normal(size=(4, 14, 3))))
    lead, offsets = (np.asarray(a) for a in control_offsets(person.body, states, 30.0))
    assert np.isfinite(lead).all() and np.isfinite(offsets).all()
    assert np.abs(lead).max() <= inverse_dynamics.LARGEST_OFFSET
    assert np.abs(lead + offsets).max() <= inverse_dynamics.LARGEST_OFFSET * (1 + 1e-12)


def test_a_lead_alone_gives_no_torque_to_a_joint_that_turns_steadily(person, standing, control_offsets):
    """The target ahead of the pose by the lead cancels the controllers' damping: targets that follow the pose."""
    speed = np.random.default_rng(1).uniform(-1.0, 1.0, 45)
    states = jax.tree.map(lambda x: jnp.stack([x] * 4), dataclasses.replace(standing.state, velocity=speed))
    lead, offsets = control_offsets(person.body, states, 30.0)
    joints = standing.state.quats[1:]
    gains, turning = person.body.gains, speed[6:].reshape(13, 3)
    assert np.abs(turning * np.asarray(gains.kd)[:, None]).max() > 30.0  # N m of damping there are to cancel
    ahead = rotations.mul(joints, rotations.exp(lead[1]))
    # at dt = 0 the law is the plain torque of the moment; single joints reach LARGEST_OFFSET at 10 rad/s only
    torque, _ = pd.torque_law(gains, joints, ahead, turning, 0.0)
    assert np.abs(torque).max() < 1e-9
    aim = rotations.mul(joints, rotations.exp(lead[1] + offsets[1]))
    torque, _ = pd.torque_law(gains, joints, aim, turning, 0.0)
    needed, _ = inverse_dynamics.required_torque(person.body, jax.tree.map(lambda x: x[1], states), jnp.zeros(45))
    assert np.abs(needed).max() > 10.0
    inside = np.abs(needed.reshape(13, 3)) < 0.8 * np.asarray(gains.torque_limit)[:, None]
    np.testing.assert_allclose(torque[inside], needed.reshape(13, 3)[inside], rtol=2e-3, atol=1e-6)
