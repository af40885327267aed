"""The closed-form Jacobian of a step against forward-mode AD, in the air and on the ground."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import rotations
from motionrecon.physics import pipeline, step_jacobian


@pytest.fixture(scope="module")
def both():
    """(body, ground, dt, state, inputs) -> closed form and AD of the same three Jacobians.

    The derivative is taken column by column: compiling one is much cheaper than compiling all at once.
    """

    def moved(z, u, w, body, ground, dt, state, inputs):
        start = step_jacobian.retract(state, z)
        drive = pipeline.Inputs(rotations.mul(inputs.target, rotations.exp(u.reshape(-1, 3))), inputs.wrench + w)
        end = pipeline.step(body, ground, dt, state, inputs)
        return step_jacobian.difference(pipeline.step(body, ground, dt, start, drive), end)

    @jax.jit
    def column(along, *rest):
        return jax.jvp(lambda *z: moved(*z, *rest), (jnp.zeros(90), jnp.zeros(39), jnp.zeros(6)), along)[1]

    @jax.jit
    def closed(body, ground, dt, state, inputs):
        x = pipeline.new_velocity(body, ground, dt, state, inputs)
        return step_jacobian.step_jacobian(body, ground, dt, state, inputs, x)

    def compute(*arguments):
        columns = [column(tuple(np.split(unit, [90, 129])), *arguments) for unit in np.eye(135)]
        return closed(*arguments), np.split(np.stack(columns, axis=1), [90, 129], axis=1)

    return compute


@pytest.mark.parametrize(("seed", "height"), [(0, 5.0), (1, 0.3), (2, 0.05)])
def test_closed_form_equals_automatic_derivative(person, random_state, step, both, close, seed, height):
    rng = np.random.default_rng(seed)
    state = random_state(seed, turn=0.6, height=height)
    inputs = pipeline.Inputs(
        rotations.mul(state.quats[1:], rotations.exp(0.4 * rng.normal(size=(13, 3)))), 0.3 * rng.normal(size=6)
    )
    force = step(person.body, person.ground, person.dt, state, inputs)[1].contact_force
    assert (np.abs(force).max() > 100.0) == (height < 1.0)
    for closed, automatic in zip(*both(person.body, person.ground, person.dt, state, inputs), strict=True):
        close(closed, automatic, 1e-9)


def test_closed_form_at_rest_on_the_ground(person, standing, both, close):
    inputs = pipeline.Inputs(standing.targets, jnp.zeros(6))
    for closed, automatic in zip(*both(person.body, person.ground, person.dt, standing.state, inputs), strict=True):
        assert np.isfinite(closed).all()
        close(closed, automatic, 1e-9)


def test_retract_and_difference_are_inverse(random_state):
    a, b = random_state(3), random_state(4, turn=0.8)
    z = step_jacobian.difference(b, a)
    again = step_jacobian.retract(a, z)
    assert np.allclose(again.position, b.position)
    assert np.allclose(again.velocity, b.velocity)
    assert np.allclose(np.abs(np.sum(again.quats * b.quats, axis=1)), 1.0)
