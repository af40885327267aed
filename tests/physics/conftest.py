"""One person, a standing pose that its controllers hold, and random states, shared by the simulator's tests."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import rotations
from motionrecon.geometry import skeleton as skeletons
from motionrecon.physics import dynamics, humanoid, inverse_dynamics, pipeline, rollout, tree
from motionrecon.physics.body import SOLE_POINTS, Ground

HEIGHT, MASS = 1.70, 65.0
DT = 1.0 / (30.0 * rollout.SUBSTEPS)  # the step that a fit at 30 frames a second takes


@pytest.fixture(scope="session")
def person():
    """skeleton, soles, height, mass, body, system, ground (array leaves) and dt of the person tested."""
    skeleton, soles = skeletons.template(HEIGHT), skeletons.template_soles(HEIGHT)
    body, system = (make(skeleton, soles, HEIGHT, MASS) for make in (humanoid.body, humanoid.system))
    return SimpleNamespace(
        skeleton=skeleton,
        soles=soles,
        height=HEIGHT,
        mass=MASS,
        body=body,
        system=system,
        ground=Ground().arrays(),
        dt=DT,
    )


@pytest.fixture(scope="session")
def rigid(person):
    """(C,) bool: contact points of the rigid body, all but the toes, which give way."""
    toes = np.array(["toe" in name for name in person.body.contact_names])
    assert toes.sum() == 2 and toes[:SOLE_POINTS].sum() == 2
    return ~toes


@pytest.fixture(scope="session")
def random_state(person):
    """A function seed -> SimState with every joint turned and moving, root at 3 m (or ``height``)."""

    def make(seed, *, turn=1.0, speed=2.0, height=3.0):
        rng = np.random.default_rng(seed)
        quats = rotations.exp(turn * rng.normal(size=(len(person.body.parents), 3)))
        position = np.array([*rng.normal(size=2), height])
        return pipeline.init(person.body, position, quats, speed * rng.normal(size=len(person.body.armature)))

    return make


@pytest.fixture(scope="session")
def control_offsets():
    """inverse_dynamics.control_offsets, compiled (for four frames in all tests)."""
    return jax.jit(inverse_dynamics.control_offsets)


@pytest.fixture(scope="session")
def standing(person, control_offsets, rigid):
    """state at rest, leaning a little so that the weight is over the feet's middle; targets (A, 4) that hold it."""
    names = person.skeleton.names
    turns = np.zeros((len(names), 3))
    turns[names.index("left_shoulder"), 0], turns[names.index("right_shoulder"), 0] = -1.3, 1.3

    sole = np.flatnonzero(rigid[:SOLE_POINTS])

    @jax.jit
    def marks(quats):
        p = tree.pose(person.body, quats)
        points = tree.points(person.body, p, np.array(person.body.contact_link), person.body.contact_offset)[sole]
        return points, dynamics.center_of_mass(person.body, p)

    def leaning(lean, pitch=0.0):
        t = turns.copy()
        t[0, 1] = lean
        for side in ("left", "right"):
            t[names.index(f"{side}_ankle"), 1] = pitch - lean
        quats = np.asarray(rotations.exp(t))
        points, com = marks(quats)
        return quats, float(com[0] - points[:, 0].mean()), points

    points = leaning(0.0)[2]
    pitch = float(np.polyfit(points[:, 0], points[:, 2], 1)[0])  # heels and balls equally high, so that both carry
    (_, a, _), (_, b, _) = leaning(0.0, pitch), leaning(0.1, pitch)
    quats, _, points = leaning(-0.1 * a / (b - a), pitch)
    assert np.ptp(points[:, 2]) < 1e-4
    height = -float(points[:, 2].min())
    state = pipeline.init(person.body, np.array([0.0, 0.0, height]), quats)
    still = jax.tree.map(lambda x: jnp.stack([x] * 4), state)
    _, offsets = control_offsets(person.body, still, 30.0)  # no lead: nothing moves
    return SimpleNamespace(state=state, targets=np.asarray(rotations.mul(state.quats[1:], rotations.exp(offsets[1]))))


@pytest.fixture(scope="session")
def simulate():
    """rollout.simulate, compiled once for each length."""
    return jax.jit(rollout.simulate)


@pytest.fixture(scope="session")
def step():
    """(body, ground, dt, state, inputs) -> new state and the forces of the step, compiled."""

    def one(body, ground, dt, state, inputs):
        x = pipeline.new_velocity(body, ground, dt, state, inputs)
        return pipeline.integrate(state, x, dt), pipeline.forces(body, ground, dt, state, inputs, x)

    return jax.jit(one)


@pytest.fixture(scope="session")
def com_acceleration():
    """(body, state, velocity rate) -> acceleration (3,) of the centre of mass, by differentiating its path twice."""

    def path(body, state, rate, t):
        moved = pipeline.integrate(state, state.velocity + 0.5 * t * rate, t)
        return dynamics.center_of_mass(body, tree.pose(body, moved.quats)) + moved.position

    def second(body, state, rate):
        def speed(t):
            return jax.jvp(lambda s: path(body, state, rate, s), (t,), (1.0,))[1]

        return jax.jvp(speed, (0.0,), (1.0,))[1]

    return jax.jit(second)


@pytest.fixture
def close():
    """A function (a, b, tolerance): a and b agree relative to the largest entry of b."""

    def check(a, b, tolerance):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape
        assert np.max(np.abs(a - b)) <= tolerance * max(np.max(np.abs(b)), 1e-12)

    return check
