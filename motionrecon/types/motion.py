"""Motions: kinematic and simulated, their world, and what acts on the body."""

from __future__ import annotations

import numpy as np

from motionrecon.types.body import Skeleton
from motionrecon.types.record import Array, record


@record()
class WorldTransform:
    """From the recording's world to the fitted one, rigid: x_fitted = rotation @ x_recording + translation.

    The recording's world is that in which the input was read (m, z up); levelling its floor makes the fitted one.

    Attributes:
      rotation: (3, 3).
      translation: (3,) m.
    """

    rotation: Array
    translation: Array


SAME_WORLD = WorldTransform(np.eye(3), np.zeros(3))


@record()
class Motion:
    """A kinematic motion of a skeleton.

    Attributes:
      skeleton: the skeleton that moves.
      fps: Hz.
      root_pos: (T, 3) m, world.
      quats: (T, J, 4) local rotations; the root's is its world orientation.
    """

    skeleton: Skeleton
    fps: float
    root_pos: Array
    quats: Array


@record()
class SimState:
    """The simulator's state.

    Attributes:
      position: (..., 3) m, root position in the world.
      quats: (..., J, 4) local rotations; the root's is its world orientation.
      velocity: (..., V): root linear velocity (world axes, m/s), root angular velocity (root axes, rad/s),
        then each joint's angular velocity relative to its parent (child axes, rad/s).
    """

    position: Array
    quats: Array
    velocity: Array


@record()
class ControlTrajectory:
    """PD targets at frame rate.

    Attributes:
      targets: (T, A, 4) unit quaternions relative to the parent, for joints 1..J-1.
    """

    targets: Array


@record()
class Rollout:
    """A simulated motion with what acted on it, at frame rate.

    Attributes:
      states: SimState with leading axis T.
      joint_pos: (T, J, 3) m, world.
      keypoints: (T, K, 3) m, the observed sites on the simulated body, world.
      com: (T, 3) m, whole-body centre of mass.
      torque: (T, A, 3) N m in child axes, mean over the frame that follows (last row repeats).
      contact_pos: (T, C, 3) m, world.
      contact_force: (T, C, 3) N, mean over the frame that follows (last row repeats).
    """

    states: SimState
    joint_pos: Array
    keypoints: Array
    com: Array
    torque: Array
    contact_pos: Array
    contact_force: Array
