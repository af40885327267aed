"""Smoothness: polynomials with known differences, plain loops, and what must not change the value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.transform import Rotation

from motionrecon import metrics

FPS = 30.0


def test_cubic_has_a_constant_third_difference():
    t = np.arange(10.0)
    x = np.zeros((10, 2, 3))
    x[:, 0, 0] = 0.01 * t**3  # third difference 0.06 a frame
    x[:, 1, 2] = 5.0 * t**2  # none
    assert metrics.tv(x) == pytest.approx(0.06)
    assert metrics.jitter(x, FPS) == pytest.approx(0.03 * FPS**3)
    assert metrics.accel_error(x, np.zeros_like(x), FPS, np.tile([0.0, 1.0], (10, 1))) == pytest.approx(10.0 * FPS**2)


def test_tv_by_plain_loops():
    x = np.random.default_rng(0).standard_normal((12, 5, 3))

    def a(t, k):
        return x[t + 1, k] - 2 * x[t, k] + x[t - 1, k]

    terms = range(1, 10)
    total = sum(np.linalg.norm(a(t + 1, k) - a(t, k)) for t in terms for k in range(5))
    assert metrics.tv(x) == pytest.approx(total / len(terms))


def test_acceleration_error_by_plain_loops():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((2, 9, 4, 3))
    mask = rng.random((9, 4)) > 0.2
    errors = []
    for t in range(1, 8):
        for k in range(4):
            if mask[t - 1 : t + 2, k].all():
                d = (x - y)[t - 1 : t + 2, k]
                errors.append(np.linalg.norm(d[2] - 2 * d[1] + d[0]))
    assert metrics.accel_error(x, y, FPS, mask) == pytest.approx(FPS**2 * np.mean(errors))


def test_too_few_frames_give_nothing():
    x = np.zeros((3, 2, 3))
    assert metrics.tv(x) is None
    assert metrics.jitter(x, FPS) is None
    assert metrics.accel_error(x, x, FPS) == 0.0
    assert metrics.accel_error(x[:2], x[:2], FPS) is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_rigid_and_uniform_motion_of_the_frame_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((8, 3, 3))
    turned = Rotation.random(rng=rng).apply(x.reshape(-1, 3)).reshape(x.shape)
    drifting = turned + np.arange(8)[:, None, None] * rng.standard_normal(3)
    assert metrics.tv(drifting) == pytest.approx(metrics.tv(x), rel=1e-9)
    assert metrics.jitter(x[::-1], FPS) == pytest.approx(metrics.jitter(x, FPS), rel=1e-9)


def test_gaussian_smoothing_is_the_convolution_it_claims():
    x = np.random.default_rng(2).standard_normal((40, 2, 3))
    sigma, reach = 2.0, 8
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    padded = np.concatenate([np.repeat(x[:1], reach, 0), x, np.repeat(x[-1:], reach, 0)])
    expected = np.zeros_like(x)
    for t in range(40):
        for i, weight in enumerate(kernel):
            expected[t] += weight * padded[t + i]
    np.testing.assert_allclose(metrics.gaussian_smooth(x, sigma), expected, atol=1e-12)
    np.testing.assert_allclose(metrics.gaussian_smooth(x, 0.0), x)
    np.testing.assert_allclose(metrics.gaussian_smooth(np.ones((5, 1, 3)), 3.0), 1.0)
    assert metrics.tv(metrics.gaussian_smooth(x, sigma)) < 0.1 * metrics.tv(x)
    assert np.allclose(metrics.gaussian_smooth(x, 1.5), ndimage.gaussian_filter1d(x, 1.5, axis=0, mode="nearest"))
