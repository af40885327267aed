"""Frames: their Jacobian, gradients through many steps, what is read out, kinematic states."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import rotations
from motionrecon.geometry import skeleton as skeletons
from motionrecon.physics import pipeline, rollout, step_jacobian
from motionrecon.physics.body import SOLE_POINTS

STEPS = (12, 60, 240)


@pytest.fixture(scope="module")
def loss_and_gradient():
    """One program for all horizons: ``weights`` (240,) picks the steps whose states count."""

    def loss(parameters, body, ground, dt, state, targets, weights):
        offsets, velocity, scale = parameters
        body = dataclasses.replace(body, mass=body.mass * scale)
        state = dataclasses.replace(state, velocity=state.velocity + velocity)
        drive = rotations.mul(targets, rotations.exp(offsets))

        def one(s, weight):
            s = pipeline.step(body, ground, dt, s, pipeline.Inputs(drive, jnp.zeros(6)))
            direction = jnp.cos(jnp.arange(s.velocity.size, dtype=float))  # any smooth function of the state
            seen = jnp.sum(s.position * jnp.array([1.0, 0.5, 2.0])) + 0.1 * jnp.sum(s.quats[:, 1:] ** 2)
            return s, weight * (seen + 0.05 * direction @ s.velocity + 0.01 * s.velocity @ s.velocity)

        return jnp.sum(jax.lax.scan(one, state, weights)[1])

    return jax.jit(jax.value_and_grad(loss))


@pytest.mark.parametrize("start", ["at rest in the air", "standing on the ground", "tumbling"])
def test_gradients_match_finite_differences(person, random_state, standing, loss_and_gradient, start):
    """Central differences, along a random direction in controls, first velocity and masses."""
    rng = np.random.default_rng(0)
    state, targets = standing.state, standing.targets
    if start == "at rest in the air":
        state = dataclasses.replace(state, position=state.position + jnp.array([0.0, 0.0, 100.0]))
    if start == "tumbling":
        state = random_state(6, turn=0.2, speed=0.5, height=100.0)
    at = (jnp.zeros((13, 3)), jnp.zeros(45), jnp.ones(14))
    along = tuple(jnp.asarray(rng.normal(size=a.shape)) for a in at)
    for steps in STEPS:
        weights = np.zeros(max(STEPS))
        weights[steps - 1] = 1.0
        rest = (person.body, person.ground, person.dt, state, targets, weights)
        _, found = loss_and_gradient(at, *rest)
        assert all(np.isfinite(g).all() for g in found)
        slope = sum(float(jnp.vdot(g, d)) for g, d in zip(found, along, strict=True))
        eps = 1e-6
        ahead, behind = (
            loss_and_gradient(tuple(a + s * eps * d for a, d in zip(at, along, strict=True)), *rest)[0] for s in (1, -1)
        )
        assert abs(slope) > 1e-3
        assert slope == pytest.approx(float(ahead - behind) / (2 * eps), rel=2e-5), steps


@pytest.mark.slow
def test_frame_jacobian_equals_automatic_derivative(person, standing, close):
    rng = np.random.default_rng(0)
    shift = jnp.asarray(0.2 * rng.normal(size=(2, 13, 3)))
    velocity = jnp.asarray(0.3 * rng.normal(size=45))
    state = dataclasses.replace(standing.state, velocity=velocity)
    knots = rotations.mul(standing.targets, rotations.exp(shift))
    wrench = jnp.asarray(0.2 * rng.normal(size=6))

    zero = jnp.zeros(90), jnp.zeros(39), jnp.zeros(39), jnp.zeros(6)

    @jax.jit
    def column(along, body, ground, dt, state, knots, wrench):
        end = rollout.advance(body, ground, dt, state, *knots, wrench)

        def moved(z, a, b, w):
            start = step_jacobian.retract(state, z)
            turned = [rotations.mul(k, rotations.exp(u.reshape(-1, 3))) for k, u in zip(knots, (a, b), strict=True)]
            return step_jacobian.difference(rollout.advance(body, ground, dt, start, *turned, wrench + w), end)

        return end, jax.jvp(moved, zero, along)[1]

    arguments = (person.body, person.ground, person.dt, state, knots, wrench)
    cuts = [90, 129, 168]
    same, columns = zip(*[column(tuple(np.split(unit, cuts)), *arguments) for unit in np.eye(174)], strict=True)
    same, automatic = same[0], np.split(np.stack(columns, axis=1), cuts, axis=1)
    end, *steps = jax.jit(rollout.frame_steps)(*arguments[:4], *knots, wrench)
    closed = jax.jit(rollout.frame_jacobian)(*arguments[:3], steps, *knots, wrench)
    close(end.velocity, same.velocity, 1e-12)
    for a, b in zip(closed, automatic, strict=True):
        close(a, b, 1e-9)


@pytest.fixture(scope="module")
def held(person, standing, simulate):
    """Two rollouts of five frames that overlap in three: (states, states from the third frame on, targets)."""
    targets = rotations.mul(standing.targets, rotations.exp(0.02 * np.arange(7)[:, None, None] * np.ones((13, 3))))
    rest = np.zeros((4, 6))
    first = simulate(person.body, person.ground, person.dt, standing.state, targets[:5], rest)
    middle = jax.tree.map(lambda a: a[2], first)
    return first, simulate(person.body, person.ground, person.dt, middle, targets[2:], rest), targets


def test_simulate_chains_frames_exactly(standing, held):
    """A rollout taken up in its middle is the same rollout: the state carries everything."""
    first, second, _ = held
    assert np.array_equal(first.quats[0], standing.state.quats)
    for name in ("position", "quats", "velocity"):
        assert np.array_equal(getattr(first, name)[2:], getattr(second, name)[:3])
    assert not np.allclose(first.velocity[-1], 0.0, atol=1e-3)


def test_read_out_gives_forces_that_carry_the_weight(person, standing, simulate):
    names = ("left_hip", "right_ankle", "head_top")
    sites = skeletons.template_sites(names, person.height)
    targets = np.tile(standing.targets, (5, 1, 1))
    states = standing.state
    for _ in range(3):  # the ground takes the weight first
        states = simulate(person.body, person.ground, person.dt, states, targets, np.zeros((4, 6)))
        last, states = states, jax.tree.map(lambda a: a[-1], states)
    states = last
    read = jax.jit(rollout.read_out)(person.body, person.ground, person.dt, states, targets, sites)
    weight = person.mass * person.body.gravity
    assert np.asarray(read.contact_force)[:, :, 2].sum(axis=1)[-1] == pytest.approx(weight, rel=0.02)
    joints, orientation = skeletons.forward_kinematics(person.skeleton, states.position, states.quats)
    assert np.allclose(read.joint_pos, joints, atol=1e-12)
    assert np.allclose(read.keypoints, skeletons.site_positions(sites, joints, orientation), atol=1e-12)
    assert read.torque.shape == (5, 13, 3)
    assert np.abs(read.torque).max() < 100.0
    ankles = [person.skeleton.names.index(f"{side}_ankle") for side in ("left", "right")]
    assert np.allclose(
        np.asarray(read.contact_pos)[:, :SOLE_POINTS].mean(axis=1)[:, :2], joints[:, ankles, :2].mean(axis=1), atol=0.08
    )
    assert np.all(np.abs(read.com[:, 2] - read.joint_pos[:, 0, 2]) < 0.1)


def test_kinematic_states_have_the_motions_velocity(person):
    """A steady turn and glide: exact rates at every frame, ends included."""
    t = np.arange(6)[:, None]
    root = np.array([[0.3, -0.1, 0.05]]) * t / 30.0
    turn = np.tile(np.linspace(-1, 1, 42).reshape(14, 3), (6, 1, 1)) * t[:, :, None] / 30.0
    states = jax.jit(rollout.kinematic_states)(30.0, root, rotations.exp(turn))
    assert np.allclose(states.velocity[:, :3], [0.3, -0.1, 0.05])
    assert np.allclose(states.velocity[:, 3:].reshape(6, 14, 3), np.linspace(-1, 1, 42).reshape(14, 3))


def test_targets_run_from_one_knot_to_the_other():
    a = rotations.exp(np.zeros((13, 3)))
    b = rotations.exp(np.tile([0.4, 0.0, 0.0], (13, 1)))
    inputs = rollout.frame_inputs(a, b, jnp.arange(6.0))
    angles = np.asarray(rotations.log(inputs.target))[:, 0, 0]
    assert inputs.wrench.shape == (rollout.SUBSTEPS, 6)
    assert np.all(np.diff(angles) > 0)
    assert angles[0] == pytest.approx(0.4 * 0.5 / rollout.SUBSTEPS, rel=0.05)
    assert angles[-1] == pytest.approx(0.4 * (1 - 0.5 / rollout.SUBSTEPS), rel=0.05)
