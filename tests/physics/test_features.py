"""What the objective sees and its closed-form Jacobian."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import rotations
from motionrecon.geometry import skeleton as skeletons
from motionrecon.physics import features, pipeline, step_jacobian

NAMES = ("head_top", "left_wrist", "right_heel", "pelvis", "right_hand")


@pytest.fixture(scope="module")
def sites(person):
    return skeletons.template_sites(NAMES, person.height)


@pytest.fixture(scope="module")
def both():
    @jax.jit
    def compute(body, sites, state):
        plain = features.features(body, sites, state)
        return plain, *features.features_jacobian(body, sites, state)

    @jax.jit
    def column(along, body, sites, state):
        moved = lambda z: features.features(body, sites, step_jacobian.retract(state, z))  # noqa: E731
        return jax.jvp(moved, (jnp.zeros(90),), (along,))[1]

    def run(*arguments):
        columns = [column(unit, *arguments) for unit in np.eye(90)]
        return *compute(*arguments), jax.tree.map(lambda *c: np.stack(c, axis=-1), *columns)

    return run


@pytest.mark.parametrize("seed", range(3))
def test_closed_form_equals_automatic_derivative(person, random_state, sites, both, close, seed):
    state = random_state(seed, turn=0.8)
    plain, value, slope, automatic = both(person.body, sites, state)
    for name in plain.__dataclass_fields__:
        close(getattr(value, name), getattr(plain, name), 1e-13)
        close(getattr(slope, name), getattr(automatic, name), 1e-9)


def test_points_are_the_skeletons(person, random_state, sites, both):
    state = random_state(5)
    plain = both(person.body, sites, state)[0]
    joints, orientation = skeletons.forward_kinematics(person.skeleton, state.position, state.quats)
    assert np.allclose(plain.points, skeletons.site_positions(sites, joints, orientation), atol=1e-12)
    assert plain.soles.shape == (features.SOLE_POINTS, 3)


def test_com_velocity_is_the_momentum_over_the_mass(person, random_state, sites, both):
    """Finite differences of the masses' places along the motion, from the skeleton's forward kinematics."""
    body = person.body
    eps = 1e-6

    def center(state):
        joints, orientation = skeletons.forward_kinematics(person.skeleton, state.position, state.quats)
        turn = np.asarray(rotations.to_matrix(orientation))
        places = np.asarray(joints) + np.einsum("jab,jb->ja", turn, np.asarray(body.com))
        return np.asarray(body.mass) @ places / body.total_mass

    for seed in range(4):
        state = random_state(seed, turn=0.8, speed=3.0)
        plain = both(body, sites, state)[0]
        ahead, behind = (center(pipeline.integrate(state, state.velocity, s * eps)) for s in (1, -1))
        np.testing.assert_allclose(plain.com_velocity, (ahead - behind) / (2 * eps), atol=1e-8)
        np.testing.assert_allclose(plain.com, center(state), atol=1e-12)


def test_com_velocity_jacobian_against_finite_differences(person, random_state, sites, both):
    state, eps = random_state(7, turn=0.8, speed=3.0), 1e-6
    slope = np.asarray(both(person.body, sites, state)[2].com_velocity)
    assert slope.shape == (3, 90)
    speed = jax.jit(lambda s: features.features(person.body, sites, s).com_velocity)
    rng = np.random.default_rng(0)
    for _ in range(6):
        along = rng.normal(size=90)
        ahead, behind = (np.asarray(speed(step_jacobian.retract(state, s * eps * along))) for s in (1, -1))
        np.testing.assert_allclose(slope @ along, (ahead - behind) / (2 * eps), rtol=1e-6, atol=1e-7)


def test_gravity_alone_changes_the_com_velocity_of_a_body_in_the_air(person, random_state, step):
    """Whatever the controllers do in the air, one step adds gravity times its time to the velocity of the centre."""
    body, rng = person.body, np.random.default_rng(0)
    mass_velocity = jax.jit(lambda s: features.features(body, skeletons.template_sites(NAMES, 1.7), s).com_velocity)
    for seed in range(2):
        state = random_state(seed, turn=0.5, speed=1.0, height=20.0)
        inputs = pipeline.Inputs(rotations.exp(0.5 * rng.normal(size=(13, 3))), np.zeros(6))
        gained = []
        for dt in (4e-5, 2e-5):
            after = step(body, person.ground, dt, state, inputs)[0]
            gained.append(np.asarray(mass_velocity(after) - mass_velocity(state)) / dt)
        fine = 2 * gained[1] - gained[0]  # the integrator is of first order
        np.testing.assert_allclose(fine, [0.0, 0.0, -body.gravity], atol=2e-3)
