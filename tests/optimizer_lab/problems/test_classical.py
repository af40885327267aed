"""The 15 functions against the catalogue's formulas in plain NumPy, their minima, and finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.errors import ConfigError
from motionrecon.optimizer_lab.problems.classical import FUNCTIONS

NAMES = list(FUNCTIONS)
DIMENSIONS = (7,)


def reference(name, z):
    """The catalogue's formula, as printed, in loops."""
    d = len(z)
    i = np.arange(1, d + 1)
    if name == "ackley":
        return -20 * np.exp(-0.2 * np.sqrt(np.mean(z**2))) - np.exp(np.mean(np.cos(2 * np.pi * z))) + 20 + np.e
    if name == "dixon-price":
        return (z[0] - 1) ** 2 + sum((k + 1) * (2 * z[k] ** 2 - z[k - 1]) ** 2 for k in range(1, d))
    if name == "griewank":
        return np.sum(z**2) / 4000 - np.prod(np.cos(z / np.sqrt(i))) + 1
    if name == "levy":
        w = 1 + (z - 1) / 4
        middle = sum((v - 1) ** 2 * (1 + 10 * np.sin(np.pi * v + 1) ** 2) for v in w[:-1])
        return np.sin(np.pi * w[0]) ** 2 + middle + (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    if name == "perm":
        return sum(sum((j + 10) * (z[j - 1] ** k - 1 / j**k) for j in range(1, d + 1)) ** 2 for k in range(1, d + 1))
    if name == "powell":
        z = np.concatenate([z, np.zeros(-d % 4)])
        total = 0.0
        for a, b, c, e in z.reshape(-1, 4):
            total += (a + 10 * b) ** 2 + 5 * (c - e) ** 2 + (b - 2 * c) ** 4 + 10 * (a - e) ** 4
        return total
    if name == "rastrigin":
        return 10 * d + np.sum(z**2 - 10 * np.cos(2 * np.pi * z))
    if name == "rosenbrock":
        return sum(100 * (z[k + 1] - z[k] ** 2) ** 2 + (z[k] - 1) ** 2 for k in range(d - 1))
    if name == "rotated-hyper-ellipsoid":
        return sum(np.sum(z[: k + 1] ** 2) for k in range(d))
    if name == "sphere":
        return np.sum(z**2)
    if name == "styblinski-tang":
        return 0.5 * np.sum(z**4 - 16 * z**2 + 5 * z)
    if name == "sum-of-powers":
        return np.sum(np.abs(z) ** (i + 1))
    if name == "sum-of-squares":
        return np.sum(i * z**2)
    if name == "trid":
        return np.sum((z - 1) ** 2) - np.sum(z[1:] * z[:-1])
    s = np.sum(0.5 * i * z)  # Zakharov
    return np.sum(z**2) + s**2 + s**4


def both(function):
    return jax.value_and_grad(function.excess)


def drawn(name, d, seed=0):
    low, high = FUNCTIONS[name].start_box
    return np.random.default_rng(seed).uniform(low, high, d)


def test_there_are_fifteen():
    assert len(FUNCTIONS) == 15
    assert all(function.name == name for name, function in FUNCTIONS.items())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", DIMENSIONS)
def test_value_is_the_formula(name, d):
    function = FUNCTIONS[name]
    points = np.stack([drawn(name, d, seed) for seed in range(5)])
    losses, excesses = jax.jit(jax.vmap(lambda z: (function.loss(z), function.excess(z))))(points)
    expected = [reference(name, z) for z in points]
    assert np.asarray(losses) == pytest.approx(expected, rel=1e-10)
    assert np.asarray(excesses) == pytest.approx(np.array(expected) - function.minimum(d), rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", [2, 50])
def test_minimum_is_where_it_is_said_to_be(name, d):
    function = FUNCTIONS[name]
    best = jnp.asarray(function.minimizer(d))
    assert best.shape == (d,)
    around = np.asarray(best) + 1e-3 * np.random.default_rng(d).normal(size=(50, d))
    points = jnp.concatenate([best[None], around])
    losses, values, gradients = jax.jit(jax.vmap(lambda z: (function.loss(z), *both(function)(z))))(points)
    assert float(losses[0]) == pytest.approx(function.minimum(d), rel=1e-12, abs=1e-12)
    value, gradient = values[0], gradients[0]
    assert 0 <= float(value) < 1e-20 * d**3
    assert np.all(np.isfinite(gradient))
    assert np.max(np.abs(gradient)) < 1e-9 * d
    assert np.min(values[1:]) > 0


@pytest.mark.parametrize("name", NAMES)
def test_gradient_against_central_differences(name):
    function, d = FUNCTIONS[name], 7
    z = drawn(name, d, 4)
    gradient, of_loss = jax.jit(lambda z: (jax.grad(function.excess)(z), jax.grad(function.loss)(z)))(z)
    assert np.asarray(gradient) == pytest.approx(np.asarray(of_loss), rel=1e-8, abs=1e-9)
    step = 1e-6 * np.maximum(1, np.abs(z))
    values = jax.jit(jax.vmap(function.excess))(np.concatenate([z + np.diag(step), z - np.diag(step)]))
    difference = np.asarray(values[:d] - values[d:]) / (2 * step)
    assert difference == pytest.approx(np.asarray(gradient), rel=1e-5, abs=1e-7 * np.max(np.abs(gradient)))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_at_zero_and_where_coordinates_vanish(name):
    function = FUNCTIONS[name]
    points = np.array([np.zeros(8), [0.0, 1.0, 0.0, -1.0, 0.5, 0.0, 0.0, 1.0]])
    assert np.all(np.isfinite(jax.jit(jax.vmap(jax.grad(function.excess)))(points)))


@pytest.mark.parametrize("name", NAMES)
def test_float32_keeps_its_type_and_agrees_with_float64(name):
    function = FUNCTIONS[name]
    z = drawn(name, 10, 1)
    evaluate = jax.jit(both(function))
    rough, gradient32 = evaluate(jnp.asarray(z, jnp.float32))
    exact, gradient64 = evaluate(jnp.asarray(np.float32(z), jnp.float64))
    assert rough.dtype == gradient32.dtype == jnp.float32
    assert float(rough) == pytest.approx(float(exact), rel=1e-5)
    assert np.max(np.abs(gradient32 - gradient64)) < 1e-5 * np.max(np.abs(gradient64))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "perm"])
def test_float32_near_the_minimum_keeps_its_digits(name):
    function = FUNCTIONS[name]
    best = np.float32(function.minimizer(20))
    z = best + np.float32(2e-3) * np.abs(best).clip(1) * np.random.default_rng(0).normal(size=20).astype(np.float32)
    excess = jax.jit(function.excess)
    exact = float(excess(jnp.asarray(z, jnp.float64)))
    assert float(excess(jnp.asarray(z, jnp.float32))) == pytest.approx(exact, rel=2e-3)


def test_perm_says_where_its_numbers_end():
    perm = FUNCTIONS["perm"]
    excess = jax.jit(perm.excess)
    for dtype in ("float32", "float64"):
        d = perm.largest_dimension(dtype)
        assert np.isfinite(excess(jnp.full(d, -15.0, dtype)))
    assert not np.isfinite(excess(jnp.full(250, 10.0)))
    assert FUNCTIONS["sphere"].largest_dimension() is None


def test_dixon_price_trap():
    trap = jnp.zeros(10).at[0].set(1 / 3)
    assert float(FUNCTIONS["dixon-price"].loss(trap)) == pytest.approx(2 / 3)


def test_a_valley_needs_two_coordinates():
    with pytest.raises(ConfigError, match="Rosenbrock is not defined for d = 1; give 2 or more"):
        FUNCTIONS["rosenbrock"].check_dimension(1)


@pytest.mark.parametrize("name", [name for name, function in FUNCTIONS.items() if function.convex])
def test_convex_functions_lie_below_their_chords(name):
    loss = jax.jit(jax.vmap(FUNCTIONS[name].excess))
    rng = np.random.default_rng(0)
    low, high = FUNCTIONS[name].start_box
    a, b = rng.uniform(low, high, (2, 200, 6))
    middle, ends = loss(jnp.asarray((a + b) / 2)), 0.5 * (loss(jnp.asarray(a)) + loss(jnp.asarray(b)))
    assert np.all(middle <= ends * (1 + 1e-12))
