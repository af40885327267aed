"""Brax's generalized modules: against MuJoCo, and beside our own pipeline."""

import dataclasses

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from brax.generalized import dynamics as brax_dynamics
from brax.generalized import mass as brax_mass

from motionrecon.geometry import rotations
from motionrecon.physics.oracle import generalized, pipeline_comparison

FRAMES = 9


@pytest.fixture(scope="module")
def model(person):
    return generalized.hinge_model(person.system, person.body, person.skeleton)


@pytest.fixture(scope="module")
def differences(person, model, simulate):
    """(state, targets, ...) -> PipelineDifference of a rollout of FRAMES frames, on the ground or without it."""

    def run(state, targets, model=model, body=person.body, ground=person.ground):
        states = simulate(body, ground, person.dt, state, targets, np.zeros((FRAMES - 1, 6)))
        return states, pipeline_comparison.compare(model, ground, person.dt, states, targets, [(0, FRAMES)])[0]

    return run


def test_hinge_angles_invert_hinge_rotation():
    rng = np.random.default_rng(0)
    angles = rng.uniform(-1.5, 1.5, (200, 3))
    assert np.allclose(generalized.hinge_angles(generalized.hinge_rotation(angles)), angles, atol=1e-12)


def test_hinge_axes_give_the_angular_velocity():
    rng = np.random.default_rng(1)
    angles, rates, eps = rng.uniform(-1.4, 1.4, (50, 3)), rng.normal(size=(50, 3)), 1e-5
    ahead, behind = (generalized.hinge_rotation(angles + s * eps * rates) for s in (1, -1))
    spin = rotations.log(rotations.mul(rotations.conj(behind), ahead)) / (2 * eps)
    assert np.allclose(np.sum(generalized.hinge_axes(angles) * rates[:, None, :], axis=2), spin, atol=1e-8)


def test_states_convert_there_and_back(model, random_state):
    state = random_state(2, turn=0.4)
    again = jax.jit(lambda m, s: generalized.from_hinges(m, *generalized.to_hinges(m, s)))(model, state)
    assert np.allclose(again.position, state.position)
    assert np.allclose(np.abs(np.sum(again.quats * state.quats, axis=1)), 1.0)
    assert np.allclose(again.velocity, state.velocity, atol=1e-4)


def test_mass_matrix_and_bias_agree_with_mujoco(person, model, random_state, close):
    """The System written for Brax, loaded by both: the same hinges, the same numbers."""
    q, qd = jax.jit(generalized.to_hinges)(model, random_state(3, turn=0.4))
    oracle = person.system.mj_model
    data = mujoco.MjData(oracle)
    data.qpos[:], data.qvel[:] = q, qd
    mujoco.mj_forward(oracle, data)
    full = np.zeros((oracle.nv, oracle.nv))
    mujoco.mj_fullM(oracle, data, full)

    @jax.jit
    def terms(model, q, qd):
        system = model.system()
        state = generalized.brax_state(system, q, qd)
        return brax_mass.matrix(system, state), brax_dynamics.inverse(system, state)

    matrix, bias = terms(model, q, qd)
    close(matrix, full, 1e-6)
    close(bias, data.qfrc_bias, 1e-6)


def test_same_free_flight_while_angles_are_small(person, differences, random_state):
    state = random_state(4, turn=0.0, speed=0.3, height=30.0)
    states, found = differences(state, np.tile(state.quats[1:], (FRAMES, 1, 1)))
    traveled = 1e3 * np.linalg.norm(states.position[-1] - states.position[0])
    assert traveled > 300.0
    assert found.mpjpe_mm < 0.5


def test_stands_like_the_dense_pipeline(standing, differences):
    _, found = differences(standing.state, np.tile(standing.targets, (FRAMES, 1, 1)))
    assert found.last_mm < 0.5


def test_walks_like_the_dense_pipeline(person, standing, differences):
    """A quarter of a second of a step with swinging arms and legs, from the standing pose."""
    names = person.skeleton.names
    swing = np.zeros((FRAMES, 13, 3))
    phase = np.linspace(0.0, 1.0, FRAMES)
    for name, size in (("left_hip", -0.5), ("left_knee", 0.7), ("right_hip", 0.2), ("right_shoulder", -0.4)):
        swing[:, names.index(name) - 1, 1] = size * phase
    states, found = differences(standing.state, rotations.mul(standing.targets, rotations.exp(swing)))
    turned = rotations.log(rotations.mul(rotations.conj(states.quats[0]), states.quats[-1]))
    assert np.abs(turned).max() > 0.3
    assert found.last_mm < 5.0


def test_another_person_does_not_recompile(person, standing, differences, model):
    targets = np.tile(standing.targets, (FRAMES, 1, 1))
    differences(standing.state, targets)
    count = pipeline_comparison._resimulate._cache_size()
    mass = 1.2 * jnp.asarray(model.link.inertia.mass)
    link = model.link.replace(inertia=model.link.inertia.replace(mass=mass))
    heavy = dataclasses.replace(model, link=link)
    other = generalized.hinge_model(person.system.replace(mj_model=None), person.body, person.skeleton)
    assert other.topology == model.topology
    _, found = differences(standing.state, targets, heavy)
    assert pipeline_comparison._resimulate._cache_size() == count
    assert found.last_mm > 0.01  # a heavier person sinks deeper


def test_compare_covers_windows_and_names_failures(person, model, standing):
    targets = np.tile(standing.targets, (20, 1, 1))
    states = jax.tree.map(lambda x: np.stack([np.asarray(x)] * 20), standing.state)
    states.velocity[12] = np.nan
    windows = [(0, FRAMES), (12, 20), (19, 20), (14, 30)]
    found = pipeline_comparison.compare(model, person.ground, person.dt, states, targets, windows)
    assert [(d.start, d.stop) for d in found] == [(0, 9), (12, 20), (14, 20)]
    assert found[0].mpjpe_mm < 5.0
    assert found[1].mpjpe_mm == np.inf
    assert pipeline_comparison.compare(model, person.ground, person.dt, states, targets, []) == []
