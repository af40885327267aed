"""The closed-form normal equations against automatic differentiation, and the banded solver against a dense one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.fitting.initialize.video import banded_gauss_newton, video_body, video_normal, video_terms
from motionrecon.fitting.initialize.video.balance import balance_form
from motionrecon.fitting.initialize.video.video_points import J, M, State, place, place_clip
from motionrecon.fitting.initialize.video.video_problem import acceleration_form, speed_form
from motionrecon.geometry import rotations
from motionrecon.geometry.keypoints import MEDIAPIPE19

NAMES = (*MEDIAPIPE19.values(), "")
T = video_normal.CHUNK + 2 * video_normal.HALO


def random_problem(geman: float):
    """A body, data and state without any symmetry, so that no term's derivative is zero by chance."""
    rng = np.random.default_rng(3)
    body = jax.tree.map(jnp.asarray, video_body.build(NAMES, 1.7, video_body.MEDIAPIPE_HEIGHTS))
    count = len(NAMES)
    inside = np.zeros(T)
    inside[2:-2] = 1.0
    contact = rng.random((T, 4)) * inside[:, None]
    frames = video_terms.Frames(
        rng.normal(size=(T, count, 2)) * 100 + 600,
        rng.random((T, count)) * 0.2,
        rng.normal(size=(T, count, 3)) * 0.3,
        rng.random((T, count)),
        np.asarray(rotations.to_matrix(rotations.exp(jnp.asarray(rng.normal(size=(T, 3)) * 0.2)))),
        contact,
        inside,
        acceleration_form(inside, 30.0),
        speed_form(contact, 30.0),
        balance_form(contact, 30.0),
    )
    rest = np.asarray(rotations.normalize(jnp.asarray(rng.normal(size=(J, 4)) + [3.0, 0, 0, 0])))
    looking_along_x = np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]])
    values = (
        [1000.0, 990.0], [640.0, 360.0], [-5.0, 0.0, 1.4], looking_along_x, [0.08, 0.09, 0.25], 12.0, 60.0,
        rng.random((J, 3)), rest, *rng.normal(size=(2, J, 3)), 2.0, 3.0, 4.0, 60.0, 50.0, 12.0, np.asarray(body.floor),
        np.ones(M), np.ones(M), np.zeros(M), geman, 3.0,
    )  # fmt: skip
    weights = video_terms.Weights(*[np.asarray(v, float) for v in values])
    base = rng.normal(size=(1, J, 4)) + [3.0, 0, 0, 0]
    quats = np.asarray(rotations.normalize(jnp.asarray(base + 0.1 * rng.normal(size=(T, J, 4)))))
    state = State(rng.normal(size=(T, 3)) * 0.1 + [0, 0, 0.5], quats, rng.normal(size=M) * 0.05)
    return body, frames, weights, state


@pytest.mark.parametrize("geman", [0.0, 1.0])
def test_gradient_matches_automatic_differentiation(geman):
    body, frames, weights, state = random_problem(geman)

    def loss(root, turn, shared):
        quats = rotations.mul(jnp.asarray(state.quats), rotations.exp(turn))
        return video_normal.chunk_loss(body, frames, weights, State(root, quats, shared))

    zero = jnp.zeros((T, J, 3))
    root, turn, shared = jax.jit(jax.grad(loss, argnums=(0, 1, 2)))(jnp.asarray(state.root), zero, state.shared)
    expected = np.concatenate([root, np.asarray(turn).reshape(T, -1)], axis=1)[2:-2]
    normal = video_normal.normal_program(body, frames, weights, state)
    np.testing.assert_allclose(normal.grad, expected, atol=1e-9 * np.abs(expected).max())
    np.testing.assert_allclose(normal.grad_shared, shared, rtol=1e-9)


def test_blocks_of_a_quadratic_term_are_its_second_derivative():
    """With everything but the acceleration of points switched off, curvature along the root path is exact."""
    body, frames, weights, state = random_problem(0.0)
    off = {
        name: np.zeros_like(getattr(weights, name))
        for name in ("pose", "hinge", "swing", "lean", "tilt", "balance", "height", "sink")
    }
    weights = weights._replace(**off, slip=np.float64(0.0), turn_accel=np.float64(1e9))
    blank = np.zeros_like
    frames = frames._replace(pixel_weight=blank(frames.pixel_weight), landmark_weight=blank(frames.landmark_weight))
    normal = video_normal.normal_program(body, frames, weights, state)

    def loss(x, y):
        root = jnp.asarray(state.root).at[9, 0].add(x).at[10, 0].add(y)
        return video_normal.chunk_loss(body, frames, weights, state._replace(root=root))

    exact = jax.hessian(loss, argnums=(0, 1))(0.0, 0.0)
    np.testing.assert_allclose(normal.band[7, 0, 0, 0], exact[0][0], rtol=1e-9)
    np.testing.assert_allclose(normal.band[7, 1, 0, 0], exact[0][1], rtol=1e-9)


def test_banded_step_solves_the_bordered_system():
    rng = np.random.default_rng(0)
    count, n, m = 6, 4, 3
    tall = rng.normal(size=(count * n + m, count * n + m + 8))
    dense = tall @ tall.T
    far = np.abs(np.arange(count)[:, None] - np.arange(count)[None]) > 2
    inner = np.where(np.kron(far, np.ones((n, n))) > 0, 0.0, dense[: count * n, : count * n]) + 60 * np.eye(count * n)
    dense[: count * n, : count * n] = inner
    band = np.zeros((count, 3, n, n))
    for t in range(count):
        for s in range(min(3, count - t)):
            band[t, s] = inner[t * n : (t + 1) * n, (t + s) * n : (t + s + 1) * n]
    grad = rng.normal(size=count * n + m)
    border = dense[: count * n, count * n :].reshape(count, n, m)
    normal = video_normal.Normal(
        0.0, grad[: count * n].reshape(count, n), grad[count * n :], band, border, dense[count * n :, count * n :]
    )
    step, shared = banded_gauss_newton.solve(normal, 0.0)
    expected = -np.linalg.solve(dense + np.diag([1e-6] * (count * n) + [0.0] * m), grad)
    np.testing.assert_allclose(np.append(step.ravel(), shared), expected, rtol=1e-6, atol=1e-9)


def test_points_of_a_clip_in_numpy_agree():
    rng = np.random.default_rng(4)
    body = video_body.build(NAMES, 1.7, video_body.MEDIAPIPE_HEIGHTS)
    quats = np.asarray(rotations.normalize(jnp.asarray(rng.normal(size=(9, J, 4)))))
    state = State(rng.normal(size=(9, 3)), quats, 0.1 * rng.normal(size=M))
    wanted = place(jax.tree.map(jnp.asarray, body), state)
    for value, other in zip(place_clip(body, state), wanted, strict=True):
        np.testing.assert_allclose(value, other, atol=1e-12)
