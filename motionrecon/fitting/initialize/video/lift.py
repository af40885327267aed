"""Rough hip-centred 3D points where a detector gives only 2D: flat limbs, and depth across hips and shoulders.

The width of the shoulders in the picture tells how far the person is turned, nose, feet and travel tell to which
side; limbs start in the plane of the body half they belong to, and the fit finds the rest.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d, percentile_filter

from motionrecon.geometry import skeleton

_CHAIN = (("hip", "knee"), ("knee", "ankle"))


def _meters_per_unit(p: dict[str, np.ndarray], height: float, fps: float) -> Float[np.ndarray, " T"]:
    """Size of one image unit in metres (T,), from trunk and legs; the longest look within half a second counts."""
    base = skeleton.template(height)
    at = dict(zip(base.names, np.abs(np.asarray(base.offsets)).max(axis=-1), strict=True))
    trunk = np.linalg.norm(
        0.5 * (p["left_shoulder"] + p["right_shoulder"]) - 0.5 * (p["left_hip"] + p["right_hip"]), axis=-1
    )
    seen, known = trunk, at["spine"] + at["chest"] + 0.140 * height
    for a, b in _CHAIN:
        if f"left_{b}" in p and f"right_{b}" in p:
            both = [np.linalg.norm(p[f"{s}_{a}"] - p[f"{s}_{b}"], axis=-1) for s in ("left", "right")]
            seen, known = seen + np.maximum(*both), known + at[f"left_{b}"]
    size = percentile_filter(seen, 80, size=max(3, round(fps)), mode="nearest")
    return known / np.maximum(gaussian_filter1d(size, 0.2 * fps, mode="nearest"), 1e-6)


def _facing(p: dict[str, np.ndarray], confidence: dict[str, np.ndarray], fps: float) -> Float[np.ndarray, " T"]:
    """Sign (T,) of the direction the person faces along image x: from nose, feet and travel."""
    vote = np.zeros(len(p["left_hip"]))
    if "nose" in p and "left_ear" in p:
        vote += (p["nose"] - 0.5 * (p["left_ear"] + p["right_ear"]))[:, 0] * confidence["nose"]
    for side in ("left", "right"):
        if f"{side}_toe" in p and f"{side}_heel" in p:
            vote += (p[f"{side}_toe"] - p[f"{side}_heel"])[:, 0] * confidence[f"{side}_toe"]
    vote = gaussian_filter1d(vote, 0.3 * fps, mode="nearest")
    travel = gaussian_filter1d(np.gradient(p["left_hip"][:, 0] + p["right_hip"][:, 0]), 0.3 * fps, mode="nearest")
    return np.where(vote + 0.3 * travel * fps >= 0, 1.0, -1.0)


def lift(
    flat: Float[np.ndarray, "T K 2"],
    confidence: Float[np.ndarray, "T K"],
    names: tuple[str, ...],
    height: float,
    fps: float,
) -> Float[np.ndarray, "T K 3"]:
    """Return hip-centred points (T, K, 3) m in ray axes (x right, y down, z away).

    Args:
      flat: (T, K, 2) normalised image coordinates, gaps filled.
      confidence: (T, K).
      names: K canonical names; hips and shoulders must be among them.
      height: stature, m.
      fps: Hz.
    """
    p = {name: flat[:, k] for k, name in enumerate(names)}
    sure = {name: confidence[:, k] for k, name in enumerate(names)}
    unit = _meters_per_unit(p, height, fps)[:, None, None]
    middle = 0.5 * (p["left_hip"] + p["right_hip"])
    plane = (flat - middle[:, None]) * unit
    index = names.index
    wide = plane[:, index("left_shoulder"), 0] - plane[:, index("right_shoulder"), 0]
    wide = gaussian_filter1d(wide, 0.1 * fps, mode="nearest")
    full = 2 * 0.108 * height
    turn = _facing(p, sure, fps) * np.sqrt(np.maximum(full**2 - wide**2, 0.0)) / full  # left side's depth, per width
    depth = np.zeros(flat.shape[:2])
    for k, name in enumerate(names):
        side = 1.0 if name.startswith("left_") else -1.0 if name.startswith("right_") else 0.0
        upper = any(part in name for part in ("shoulder", "elbow", "wrist", "hand"))
        depth[:, k] = side * turn * height * (0.108 if upper else 0.052)
        if "ear" in name or "eye" in name:
            depth[:, k] *= 0.4
    return np.concatenate([plane, depth[..., None]], axis=-1)
