"""The closed-form pose: near the truth in any direction."""

import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.geometry import keypoints, rotations
from motionrecon.geometry.pose_guess import guess_pose
from motionrecon.geometry.skeleton import forward_kinematics, site_positions, template, template_sites


@pytest.mark.parametrize("root", [(0.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.3, -1.2, 2.0)])
def test_pose_guess_is_near_the_truth_upright_inverted_and_bent(root):
    skeleton, sites = template(1.7), template_sites(keypoints.MOCAP18, 1.7)
    vectors = np.zeros((4, 14, 3))
    vectors[:, 0] = root
    row = skeleton.names.index
    vectors[:, row("left_hip")], vectors[:, row("left_knee")] = (0.2, -1.2, 0.0), (0.0, 1.3, 0.0)
    vectors[:, row("right_shoulder")], vectors[:, row("right_elbow")] = (1.4, 0.0, 0.3), (0.0, 0.0, 1.2)
    truth = site_positions(sites, *forward_kinematics(skeleton, jnp.zeros((4, 3)), rotations.exp(jnp.asarray(vectors))))
    pos, quats = guess_pose(truth, skeleton, sites)
    got = site_positions(sites, *forward_kinematics(skeleton, jnp.asarray(pos), jnp.asarray(quats)))
    assert float(jnp.linalg.norm(got - truth, axis=-1).max()) < 0.02
