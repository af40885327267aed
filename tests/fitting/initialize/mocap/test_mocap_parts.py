"""The parts of the mocap start against independent computations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.fitting.initialize.mocap import inverse_kinematics as ik
from motionrecon.fitting.initialize.mocap import keypoint_noise
from motionrecon.fitting.initialize.mocap.calibrate import calibrate
from motionrecon.fitting.initialize.mocap.tridiagonal import solve_tridiagonal
from motionrecon.geometry import keypoints, rotations
from motionrecon.geometry.joint_frames import joint_frames
from motionrecon.geometry.skeleton import forward_kinematics, site_positions, template, template_sites, template_soles


def _random_problem(rng):
    skeleton, sites = template(1.7), template_sites(keypoints.MOCAP18, 1.7)
    quats = rotations.exp(jnp.asarray(0.4 * rng.standard_normal((5, 14, 3))))
    pos = jnp.asarray(rng.standard_normal((5, 3)) * 0.1 + np.array([0.0, 0.0, 0.6]))
    target = np.asarray(site_positions(sites, *forward_kinematics(skeleton, pos, quats)))
    target = target + 0.05 * rng.standard_normal(target.shape)
    problem = ik.build_problem(skeleton, sites, target, np.ones((5, 18)), template_soles(1.7), np.full((5, 8), 0.3))
    problem = jax.tree.map(lambda a: a[:5] if a.ndim and a.shape[0] == 64 else a, problem)
    return skeleton, problem, pos, quats


def test_right_sides_of_normal_equations_are_the_derivative_of_the_cost():
    skeleton, problem, pos, quats = _random_problem(np.random.default_rng(0))
    # One smoothing weight for all axes: with different ones the solver's step is a close guess, not exact.
    problem = problem._replace(smooth=jnp.full(45, 0.1))

    @jax.jit
    def cost_and_right(step):
        turned = rotations.mul(quats, rotations.exp(step[:, 3:].reshape(5, 14, 3)))
        terms = ik._terms(problem, skeleton.parents, pos + step[:, :3], turned)
        return ik._cost(problem, terms), ik._normal_equations(problem, skeleton.parents, terms)[1]

    rng, h = np.random.default_rng(1), 1e-6
    right = cost_and_right(jnp.zeros((5, 45)))[1]
    for _ in range(6):
        d = jnp.asarray(rng.standard_normal((5, 45)))
        slope = (cost_and_right(h * d)[0] - cost_and_right(-h * d)[0]) / (2 * h)
        assert float(-2.0 * jnp.sum(right * d)) == pytest.approx(float(slope), rel=1e-6, abs=1e-7)


def test_sweep_solves_the_block_tridiagonal_system():
    rng = np.random.default_rng(2)
    frames, n = 6, 4
    coupling = rng.random((frames - 1, n))
    block = np.stack([(a @ a.T) + 3.0 * np.eye(n) for a in rng.standard_normal((frames, n, n))])
    right = rng.standard_normal((frames, n))
    full = np.zeros((frames * n, frames * n))
    for t in range(frames):
        full[t * n : (t + 1) * n, t * n : (t + 1) * n] = block[t]
        if t:
            full[t * n : (t + 1) * n, (t - 1) * n : t * n] = np.diag(-coupling[t - 1])
            full[(t - 1) * n : t * n, t * n : (t + 1) * n] = np.diag(-coupling[t - 1])
    expected = np.linalg.solve(full, right.ravel()).reshape(frames, n)
    np.testing.assert_allclose(solve_tridiagonal(*map(jnp.asarray, (block, right, coupling))), expected, atol=1e-10)


def test_joint_frames_agree_with_forward_kinematics():
    rng = np.random.default_rng(3)
    skeleton, quats = template(1.8), rotations.exp(jnp.asarray(rng.standard_normal((7, 14, 3))))
    root = rng.standard_normal((7, 3))
    pos, rot = forward_kinematics(skeleton, jnp.asarray(root), quats)
    got_pos, got_rot = joint_frames(skeleton, root, quats)
    np.testing.assert_allclose(got_pos, pos, atol=1e-12)
    np.testing.assert_allclose(got_rot, rotations.to_matrix(rot), atol=1e-12)


def test_calibration_finds_changed_bones():
    rng = np.random.default_rng(4)
    true, sites = template(1.7), template_sites(keypoints.MOCAP18, 1.7)
    vectors = 0.5 * rng.standard_normal((60, 14, 3))
    quats, root = rotations.exp(jnp.asarray(vectors)), rng.standard_normal((60, 3))
    target = site_positions(sites, *forward_kinematics(true, jnp.asarray(root), quats))
    wrong = template(1.6), template_sites(keypoints.MOCAP18, 1.6)
    got, _ = calibrate(*wrong, wrong, root, quats, target, np.ones((60, 18)))
    before = np.abs(np.asarray(wrong[0].offsets) - true.offsets).max()
    assert np.abs(got.offsets - true.offsets).max() < 0.3 * before


@pytest.mark.parametrize("sigma", [0.0, 0.01, 0.03])
def test_noise_level_of_moving_rigid_bones(sigma):
    rng, time = np.random.default_rng(5), np.arange(120) / 30.0
    names = ("left_hip", "left_knee", "left_ankle")
    turn = np.stack([np.sin(9 * time), np.zeros(120), -np.cos(9 * time)], axis=-1)  # far from rest, rigid
    clean = np.stack([0 * turn, 0.4 * turn, 0.8 * turn], axis=1)
    noisy = clean + sigma * rng.standard_normal(clean.shape)
    found = keypoint_noise.measure_noise(noisy, np.ones((120, 3)), names)
    assert found.sigma == pytest.approx(sigma, rel=0.3, abs=1e-9)
    assert found.noisy == (sigma > 0) and not found.has_outliers
    smooth = keypoint_noise.smooth_keypoints(noisy, found)
    if sigma == 0:
        np.testing.assert_array_equal(smooth, noisy)
    else:
        assert np.square(smooth - clean).mean() < np.square(noisy - clean).mean()
