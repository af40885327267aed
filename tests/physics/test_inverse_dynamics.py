"""Torques of a kinematic motion and the targets that give them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon import rotations
from motionrecon.physics import inverse_dynamics, pd, rollout


@pytest.fixture(scope="module")
def required():
    return jax.jit(inverse_dynamics.required_torque)


def test_static_stand_needs_forces_that_carry_the_weight(person, standing, required):
    torque, force = required(person.body, standing.state, jnp.zeros(45))
    weight = person.mass * person.body.gravity
    assert np.allclose(np.asarray(force).sum(axis=0), [0.0, 0.0, weight], atol=1e-3 * weight)
    assert force[:8, 2].min() > 0
    assert np.abs(force[8:]).max() < 1e-3 * weight
    assert np.abs(torque).max() < 60.0
    left, right = (torque.reshape(13, 3)[person.skeleton.names.index(f"{s}_knee") - 1] for s in ("left", "right"))
    assert np.allclose(left * np.array([-1, 1, -1]), right, atol=1e-6)


def test_offsets_make_the_controllers_give_the_torque(person, standing, control_offsets, required):
    states = jax.tree.map(lambda x: jnp.stack([x] * 4), standing.state)
    offsets = control_offsets(person.body, states, 30.0)[1]
    target = rotations.mul(standing.state.quats[1:], rotations.exp(offsets))
    given, _ = pd.torque_law(person.body.gains, standing.state.quats[1:], target, jnp.zeros((13, 3)), person.dt)
    needed, _ = required(person.body, standing.state, jnp.zeros(45))
    assert np.allclose(given.reshape(-1), needed, rtol=0.06, atol=0.01)


def test_offsets_are_bounded_and_finite_for_impossible_motions(person, control_offsets):
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 3))
    states = jax.jit(rollout.kinematic_states)(30.0, root, rotations.exp(rng.normal(size=(4, 14, 3))))
    offsets = np.asarray(control_offsets(person.body, states, 30.0))
    assert np.isfinite(offsets).all()
    assert np.abs(offsets).max() <= inverse_dynamics.LARGEST_OFFSET
