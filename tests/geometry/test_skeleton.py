"""Poses of whole clips in NumPy agree with the compiled forward kinematics, for any clip length."""

import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import rotations, skeleton


@pytest.mark.parametrize("frames", [1, 7])
def test_clip_poses_agree_with_forward_kinematics(frames):
    rng = np.random.default_rng(frames)
    body = skeleton.template(1.7)
    root = rng.normal(size=(frames, 3))
    quats = rng.normal(size=(frames, len(body.names), 4))
    quats /= np.linalg.norm(quats, axis=-1, keepdims=True)
    pos, rot = skeleton.forward_kinematics(body, jnp.asarray(root), jnp.asarray(quats))
    found_pos, found_rot = skeleton.clip_poses(body, root, quats)
    np.testing.assert_allclose(found_pos, pos, atol=1e-12)
    np.testing.assert_allclose(found_rot, rotations.to_matrix(rot), atol=1e-12)
    sites = skeleton.template_sites(("left_toe", "nose", "right_wrist"), 1.7)
    expected = skeleton.site_positions(sites, pos, rot)
    np.testing.assert_allclose(skeleton.clip_sites(sites, found_pos, found_rot), expected, atol=1e-12)
