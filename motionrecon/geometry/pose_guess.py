"""A first pose for every frame in closed form, from limb directions; decides nothing about accuracy.

Each limb segment is aimed along its observed direction and turned about it so that the bend of the knee or
elbow lies in the hinge's plane; the frame the parent would give it is mixed in, so that straight limbs get a
twist too. Gauss-Newton starts in the right basin from here, arms overhead and inverted bodies included.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionrecon.types import Array, Sites, Skeleton

_STRAIGHT = 0.2  # sine of the bend at which the bend's plane and the parent's frame count the same


def _unit(v: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def _frame(main: Float[np.ndarray, "T 3"], second: Float[np.ndarray, "T 3"], order: str) -> Float[np.ndarray, "T 3 3"]:
    """Return (T, 3, 3) with column order[0] along ``main`` and column order[1] near ``second``."""
    i, j = "xyz".index(order[0]), "xyz".index(order[1])
    k = 3 - i - j
    a = _unit(main)
    b = _unit(second - np.sum(second * a, axis=-1, keepdims=True) * a)
    sign = 1.0 if (i, j) in ((0, 1), (1, 2), (2, 0)) else -1.0
    out = np.empty((*a.shape, 3))
    out[..., i], out[..., j], out[..., k] = a, b, sign * np.cross(a, b)
    return out


def _turn(source: Float[np.ndarray, "... 3"], target: Float[np.ndarray, "... 3"]) -> Float[np.ndarray, "... 3 3"]:
    """Return the smallest rotations (T, 3, 3) that carry unit vectors ``source`` to ``target``."""
    v = np.cross(source, target)
    c = np.sum(source * target, axis=-1)[..., None, None]
    k = np.zeros((*v.shape, 3))
    k[..., 0, 1], k[..., 0, 2], k[..., 1, 2] = -v[..., 2], v[..., 1], -v[..., 0]
    k -= np.swapaxes(k, -1, -2)
    return np.eye(3) + k + k @ k / np.maximum(1.0 + c, 0.02)


class _Points:
    """Observed points by name, None where the layout lacks one; middles of pairs on request."""

    def __init__(self, keypoints: np.ndarray, names: tuple[str, ...]):
        self._points = {n: keypoints[:, i] for i, n in enumerate(names)}

    def first(self, *names: str) -> np.ndarray | None:
        return next((self._points[n] for n in names if n in self._points), None)

    def middle(self, name: str) -> np.ndarray | None:
        left, right = self.first(f"left_{name}"), self.first(f"right_{name}")
        return None if left is None or right is None else 0.5 * (left + right)

    def across(self, name: str) -> np.ndarray | None:
        left, right = self.first(f"left_{name}"), self.first(f"right_{name}")
        return None if left is None or right is None else left - right


def _trunk(
    points: _Points, count: int
) -> tuple[Float[np.ndarray, "T 3"], Float[np.ndarray, "T 3 3"], Float[np.ndarray, "T 3 3"]]:
    """Return the root position (T, 3) and the world frames (T, 3, 3) of pelvis and chest."""
    low = next((p for p in (points.middle("hip"), points.first("pelvis")) if p is not None), None)
    high = next((p for p in (points.middle("shoulder"), points.first("neck", "chest")) if p is not None), None)
    root = low if low is not None else (high if high is not None else np.zeros((count, 3)))
    up = high - low if high is not None and low is not None else np.tile([0.0, 0.0, 1.0], (count, 1))
    hips, shoulders = points.across("hip"), points.across("shoulder")
    sideways = next((a for a in (hips, shoulders) if a is not None), np.tile([0.0, 1.0, 0.0], (count, 1)))
    pelvis = _frame(sideways, up, "yz")
    chest = _frame(up, shoulders if shoulders is not None else sideways, "zy")
    return root, pelvis, chest


def _limb(
    parent: Float[np.ndarray, "T 3 3"],
    rest: Float[np.ndarray, " 3"],
    upper: Float[np.ndarray, "T 3"],
    lower: Float[np.ndarray, "T 3"],
    hinge: str,
    sign: float,
):
    """Return world frames of a two-part limb.

    Args:
      parent: (T, 3, 3) frame the limb hangs on.
      rest: (3,) direction of both parts in the rest pose.
      upper, lower: (T, 3) observed vectors along the two parts.
      hinge: "y" for knees, "z" for elbows: the axis of the bend.
      sign: +1 where bending is a positive rotation about that axis, else -1.
    """
    u, v = _unit(upper), _unit(lower)
    carried = _turn(parent @ rest, u) @ parent
    axis = sign * np.cross(u, v) + _STRAIGHT * carried[..., "xyz".index(hinge)]
    along = "z" if hinge == "y" else "y"
    flip = float(rest["xyz".index(along)])
    frames = [_frame(flip * d, axis, along + hinge) for d in (u, v)]
    return frames[0], frames[1]


def guess_pose(
    keypoints: Float[Array, "T K 3"], skeleton: Skeleton, sites: Sites
) -> tuple[Float[np.ndarray, "T 3"], Float[np.ndarray, "T J 4"]]:
    """Guess the pose of every frame from directions between keypoints.

    Args:
      keypoints: (T, K, 3) m, world, z up, without gaps.
      skeleton: the 14-joint skeleton of ``skeleton.template``.
      sites: K keypoints on it, same order.

    Returns:
      Root positions (T, 3) m and local rotations (T, J, 4); arms that are not known hang, other joints keep rest.
    """
    keypoints = np.asarray(keypoints, dtype=float)
    count, names, joint = len(keypoints), skeleton.names, skeleton.names.index
    points = _Points(keypoints, sites.names)
    root, pelvis, chest = _trunk(points, count)
    world = np.empty((count, len(names), 3, 3))
    world[:, [joint("pelvis"), joint("spine")]] = pelvis[:, None]
    world[:, [joint("chest"), joint("neck")]] = chest[:, None]
    base, top = points.first("neck"), points.first("head_top", "head")
    if base is not None and top is not None:
        world[:, joint("neck")] = _turn(chest[..., 2], _unit(top - base)) @ chest
    for side, sign in (("left", 1.0), ("right", -1.0)):
        _set_leg(world, points, joint, sites, side, pelvis)
        _set_arm(world, points, joint, side, sign, chest)
    local = world.copy()
    for j, p in enumerate(skeleton.parents):
        if p >= 0:
            local[:, j] = np.swapaxes(world[:, p], -1, -2) @ world[:, j]
    return root, Rotation.from_matrix(local.reshape(-1, 3, 3)).as_quat(scalar_first=True).reshape(*local.shape[:2], 4)


def _set_leg(world, points: _Points, joint, sites: Sites, side: str, pelvis: np.ndarray) -> None:
    hip, knee, ankle = (points.first(f"{side}_{n}") for n in ("hip", "knee", "ankle"))
    thigh = shank = pelvis
    if hip is not None and knee is not None and ankle is not None:
        thigh, shank = _limb(pelvis, np.array([0.0, 0.0, -1.0]), knee - hip, ankle - knee, "y", 1.0)
    foot, tip = shank, points.first(f"{side}_ball", f"{side}_toe")
    if ankle is not None and tip is not None:
        name = f"{side}_ball" if f"{side}_ball" in sites.names else f"{side}_toe"
        rest = _unit(np.asarray(sites.offset)[sites.names.index(name)])
        foot = _turn(shank @ rest, _unit(tip - ankle)) @ shank
    for name, frame in (("hip", thigh), ("knee", shank), ("ankle", foot)):
        world[:, joint(f"{side}_{name}")] = frame


def _set_arm(world, points: _Points, joint, side: str, sign: float, chest: np.ndarray) -> None:
    shoulder, elbow, wrist = (points.first(f"{side}_{n}") for n in ("shoulder", "elbow", "wrist"))
    # Of an arm that was not seen it is only known that arms mostly hang.
    upper = fore = chest @ Rotation.from_rotvec([-sign * 0.5 * np.pi, 0.0, 0.0]).as_matrix()
    if shoulder is not None and elbow is not None and wrist is not None:
        rest = np.array([0.0, sign, 0.0])
        upper, fore = _limb(chest, rest, elbow - shoulder, wrist - elbow, "z", -sign)
    world[:, joint(f"{side}_shoulder")] = upper
    world[:, joint(f"{side}_elbow")] = fore
