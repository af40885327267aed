"""A first pose from markers: every joint centre from the markers near it, the hips by regression.

Hip centres: Harrington et al. 2007, from the distances of the iliac spines alone (mm):
x = -0.24 PD - 9.9, y = -0.30 PW - 10.9, z = 0.33 PW + 7.3 from the middle of the front spines. Every other centre is
the mean over the markers of its two segments of marker plus the guessed vector to the centre; with a lateral and a
medial marker that is their middle, with a lateral one alone half a joint's width inwards.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from motionrecon.data.markers.marker_body import (
    JOINTS,
    NODES,
    PARENTS,
    MarkerBody,
    Poses,
    average_body,
    positions,
    visible,
)
from motionrecon.data.markers.marker_sets import Labelled
from motionrecon.geometry import skeleton
from motionrecon.geometry.pose_guess import guess_pose
from motionrecon.types import Sites, Skeleton

_NEAR = 0.06  # m: markers at this distance from a centre count half
_ROUNDS = 4
_CENTRES = (
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_ball", "right_ball",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "neck", "head_top",
)  # fmt: skip
_BONES = {"knee": "hip", "ankle": "knee", "elbow": "shoulder", "wrist": "elbow"}
_LEG = 0.491  # thigh and shank, fraction of stature


def regressed_pelvis(body: MarkerBody, found: Labelled, markers: np.ndarray) -> MarkerBody:
    """Place hips and iliac spines by the distances measured between the spines.

    Args:
      body: with markers in the order of ``found``.
      found: the markers.
      markers: (T, M, 3) m, NaN where missing.

    Returns:
      The body with hips, spines and sacrum where the regression puts them; unchanged without all of them.
    """
    role = {r: i for i, r in enumerate(found.roles) if r}
    behind = [role[r] for r in ("left_psis", "right_psis") if r in role] or [role[r] for r in ("sacrum",) if r in role]
    if not {"left_asis", "right_asis"} <= role.keys() or not behind:
        return body
    left, right = markers[:, role["left_asis"]], markers[:, role["right_asis"]]
    whole = np.all(np.isfinite(left + right + markers[:, behind].sum(axis=1)), axis=-1)
    if not np.any(whole):
        return body
    width = np.median(np.linalg.norm(left - right, axis=-1)[whole])
    middle = 0.5 * (left + right) - markers[:, behind].mean(axis=1)
    depth = np.median(np.linalg.norm(middle, axis=-1)[whole])
    back, down, aside = 0.24 * depth + 0.0099, 0.30 * width + 0.0109, 0.33 * width + 0.0073
    offsets, places = body.offsets.copy(), body.places.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        offsets[NODES.index(f"{side}_hip")] = (0.0, sign * aside, 0.0)
        places[role[f"{side}_asis"]] = (back, sign * 0.5 * width, down)
        if f"{side}_psis" in role:
            places[role[f"{side}_psis"], [0, 2]] = (back - depth, down)
    if "sacrum" in role:
        places[role["sacrum"]] = (back - depth, 0.0, down)
    return dataclasses.replace(body, offsets=offsets, places=places)


def first_poses(found: Labelled, markers: np.ndarray) -> tuple[MarkerBody, Poses, float]:
    """Guess stature, bone lengths and all poses.

    Args:
      found: M markers and their places.
      markers: (T, M, 3) m, NaN where missing.

    Returns:
      The body, its poses, and the stature in m.
    """
    height = skeleton.DEFAULT_HEIGHT
    for _ in range(2):
        body = regressed_pelvis(average_body(height, found.places), found, markers)
        centres = _fixed_point(body, markers)[1]
        legs = [
            np.median(np.linalg.norm(centres[f"{s}_{a}"] - centres[f"{s}_{b}"], axis=-1))
            for s in ("left", "right")
            for a, b in (("knee", "hip"), ("ankle", "knee"))
        ]
        height = float(np.clip(0.5 * np.sum(legs) / _LEG, 0.5, 2.6))
    body = regressed_pelvis(average_body(height, found.places), found, markers)
    body = _measured(body, centres)
    return body, _fixed_point(body, markers)[0], height


def _measured(body: MarkerBody, centres: dict[str, np.ndarray]) -> MarkerBody:
    """Give trunk and long bones their measured lengths, left and right alike."""
    offsets = body.offsets.copy()
    if "neck" in centres:
        column = [NODES.index(n) for n in ("spine", "chest", "neck")]
        length = np.linalg.norm(centres["neck"] - 0.5 * (centres["left_hip"] + centres["right_hip"]), axis=-1)
        offsets[column] *= np.median(length) / np.linalg.norm(offsets[column].sum(axis=0))
    for end, start in _BONES.items():
        spans = [
            np.linalg.norm(centres[f"{s}_{end}"] - centres[f"{s}_{start}"], axis=-1)
            for s in ("left", "right")
            if f"{s}_{end}" in centres and f"{s}_{start}" in centres
        ]
        if spans:
            for side in ("left", "right"):
                n = NODES.index(f"{side}_{end}")
                offsets[n] *= np.median(np.concatenate(spans)) / np.linalg.norm(offsets[n])
    return dataclasses.replace(body, offsets=offsets)


def _fixed_point(body: MarkerBody, markers: np.ndarray) -> tuple[Poses, dict[str, np.ndarray]]:
    """Alternate joint centres from segment frames and segment frames from joint centres."""
    frames = np.empty((len(markers), JOINTS, 3, 3))
    rest_nodes, _, rest_markers = positions(body, _rest())
    frames[:] = _cluster_turns(rest_markers[0], markers, body.segment == 0)[:, None]
    trunk = np.isin(body.segment, [NODES.index("chest")])
    if trunk.sum() >= 3:
        upper = [NODES.index(n) for n in ("chest", "neck", *(f"{s}_{j}" for s in ("left", "right")
                                                            for j in ("shoulder", "elbow")))]  # fmt: skip
        frames[:, upper] = _cluster_turns(rest_markers[0], markers, trunk)[:, None]
    poses, centres = Poses(np.zeros((0, 3)), frames, np.zeros((0, 2, 3))), {}
    for _ in range(_ROUNDS):
        centres = _centres(body, rest_nodes[0], rest_markers[0], markers, frames)
        poses = _posed(body, centres, frames)
        frames = positions(body, poses)[1]
    return poses, centres


def _rest() -> Poses:
    return Poses(np.zeros((1, 3)), np.tile(np.eye(3), (1, JOINTS, 1, 1)), np.zeros((1, 2, 3)))


def _cluster_turns(rest: np.ndarray, markers: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return (T, 3, 3), the rotations that carry a cluster's places (M, 3) to its markers (Kabsch), gaps held."""
    seen = visible(markers[:, chosen])
    weight = seen[..., None] / np.maximum(seen.sum(axis=1), 1)[:, None, None]
    there = np.where(seen[..., None], markers[:, chosen], 0.0)
    here = rest[chosen] - np.sum(weight * rest[chosen], axis=1, keepdims=True)
    there = there - np.sum(weight * there, axis=1, keepdims=True)
    u, _, v = np.linalg.svd(np.einsum("tmi,tmj->tij", weight * here, there))
    sign = np.linalg.det(np.swapaxes(v, 1, 2) @ np.swapaxes(u, 1, 2))
    v[:, 2] *= sign[:, None]
    turns = np.swapaxes(v, 1, 2) @ np.swapaxes(u, 1, 2)
    good = np.flatnonzero(seen.sum(axis=1) >= 3)
    if not len(good):
        return np.tile(np.eye(3), (len(markers), 1, 1))
    return turns[nearest(good, len(markers))]


def nearest(good: np.ndarray, count: int) -> np.ndarray:
    """Return for each of ``count`` frames the nearest of the frames ``good`` (sorted)."""
    return good[np.abs(np.arange(count)[:, None] - good[None]).argmin(axis=1)]


def _centres(
    body: MarkerBody, nodes: np.ndarray, places: np.ndarray, markers: np.ndarray, frames: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the joint centres (T, 3) m that some marker tells, gaps bridged."""
    out = {}
    for name in _CENTRES:
        n = NODES.index(name)
        carriers = {n, PARENTS[n]} if name.split("_")[-1] not in ("hip", "shoulder") else {PARENTS[n]}
        told = np.flatnonzero(np.isin(body.segment, list(carriers)))
        if not len(told):
            continue
        reach = nodes[n] - places[told]
        weight = 1.0 / (1.0 + np.sum(reach**2, axis=-1) / _NEAR**2) ** 2
        guess = markers[:, told] + np.einsum("tmij,mj->tmi", frames[:, body.segment[told]], reach)
        seen = visible(guess) * weight
        total = seen.sum(axis=1)
        if total.max() <= 0.0:
            continue
        mean = np.sum(np.where(seen[..., None] > 0, guess, 0.0) * seen[..., None], axis=1)
        good = np.flatnonzero(total > 0.2 * total.max())
        mean = mean[good] / total[good, None]
        out[name] = np.stack([np.interp(np.arange(len(markers)), good, mean[:, d]) for d in range(3)], axis=-1)
    return out


def _posed(body: MarkerBody, centres: dict[str, np.ndarray], frames: np.ndarray) -> Poses:
    """Return poses through the centres; where the trunk is not marked it stands on the pelvis."""
    points = dict(centres)
    if "neck" not in points and "left_shoulder" not in points:
        middle = 0.5 * (points["left_hip"] + points["right_hip"])
        points["neck"] = middle + 0.5 * frames[:, 0, :, 2]
    names = tuple(points)
    offset = np.stack([body.offsets[NODES.index(n)] for n in names])
    link = np.array([max(PARENTS[NODES.index(n)], 0) for n in names])
    tree = Skeleton(skeleton.JOINT_NAMES, skeleton.PARENTS, body.offsets[:JOINTS], skeleton.SYMMETRY)
    root, quats = guess_pose(np.stack([points[n] for n in names], axis=1), tree, Sites(names, link, offset))
    turns = Rotation.from_quat(quats.reshape(-1, 4), scalar_first=True).as_matrix().reshape(len(root), JOINTS, 3, 3)
    return Poses(root, turns, np.zeros((len(root), 2, 3)))
