"""The whole way from motion capture to a result, on the synthetic squat."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon import config, metrics
from motionrecon.errors import CheckpointError
from motionrecon.fitting import fit
from motionrecon.fitting.checkpoint import NAME
from motionrecon.fitting.window_programs import features_over_time
from motionrecon.geometry import rotations, skeleton, world
from motionrecon.physics import description
from motionrecon.types import FitStatus, SimState
from tests.fixtures import small_clip

T, J, A = small_clip.FRAMES, 14, 13


@pytest.fixture(scope="module")
def result():
    return small_clip.result()


def test_shapes_and_finite_values(result):
    k, c = len(result.observation.names), len(result.contact_names)
    roll = result.rollout
    shapes = {
        "states.position": (roll.states.position, (T, 3)), "states.quats": (roll.states.quats, (T, J, 4)),
        "states.velocity": (roll.states.velocity, (T, 6 + 3 * A)), "joint_pos": (roll.joint_pos, (T, J, 3)),
        "keypoints": (roll.keypoints, (T, k, 3)), "com": (roll.com, (T, 3)), "torque": (roll.torque, (T, A, 3)),
        "contact_pos": (roll.contact_pos, (T, c, 3)), "contact_force": (roll.contact_force, (T, c, 3)),
        "root_pos": (result.motion.root_pos, (T, 3)), "quats": (result.motion.quats, (T, J, 4)),
        "targets": (result.control.targets, (T, A, 4)), "foot_contacts": (result.foot_contacts, (T, 2)),
        "kinematic": (result.kinematic_keypoints, (T, k, 3)), "truth": (result.truth, (T, k, 3)),
        "contact_radius": (result.contact_radius, (c,)), "force_reliable": (result.force_reliable, (T,)),
    }  # fmt: skip
    for name, (value, shape) in shapes.items():
        assert isinstance(value, np.ndarray) and value.shape == shape, name
        assert np.isfinite(value).all(), name
    np.testing.assert_allclose(np.linalg.norm(result.control.targets, axis=-1), 1.0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(result.motion.quats, axis=-1), 1.0, atol=1e-9)
    assert set(result.simulation) == set(description.KEYS)


def test_motion_is_the_simulated_states(result):
    pos, _ = skeleton.forward_kinematics(
        result.motion.skeleton, jnp.asarray(result.motion.root_pos), jnp.asarray(result.motion.quats)
    )
    np.testing.assert_allclose(pos, result.rollout.joint_pos, atol=1e-9)
    np.testing.assert_array_equal(result.rollout.states.position, result.motion.root_pos)


def test_error_is_small(result):
    error = np.linalg.norm(result.rollout.keypoints - np.asarray(result.observation.keypoints3d), axis=-1)
    assert 1e3 * error.mean() < 3.0  # mm; 0.5 measured
    summary = metrics.summarize(result)
    assert summary["methods"]["physics"]["mpjpe_g_mm"] < 15.0  # against the truth, so with the skeleton's own error
    assert [r.status for r in result.windows] == [FitStatus.OK] * 2
    assert sum(result.terms.values()) == pytest.approx(np.mean([r.loss_last for r in result.windows]))


def com_velocity(body, states):
    """Rate of the centre of mass (T, 3) m/s by moving each state a little along its own velocity."""

    def moved(eps):
        turn = rotations.exp(eps * states.velocity[:, 3:].reshape(len(states.position), -1, 3))
        quats = rotations.mul(states.quats, turn)
        there = SimState(states.position + eps * states.velocity[:, :3], quats, states.velocity)
        padded = jax.tree.map(lambda a: np.resize(np.asarray(a), (64, *a.shape[1:])), there)  # a compiled length
        return np.asarray(features_over_time(body, small_clip.prepared().sites, padded).com)[: len(states.position)]

    return (moved(1e-5) - moved(-1e-5)) / 2e-5


def test_momentum_balance_closes_without_any_other_force(result):
    """m (a_com + g) is the sum of the contact forces, frame by frame.

    The stepper balances momentum at the pose before each step, so what is left is of first order in the step: on this
    clip 0.2 % of the body's weight in the worst frame. A support force of 10 N would be 1.5 %.
    """
    body, _, _ = description.rebuild(result.simulation, result.contact_names)
    rate = com_velocity(body, result.rollout.states)
    needed = result.mass * (np.diff(rate, axis=0) * result.motion.fps + [0.0, 0.0, 9.81])
    contact = result.rollout.contact_force.sum(axis=1)[:-1]
    gap = np.linalg.norm(needed - contact, axis=-1) / (result.mass * 9.81)
    assert body.total_mass == pytest.approx(result.mass)
    assert gap.max() < 0.01 and gap.mean() < 0.003
    assert np.abs((needed - contact).mean(axis=0)).max() < 0.003 * result.mass * 9.81
    assert contact[:, 2].mean() == pytest.approx(result.mass * 9.81, rel=0.2)


def test_no_support_force(result):
    assert result.terms["support"] < 1e-12


def test_given_mass_and_warnings(result):
    assert any("mass guessed" in w for w in result.warnings)
    options = config.Config(person=config.PersonOptions(mass=90.0))
    assert fit.fit_sequence(small_clip.sequence(8), options).mass == 90.0


TILT, SHIFT = Rotation.from_euler("xy", [5, -4], degrees=True).as_matrix(), np.array([0.4, -0.3, 0.12])


@pytest.fixture(scope="module")
def tilted(tmp_path_factory):
    """The fit of the clip on a floor that is tilted and off zero, with its own points as the file of the truth."""
    clip = small_clip.sequence()
    points = np.asarray(clip.observation.keypoints3d) @ TILT.T + SHIFT
    path = tmp_path_factory.mktemp("truth") / "truth.npz"
    np.savez(path, names=np.array(clip.observation.names), positions=points, fps=clip.observation.fps)
    seen = dataclasses.replace(clip.observation, keypoints3d=points)
    options = config.Config(input=config.InputOptions(truth=str(path)))
    return fit.fit_sequence(dataclasses.replace(clip, observation=seen, truth=None), options)


def test_truth_stands_in_the_levelled_world_too(tilted):
    """Truth and observation are the same points, so errors against both must be the same."""
    assert tilted.world.translation[2] < -0.1 and tilted.world.rotation[2, 2] < 1.0  # the floor was levelled
    known = np.asarray(tilted.observation.confidence) > 0
    np.testing.assert_allclose(tilted.truth[known], np.asarray(tilted.observation.keypoints3d)[known], atol=1e-9)
    against = {
        name: metrics.summarize(result)["methods"]["physics"]["mpjpe_g_mm"]
        for name, result in (("truth", tilted), ("observed", dataclasses.replace(tilted, truth=None)))
    }
    assert against["truth"] == pytest.approx(against["observed"], abs=1e-6)
    assert against["truth"] < 15.0


def test_a_result_goes_back_over_its_recording(tilted):
    clip = small_clip.sequence()
    there = world.to_recording(tilted.world, tilted.observation.keypoints3d)
    np.testing.assert_allclose(there, np.asarray(clip.observation.keypoints3d) @ TILT.T + SHIFT, atol=1e-9)


class _StopAfterFirstWindow:
    """Progress that is interrupted, as by Ctrl-C, once the first window is done."""

    def stage(self, name):
        pass

    def window(self, index, total, loss, error_mm):
        raise KeyboardInterrupt


def test_interrupted_and_resumed(result, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit.fit_sequence(small_clip.sequence(), output=tmp_path, progress=_StopAfterFirstWindow())
    assert (tmp_path / NAME).is_file()
    other = config.Config(person=config.PersonOptions(mass=90.0))
    with pytest.raises(CheckpointError):
        fit.fit_sequence(small_clip.sequence(), other, output=tmp_path, resume=True)
    done = fit.fit_sequence(small_clip.sequence(), output=tmp_path, resume=True)
    for a, b in zip(jax.tree.leaves(done.rollout), jax.tree.leaves(result.rollout), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(done.control.targets, result.control.targets)
