"""Every metric a second time, by loops and SciPy, on a noisy walk: the two must agree."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from motionrecon import metrics

NAMES = ("pelvis", "left_hip", "right_hip", "left_ankle", "right_ankle", "left_toe", "right_toe", "neck")
FPS = 25.0


@pytest.fixture(scope="module")
def pair():
    """A path of 230 frames and a prediction that is noisy, drifts, is turned and too large."""
    rng = np.random.default_rng(11)
    t = np.arange(230)[:, None, None] / FPS
    body = rng.normal(size=(1, len(NAMES), 3)) * 0.4 + np.array([0, 0, 1.0])
    truth = body + np.concatenate([1.2 * t, 0.3 * np.sin(t), 0.05 * np.cos(7 * t)], axis=-1)
    truth = truth + 0.1 * np.sin(3 * t + rng.normal(size=(1, len(NAMES), 3)))
    turn = Rotation.from_euler("zyx", [20, 4, -3], degrees=True).as_matrix()
    predicted = 1.04 * (truth + 0.02 * rng.normal(size=truth.shape)) @ turn.T + 0.01 * t + np.array([0.3, -0.2, 0.02])
    return predicted, truth


def similarity(x, y, scale=True):
    """Rotation by SciPy's Kabsch, scale by the optimum for that rotation; returns the map."""
    mx, my = x.mean(0), y.mean(0)
    rotation, _ = Rotation.align_vectors(y - my, x - mx)
    turned = rotation.apply(x - mx)
    size = float((turned * (y - my)).sum() / (turned**2).sum()) if scale else 1.0
    return lambda p: size * rotation.apply(p - mx) + my


def distance(a, b):
    return 1000 * np.mean(
        [np.sqrt(((p - q) ** 2).sum()) for p, q in zip(a.reshape(-1, 3), b.reshape(-1, 3), strict=True)]
    )


def test_global_and_root_relative(pair):
    p, r = pair
    assert metrics.mpjpe_g(p, r) == pytest.approx(distance(p, r))
    own = np.mean([distance(p[t] - p[t, 0], r[t] - r[t, 0]) for t in range(len(p))])
    assert metrics.mpjpe(p, r, NAMES) == pytest.approx(own)


def test_procrustes(pair):
    p, r = pair
    total = []
    for a, b in zip(p, r, strict=True):
        mean, size = b.mean(0), np.linalg.norm(b - b.mean(0))
        standard, moved, _ = procrustes(b, a)
        total.append(distance(moved * size + mean, standard * size + mean))
    assert metrics.mpjpe_pa(p, r) == pytest.approx(np.mean(total), rel=1e-6)


def test_one_heading_and_shift(pair):
    p, r = (x.reshape(-1, 3) for x in pair)

    def off(angle):
        turned = Rotation.from_euler("z", angle).apply(p)
        turned = turned + (r - turned).mean(0)
        return ((turned - r) ** 2).sum(), turned

    best = minimize_scalar(lambda a: off(a)[0], bounds=(-np.pi, np.pi), method="bounded", options={"xatol": 1e-10})
    assert metrics.mpjpe_wa(*pair) == pytest.approx(distance(off(best.x)[1], r), rel=1e-6)


@pytest.mark.parametrize("first", [2, None])
def test_chunks_of_a_hundred_frames(pair, first):
    """WHAM's W (similarity from the first two frames of a chunk) and WA (from the whole chunk)."""
    p, r = pair
    each = []
    for start in range(0, len(p), 100):
        a, b = p[start : start + 100], r[start : start + 100]
        used = slice(None) if first is None else slice(first)
        move = similarity(a[used].reshape(-1, 3), b[used].reshape(-1, 3))
        each += [np.linalg.norm(move(x) - y, axis=-1) for x, y in zip(a, b, strict=True)]
    assert metrics.mpjpe_chunks(p, r, align_frames=first) == pytest.approx(1000 * np.mean(each), rel=1e-6)


def test_root_translation_error(pair):
    p, r = pair[0][:, 0], pair[1][:, 0]
    path = sum(np.linalg.norm(b - a) for a, b in itertools.pairwise(r))
    expected = 100 * np.mean(np.linalg.norm(similarity(p, r, scale=False)(p) - r, axis=-1)) / path
    assert metrics.rte_percent(*pair, NAMES) == pytest.approx(expected, rel=1e-6)


def test_variation_jitter_and_acceleration(pair):
    p, r = pair
    frames, joints = p.shape[:2]
    acceleration = {
        (t, k): p[t + 1, k] - 2 * p[t, k] + p[t - 1, k] for t in range(1, frames - 1) for k in range(joints)
    }
    steps = [
        sum(np.linalg.norm(acceleration[t + 1, k] - acceleration[t, k]) for k in range(joints))
        for t in range(1, frames - 2)
    ]
    assert metrics.tv(p) == pytest.approx(np.mean(steps))
    assert metrics.jitter(p, FPS) == pytest.approx(np.mean(steps) / joints * FPS**3)
    true = [np.linalg.norm(v - (r[t + 1, k] - 2 * r[t, k] + r[t - 1, k])) for (t, k), v in acceleration.items()]
    assert metrics.accel_error(p, r, FPS) == pytest.approx(np.mean(true) * FPS**2)


def test_skating_and_sliding():
    rng = np.random.default_rng(2)
    feet = np.cumsum(0.012 * rng.normal(size=(80, 2, 2, 3)), axis=0)
    planted = rng.random((80, 2)) < 0.6
    skating, moved = 0, []
    for t in range(1, 80):
        skates = False
        for foot in range(2):
            if planted[t, foot] and planted[t - 1, foot]:
                step = np.mean([np.linalg.norm(feet[t, foot, i] - feet[t - 1, foot, i]) for i in range(2)])
                moved.append(step)
                skates = skates or step > 0.02
        skating += skates
    assert 0 < skating < 79
    assert metrics.foot_skate_percent(feet, planted, 25.0) == pytest.approx(100 * skating / 79)
    assert metrics.foot_sliding_mm(feet, planted, 30.0) == pytest.approx(1000 * np.mean(moved))
