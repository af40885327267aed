"""The two views of a window's loss: scalar with gradient, and stages of least squares."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.fitting import objective, prepare, window_attempts
from motionrecon.fitting.objective_terms import LossWeights
from motionrecon.fitting.window_attempts import REAL_GROUND
from motionrecon.fitting.window_problem import ScalarProblem, WindowProblem
from motionrecon.models.trajectory import riccati
from motionrecon.physics import rollout, step_jacobian
from tests.fixtures import small_clip

BUSY = LossWeights(
    com=3.0, effort=0.01, joint_limits=1.0, control=0.02, control_rate=0.05, start=0.3, clearance=50.0,
    com_velocity=0.5, pose=0.1,
)  # fmt: skip


@pytest.fixture(scope="module")
def problem():
    return small_clip.problem(price=0.3, weights=BUSY)


@pytest.fixture(scope="module")
def moved(problem):
    """A simulated trajectory off the optimum, and its controls."""
    return problem.simulate(jnp.asarray(small_clip.perturbed_knots()))


@pytest.fixture(scope="module")
def gradient(problem):
    flat = ScalarProblem(problem, small_clip.perturbed_knots())
    value, grad = flat.value_and_grad(flat.x0)
    return flat, float(value), np.asarray(grad)


def test_terms_sum_to_the_loss(problem, moved, gradient):
    terms = problem.terms(moved)
    assert sum(terms.values()) == pytest.approx(problem.loss(moved), rel=1e-12)
    assert gradient[1] == pytest.approx(problem.loss(moved), rel=1e-12)
    assert all(v >= 0 for v in terms.values()) and terms["keypoints3d"] > 0 and terms["control"] > 0


@pytest.mark.parametrize("frozen", [False, True])
def test_gradient_against_finite_differences(problem, gradient, frozen):
    flat, _, grad = gradient
    if frozen:
        flat = ScalarProblem(small_clip.problem(free=0.0, weights=BUSY), small_clip.perturbed_knots())
        grad = np.asarray(flat.value_and_grad(flat.x0)[1])
        size = problem.data.reference.shape[1] * 3
        assert not grad[:size].any()  # the first knot is frozen
        assert not grad[-2 * problem.data.start.velocity.shape[-1] :].any()  # and so is the first state
    rng = np.random.default_rng(3)
    for _ in range(3):
        direction = rng.normal(size=grad.shape) / np.sqrt(grad.size)
        eps = 1e-5
        high, low = (float(flat.value_and_grad(flat.x0 + s * eps * direction)[0]) for s in (1, -1))
        assert (high - low) / (2 * eps) == pytest.approx(float(grad @ direction), rel=2e-4, abs=1e-9)


def adjoint(stages):
    """Gradient of the stages' cost in z_0 (n + k,) and in the controls (T - 1, m), from zero."""
    a, b, p, s = (np.asarray(x) for x in (stages.a, stages.b, stages.p, stages.s))
    n = a.shape[1]
    k = a.shape[2] - n
    after, controls = p[-1], []
    for t in range(len(a) - 1, -1, -1):
        grad = s[t] + b[t].T @ after[:n]
        grad[:k] += after[n:]
        controls.append(grad)
        before = p[t] + a[t].T @ after[:n]
        before[n:] += after[n:]
        after = before
    return after, np.stack(controls[::-1])


@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [("single", 4e-5), pytest.param("double", 1e-8, marks=pytest.mark.slow)],  # slopes are rounded to single precision
)
def test_stages_have_the_gradient_of_the_loss(problem, moved, gradient, monkeypatch, precision, tolerance):
    if precision == "double":
        monkeypatch.setattr(objective, "_single", lambda tree: tree)
        compiled = jax.jit(lambda *arguments: objective.linearize(*arguments))
        stages = compiled(problem.data, problem.ground, problem.price, moved)
    else:
        stages = problem.linearize(moved)
    t, a = problem.data.reference.shape[:2]
    assert float(jnp.abs(stages.c).max()) < 1e-12  # a simulation has no defects
    first, controls = adjoint(stages)
    k = 3 * a
    n = len(first) - k
    grad = gradient[2] * t / 2  # stages hold half sums of squares over frames, the loss means
    # knots are sums of the controls' steps: the gradient of a step is the sum of those of the knots behind it
    knots = grad[: t * k].reshape(t, k)
    behind = np.cumsum(knots[::-1], axis=0)[::-1]
    scale = np.abs(behind).max()
    np.testing.assert_allclose(controls[:, :k], behind[1:], rtol=0, atol=tolerance * scale)
    np.testing.assert_allclose(first[n:], behind[0], rtol=0, atol=tolerance * scale)
    np.testing.assert_allclose(first[:n], grad[t * k :], rtol=0, atol=tolerance * np.abs(grad[t * k :]).max())


SCALES = (0.0, 0.01, 0.02, 0.04)


@pytest.fixture(scope="module")
def shots(problem):
    """A kinematic motion, its Gauss-Newton policy, and shots along it at ``SCALES``: trajectories, losses, defects."""
    _, _, states, knots = prepare.slice_frames(small_clip.prepared(), 0, small_clip.WINDOW)
    nominal = window_attempts.kinematic_nominal(states, knots)
    stages = problem.linearize(nominal)
    policy = riccati.solve(stages, jnp.full(stages.b.shape[-1], 1e-2), jnp.asarray(1e-4), problem.free)
    return nominal, policy, problem.shots(nominal, policy, jnp.array(SCALES))


def test_defects_of_a_simulation_are_zero_and_else_what_each_frame_misses(problem, moved):
    defects = jax.jit(objective.defects)
    data, ground = problem.data, problem.ground
    assert float(jnp.abs(defects(data, ground, moved)).max()) < 1e-12
    lifted = dataclasses.replace(
        moved, states=dataclasses.replace(moved.states, position=moved.states.position.at[5, 2].add(0.1))
    )
    found = np.asarray(defects(data, ground, lifted))
    np.testing.assert_allclose(found[4, :3], [0.0, 0.0, -0.1], atol=1e-12)  # frame 4 ends below the lifted state
    assert np.abs(found[5]).max() > 0.05  # and frame 5 starts from there
    assert np.abs(np.delete(found, [4, 5], axis=0)).max() < 1e-12
    np.testing.assert_allclose(found, problem.linearize(lifted).c, atol=1e-12)


def test_a_shot_of_length_zero_is_the_trajectory(problem, shots):
    nominal, _, (trajectories, losses, defects) = shots
    first = jax.tree.map(lambda x: x[0], trajectories)
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(nominal), strict=True):
        np.testing.assert_array_equal(a, b)
    assert float(losses[0]) == pytest.approx(problem.loss(nominal), rel=1e-12)
    np.testing.assert_allclose(defects[0], problem.linearize(nominal).c, atol=1e-12)


def test_short_shots_close_the_defects_in_proportion(problem, shots):
    nominal, policy, (trajectories, losses, defects) = shots
    size = lambda x: float(np.linalg.norm(np.asarray(x) * problem.state_scale))  # noqa: E731
    start = size(defects[0])
    assert start > 0.01
    off = [(defects[i] - (1.0 - s) * defects[0]) * problem.state_scale for i, s in enumerate(SCALES)]
    assert 0.0 < np.linalg.norm(off[1]) < 0.05 * SCALES[1] * start
    rates = len(problem.state_scale) // 2
    for rows in (slice(3), slice(rates, None)):  # rotations are told in axes that turn: off in proportion, by a little
        short, long = (np.linalg.norm(off[i][:, rows]) for i in (1, 3))
        assert long / short == pytest.approx(16.0, rel=0.1)  # what is left is of second order
    assert size(defects[3]) < size(defects[2]) < size(defects[1]) < start
    k = 3 * nominal.knots.shape[1]
    for i, s in enumerate(SCALES):
        change = np.asarray(trajectories.knots[i] - nominal.knots).reshape(len(nominal.knots), k)
        np.testing.assert_allclose(change, s * policy.z[:, -k:], atol=1e-12)
        one = jax.tree.map(lambda x, i=i: x[i], trajectories)
        assert float(losses[i]) == pytest.approx(problem.loss(one), rel=1e-12)


def test_gradient_of_the_support_wrench(problem, moved):
    _, controls = adjoint(problem.linearize(moved))
    rng = np.random.default_rng(5)
    direction, t = rng.normal(size=moved.wrench.shape), problem.data.reference.shape[0]

    def value(step):
        return problem.loss(problem.simulate(moved.knots, jnp.asarray(step * direction)))

    slope = (value(1e-5) - value(-1e-5)) / 2e-5
    assert slope == pytest.approx(2 / t * np.sum(controls[:, -6:] * direction), rel=1e-4)


def test_the_wrench_has_its_price(problem, moved):
    push = np.random.default_rng(0).normal(size=moved.wrench.shape)
    priced = dataclasses.replace(moved, wrench=jnp.asarray(push))
    assert problem.terms(priced)["support"] == pytest.approx(0.3 * np.sum(push**2) / len(moved.knots))
    free = problem.with_ground(REAL_GROUND, 0.0)
    assert free.terms(priced)["support"] == 0.0
    assert free.loss(moved) == pytest.approx(problem.loss(moved))


@pytest.mark.parametrize(
    ("weight", "term"),
    [
        ("planted", "foot_contact"), ("com", "centre_of_mass"), ("joint_limits", "joint_limits"), ("effort", "effort"),
        ("control", "control"), ("control_rate", "control_rate"), ("start", "start"), ("clearance", "foot_clearance"),
        ("com_velocity", "momentum"), ("pose", "pose"),
    ],
)  # fmt: skip
def test_a_weight_scales_its_term_and_no_other(problem, moved, weight, term):
    z = jnp.asarray(np.random.default_rng(1).normal(size=2 * moved.states.velocity.shape[1]) * 0.01)
    start = step_jacobian.retract(problem.data.start, z)  # not where the motion starts: "start" is at work
    data = dataclasses.replace(problem.data, start=start)
    before = WindowProblem(data, REAL_GROUND, 0.3).terms(moved)
    weights = dataclasses.replace(data.weights, **{weight: 3.0 * getattr(data.weights, weight)})
    after = WindowProblem(dataclasses.replace(data, weights=weights), REAL_GROUND, 0.3).terms(moved)
    for name in before:
        assert after[name] == pytest.approx((3.0 if name == term else 1.0) * before[name], rel=1e-12), name


def test_control_rate_means_the_same_at_every_frame_rate(problem):
    """One smooth curve of knots over 25/30 s: 26 knots at 30 Hz, or two windows of 26 at 60 Hz."""
    rng = np.random.default_rng(0)
    shape = problem.data.reference.shape[1], 3
    sizes, phases = rng.normal(size=(3, *shape)), rng.uniform(0, 6, (3, *shape))

    def price(time, fps):
        waves = zip((0.7, 1.5, 2.5), sizes, phases, strict=True)
        knots = sum(a * np.sin(2 * np.pi * f * time[:, None, None] + p) for f, a, p in waves)
        still = jax.tree.map(lambda x: jnp.stack([x] * len(time)), problem.data.start)
        data = dataclasses.replace(
            problem.data, dt=jnp.asarray(1.0 / (fps * rollout.SUBSTEPS)),
            frames=dataclasses.replace(problem.data.frames, calm=jnp.ones(len(time))),
        )  # fmt: skip
        trajectory = objective.Trajectory(still, jnp.asarray(knots), jnp.zeros((len(time) - 1, 6)))
        return WindowProblem(data, REAL_GROUND, 0.3).terms(trajectory)["control_rate"]

    frames = np.arange(small_clip.WINDOW)
    coarse = price(frames / 30.0, 30.0)
    fine = 0.5 * (price(frames / 60.0, 60.0) + price((frames + frames[-1]) / 60.0, 60.0))
    assert coarse > 0.01
    assert fine == pytest.approx(coarse, rel=0.03)


def test_control_rate_is_cheaper_where_the_body_is_thrown_about(problem, moved):
    wild = dataclasses.replace(problem.data.frames, calm=0.25 * jnp.ones(small_clip.WINDOW))
    calm = dataclasses.replace(problem.data.frames, calm=jnp.ones(small_clip.WINDOW))
    found = [
        WindowProblem(dataclasses.replace(problem.data, frames=f), REAL_GROUND, 0.3).terms(moved)["control_rate"]
        for f in (wild, calm)
    ]
    assert found[0] == pytest.approx(0.25 * found[1], rel=1e-12)


def test_padding_counts_for_nothing(moved):
    short = small_clip.FRAMES - 14  # a window that starts there has 14 frames of the clip and 12 of padding
    data = small_clip.window_data(first=short, weights=BUSY)
    inside = np.asarray(data.frames.valid) > 0
    assert inside.sum() == 14 and inside[:14].all()
    problem = WindowProblem(data, REAL_GROUND, 0.3)
    knots = jnp.asarray(small_clip.perturbed_knots()).at[14:].set(0.0)
    reached = problem.simulate(knots)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(12, 3))
    elsewhere = dataclasses.replace(
        reached, states=dataclasses.replace(reached.states, position=reached.states.position.at[14:].add(noise))
    )
    frames = data.frames
    other = dataclasses.replace(
        frames, points=frames.points.at[14:].add(1.0), com=frames.com.at[14:].add(1.0),
        point_velocity=frames.point_velocity.at[14:].add(1.0), sole_height=frames.sole_height.at[14:].add(1.0),
        com_velocity=frames.com_velocity.at[14:].add(1.0), joints=frames.joints.at[14:].add(1.0),
    )  # fmt: skip
    changed = WindowProblem(dataclasses.replace(data, frames=other), REAL_GROUND, 0.3)
    assert problem.loss(elsewhere) == problem.loss(reached)
    assert changed.loss(reached) == problem.loss(reached)
    stages = problem.linearize(reached)
    for value in (stages.q, stages.d, stages.p):
        assert not np.asarray(value)[14:].any()
    assert np.asarray(stages.q)[:14].any(axis=(1, 2)).all()


def test_evaluations_are_counted():
    problem = small_clip.problem()
    reached = problem.simulate(jnp.asarray(small_clip.knots()))
    problem.loss(reached)
    assert problem.evaluations == 1
    flat = ScalarProblem(problem, small_clip.knots())
    flat.value_and_grad(flat.x0)
    assert problem.evaluations == 2


def test_not_finite_is_infinite(moved, problem):
    broken = dataclasses.replace(moved, knots=moved.knots.at[3].set(jnp.nan))
    assert problem.loss(broken) == float("inf")


def test_flat_parameters_round_trip(gradient, problem, moved):
    flat = gradient[0]
    again = flat.trajectory(flat.x0)
    np.testing.assert_array_equal(again.knots, moved.knots)
    for a, b in zip(jax.tree.leaves(again.states), jax.tree.leaves(moved.states), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)
    assert objective.unflatten(problem.data, flat.x0)[1].shape == moved.knots.shape
