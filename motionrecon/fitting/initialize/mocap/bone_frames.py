"""Joint rotations from the directions of limbs: the pose a set of 3D landmarks shows.

Twist about a limb is seen only where knee or elbow is bent; else it follows the parent (legs) or the shortest
swing from a hanging arm. The trunk's rotation is shared equally by abdomen and chest, so that neither twists far.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from motionrecon.geometry import rotations, skeleton
from motionrecon.geometry.padding import pad_frames
from motionrecon.jobs.program_store import Program
from motionrecon.types import Array

BEND = (np.radians(15.0), np.radians(40.0))  # from the parent's axis to the limb plane


def _unit(v: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def _cross(a, b):
    return np.cross(a, b)


def _axes(x, y, z) -> np.ndarray:
    return np.stack([x, y, z], axis=-1)


def _from_yz(y: Float[np.ndarray, "T 3"], z: Float[np.ndarray, "T 3"]) -> Float[np.ndarray, "T 3 3"]:
    """Return rotations (T, 3, 3) with z exact and y as close as possible."""
    z = _unit(z)
    x = _unit(_cross(y, z))
    return _axes(x, _cross(z, x), z)


def _across(axis: Float[np.ndarray, "T 3"], guess: Float[np.ndarray, "... 3"]) -> Float[np.ndarray, "T 3"]:
    return _unit(guess - axis * np.sum(axis * guess, axis=-1, keepdims=True))


def _hinge(
    a: Float[np.ndarray, "T 3"], b: Float[np.ndarray, "T 3"], default: Float[np.ndarray, "T 3"], forwards: bool
) -> Float[np.ndarray, "T 3"]:
    """Axis that turns direction a into b where the limb is bent, else ``default``; unit and perpendicular to a."""
    normal = _cross(a, b)
    bend = np.arctan2(np.linalg.norm(normal, axis=-1), np.sum(a * b, axis=-1))
    share = np.clip((bend - BEND[0]) / (BEND[1] - BEND[0]), 0.0, 1.0)[..., None]
    default = _across(a, default)
    axis = _across(a, normal)
    agrees = np.sum(axis * default, axis=-1, keepdims=True)
    if forwards:  # a knee never bends the other way: such a plane is noise
        share = share * np.clip(agrees, 0.0, 1.0)
    else:
        share = share * np.clip(1.0 + 2.0 * agrees, 0.0, 1.0)
    return _unit(share * axis + (1.0 - share) * default)


def _swing(a: Float[np.ndarray, "T 3"], b: Float[np.ndarray, "T 3"]) -> Float[np.ndarray, "T 3 3"]:
    """Shortest rotations (T, 3, 3) of unit a to unit b."""
    axis = _cross(a, b)
    c = np.sum(a * b, axis=-1)[..., None, None]
    k = np.zeros((*axis.shape[:-1], 3, 3))
    k[..., 0, 1], k[..., 0, 2], k[..., 1, 2] = -axis[..., 2], axis[..., 1], -axis[..., 0]
    k[..., 1, 0], k[..., 2, 0], k[..., 2, 1] = axis[..., 2], -axis[..., 1], axis[..., 0]
    return np.eye(3) + k + (k @ k) / np.maximum(1.0 + c, 0.05)


def _leg(p: dict[str, np.ndarray], side: str, pelvis: np.ndarray) -> dict[str, np.ndarray]:
    hip, knee, ankle = p[f"{side}_hip"], p[f"{side}_knee"], p[f"{side}_ankle"]
    thigh, shin = _unit(knee - hip), _unit(ankle - knee)
    y = _hinge(thigh, shin, pelvis[..., 1], forwards=True)
    upper, lower = _from_yz(y, -thigh), _from_yz(y, -shin)
    x = _unit(p[f"{side}_toe"] - p[f"{side}_heel"])
    # no foot points backwards or up along its shin: such a direction is noise (detectors see it from behind)
    share = np.clip(0.25 + 1.5 * np.sum(x * lower[..., 0], axis=-1, keepdims=True), 0.0, 1.0)
    x = _unit(share * x + (1.0 - share) * lower[..., 0])
    foot_y = _across(x, lower[..., 1])
    return {f"{side}_hip": upper, f"{side}_knee": lower, f"{side}_ankle": _axes(x, foot_y, _cross(x, foot_y))}


def _arm(p: dict[str, np.ndarray], side: str, chest: np.ndarray) -> dict[str, np.ndarray]:
    sign = 1.0 if side == "left" else -1.0
    upper = _unit(p[f"{side}_elbow"] - p[f"{side}_shoulder"])
    fore = _unit(p[f"{side}_wrist"] - p[f"{side}_elbow"])
    hanging = _swing(-chest[..., 2], upper) @ chest[..., 1][..., None]
    axis = _hinge(upper, fore, -hanging[..., 0], forwards=False)  # elbows flex about -z (left), +z (right)

    def frame(direction):
        y, z = sign * direction, _across(direction, -sign * axis)
        return _axes(_cross(y, z), y, z)

    return {f"{side}_shoulder": frame(upper), f"{side}_elbow": frame(fore)}


def world_rotations(p: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return world rotations (T, 3, 3) of all joints but the abdomen from named points (T, 3) m."""
    hips, shoulders = 0.5 * (p["left_hip"] + p["right_hip"]), 0.5 * (p["left_shoulder"] + p["right_shoulder"])
    up = _unit(shoulders - hips)
    pelvis = _from_yz(_across(up, p["left_hip"] - p["right_hip"]), up)
    chest = _from_yz(_across(up, p["left_shoulder"] - p["right_shoulder"]), up)
    out = {"pelvis": pelvis, "chest": chest, "neck": chest}
    if "nose" in p and "left_ear" in p:
        ears = _unit(p["left_ear"] - p["right_ear"])
        forward = _across(ears, p["nose"] - 0.5 * (p["left_ear"] + p["right_ear"]))
        out["neck"] = _axes(forward, ears, _cross(forward, ears))
    for side in ("left", "right"):
        out |= _leg(p, side, pelvis) | _arm(p, side, chest)
    return out


@Program
def _local(world: Float[Array, "T J 3 3"]) -> Float[Array, "T J 4"]:
    """World rotations (T, J, 3, 3), the spine's left open, as local quaternions (T, J, 4), continuous in time."""
    quats = rotations.from_matrix(world)
    pelvis, chest = (quats[:, skeleton.JOINT_NAMES.index(name)] for name in ("pelvis", "chest"))
    spine = skeleton.JOINT_NAMES.index("spine")
    quats = quats.at[:, spine].set(rotations.nlerp(pelvis, chest, 0.5))
    above = rotations.conj(quats[:, np.array(skeleton.PARENTS[1:])])
    local = jnp.concatenate([quats[:, :1], rotations.mul(above, quats[:, 1:])], axis=1)
    return rotations.continuous(rotations.normalize(local * jnp.where(local[:1, :, :1] < 0, -1.0, 1.0)))


def local_quaternions(rotation: dict[str, np.ndarray]) -> Float[np.ndarray, "T J 4"]:
    """Turn world rotations (T, 3, 3) of the joints into local quaternions (T, J, 4), signs continuous in time.

    The spine shares the turn from pelvis to chest equally.
    """
    count = len(rotation["pelvis"])
    open_spine = {**rotation, "spine": rotation["pelvis"]}
    world = np.stack([open_spine[name] for name in skeleton.JOINT_NAMES], axis=1)
    return np.asarray(_local(pad_frames(world)))[:count]
