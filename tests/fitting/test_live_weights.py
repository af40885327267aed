"""No weight is baked into a clip: changing one in a window's data changes loss, slope and stages as it should."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.data.synthetic import synthetic_clips
from motionrecon.fitting import objective, prepare
from motionrecon.fitting.objective_terms import LossWeights
from motionrecon.fitting.window_attempts import REAL_GROUND
from motionrecon.fitting.window_problem import ScalarProblem, WindowProblem
from motionrecon.physics import step_jacobian
from tests.fitting.test_objective import adjoint
from tests.fixtures import small_clip

ALL = LossWeights(
    com=3.0, effort=0.01, joint_limits=1.0, control=0.02, control_rate=0.05, start=0.3, clearance=50.0,
    com_velocity=0.5, pose=0.1, reprojection=30.0,
)  # fmt: skip
NAMES = [field.name for field in dataclasses.fields(LossWeights)]
TERM = {
    "keypoints": {"keypoints3d", "keypoint_velocity"}, "velocity_time": {"keypoint_velocity"},
    "depth": {"keypoints3d", "keypoint_velocity"}, "planted": {"foot_contact"}, "clearance": {"foot_clearance"},
    "com": {"centre_of_mass"}, "com_velocity": {"momentum"},
}  # fmt: skip


@pytest.fixture(scope="module")
def problem():
    """A window in which every weight has something to weigh: viewing rays, pixels, swinging feet, joints at limits."""
    rng, seen = np.random.default_rng(4), synthetic_clips.load("squat/side").observation
    pixels = np.asarray(seen.keypoints2d)[: small_clip.FRAMES]
    ray = rng.normal(size=(small_clip.FRAMES, 3))
    start = small_clip.start()
    start = dataclasses.replace(
        start, depth_axes=ray / np.linalg.norm(ray, axis=-1, keepdims=True),
        observation=dataclasses.replace(
            start.observation, keypoints2d=pixels + rng.normal(size=pixels.shape), camera=seen.camera
        ),
        planted=rng.uniform(0.2, 0.8, np.shape(start.planted)),
    )  # fmt: skip
    data = small_clip.window_data(prepare.prepare(start, small_clip.MASS), weights=ALL)
    data = dataclasses.replace(
        data, frames=dataclasses.replace(data.frames, limit_low=data.frames.limit_low + 0.6),
        start=step_jacobian.retract(data.start, jnp.asarray(0.01 * rng.normal(size=2 * data.start.velocity.size))),
    )  # fmt: skip
    return WindowProblem(data, REAL_GROUND, 0.3)


@pytest.fixture(scope="module")
def moved(problem):
    """A simulation that starts elsewhere than at the state to stay near."""
    return problem.simulate(jnp.asarray(small_clip.perturbed_knots()), first=small_clip.window_data().start)


def weighed(problem, name, factor):
    """The same window with one weight of its data multiplied."""
    weights = dataclasses.replace(problem.data.weights, **{name: factor * getattr(problem.data.weights, name)})
    return WindowProblem(dataclasses.replace(problem.data, weights=weights), REAL_GROUND, 0.3)


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_affine_in_a_weight_through_its_terms_alone(problem, moved, name):
    """In the square of ``velocity_time``, which is a length of time; and in proportion but for ``depth``."""
    law = {"velocity_time": np.square}.get(name, float)
    one, two, three = (weighed(problem, name, f).terms(moved) for f in (1.0, 2.0, 3.0))
    terms = TERM.get(name, {name})
    for term in one:
        if term not in terms:
            assert two[term] == pytest.approx(one[term], rel=1e-12), term
            continue
        change = two[term] - one[term]
        assert change > 1e-4 * one[term] and one[term] > 0.0
        assert three[term] - one[term] == pytest.approx(change * (law(3.0) - 1.0) / (law(2.0) - 1.0), rel=1e-9)
        if name != "depth":
            assert two[term] == pytest.approx(law(2.0) * one[term], rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_stages_follow_a_weight(problem, moved, name):
    """Costs and their slopes, in single precision, change as the loss does: affinely."""
    factor = {"velocity_time": 8.0 / 3.0}.get(name, 2.0)
    stages = [weighed(problem, name, f).linearize(moved) for f in (1.0, 2.0, 3.0)]
    one, two, three = (
        np.concatenate([np.ravel(x) for x in (s.q, s.d, s.p, s.r, s.s)]).astype(np.float64) for s in stages
    )
    assert np.abs(two - one).max() > 0.0
    np.testing.assert_allclose(three - one, factor * (two - one), rtol=0, atol=1e-5 * np.abs(three).max())


def test_stages_have_the_gradient_of_the_loss_with_every_term_at_work(problem):
    flat = ScalarProblem(problem, small_clip.perturbed_knots())
    value, grad = flat.value_and_grad(flat.x0)
    start = problem.simulate(jnp.asarray(small_clip.perturbed_knots()))
    assert float(value) == pytest.approx(problem.loss(start), rel=1e-12)
    first, controls = adjoint(problem.linearize(start))
    t, a = problem.data.reference.shape[:2]
    k, grad = 3 * a, np.asarray(grad) * t / 2
    behind = np.cumsum(grad[: t * k].reshape(t, k)[::-1], axis=0)[::-1]
    np.testing.assert_allclose(controls[:, :k], behind[1:], rtol=0, atol=4e-5 * np.abs(behind).max())
    np.testing.assert_allclose(first[:-k], grad[t * k :], rtol=0, atol=4e-5 * np.abs(grad[t * k :]).max())


def test_the_loss_has_a_slope_in_every_weight(problem, moved):
    """What learning weights needs: finite, also where confidences are zero, and the loss' difference quotient."""
    slope = jax.jit(
        jax.grad(
            lambda weights: objective.loss(dataclasses.replace(problem.data, weights=weights), jnp.zeros(()), moved)
        )
    )(problem.data.weights)
    for name in NAMES:
        high, low = (weighed(problem, name, f).loss(moved) for f in (1.0001, 0.9999))
        step = 2e-4 * float(getattr(problem.data.weights, name))
        assert float(getattr(slope, name)) == pytest.approx((high - low) / step, rel=1e-5), name
