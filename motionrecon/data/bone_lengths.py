"""Bones between keypoints: which points lie on one bone or nearly so, and where that length is not kept."""

from __future__ import annotations

import numpy as np

_SIDED = (
    ("hip", "knee"), ("knee", "ankle"), ("ankle", "ball"), ("ankle", "heel"), ("ankle", "toe"), ("ball", "toe"),
    ("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "hand"), ("ankle", "small_toe"), ("eye", "ear"),
)  # fmt: skip
_MIDDLE = (
    ("left_hip", "right_hip"), ("left_shoulder", "right_shoulder"), ("pelvis", "left_hip"), ("pelvis", "right_hip"),
    ("pelvis", "chest"), ("chest", "neck"), ("neck", "head_top"), ("neck", "head"), ("neck", "left_shoulder"),
    ("neck", "right_shoulder"), ("nose", "left_ear"), ("nose", "right_ear"), ("left_eye", "right_eye"),
    ("pelvis", "spine"), ("neck", "nose"),
)  # fmt: skip
BONES = (*((s + a, s + b) for s in ("left_", "right_") for a, b in _SIDED), *_MIDDLE)
_OFF = 0.25  # share of a bone's usual length by which it is off
_LEAST = 0.05  # m, at least


def known(names: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return the bones whose ends are both among ``names``, as pairs of indices."""
    return [(names.index(a), names.index(b)) for a, b in BONES if a in names and b in names]


def lengths(names: tuple[str, ...], values: np.ndarray) -> np.ndarray:
    """Return (T, B) lengths of the bones of ``known`` in (T, K, 3), in its unit; NaN where an end is missing."""
    pairs = np.array(known(names), dtype=int).reshape(-1, 2)
    return np.linalg.norm(values[:, pairs[:, 0]] - values[:, pairs[:, 1]], axis=-1)


def off(names: tuple[str, ...], values: np.ndarray) -> np.ndarray:
    """Return (T, K) true where at least half of a point's bones are far from their usual lengths.

    Args:
      names: K canonical keypoint names.
      values: (T, K, 3) m; NaN where missing.
    """
    pairs = known(names)
    size = lengths(names, values)
    seen = np.isfinite(size)
    usual = np.array([np.median(size[s, b]) if s.any() else 0.0 for b, s in enumerate(seen.T)])
    with np.errstate(invalid="ignore"):
        wrong = seen & (np.abs(size - usual) > np.maximum(_OFF * usual, _LEAST))
    out = np.zeros(values.shape[:2], dtype=bool)
    for k in range(len(names)):
        mine = [b for b, pair in enumerate(pairs) if k in pair]
        if mine:
            out[:, k] = wrong[:, mine].any(axis=1) & (2 * wrong[:, mine].sum(axis=1) >= seen[:, mine].sum(axis=1))
    return out
