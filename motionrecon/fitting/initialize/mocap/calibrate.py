"""The person's body: stature and bone lengths from keypoint distances, then joint and site offsets by least squares.

With all rotations known, every keypoint is linear in the joint offsets and site offsets along its branch, so
each round of calibration is one linear solve. A ridge pulls towards the average body (weakly where a
keypoint's place on the body is a matter of definition, strongly where it is a joint's centre) and left towards
right; without it, joint centres drift where a clip hardly bends them.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float

from motionrecon.config import STATURE
from motionrecon.geometry import keypoints
from motionrecon.geometry.joint_frames import joint_frames
from motionrecon.geometry.skeleton import DEFAULT_HEIGHT, ancestor_mask, template, template_sites
from motionrecon.types import Array, Sites, Skeleton

# Bone -> (keypoint at each end, joint whose offset is this bone or None).
_BONES = {
    "thigh": ("hip", "knee", "knee"), "shank": ("knee", "ankle", "ankle"),
    "upper_arm": ("shoulder", "elbow", "elbow"), "forearm": ("elbow", "wrist", None),
}  # fmt: skip
_JOINT_CENTERS = ("hip", "knee", "ankle", "shoulder", "elbow")


# How strongly the average body counts, against the mean over frames of squared keypoint errors.
RIDGE = 1e-2  # pull of joint and site offsets to the average body, and of left to right
RIDGE_CENTER = 0.1  # pull of sites that are joint centres (knee keypoint to knee joint) to zero
ROUNDS = 3  # calibrations, each after an inverse-kinematics solve


def _median_distance(
    points: Float[np.ndarray, "T K 3"], weight: Float[np.ndarray, "T K"], a: int, b: int
) -> float | None:
    seen = (weight[:, a] > 0) & (weight[:, b] > 0)
    return float(np.median(np.linalg.norm(points[seen, a] - points[seen, b], axis=-1))) if seen.sum() >= 3 else None


def bone_lengths(
    points: Float[Array, "T K 3"], weight: Float[Array, "T K"], names: tuple[str, ...]
) -> dict[str, float]:
    """Measure the four long bones as medians over frames, mean of left and right.

    Args:
      points: (T, K, 3) m.
      weight: (T, K), 0 = missing.
      names: K canonical names.

    Returns:
      Lengths in m of "thigh", "shank", "upper_arm", "forearm", those that were seen; also "hips" and "shoulders"
      (widths) and "trunk" (hip centre to shoulder centre).
    """
    points, weight = np.asarray(points), np.asarray(weight)
    index = {n: i for i, n in enumerate(names)}
    out: dict[str, float] = {}
    for bone, (a, b, _) in _BONES.items():
        pairs = [(f"{s}_{a}", f"{s}_{b}") for s in ("left", "right")]
        found = [_median_distance(points, weight, index[p], index[q]) for p, q in pairs if p in index and q in index]
        found = [f for f in found if f]
        if found:
            out[bone] = float(np.mean(found))
    for width, part in (("hips", "hip"), ("shoulders", "shoulder")):
        if f"left_{part}" in index and f"right_{part}" in index:
            length = _median_distance(points, weight, index[f"left_{part}"], index[f"right_{part}"])
            if length:
                out[width] = length
    if "hips" in out and "shoulders" in out:
        corner = [index[f"{s}_{p}"] for p in ("hip", "shoulder") for s in ("left", "right")]
        seen = np.all(weight[:, corner] > 0, axis=1)
        middle = points[:, corner[2:]].mean(axis=1) - points[:, corner[:2]].mean(axis=1)
        if seen.sum() >= 3:
            out["trunk"] = float(np.median(np.linalg.norm(middle[seen], axis=-1)))
    return out


def stature(lengths: dict[str, float]) -> float | None:
    """Return the stature in m whose average body has the same total of long bones; None without any bone."""
    body = template(1.0)
    forearm = np.linalg.norm(template_sites(("left_wrist",), 1.0).offset)
    share = {
        bone: forearm if joint is None else np.linalg.norm(body.offsets[body.names.index(f"left_{joint}")])
        for bone, (_, _, joint) in _BONES.items()
    }
    known = [b for b in share if b in lengths]
    if not known:
        return None
    height = sum(lengths[b] for b in known) / sum(share[b] for b in known)
    return float(np.clip(height, *STATURE))


def measured_body(lengths: dict[str, float], height: float, names: tuple[str, ...]) -> tuple[Skeleton, Sites]:
    """Stretch the average body of a stature to the measured lengths.

    Args:
      lengths: from ``bone_lengths``, m.
      height: m.
      names: K keypoint names.

    Returns:
      Skeleton and Sites; what was not measured keeps the average proportions.
    """
    skeleton, sites = template(height), template_sites(names, height)
    offsets, site = np.array(skeleton.offsets), np.array(sites.offset)
    row = skeleton.names.index
    trunk = lengths["trunk"] / abs(sum(offsets[row(j), 2] for j in ("spine", "chest", "left_shoulder"))) if (
        "trunk" in lengths) else 1.0  # fmt: skip
    for name in ("spine", "chest", "neck"):
        offsets[row(name)] *= trunk
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for bone, (_, _, joint) in _BONES.items():
            if joint and bone in lengths:
                o = offsets[row(f"{side}_{joint}")]
                offsets[row(f"{side}_{joint}")] = o / np.linalg.norm(o) * lengths[bone]
        if "forearm" in lengths and f"{side}_wrist" in names:
            site[names.index(f"{side}_wrist")] = (0.0, sign * lengths["forearm"], 0.0)
        if "hips" in lengths:
            offsets[row(f"{side}_hip"), 1] = sign * 0.5 * lengths["hips"]
        if "shoulders" in lengths:
            offsets[row(f"{side}_shoulder"), 1] = sign * 0.5 * lengths["shoulders"]
        offsets[row(f"{side}_shoulder"), 2] *= trunk
    return dataclasses.replace(skeleton, offsets=offsets), dataclasses.replace(sites, offset=site)


def _ridge_matrix(skeleton: Skeleton, sites: Sites) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, "N N"]]:
    """Return the diagonal pull to the average body (N,) and the left-right coupling (N, N)."""
    joints, n_sites = len(skeleton.names) - 1, len(sites.names)
    center = [n.split("_", 1)[-1] in _JOINT_CENTERS for n in sites.names]
    pull = np.full((joints + n_sites, 3), RIDGE)
    pull[joints:][center] = RIDGE_CENTER
    pairs = [(a - 1, b - 1) for a, b in skeleton.symmetry]
    for i, name in enumerate(sites.names):
        if name.startswith("left_") and keypoints.mirror(name) in sites.names:
            pairs.append((joints + i, joints + sites.names.index(keypoints.mirror(name))))
    couple = np.zeros((pull.size, pull.size))
    for a, b in pairs:
        for axis, sign in enumerate((1.0, -1.0, 1.0)):
            d = np.zeros(pull.size)
            d[3 * a + axis], d[3 * b + axis] = 1.0, -sign
            couple += RIDGE * np.outer(d, d)
    return pull.ravel(), couple


def calibrate(
    skeleton: Skeleton, sites: Sites, average: tuple[Skeleton, Sites],
    root_pos: Float[Array, "T 3"], quats: Float[Array, "T J 4"],
    target: Float[Array, "T K 3"], weight: Float[Array, "T K"],
) -> tuple[Skeleton, Sites]:  # fmt: skip
    """Solve for joint and site offsets with the pose of every frame held.

    Args:
      skeleton: gives the tree; its offsets fix the world rotations only.
      sites: gives the links.
      average: the body the ridge pulls to.
      root_pos: (T, 3) m.
      quats: (T, J, 4) local.
      target: (T, K, 3) m.
      weight: (T, K) in 0..1.

    Returns:
      Skeleton and Sites with new offsets, m.
    """
    joints, n_sites = len(skeleton.names), len(sites.names)
    _, rot = joint_frames(skeleton, root_pos, quats)
    mask = ancestor_mask(skeleton.parents)[np.asarray(sites.link)][:, 1:]
    frames = len(rot)
    rows = np.zeros((frames, n_sites, 3, joints - 1 + n_sites, 3))
    parents = np.array(skeleton.parents[1:])
    rows[..., : joints - 1, :] = np.moveaxis(rot[:, parents], 1, 2)[:, None] * mask[None, :, None, :, None]
    for k in range(n_sites):
        rows[:, k, :, joints - 1 + k] = rot[:, sites.link[k]]
    share = np.asarray(weight)[..., None] / np.sqrt(frames)
    a = (rows * share[..., None, None]).reshape(frames * n_sites * 3, -1)
    b = ((np.asarray(target) - np.asarray(root_pos)[:, None]) * share).reshape(-1)
    pull, couple = _ridge_matrix(skeleton, sites)
    prior = np.concatenate([np.asarray(average[0].offsets)[1:].ravel(), np.asarray(average[1].offset).ravel()])
    x = np.linalg.solve(a.T @ a + np.diag(pull) + couple, a.T @ b + pull * prior).reshape(-1, 3)
    offsets = np.concatenate([np.zeros((1, 3)), x[: joints - 1]])
    return dataclasses.replace(skeleton, offsets=offsets), dataclasses.replace(sites, offset=x[joints - 1 :])


def default_height(height: float | None, lengths: dict[str, float]) -> tuple[float, tuple[str, ...]]:
    """Return the stature to use, m, and a warning where it is a guess."""
    if height is not None:
        return float(height), ()
    found = stature(lengths)
    if found is None:
        return DEFAULT_HEIGHT, (f"No long bone was seen, so a stature of {DEFAULT_HEIGHT:.2f} m was assumed; "
                                "give --height.",)  # fmt: skip
    return found, ()
