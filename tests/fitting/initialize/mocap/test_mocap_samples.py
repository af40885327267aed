"""The mocap start on real clips; skipped where the sample data or its loaders are absent."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.fitting.initialize.mocap.mocap_start import start_from_keypoints3d
from motionrecon.fitting.initialize.mocap.sole_calibration import sole_corners
from motionrecon.geometry import rotations
from motionrecon.geometry.joint_frames import joint_frames
from motionrecon.geometry.skeleton import forward_kinematics, site_positions

load = pytest.importorskip("motionrecon.data.load").load


def _first(observation, frames: int):
    points, confidence = np.asarray(observation.keypoints3d), np.asarray(observation.confidence)
    return dataclasses.replace(observation, keypoints3d=points[:frames], confidence=confidence[:frames])


@pytest.mark.parametrize(
    ("path", "mm"),
    [("mocap/cmu/07_01_walk.bvh", 2.0), ("mocap/cmu/08_04.bvh", 2.0), ("mocap/cmu/11_01_kick.amc", 2.7)],
)
def test_error_flips_and_soles_on_cmu(samples, path, mm):
    if not (samples / path).exists():
        pytest.skip(f"no {path} in the sample data")
    observation = load(samples / path, fps=30.0).observation
    start = start_from_keypoints3d(_first(observation, 120))
    pose = forward_kinematics(start.motion.skeleton, start.motion.root_pos, start.motion.quats)
    error = np.asarray(site_positions(start.sites, *pose)) - start.observation.keypoints3d
    assert 1000.0 * np.linalg.norm(error, axis=-1).mean() < mm
    q = jnp.asarray(start.motion.quats)
    assert float(jnp.linalg.norm(rotations.log(rotations.mul(rotations.conj(q[:-1]), q[1:])), axis=-1).max()) < 0.7
    corners = sole_corners(start.soles).reshape(2, 4, 3)
    feet = [start.motion.skeleton.names.index(f"{s}_ankle") for s in ("left", "right")]
    pos, rot = joint_frames(start.motion.skeleton, start.motion.root_pos, start.motion.quats)
    z = pos[:, feet][..., 2][:, :, None] + np.sum(rot[:, feet][:, :, None, 2] * corners, axis=-1)
    assert z.min() > -0.03  # a heel that strikes or toes that push off sink in, as the sole has no curve
    for i, side in enumerate(("left", "right")):
        stands = _standing(start.observation, side)
        assert stands.sum() >= 8
        assert np.abs(np.median(z[stands, i], axis=0)).max() < 0.007  # level, on the floor


def _standing(observation, side: str) -> np.ndarray:
    """(T,) frames in which ankle and ball are as slow and as low as in a foot that stands flat."""
    slow, low = [], []
    for name in ("ankle", "ball"):
        path = np.asarray(observation.keypoints3d)[:, observation.names.index(f"{side}_{name}")]
        speed = np.linalg.norm(np.gradient(path, axis=0), axis=1) * observation.fps
        slow.append(speed < 0.3)
        low.append(path[:, 2] < np.percentile(path[speed < 0.3, 2], 30) + 0.01)
    return np.all(slow + low, axis=0)
