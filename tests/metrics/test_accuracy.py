"""Position errors: hand-computed cases, plain loops and SciPy as a second opinion, invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from motionrecon import metrics
from motionrecon.geometry import camera
from motionrecon.metrics import alignment
from motionrecon.metrics.accuracy import root_of

NAMES = ("pelvis", "left_hip", "right_hip", "neck", "left_wrist", "right_wrist")
QUICK = settings(max_examples=25, deadline=None)


def clip(seed: int, frames: int = 7, points: int = len(NAMES)):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((frames, points, 3)), rng.standard_normal((frames, points, 3))


def test_global_error_by_hand():
    reference = np.zeros((2, 2, 3))
    predicted = reference.copy()
    predicted[0, 0] = (0.003, 0.004, 0.0)  # 5 mm
    predicted[1, 1] = (0.0, 0.0, 0.015)  # 15 mm
    assert metrics.mpjpe_g(predicted, reference) == pytest.approx(5.0)
    mask = np.array([[0.9, 0.0], [0.0, 0.2]])
    assert metrics.mpjpe_g(predicted, reference, mask) == pytest.approx(10.0)
    assert metrics.mpjpe_g(predicted, reference, np.zeros((2, 2))) is None


def test_root_alignment_by_plain_loops():
    p, r = clip(0)
    total = 0.0
    for t in range(len(p)):
        for k in range(len(NAMES)):
            total += np.linalg.norm((p[t, k] - p[t, 0]) - (r[t, k] - r[t, 0]))
    assert metrics.mpjpe(p, r, NAMES) == pytest.approx(1000 * total / (len(p) * len(NAMES)))


def test_root_is_the_middle_of_the_hips_without_a_pelvis():
    p, _ = clip(1)
    names, mask = NAMES[1:], np.ones((7, 5), dtype=bool)
    mask[2, 0] = False
    position, visible = root_of(names, p[:, 1:], mask)
    np.testing.assert_allclose(position, (p[:, 1] + p[:, 2]) / 2)
    assert visible.tolist() == [True, True, False, True, True, True, True]
    assert root_of(("neck", "left_hip"), p[:, :2], mask[:, :2]) is None
    assert metrics.mpjpe(p[:, :2], p[:, :2], ("neck", "left_hip")) is None


def test_frames_without_a_visible_root_do_not_count():
    p, r = clip(2)
    mask = np.ones(p.shape[:2], dtype=bool)
    mask[3, 0] = False
    keep = np.arange(len(p)) != 3
    assert metrics.mpjpe(p, r, NAMES, mask) == pytest.approx(metrics.mpjpe(p[keep], r[keep], NAMES))


def test_procrustes_agrees_with_scipy():
    p, r = clip(3)
    expected = []
    for a, b in zip(p, r, strict=True):
        # Scale and rotation by SciPy's orthogonal Procrustes, kept to proper rotations.
        x, y = a - a.mean(0), b - b.mean(0)
        rotation, _ = orthogonal_procrustes(x, y)
        if np.linalg.det(rotation) < 0:
            rotation = Rotation.align_vectors(y, x)[0].as_matrix().T
        scale = np.trace((x @ rotation).T @ y) / np.trace(x.T @ x)
        expected.append(np.linalg.norm(scale * x @ rotation - y, axis=-1))
    assert metrics.mpjpe_pa(p, r) == pytest.approx(1000 * np.mean(expected))


def test_procrustes_residual_agrees_with_scipy_where_no_reflection_is_better():
    rng = np.random.default_rng(4)
    a = rng.standard_normal((6, 3))
    b = a + 0.05 * rng.standard_normal((6, 3))
    _, _, disparity = procrustes(b, a)
    aligned = alignment.similarity(a, b, np.ones(6))
    y = b - b.mean(0)
    assert ((aligned - b) ** 2).sum() / (y**2).sum() == pytest.approx(disparity)


def test_a_mirrored_pose_is_not_forgiven():
    rng = np.random.default_rng(5)
    a = rng.standard_normal((1, 8, 3))
    assert metrics.mpjpe_pa(a * [1, -1, 1], a) > 100.0


def test_yaw_alignment_is_the_best_of_a_scan():
    p, r = clip(6)
    r = Rotation.from_euler("z", 0.7).apply(p.reshape(-1, 3)).reshape(p.shape) + [1.0, -2.0, 0.3] + 0.1 * r
    weight = np.random.default_rng(1).random(p.shape[:2])

    def cost(angle):
        turned = Rotation.from_euler("z", angle).apply(p.reshape(-1, 3)).reshape(p.shape)
        shift = (weight[..., None] * (r - turned)).sum((0, 1)) / weight.sum()
        return (weight * ((turned + shift - r) ** 2).sum(-1)).sum()

    found = (weight * ((alignment.yaw_translation(p, r, weight) - r) ** 2).sum(-1)).sum()
    best = min(cost(a) for a in np.linspace(-np.pi, np.pi, 2001))
    assert found <= best + 1e-12
    assert found == pytest.approx(best, rel=1e-3)


@QUICK
@given(seed=st.integers(0, 10**6), yaw=st.floats(-3, 3), scale=st.floats(0.2, 4.0))
def test_invariances(seed, yaw, scale):
    p, r = clip(seed)
    rng = np.random.default_rng(seed + 1)
    shift = rng.standard_normal(3)
    turn = Rotation.random(rng=rng)
    yawed = Rotation.from_euler("z", yaw).apply(p.reshape(-1, 3)).reshape(p.shape) + shift
    posed = scale * turn.apply(p.reshape(-1, 3)).reshape(p.shape) + rng.standard_normal((len(p), 1, 3))
    per_frame = p + rng.standard_normal((len(p), 1, 3))
    assert metrics.mpjpe_wa(yawed, r) == pytest.approx(metrics.mpjpe_wa(p, r), rel=1e-8)
    assert metrics.mpjpe(per_frame, r, NAMES) == pytest.approx(metrics.mpjpe(p, r, NAMES), rel=1e-8)
    assert metrics.mpjpe_pa(posed, r) == pytest.approx(metrics.mpjpe_pa(p, r), rel=1e-6)
    chunked = scale * turn.apply(p.reshape(-1, 3)).reshape(p.shape) + shift
    assert metrics.mpjpe_chunks(chunked, r, frames=4) == pytest.approx(metrics.mpjpe_chunks(p, r, frames=4), rel=1e-6)
    assert metrics.mpjpe_g(p, r) == pytest.approx(metrics.mpjpe_g(r, p))


@QUICK
@given(seed=st.integers(0, 10**6))
def test_hidden_points_never_matter(seed):
    p, r = clip(seed)
    rng = np.random.default_rng(seed)
    mask = rng.random(p.shape[:2]) > 0.2
    mask[0] = True
    wild = np.where(mask[..., None], p, 1e3 * rng.standard_normal(p.shape))
    for measure in (metrics.mpjpe_g, metrics.mpjpe_pa, metrics.mpjpe_wa, metrics.mpjpe_chunks):
        assert measure(wild, r, mask) == pytest.approx(measure(p, r, mask), rel=1e-9)
    assert metrics.mpjpe(wild, r, NAMES, mask) == pytest.approx(metrics.mpjpe(p, r, NAMES, mask), rel=1e-9)


def test_w_alignment_leaves_drift_that_wa_shares_out():
    _, r = clip(7, frames=50)
    drifting = r + np.linspace(0, 1, 50)[:, None, None] * [1.0, 0.0, 0.0]
    early = metrics.mpjpe_chunks(drifting, r, align_frames=2)
    assert early > 1.2 * metrics.mpjpe_chunks(drifting, r) > 0


def test_rte_by_hand():
    path = np.zeros((3, 1, 3))
    path[:, 0, 0] = (0.0, 1.0, 2.0)
    off = path.copy()
    off[1, 0, 0] = 1.3  # after the best shift of -0.1: errors 0.1, 0.2, 0.1 over a path of 2 m
    assert metrics.rte_percent(off, path, ("pelvis",)) == pytest.approx(100 * (0.4 / 3) / 2.0)
    assert metrics.rte_percent(off * 0.1, path * 0.1, ("pelvis",)) is None


def test_reprojection_by_hand():
    view = camera.look_at([0, -4, 1], [0, 0, 1], camera.intrinsics_from_fov((1000, 800)), (1000, 800))
    points = np.array([[[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]])
    pixels = np.array([[[503.0, 404.0], [0.0, 0.0]]])  # the first is 5 px off the image centre
    assert metrics.mpjpe_2d_px(points, pixels, view, np.array([[1.0, 0.0]])) == pytest.approx(5.0)
