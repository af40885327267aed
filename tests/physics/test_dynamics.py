"""The tree and its dynamics against MuJoCo, which loads the same person with ball joints."""

import dataclasses

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from motionrecon.physics import dynamics, humanoid, pipeline, tree


@pytest.fixture(scope="module")
def oracle(person):
    """MuJoCo's model, its data and each joint's body number and velocity addresses."""
    xml = humanoid.write_mjcf(person.skeleton, person.soles, person.height, person.mass, ball_joints=True)
    model = mujoco.MjModel.from_xml_string(xml)
    body = np.array([model.body(name).id for name in person.skeleton.names])
    position = np.array([model.jnt_qposadr[model.body_jntadr[b]] for b in body])
    velocity = np.array([model.jnt_dofadr[model.body_jntadr[b]] for b in body])
    columns = np.concatenate([np.arange(6), *(velocity[1:, None] + np.arange(3))])
    return model, mujoco.MjData(model), body, position, columns


def load(oracle, state):
    model, data, _, position, columns = oracle
    data.qpos[:3] = state.position
    data.qpos[3:7] = state.quats[0]
    for address, quat in zip(position[1:], np.asarray(state.quats[1:]), strict=True):
        data.qpos[address : address + 4] = quat
    data.qvel[columns] = state.velocity
    mujoco.mj_forward(model, data)
    return data


@pytest.fixture(scope="module")
def terms(person):
    @jax.jit
    def compute(body, state):
        p = tree.pose(body, state.quats)
        links, before, across = tree.velocities(body, p, state.velocity)
        inertia = dynamics.spatial_inertia(body, p)
        acc, _ = dynamics.accelerations(body, p, before, across, jnp.zeros_like(state.velocity))
        bias = dynamics.project(body, p, dynamics.link_forces(inertia, links, acc))
        com = dynamics.center_of_mass(body, p) + state.position
        mass_matrix = dynamics.assemble(body, p, inertia) + jnp.diag(jnp.asarray(body.armature))
        return p.anchor + state.position, p.axes, mass_matrix, bias, com, links

    return compute


@pytest.mark.parametrize("seed", range(5))
def test_kinematics_mass_matrix_and_bias_agree_with_mujoco(person, random_state, oracle, terms, close, seed):
    state = random_state(seed)
    model, _, body, _, columns = oracle
    data = load(oracle, state)
    anchor, axes, matrix, bias, com, _ = terms(person.body, state)
    full = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, full)
    close(anchor, data.xpos[body], 1e-12)
    close(axes, data.xmat[body].reshape(-1, 3, 3), 1e-12)
    close(com, data.subtree_com[body[0]], 1e-12)
    close(matrix, full[np.ix_(columns, columns)], 1e-12)
    close(bias, data.qfrc_bias[columns], 1e-11)


def test_point_velocities_agree_with_mujoco(person, random_state, oracle, terms, close):
    state = random_state(11)
    model, _, body, _, _ = oracle
    data = load(oracle, state)
    anchor, *_, links = terms(person.body, state)
    expected = np.zeros((len(body), 6))
    for row, number in zip(expected, body, strict=True):
        mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, number, row, 0)
    close(links[:, :3], expected[:, :3], 1e-12)
    close(tree.point_velocity(links, anchor - state.position), expected[:, 3:], 1e-12)


def test_free_flight_agrees_with_mujoco(person, random_state, oracle, step, close):
    """Half a second of tumbling without controllers: both step with semi-implicit Euler."""
    loose = dataclasses.replace(person.body.gains, kp=np.zeros(13), kd=np.zeros(13))
    body = dataclasses.replace(person.body, gains=loose)
    state = random_state(7, turn=0.5, speed=1.0, height=20.0)
    model, _, number, _, columns = oracle
    data = load(oracle, state)
    inputs = pipeline.Inputs(state.quats[1:], jnp.zeros(6))
    for _ in range(60):
        mujoco.mj_step(model, data)
        state, _ = step(body, person.ground, model.opt.timestep, state, inputs)
    mujoco.mj_kinematics(model, data)
    assert np.linalg.norm(state.velocity) > 1.0
    close(state.velocity, data.qvel[columns], 1e-9)
    close(tree.pose(body, state.quats).anchor + state.position, data.xpos[number], 1e-9)


def test_mass_matrix_is_positive_definite(person, random_state, terms):
    for seed in range(3):
        matrix = np.asarray(terms(person.body, random_state(seed))[2])
        assert np.allclose(matrix, matrix.T, atol=1e-12)
        assert np.linalg.eigvalsh(matrix)[0] > 1e-3


def test_com_acceleration_of_a_free_body_is_gravity(person, random_state, step, com_acceleration):
    """Without MuJoCo: internal torques do not move the centre of mass."""
    state = random_state(3, speed=1.0)
    inputs = pipeline.Inputs(jnp.roll(state.quats[1:], 1, axis=0), jnp.zeros(6))
    x = step(person.body, person.ground, 1e-4, state, inputs)[0].velocity
    acceleration = com_acceleration(person.body, state, (x - state.velocity) / 1e-4)
    assert np.allclose(acceleration, [0.0, 0.0, -person.body.gravity], atol=1e-8)
