"""Moved, turned and scaled problems: their minimum is known, batches are one program."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.optimizer_lab.problems.classical import FUNCTIONS
from motionrecon.optimizer_lab.problems.quadratics import QuadraticTask
from motionrecon.optimizer_lab.problems.tasks import Task
from motionrecon.optimizer_lab.problems.transformed import random_rotation, to_function

KINDS = [(False, False, False), (True, False, False), (True, True, False), (True, True, True)]


def from_function(transform, z):
    """The point x of the function's own point z: the inverse of to_function."""
    x = jnp.asarray(z, transform.offset.dtype)
    if transform.log_scale is not None:
        x = jnp.exp(-transform.log_scale) * x
    if transform.rotation is not None:
        x = transform.rotation.T @ x
    return x + transform.offset


def sampled(task, count, d, seed=0):
    """A batch of problems and starts, drawn in one program."""
    return jax.jit(lambda keys: jax.vmap(task.sample, (0, None))(keys, d))(
        jax.random.split(jax.random.key(seed), count)
    )


def losses(task, parameters, points):
    return np.asarray(jax.jit(jax.vmap(task.loss))(parameters, points))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("kind", KINDS[-1:])
def test_minimum_of_the_transformed_problem(name, kind):
    function = FUNCTIONS[name]
    task = Task(function, *kind)

    @jax.jit
    def evaluate(key):
        parameters, x0 = task.sample(key, 6)
        best = from_function(parameters, function.minimizer(6))
        return *jax.value_and_grad(task.loss, argnums=1)(parameters, best), task.loss(parameters, x0)

    value, gradient, scale = evaluate(jax.random.key(1))
    assert 0 <= float(value) < 1e-12 * scale
    assert np.all(np.isfinite(gradient))
    assert np.max(np.abs(gradient)) < 1e-8 * scale
    assert scale > 0


def test_start_and_offset_boxes():
    task = Task(FUNCTIONS["ackley"], offset=True)
    parameters, x0 = sampled(task, 200, 5)
    assert parameters.rotation is None
    assert 9.8 < np.max(np.abs(x0)) <= 10
    assert 4.9 < np.max(np.abs(parameters.offset)) <= 5
    assert abs(np.corrcoef(np.ravel(parameters.offset), np.ravel(x0))[0, 1]) < 0.1
    plain, _ = Task(FUNCTIONS["ackley"]).sample(jax.random.key(0), 5)
    assert np.all(plain.offset == 0)


@pytest.mark.parametrize("kind", KINDS)
def test_sum_of_powers_starts_where_it_does_not_explode(kind):
    task = Task(FUNCTIONS["sum-of-powers"], *kind)
    parameters, x0 = sampled(task, 2, 500)
    assert np.max(np.abs(jax.vmap(to_function)(parameters, x0))) <= 1.05
    assert np.all(losses(task, parameters, x0) < 1e6)


def test_rotation_is_orthogonal_and_proper_or_not_but_random():
    Q = np.asarray(random_rotation(jax.random.key(3), 7))
    assert pytest.approx(np.eye(7), abs=1e-12) == Q @ Q.T
    assert np.max(np.abs(Q)) < 0.99


def test_to_and_from_are_inverse():
    parameters, x0 = Task(FUNCTIONS["levy"], True, True, True).sample(jax.random.key(5), 9)
    assert from_function(parameters, to_function(parameters, x0)) == pytest.approx(np.asarray(x0), abs=1e-12)


def test_a_batch_is_the_single_problems():
    task = Task(FUNCTIONS["rosenbrock"], True, True, True)
    batch = losses(task, *sampled(task, 4, 8, seed=2))
    one = jax.jit(lambda key: task.loss(*task.sample(key, 8)))
    single = [one(key) for key in jax.random.split(jax.random.key(2), 4)]
    assert batch == pytest.approx(np.asarray(single), rel=1e-10)


def test_float32_points_give_float32_losses():
    task = Task(FUNCTIONS["zakharov"], True, True, True)
    parameters, x0 = task.sample(jax.random.key(2), 8)
    rough = task.loss(parameters, x0.astype(jnp.float32))
    assert rough.dtype == jnp.float32
    assert float(rough) == pytest.approx(float(task.loss(parameters, x0)), rel=1e-4)


def test_augmentation_scales_losses_by_decades_and_leaves_the_start_inside():
    plain, scaled = Task(FUNCTIONS["sphere"], True), Task(FUNCTIONS["sphere"], True, augmented=True)
    parameters, x0 = sampled(scaled, 300, 4)
    assert np.max(np.abs(jax.vmap(to_function)(parameters, x0))) <= 15
    varied = np.log10(losses(scaled, parameters, x0))
    ordinary = np.log10(losses(plain, *sampled(plain, 300, 4)))
    assert varied.std() > 3 * ordinary.std()
    assert parameters.log_scale.std() > 0.2


@pytest.mark.parametrize("rotated", [False, True])
def test_quadratics_have_the_spectrum_they_say(rotated):
    task = QuadraticTask(log10_condition=4.0, rotated=rotated)
    parameters, x0 = task.sample(jax.random.key(0), 12)
    hessian = np.asarray(jax.jit(jax.hessian(task.loss, argnums=1))(parameters, x0))
    eigenvalues = np.linalg.eigvalsh(hessian)
    assert eigenvalues == pytest.approx(np.sort(2 * np.exp(2 * np.asarray(parameters.log_scale))), rel=1e-8)
    assert 1 < eigenvalues[-1] / eigenvalues[0] <= 1e4
    assert (np.count_nonzero(np.abs(hessian) > 1e-12) > 12) == rotated
    best = from_function(parameters, np.zeros(12))
    assert float(task.loss(parameters, best)) < 1e-25


def test_augmented_quadratics_keep_their_minimum():
    task = QuadraticTask(augmented=True)
    parameters, x0 = task.sample(jax.random.key(1), 5)
    best = from_function(parameters, np.zeros(5))
    assert float(task.loss(parameters, best)) < 1e-15 * float(task.loss(parameters, x0))
