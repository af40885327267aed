"""A start for arms that hang and swing along the viewing ray, where the picture does not tell fore from aft.

From the front or the back a hanging arm looks alike swung or still, and a fit that starts with still arms stays there
(a saddle). The ground can turn a person about the vertical only a little, so arms answer the legs: in captured walks
and runs the angular momentum of the arms about the vertical is -0.25 to -0.8 times that of the rest of the body, with
correlations of -0.77 to -0.97. The arms are started with that swing; the picture decides what becomes of it.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from motionrecon import skeleton
from motionrecon.initialize.balance import centre_of_mass
from motionrecon.initialize.video_body import ENDS, FEET, Body
from motionrecon.initialize.video_points import State, place_clip

SHARE = 0.8
SLOW = 0.5  # s, what changes more slowly than this is turning, not swing
MOST = 0.6  # rad
_NAMES = skeleton.JOINT_NAMES + FEET + ENDS
_ARMS = {
    side: [_NAMES.index(f"{side}_{part}") for part in ("shoulder", "elbow", "wrist")] for side in ("left", "right")
}
_CHEST = skeleton.JOINT_NAMES.index("chest")


def _turning(at: np.ndarray, speed: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Angular momentum (T,) about the vertical, per body mass (m^2/s), of points (T, P, 3) m moving (T, P, 3) m/s."""
    return np.sum(share * (at[..., 0] * speed[..., 1] - at[..., 1] * speed[..., 0]), axis=-1)


def swing(body: Body, state: State, toward: np.ndarray, fps: float) -> np.ndarray:
    """Return the angles (T,) rad by which the left arm is to swing back, and the right one forward.

    Args:
      body: the fitted body.
      state: a first fit.
      toward: (T, 3) unit vectors from the camera to the person, world.
      fps: Hz.

    Returns:
      Angles about the chest's lateral axis; near zero where the swing is seen from the side or the arms are raised.
    """
    placed = place_clip(body, state)
    at, rot = placed.at[:, : len(_NAMES)], placed.rot
    share = centre_of_mass()
    middle = np.sum(share[:, None] * at, axis=1, keepdims=True)
    moved = gaussian_filter1d(at - middle, 0.05 * fps, axis=0, mode="nearest")
    speed = np.gradient(moved, axis=0) * fps
    arms = np.zeros(len(share))
    arms[[i for part in _ARMS.values() for i in part[1:]]] = 1.0
    wanted = -SHARE * _turning(moved, speed, share * (1.0 - arms)) - _turning(moved, speed, share * arms)
    lateral, forward = rot[:, _CHEST, :, 1], rot[:, _CHEST, :, 0]
    lever, hang = np.zeros(len(at)), np.ones(len(at))
    for sign, (shoulder, elbow, wrist) in zip((1.0, -1.0), _ARMS.values(), strict=True):
        reach = at[:, [elbow, wrist]] - at[:, [shoulder]]
        lever += sign * _turning(moved[:, [elbow, wrist]], np.cross(lateral[:, None], reach), share[[elbow, wrist]])
        down = -reach[:, 1, 2] / np.maximum(np.linalg.norm(reach[:, 1], axis=-1), 1e-6)
        hang = hang * np.clip(down, 0.0, 1.0)
    strength = np.maximum(np.abs(lever), 0.3 * np.median(np.abs(lever)) + 1e-6) * np.where(lever < 0, -1.0, 1.0)
    angle = np.cumsum(wanted / strength) / fps
    angle = angle - gaussian_filter1d(angle, SLOW * fps, mode="nearest")
    hidden = np.sum(forward * toward, axis=-1) ** 2
    return MOST * np.tanh(angle / MOST) * hidden * hang


def start_arms(body: Body, state: State, toward: np.ndarray, fps: float) -> State:
    """Return the state with its arms swung by ``swing``."""
    angle = swing(body, state, toward, fps)
    quats = np.array(state.quats)
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        joint = skeleton.JOINT_NAMES.index(f"{side}_shoulder")
        c, s = np.cos(0.5 * sign * angle), np.sin(0.5 * sign * angle)
        w, x, y, z = quats[:, joint].T
        # a turn about y times the shoulder's; in NumPy, because the clip's length would be compiled for
        quats[:, joint] = np.stack([c * w - s * y, c * x + s * z, c * y + s * w, c * z - s * x], axis=-1)
    return state._replace(quats=quats)
