"""Arms started against the legs: swing where the camera looks along it, none from the side or with raised arms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon import skeleton
from motionrecon.data import synthetic
from motionrecon.initialize import video_body
from motionrecon.initialize.arm_swing import start_arms, swing
from motionrecon.initialize.video_points import M, State

FPS = 30.0


@pytest.fixture(scope="module")
def walk():
    """A body, and a walk along x with its arms held still."""
    motion = synthetic.motion("walk")
    quats = np.array(motion.quats)
    for name in ("left_shoulder", "right_shoulder"):
        joint = skeleton.JOINT_NAMES.index(name)
        side = 1.0 if name.startswith("left") else -1.0
        quats[:, joint] = np.array([1.0, -side, 0.0, 0.0]) / np.sqrt(2.0)  # hanging
    body = jax.tree.map(jnp.asarray, video_body.build(("left_hip",), 1.75, video_body.MEDIAPIPE_HEIGHTS))
    return body, State(np.asarray(motion.root_pos), quats, np.zeros(M))


def test_arms_swing_against_the_legs(walk):
    body, state = walk
    angle = swing(body, state, np.tile([-1.0, 0.0, 0.0], (len(state.root), 1)), FPS)
    assert 0.1 < angle.std() < 0.6
    moved = start_arms(body, state, np.tile([-1.0, 0.0, 0.0], (len(state.root), 1)), FPS)
    pos = []
    for quats in (state.quats, moved.quats):
        at, _ = skeleton.forward_kinematics(skeleton.template(1.75), state.root, jnp.asarray(quats))
        pos.append(np.asarray(at))
    names = skeleton.JOINT_NAMES
    ahead = {n: pos[1][:, names.index(n), 0] - state.root[:, 0] for n in ("left_elbow", "right_elbow", "left_knee")}
    arms = ahead["left_elbow"] - ahead["right_elbow"]
    assert np.corrcoef(arms, ahead["left_knee"])[0, 1] < -0.7
    still = pos[0][:, names.index("left_elbow"), 0] - pos[0][:, names.index("right_elbow"), 0]
    assert arms.std() > 2.0 * still.std()


def test_nothing_is_added_from_the_side_or_to_raised_arms(walk):
    body, state = walk
    side = swing(body, state, np.tile([0.0, 1.0, 0.0], (len(state.root), 1)), FPS)
    assert np.abs(side).max() < 0.05
    raised = np.array(state.quats)
    raised[:, skeleton.JOINT_NAMES.index("left_shoulder")] = [1.0, 0.0, 0.0, 0.0]  # stretched out sideways
    front = swing(body, state._replace(quats=raised), np.tile([-1.0, 0.0, 0.0], (len(state.root), 1)), FPS)
    assert np.abs(front).max() < 0.05
