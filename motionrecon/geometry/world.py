"""Points, directions, motions and cameras between the recording's world and the fitted one (``types.WorldTransform``).

In NumPy: whole clips, once, without a program for every length. Every world here has z up, and things fall alike.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np
from scipy.spatial.transform import Rotation

from motionrecon.types import SAME_WORLD, Array, Camera, Motion, WorldTransform

GRAVITY = 9.81  # m/s^2, along -z
Frame = Literal["recording", "world"]  # the recording's world, or the fitted one


def seen_from(world: WorldTransform, frame: Frame) -> WorldTransform:
    """Return the transform that ``to_recording`` undoes for the frame asked for: none for the fitted world."""
    return world if frame == "recording" else SAME_WORLD


def to_fitted(world: WorldTransform, points: Array) -> np.ndarray:
    """Carry points (..., 3) m of the recording's world into the fitted one; NaN stays NaN."""
    return np.asarray(points) @ np.asarray(world.rotation).T + np.asarray(world.translation)


def to_recording(world: WorldTransform, points: Array) -> np.ndarray:
    """Carry points (..., 3) m of the fitted world back into the recording's."""
    return (np.asarray(points) - np.asarray(world.translation)) @ np.asarray(world.rotation)


def turned_to_recording(world: WorldTransform, vectors: Array) -> np.ndarray:
    """Turn vectors (..., 3) of the fitted world, such as forces, to the recording's axes."""
    return np.asarray(vectors) @ np.asarray(world.rotation)


def motion_in_recording(world: WorldTransform, motion: Motion) -> Motion:
    """Return a motion of the fitted world as it stands in the recording's; the signs of quaternions run on."""
    x, y, z, w = Rotation.from_matrix(np.asarray(world.rotation).T).as_quat()
    left = np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]])
    quats = np.array(motion.quats, dtype=float)
    quats[:, 0] = quats[:, 0] @ left.T
    return dataclasses.replace(motion, root_pos=to_recording(world, motion.root_pos), quats=quats)


def camera_in_fitted(world: WorldTransform, camera: Camera) -> Camera:
    """Return a camera of the recording's world as it stands in the fitted one: points keep their pixels."""
    turned = np.asarray(camera.rotation) @ np.asarray(world.rotation).T
    shift = np.asarray(camera.translation) - turned @ np.asarray(world.translation)
    return dataclasses.replace(camera, rotation=turned, translation=shift)
