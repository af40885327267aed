"""From a plan of feet, trunk and arms to the motion of a whole body that obeys mechanics.

The centre of mass follows the linear moment balance about the point p on which the weight rests,

    a_xy = (z'' + g) / z (c_xy - p_xy) + (-L'_y, L'_x) / z,

with L the angular momentum about the centre of mass per unit of mass (Kajita et al., "Biped walking pattern
generation by using preview control of zero-moment point", ICRA 2003, with the multi-body term fed back as in
their dynamic filter). In flight the right side vanishes and the path is ballistic. Legs follow by analytic
two-bone inverse kinematics with hinge knees.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy.linalg import solve_banded
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from motionrecon.data.synthetic.footwork import rotate_y
from motionrecon.data.synthetic.mass_model import MassModel
from motionrecon.geometry.world import GRAVITY
from motionrecon.types import Motion, Skeleton

RATE = 120.0  # Hz, at which plans are made
MAX_REACH = 0.991  # of the straight leg; a straight knee has no defined direction to bend


@dataclasses.dataclass(frozen=True)
class Plan:
    """What the parts of the body do, at ``RATE``; T times.

    Attributes:
      ankle: (T, 2, 3) m, left and right; foot: (T, 2, 3, 3) orientations.
      local: joint name -> (T, 3, 3) rotation relative to the parent, for trunk, neck and arms.
      pelvis: (T, 3, 3) world orientation of the pelvis.
      com_z: (T,) m, wanted height of the centre of mass.
      weight: (T, 2) m, point of the ground on which the weight rests.
      feet_down: (T,) number of feet on the ground.
      end_speed: (2, 2) m/s, horizontal velocity at the first and last time, or None for standing still over the
        weight point.
      left_share: (T,) 0..1, the left foot's share of the weight, or None where it is not planned.
    """

    ankle: np.ndarray
    foot: np.ndarray
    local: dict[str, np.ndarray]
    pelvis: np.ndarray
    com_z: np.ndarray
    weight: np.ndarray
    feet_down: np.ndarray
    end_speed: np.ndarray | None = None
    left_share: np.ndarray | None = None


def balance(weight, height, lift, push, end_speed, dt: float) -> np.ndarray:
    """Solve x'' = w2 (x - p) + f for one horizontal axis as a boundary value problem.

    Args:
      weight: (T,) m, p.
      height: (T,) m, z of the centre of mass.
      lift: (T,) m/s2, z'' + g; zero in flight.
      push: (T,) m/s2, f.
      end_speed: (2,) m/s at both ends, or None for x = p there.
      dt: s.

    Returns:
      (T,) m.
    """
    n = len(weight)
    w2 = lift / height
    band = np.zeros((3, n))
    band[0, 2:] = 1.0
    band[1] = -2.0 - w2 * dt * dt
    band[2, :-2] = 1.0
    rhs = (push - w2 * weight) * dt * dt
    if end_speed is None:
        band[1, [0, -1]], band[0, 1], band[2, -2] = 1.0, 0.0, 0.0
        rhs[[0, -1]] = weight[[0, -1]]
    else:
        band[1, 0], band[0, 1], rhs[0] = -1.0, 1.0, end_speed[0] * dt
        band[1, -1], band[2, -2], rhs[-1] = 1.0, -1.0, end_speed[1] * dt
    return solve_banded((1, 1), band, rhs)


def _leg(hip, ankle, foot, pelvis, upper: float, lower: float):
    """Bend one leg so that it reaches the ankle; the knee points where foot and pelvis point.

    Returns:
      World orientations of thigh and shank (T, 3, 3) and the reach (T,), share of the straight length.
    """
    line = hip - ankle
    far = np.linalg.norm(line, axis=1)
    up = line / far[:, None]
    aside = 0.6 * foot[..., 1] + 0.4 * pelvis[..., 1]
    aside = aside - up * (aside * up).sum(1, keepdims=True)
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    frame = np.stack([np.cross(aside, up), aside, up], axis=-1)
    d = np.minimum(far, 0.9999 * (upper + lower))
    inner = np.arccos(np.clip((upper**2 + d**2 - lower**2) / (2 * upper * d), -1, 1))
    knee = np.pi - np.arccos(np.clip((upper**2 + lower**2 - d**2) / (2 * upper * lower), -1, 1))
    thigh = frame @ rotate_y(-inner)
    return thigh, thigh @ rotate_y(knee), far / (upper + lower)


def _pose(skeleton: Skeleton, plan: Plan, root: np.ndarray):
    """Return joint positions (T, J, 3), world orientations (T, J, 3, 3) and leg reach (T, 2)."""
    offsets, t = np.asarray(skeleton.offsets, float), len(root)
    i = skeleton.names.index
    pos, rot = np.zeros((t, len(offsets), 3)), np.zeros((t, len(offsets), 3, 3))
    pos[:, 0], rot[:, 0] = root, plan.pelvis
    reach = np.zeros((t, 2))
    for j, p in enumerate(skeleton.parents[1:], start=1):
        pos[:, j] = pos[:, p] + rot[:, p] @ offsets[j]
        name = skeleton.names[j]
        if name.endswith("_hip"):
            side = 0 if name.startswith("left") else 1
            knee, ankle = i(name.replace("hip", "knee")), i(name.replace("hip", "ankle"))
            upper, lower = (float(np.linalg.norm(offsets[k])) for k in (knee, ankle))
            rot[:, j], rot[:, knee], reach[:, side] = _leg(
                pos[:, j], plan.ankle[:, side], plan.foot[:, side], plan.pelvis, upper, lower
            )
            rot[:, ankle] = plan.foot[:, side]
        elif name in plan.local:
            rot[:, j] = rot[:, p] @ plan.local[name]
    return pos, rot, reach


def _follow(skeleton, plan, com_z, model, root, rounds: int):
    """Move the root until the centre of mass follows the moment balance; returns root, pose, reach."""
    dt, grounded = 1.0 / RATE, plan.feet_down > 0
    lift = np.where(grounded, np.gradient(np.gradient(com_z, dt), dt) + GRAVITY, 0.0)
    lift = np.maximum(lift, 0.0)
    push = np.zeros((len(root), 2))
    for k in range(rounds):
        pos, rot, _ = _pose(skeleton, plan, root)
        if k >= 2:
            rate = gaussian_filter1d(np.gradient(model.angular_momentum(pos, rot, RATE), dt, axis=0), 2.0, axis=0)
            push = np.stack([-rate[:, 1], rate[:, 0]], 1) / com_z[:, None] * grounded[:, None]
        ends = [None, None] if plan.end_speed is None else plan.end_speed.T
        xy = [balance(plan.weight[:, a], com_z, lift, push[:, a], ends[a], dt) for a in (0, 1)]
        wanted = np.stack([*xy, com_z], axis=1)
        root = root + 0.9 * (wanted - model.center_of_mass(pos, rot))
    return root, *_pose(skeleton, plan, root)


def embody(skeleton: Skeleton, plan: Plan, height: float, start: float, stop: float, fps: float) -> Motion:
    """Make the whole body follow a plan.

    The wanted height of the centre of mass is lowered as a whole where a leg could not reach the ground.

    Args:
      skeleton: the template's joints.
      plan: what to do.
      height: stature, m.
      start: s, first time kept; stop: s, end of the part kept.
      fps: rate of the result, Hz; must divide ``RATE``.

    Returns:
      A Motion of (stop - start) * fps frames.
    """
    model = MassModel(skeleton.names, height)
    com_z = plan.com_z.copy()
    root = np.column_stack([plan.weight, com_z - 0.02 * height])
    leg = 0.491 * height
    keep = slice(round(start * RATE), round(stop * RATE), round(RATE / fps))
    for k in range(4):
        root, _, rot, reach = _follow(skeleton, plan, com_z, model, root, 8 if k == 0 else 5)
        excess = reach[round(start * RATE) : round(stop * RATE)].max() - MAX_REACH
        if abs(excess) < 2e-3:
            break
        com_z = com_z - 1.1 * excess * leg
    local = rot.copy()
    for j, p in enumerate(skeleton.parents):
        if p >= 0:
            local[:, j] = rot[:, p].swapaxes(-1, -2) @ rot[:, j]
    return Motion(skeleton, fps, root[keep], _quaternions(local[keep]))


def _quaternions(local: np.ndarray) -> np.ndarray:
    """Return unit quaternions (T, J, 4) of rotation matrices (T, J, 3, 3), their signs continuous in time.

    In NumPy: JAX would compile a program for every clip's length, and a run over many clips keeps them all.
    """
    quats = Rotation.from_matrix(local.reshape(-1, 3, 3)).as_quat()[:, [3, 0, 1, 2]].reshape(*local.shape[:2], 4)
    quats[0] *= np.where(quats[0, :, :1] < 0, -1.0, 1.0)
    turned = np.sum(quats[1:] * quats[:-1], axis=-1) < 0
    quats[1:] *= np.cumprod(np.where(turned, -1.0, 1.0), axis=0)[..., None]
    return quats


Path = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # arc length (N,) m -> place (N, 2) m, heading (N,) rad
