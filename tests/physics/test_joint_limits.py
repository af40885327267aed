"""Joint limits: order, mirror, room for the rest pose and for ordinary movement."""

import numpy as np

from motionrecon.geometry import skeleton as skeletons
from motionrecon.physics import joint_limits

LOW, HIGH = joint_limits.joint_limits(skeletons.JOINT_NAMES)
AT = {name: i for i, name in enumerate(skeletons.JOINT_NAMES[1:])}


def test_rest_pose_is_inside():
    assert LOW.shape == HIGH.shape == (13, 3)
    assert (LOW < 0).all()
    assert (HIGH > 0).all()


def test_right_mirrors_left():
    """A rotation vector mirrored at the sagittal plane keeps y and turns x and z about."""
    for i, j in skeletons.SYMMETRY:
        flip = np.array([-1.0, 1.0, -1.0])
        assert np.allclose(np.minimum(flip * LOW[i - 1], flip * HIGH[i - 1]), LOW[j - 1])
        assert np.allclose(np.maximum(flip * LOW[i - 1], flip * HIGH[i - 1]), HIGH[j - 1])


def test_knee_and_elbow_bend_one_way():
    for name in ("left_knee", "right_knee"):
        assert HIGH[AT[name], 1] > 2.0 > 0.2 > -LOW[AT[name], 1]
    assert -LOW[AT["left_elbow"], 2] > 2.0 > 0.2 > HIGH[AT["left_elbow"], 2]
    assert HIGH[AT["right_elbow"], 2] > 2.0 > 0.2 > -LOW[AT["right_elbow"], 2]
