"""The person: skeleton, soles, where keypoints sit, joint controllers."""

from __future__ import annotations

from motionrecon.types.record import Array, record


@record("names", "parents", "symmetry")
class Skeleton:
    """A tree of joints; in the rest pose (T-pose, facing +x, left is +y) all local rotations are identity.

    Attributes:
      names: J joint names, the root first.
      parents: J parent indices; -1 for the root; parents come before their children.
      offsets: (J, 3) m, position of each joint in its parent's frame (root: zeros).
      symmetry: pairs (left, right) of joint indices.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Array
    symmetry: tuple[tuple[int, int], ...] = ()


@record("names")
class Sites:
    """Points fixed to the links of a skeleton: where each keypoint sits on the body.

    Attributes:
      names: K canonical keypoint names (see ``keypoints.py``).
      link: (K,) int, index of the joint whose frame carries the point.
      offset: (K, 3) m, position in that frame.
    """

    names: tuple[str, ...]
    link: Array
    offset: Array


@record()
class Soles:
    """Where the feet touch the ground, in the ankle joints' frames; row 0 is the left foot, row 1 the right.

    Heel, ball and toe lie in one plane, which is level while the foot stands flat. The foot is rigid as far as the
    ball; the toes in front of it bend.

    Attributes:
      heel: (2, 3) m, middle of the rear edge of the sole.
      ball: (2, 3) m, middle of the line under the heads of the metatarsals, where the toes bend.
      toe: (2, 3) m, middle of the front edge of the sole.
      across: (2, 3) unit vector in the sole's plane, at right angles to the foot, to the person's left.
      half_width: (2,) m, half the width of the sole.
    """

    heel: Array
    ball: Array
    toe: Array
    across: Array
    half_width: Array


@record()
class PDGains:
    """Gains of the joint controllers: kp (A,) N m/rad; kd (A,) N m s/rad; torque_limit (A,) N m."""

    kp: Array
    kd: Array
    torque_limit: Array
