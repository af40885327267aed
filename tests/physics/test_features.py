"""What the objective sees and its closed-form Jacobian."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon import skeleton as skeletons
from motionrecon.physics import features, step_jacobian

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
