"""The 43 features against a NumPy reference, for vectors and for matrices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.models.learned import features

DECAY = np.array([0.9, 0.99, 0.999])


class Reference:
    """Appendix C with the library's details, written out once more with loops over steps."""

    def __init__(self, shape, deltas):
        x = 10.0 * (np.log(1.0 - np.tile(DECAY, 3)) / 10.0 + deltas)
        self.momentum_rate, self.second_rate, self.factor_rate = np.split(1.0 - np.exp(x), 3)
        self.m = [np.zeros(shape) for _ in range(3)]
        self.v = [np.zeros(shape) for _ in range(3)]
        rows = shape if len(shape) == 1 else shape[:1]
        columns = shape if len(shape) == 1 else shape[1:]
        self.row = [np.zeros(rows) for _ in range(3)]
        self.column = [np.zeros(columns) for _ in range(3)]
        self.t = 0

    def __call__(self, p, g):
        square = g * g + 1e-30
        for i in range(3):
            self.m[i] = self.momentum_rate[i] * self.m[i] + (1 - self.momentum_rate[i]) * g
            self.v[i] = self.second_rate[i] * self.v[i] + (1 - self.second_rate[i]) * g * g
            by_row = square if g.ndim == 1 else square.mean(1)
            by_column = square if g.ndim == 1 else square.mean(0)
            self.row[i] = self.factor_rate[i] * self.row[i] + (1 - self.factor_rate[i]) * by_row
            self.column[i] = self.factor_rate[i] * self.column[i] + (1 - self.factor_rate[i]) * by_column
        rows = [r if g.ndim == 1 else np.repeat(r[:, None], g.shape[1], 1) for r in self.row]
        columns = [c if g.ndim == 1 else np.repeat(c[None], g.shape[0], 0) for c in self.column]
        if g.ndim == 1:
            factor = [1 / np.sqrt(r + 1e-9) for r in rows]
            momentum_factor = [1 / np.sqrt(r + 1e-6) for r in rows]
        else:
            factor = momentum_factor = [
                1 / np.sqrt(np.outer(r / (r.mean() + 1e-9), c)) for r, c in zip(self.row, self.column, strict=True)
            ]
        channels = [g, p, *self.m, *self.v]
        channels += [m / np.sqrt(v + 1e-6) for m, v in zip(self.m, self.v, strict=True)]
        channels += [1 / np.sqrt(v + 1e-6) for v in self.v]
        channels += [g * f for f in factor] + rows + columns
        channels += [1 / np.sqrt(a + 1e-8) for a in rows + columns]
        channels += [m * f for m, f in zip(self.m, momentum_factor, strict=True)]
        channels = [c / np.sqrt(1e-5 + (c**2).mean()) for c in channels]
        scales = np.array([1, 3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5])
        time = np.broadcast_to(np.tanh(self.t / scales - 1), (*g.shape, 11))
        self.t += 1
        return np.concatenate([np.stack(channels, -1), time], -1)


@pytest.mark.parametrize("shape", [(7,), (3, 5)])
@pytest.mark.parametrize("learned", [False, True])
def test_against_reference(shape, learned):
    rng = np.random.default_rng(0)
    deltas = 0.03 * rng.normal(size=9) if learned else np.zeros(9)
    reference, state = Reference(shape, deltas), features.init(jnp.zeros(shape))
    for _ in range(5):
        p, g = rng.normal(size=shape), 10 ** rng.uniform(-2, 2) * rng.normal(size=shape)
        found, state = features.update(state, jnp.asarray(deltas), jnp.asarray(p), jnp.asarray(g))
        assert found.shape == (*shape, features.FEATURES)
        assert found.dtype == jnp.float32
        np.testing.assert_allclose(found, reference(p, g), rtol=2e-5, atol=2e-6)


def test_second_moment_is_one():
    rng = np.random.default_rng(1)
    found, _ = features.update(
        features.init(jnp.zeros(50)), jnp.zeros(9), jnp.asarray(rng.normal(size=50)), jnp.asarray(rng.normal(size=50))
    )
    np.testing.assert_allclose((np.asarray(found[:, :2], float) ** 2).mean(0), 1.0, rtol=1e-3)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="vectors and matrices"):
        features.init(jnp.zeros((2, 2, 2)))


def test_adam_direction_of_first_step_is_sign():
    g = jnp.array([2.0, -3.0, 1e-2, 3e-6])  # the last is at the floor, a millionth of the largest
    _, state = features.update(features.init(g), jnp.zeros(9), g, g)
    np.testing.assert_allclose(features.adam_direction(state), [1.0, -1.0, 1.0, 0.5**0.5], rtol=1e-5)


def test_decays_stay_in_range():
    decays = features.decays(jnp.array([5.0] * 3 + [5.0] * 6))
    assert np.all(np.asarray(decays[3:]) >= 0)
    np.testing.assert_allclose(jax.device_get(features.decays(jnp.zeros(9))), np.tile(DECAY, 3), rtol=1e-6)


def test_gradients_whose_squares_overflow_stay_finite():
    g = jnp.array([1e30, -1e25, 1.0], jnp.float32)
    found, state = features.update(features.init(g), jnp.zeros(9, jnp.float32), jnp.ones_like(g), g)
    again, _ = features.update(state, jnp.zeros(9, jnp.float32), jnp.ones_like(g), g)
    assert np.all(np.isfinite(found)) and np.all(np.isfinite(again))


@pytest.mark.parametrize("factor", [1e-7, 1e6])
@pytest.mark.parametrize("shape", [(6,), (3, 4)])
def test_scale_free_features_do_not_depend_on_the_gradients_size(factor, shape):
    rng, found = np.random.default_rng(0), []
    gradients = [rng.normal(size=shape) for _ in range(4)]
    for scale in (1.0, factor):
        state = features.init(jnp.zeros(shape))
        for gradient in gradients:
            values, state = features.update(
                state, jnp.zeros(features.DECAYS), jnp.ones(shape), jnp.asarray(scale * gradient), scale_free=True
            )
        found.append(values)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-4, atol=1e-5)
    plain, _ = features.update(features.init(jnp.zeros(shape)), jnp.zeros(9), jnp.ones(shape), 1e-7 * gradients[0])
    assert float(jnp.max(jnp.abs(plain[..., 0]))) < 1e-3, "without, small gradients vanish below the floor"
