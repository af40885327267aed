"""Feet that leave, land and slide: the step solves its equation, its derivatives hold, and no point is ever pulled."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import rotations
from motionrecon.physics import pipeline, rollout, step_jacobian
from motionrecon.physics.body import SOLE_POINTS, Ground

GROUNDS = {
    "usual": Ground(),
    "soft": Ground(1e4, 1e-2),
    "hard": Ground(3e5, 5e-4, 1.2, 0.02, 0.5),
}
# change of the standing pose's velocity (root's vx, vy, vz, wx, wy, wz; m/s, rad/s) and of its height (m)
STATES = {
    "standing": ((0, 0, 0, 0, 0, 0), 0.0),
    "leaving": ((0.3, 0, 1.5, 0, 0, 0), -0.003),
    "flung up": ((0, 0, 5.0, 0, 0, 0), -0.02),
    "landing": ((0.5, -0.2, -2.0, 0, 0.3, 0), -0.001),
    "heels leave and balls land": ((0, 0, 0, 0, 2.5, 0), -0.002),
    "one foot leaves": ((0, 0.3, 0.2, 2.0, 0, 0.5), -0.004),
    "sliding": ((2.0, 1.0, 0, 0, 0, 1.0), -0.003),
}


@pytest.fixture(scope="module")
def state_of(standing):
    def make(name):
        speed, sink = STATES[name]
        rng = np.random.default_rng(len(name))
        velocity = np.concatenate([speed, 0.2 * rng.normal(size=39) * (name != "standing")])
        position = standing.state.position + jnp.array([0.0, 0.0, sink])
        aim = rotations.mul(standing.targets, rotations.exp(0.1 * rng.normal(size=(13, 3))))
        return (
            dataclasses.replace(standing.state, position=position, velocity=jnp.asarray(velocity)),
            pipeline.Inputs(aim, jnp.asarray(0.1 * rng.normal(size=6))),
        )

    return make


@pytest.fixture(scope="module")
def equation():
    @jax.jit
    def compute(body, ground, dt, state, inputs):
        x = pipeline.new_velocity(body, ground, dt, state, inputs)
        r, forces = pipeline._residual(body, ground, dt, state, inputs, x)
        return x, dt * r, forces.contact_force[:, 2], pipeline._slope(body, ground, dt, state, inputs, x)

    return compute


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", STATES)
def test_step_solves_its_nonlinear_equation(person, state_of, equation, name, ground):
    """In m/s: the change of velocity that would be left to make, also where points leave fast."""
    state, inputs = state_of(name)
    floor = GROUNDS[ground].arrays()
    for dt in (person.dt, 1.0 / 240.0):
        _, r, vertical, slope = equation(person.body, floor, dt, state, inputs)
        assert np.abs(np.linalg.solve(slope, r)).max() < 1e-8
        assert np.linalg.eigvalsh(np.asarray(slope))[0] > 0
        assert np.asarray(vertical).min() >= 0.0
    if name == "flung up":
        assert np.asarray(vertical[:SOLE_POINTS]).max() < 0.5 * person.mass * person.body.gravity


@pytest.mark.parametrize("seed", range(4))
def test_step_solves_its_equation_in_random_states_in_the_ground(person, random_state, equation, seed):
    rng = np.random.default_rng(seed)
    aim = rotations.exp(0.5 * rng.normal(size=(13, 3)))
    for height in (0.05, 0.3, 0.6):
        for speed in (0.5, 5.0):
            state = random_state(seed, turn=0.5, speed=speed, height=height)
            floor = GROUNDS[list(GROUNDS)[seed % 3]].arrays()
            inputs = pipeline.Inputs(aim, jnp.zeros(6))
            _, r, vertical, slope = equation(person.body, floor, person.dt, state, inputs)
            assert np.abs(np.linalg.solve(slope, r)).max() < 1e-8, (height, speed)
            assert np.asarray(vertical).min() >= 0.0


@pytest.fixture(scope="module")
def seen():
    """A state after one step as seen from the unmoved one (90,) for moved state and inputs, and the closed form."""

    def moved(z, u, w, body, ground, dt, state, inputs, origin):
        drive = pipeline.Inputs(rotations.mul(inputs.target, rotations.exp(u)), inputs.wrench + w)
        after = pipeline.step(body, ground, dt, step_jacobian.retract(state, z), drive)
        return step_jacobian.difference(after, origin)

    def closed(body, ground, dt, state, inputs):
        x = pipeline.new_velocity(body, ground, dt, state, inputs)
        return pipeline.integrate(state, x, dt), step_jacobian.step_jacobian(body, ground, dt, state, inputs, x)

    return jax.jit(moved), jax.jit(closed)


@pytest.mark.parametrize("name", STATES)
def test_step_jacobian_against_finite_differences(person, state_of, seen, name):
    moved, closed = seen
    state, inputs = state_of(name)
    world = person.body, person.ground, person.dt, state, inputs
    origin, (dz, du, dw) = closed(*world)
    rng, eps = np.random.default_rng(0), 1e-7
    for _ in range(3):
        z, u, w = rng.normal(size=90), rng.normal(size=(13, 3)), rng.normal(size=6)
        ahead, behind = (np.asarray(moved(s * z, s * u, s * w, *world, origin)) for s in (eps, -eps))
        numeric = (ahead - behind) / (2 * eps)
        scale = np.abs(numeric).max()
        assert scale > 0.1
        np.testing.assert_allclose(dz @ z + du @ u.reshape(-1) + dw @ w, numeric, atol=2e-5 * scale)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["leaving", "landing", "one foot leaves"])
def test_gradient_of_a_simulation_against_finite_differences(person, standing, state_of, long_loss, name):
    state, _ = state_of(name)
    targets = jnp.asarray(np.tile(standing.targets, (7, 1, 1)))
    rng, eps = np.random.default_rng(1), 1e-6
    at = jnp.zeros((7, 13, 3)), jnp.zeros(45)
    along = tuple(jnp.asarray(rng.normal(size=a.shape)) for a in at)
    rest = person.body, person.ground, person.dt, state, targets
    _, found = long_loss(at, *rest)
    slope = sum(float(jnp.vdot(g, c)) for g, c in zip(found, along, strict=True))
    ahead, behind = (
        float(long_loss(tuple(a + s * eps * c for a, c in zip(at, along, strict=True)), *rest)[0]) for s in (1, -1)
    )
    assert abs(slope) > 1e-2
    assert slope == pytest.approx((ahead - behind) / (2 * eps), rel=1e-4)


@pytest.fixture(scope="module")
def long_loss():
    def loss(parameters, body, ground, dt, state, targets):
        offsets, velocity = parameters
        state = dataclasses.replace(state, velocity=state.velocity + velocity)
        drive = rotations.mul(targets, rotations.exp(offsets))
        states = rollout.simulate(body, ground, dt, state, drive, jnp.zeros((6, 6)))
        direction = jnp.cos(jnp.arange(45.0))
        return jnp.sum(states.position @ jnp.array([1.0, 0.5, 2.0])) + 0.05 * jnp.sum(states.velocity @ direction)

    return jax.jit(jax.value_and_grad(loss))


@pytest.fixture(scope="module")
def run():
    """(body, ground, dt, state, targets (n, A, 4)) -> contact forces (n, C, 3) N and velocities (n, V), compiled."""

    @jax.jit
    def many(body, ground, dt, state, targets):
        def one(s, target):
            inputs = pipeline.Inputs(target, jnp.zeros(6))
            x = pipeline.new_velocity(body, ground, dt, s, inputs)
            forces = pipeline.forces(body, ground, dt, s, inputs, x)
            return pipeline.integrate(s, x, dt), (forces.contact_force, s.velocity)

        return jax.lax.scan(one, state, targets)[1]

    return many


def drives(person, standing, steps=150):
    """First states and targets (steps, A, 4): standing, a drop, a stumble and random controls."""
    held = np.tile(standing.targets, (steps, 1, 1))
    raised = dataclasses.replace(standing.state, position=standing.state.position + jnp.array([0.0, 0.0, 0.3]))
    shoved = dataclasses.replace(standing.state, velocity=standing.state.velocity.at[0].set(2.5).at[4].set(1.0))
    rng = np.random.default_rng(0)
    pieces = rotations.exp(0.6 * rng.normal(size=(10, 13, 3)))
    wild = np.repeat(np.asarray(rotations.mul(standing.targets, pieces)), steps // 10, axis=0)
    return {
        "standing": (standing.state, held),
        "drop": (raised, held),
        "stumble": (shoved, held),
        "random controls": (standing.state, wild),
    }


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", ["standing", "drop", "stumble", "random controls"])
def test_no_point_is_ever_pulled(person, standing, run, name, ground):
    state, targets = drives(person, standing)[name]
    force, velocity = (np.asarray(a) for a in run(person.body, GROUNDS[ground].arrays(), person.dt, state, targets))
    assert np.isfinite(force).all() and np.isfinite(velocity).all()
    assert force[..., 2].min() >= 0.0
    weight = person.mass * person.body.gravity
    assert force[..., 2].sum(axis=1).max() > 0.9 * weight  # there was something to pull on
    if name == "drop":
        assert force[:8, :, 2].sum(axis=1).max() < 1e-3 * weight  # in the air
    if name != "standing":  # points were let go and touched again
        touching = force[..., 2] > 0.01 * weight
        assert (np.diff(touching.astype(int), axis=0) < 0).sum() >= 4
