"""The step: its equation holds, momentum balances, the person stands, falls and lands as a person would."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import rotations
from motionrecon.physics import dynamics, pipeline, tree
from motionrecon.physics.body import SOLE_POINTS


@pytest.fixture(scope="module")
def equation():
    """(body, ground, dt, state, inputs) -> x, r(x), dr/dx dt and the closed form of the latter."""

    @jax.jit
    def compute(body, ground, dt, state, inputs):
        x = pipeline.new_velocity(body, ground, dt, state, inputs)
        r = lambda y: pipeline._residual(body, ground, dt, state, inputs, y)[0]  # noqa: E731
        return x, r(x), dt * jax.jacfwd(r)(x), pipeline._slope(body, ground, dt, state, inputs, x)

    return compute


def cases(person, random_state, standing):
    rng = np.random.default_rng(0)
    aim = rotations.exp(0.5 * rng.normal(size=(13, 3)))
    push = pipeline.Inputs(aim, 0.1 * rng.normal(size=6))
    return {
        "tumbling": (random_state(1), push),
        "lying in the ground": (random_state(2, turn=0.3, height=0.1), push),
        "standing": (standing.state, pipeline.Inputs(standing.targets, jnp.zeros(6))),
    }


@pytest.mark.parametrize("name", ["tumbling", "lying in the ground", "standing"])
def test_step_solves_its_equation_with_its_slope(person, random_state, standing, equation, close, name):
    state, inputs = cases(person, random_state, standing)[name]
    x, r, automatic, closed = equation(person.body, person.ground, person.dt, state, inputs)
    scale = np.abs(automatic @ np.asarray(x)).max() / person.dt + 100.0
    assert np.abs(r).max() < 1e-10 * scale
    close(closed, automatic, 1e-10)
    assert np.linalg.eigvalsh(np.asarray(closed))[0] > 0


def test_changing_the_person_or_the_ground_does_not_recompile(person, standing, step):
    inputs = pipeline.Inputs(standing.targets, jnp.zeros(6))
    step(person.body, person.ground, person.dt, standing.state, inputs)
    count = step._cache_size()
    heavy = dataclasses.replace(person.body, mass=1.3 * person.body.mass, offsets=1.1 * person.body.offsets)
    soft = dataclasses.replace(person.ground, stiffness=np.asarray(5e4))
    a, _ = step(person.body, person.ground, person.dt, standing.state, inputs)
    b, _ = step(heavy, soft, 1.0 / 240.0, standing.state, inputs)
    assert step._cache_size() == count
    assert not np.allclose(a.velocity, b.velocity)


def run(person, step, state, targets, seconds, watch):
    """Step for so long with constant targets and collect ``watch(state, next state, forces)``."""
    inputs, seen = pipeline.Inputs(jnp.asarray(targets), jnp.zeros(6)), []
    for _ in range(round(seconds / person.dt)):
        following, forces = step(person.body, person.ground, person.dt, state, inputs)
        seen.append(watch(state, following, forces))
        state = following
    return state, seen


@pytest.mark.parametrize("hop", [0.0, 1.2])
def test_momentum_balance(person, standing, step, com_acceleration, hop):
    """m (a_com + g) = sum of contact forces in every step, standing and hopping (no force acts on the root)."""
    velocity = jnp.zeros_like(standing.state.velocity).at[2].set(hop).at[4].set(0.3 * hop)
    state = dataclasses.replace(standing.state, velocity=velocity)
    up = np.array([0.0, 0.0, person.body.gravity])

    def watch(before, after, forces):
        a = com_acceleration(person.body, before, (after.velocity - before.velocity) / person.dt)
        return person.mass * (a + up), forces.contact_force.sum(axis=0)

    _, seen = run(person, step, state, standing.targets, 0.5, watch)
    moved, pushed = (np.array(s) for s in zip(*seen, strict=True))
    weight = person.mass * person.body.gravity
    assert np.abs(moved - pushed).max() < 1e-8 * weight
    if hop:
        assert pushed[:, 2].min() < 0.01 * weight  # in the air
        assert pushed[:, 2].max() > 1.2 * weight  # and landing


def test_person_stands_for_two_seconds(person, standing, step, rigid):
    def watch(before, _, forces):
        p = tree.pose(person.body, before.quats)
        points = tree.points(person.body, p, np.array(person.body.contact_link), person.body.contact_offset)
        soles = points[:SOLE_POINTS][rigid[:SOLE_POINTS]]
        com = dynamics.center_of_mass(person.body, p) + before.position
        return com, -(soles[:, 2] + before.position[2]).min(), forces.contact_force

    watch = jax.jit(watch)
    last, seen = run(person, step, standing.state, standing.targets, 2.0, watch)
    com, depth, force = (np.array(s) for s in zip(*seen, strict=True))
    weight = person.mass * person.body.gravity
    assert np.abs(com - com[0]).max() < 0.03
    assert depth.max() < 0.004
    assert np.abs(last.velocity).max() < 0.05
    assert np.isclose(force[-1].sum(axis=0)[2], weight, rtol=0.01)
    assert force[..., 2].min() >= 0.0  # the ground does not pull
    assert np.linalg.norm(force[-1, :, :2], axis=1).max() < 0.2 * weight
    assert force[-1, SOLE_POINTS:].sum() == pytest.approx(0.0, abs=1e-6)  # on its feet


def test_dropped_person_lands_without_bouncing_up(person, standing, step, rigid):
    """From 0.3 m: sinks in no deeper than it falls in a step, never rises above the drop, is never pulled.

    Toes, which give way, may sink deeper.
    """
    state = dataclasses.replace(standing.state, position=standing.state.position + jnp.array([0.0, 0.0, 0.3]))
    index = np.array(person.body.contact_link)

    @jax.jit
    def watch(before, _, forces):
        p = tree.pose(person.body, before.quats)
        low = tree.points(person.body, p, index, person.body.contact_offset)[:, 2] + before.position[2]
        return (
            before.position[2],
            jnp.min((low - jnp.asarray(person.body.contact_radius))[rigid]),
            forces.contact_force[:, 2],
        )

    last, seen = run(person, step, state, standing.targets, 1.0, watch)
    height, low, force = (np.array(s) for s in zip(*seen, strict=True))
    assert np.isfinite(last.velocity).all()
    steps = int(0.16 / person.dt)
    fall = 0.5 * person.body.gravity * (np.arange(steps) * person.dt) ** 2
    assert np.allclose(height[:steps], height[0] - fall, atol=0.02)
    assert height.max() <= height[0] + 1e-9
    assert height[len(height) // 2 :].max() < height[0] - 0.2
    # the ground acts by the depth at the start of a step: the first one inside goes on unhindered
    assert low.min() > -np.sqrt(2 * person.body.gravity * 0.3) * person.dt
    assert np.sum(low < -0.01) <= 3
    assert low[-20:].min() > -0.01
    assert force.min() >= 0.0
    assert force.max() > person.mass * person.body.gravity


def test_wrench_acts_on_the_root_and_ends_with_its_value(person, random_state, step, com_acceleration):
    state = random_state(5)
    inputs = pipeline.Inputs(state.quats[1:], jnp.zeros(6).at[2].set(1.0))
    x = step(person.body, person.ground, 1e-5, state, inputs)[0].velocity
    acceleration = com_acceleration(person.body, state, (x - state.velocity) / 1e-5)
    up = pipeline.WRENCH_UNIT / person.mass - person.body.gravity
    assert np.allclose(acceleration, [0.0, 0.0, up], atol=1e-6)


def test_init_normalises_and_starts_at_rest(person):
    state = pipeline.init(person.body, np.zeros(3), np.tile([2.0, 0, 0, 0], (14, 1)))
    assert np.allclose(np.linalg.norm(state.quats, axis=1), 1.0)
    assert not np.any(state.velocity)


def violent(person, random_state, step, dt):
    """Torques over their limits (n, 13, 3) while targets 1 rad away are held for 1/8 s each."""
    state, rng, shares = random_state(0, turn=0.3, speed=1.0, height=1.0), np.random.default_rng(0), []
    for _ in range(6):
        inputs = pipeline.Inputs(rotations.exp(rng.normal(size=(13, 3))), jnp.zeros(6))
        for _ in range(round(0.125 / dt)):
            state, forces = step(person.body, person.ground, dt, state, inputs)
            shares.append(np.abs(forces.torque) / np.asarray(person.body.gains.torque_limit)[:, None])
    return np.array(shares)


def test_torques_stay_near_their_limits_in_violent_motion(person, random_state, step):
    """At 1/120 s. The limit is exact at the old velocity and linearised in the new one: overshoots are rare."""
    shares = violent(person, random_state, step, 1.0 / 120.0)
    assert np.quantile(shares, 0.9) > 0.3
    assert np.quantile(shares, 0.95) <= 1.3
    assert np.max(shares) < 10.0


def test_violent_motion_stays_finite_at_the_step_in_use(person, random_state, step):
    assert np.isfinite(violent(person, random_state, step, person.dt)).all()


def test_held_targets_calm_a_violent_motion(person, random_state, step):
    """Without the least slope of saturated joints half of all torques stay at their limit for good: they chatter."""
    state = random_state(0, turn=0.3, speed=1.0, height=3.0)
    inputs = pipeline.Inputs(rotations.exp(0.3 * np.random.default_rng(0).normal(size=(13, 3))), jnp.zeros(6))
    for _ in range(round(0.5 / person.dt)):
        state, forces = step(person.body, person.ground, person.dt, state, inputs)
    shares = np.abs(forces.torque) / np.asarray(person.body.gains.torque_limit)[:, None]
    assert np.median(shares) < 0.5
    assert np.abs(state.velocity[6:]).max() < 30.0
