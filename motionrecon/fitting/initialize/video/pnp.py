"""Where the person stands in front of the camera: hip-centred landmarks to metres, to the viewing ray, to a depth.

A pose estimator's world landmarks belong to the ray through the person, not to the optical axis, and their size
is only roughly metric: both are corrected here, then each frame's translation follows from its 2D points
(perspective-n-point with known rotation is linear in the translation).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

LEGS = (
    ("left_hip", "left_knee"),
    ("left_knee", "left_ankle"),
    ("right_hip", "right_knee"),
    ("right_knee", "right_ankle"),
)
SCALE_RANGE = (0.8, 1.25)


def landmark_scale(
    landmarks: Float[np.ndarray, "T K 3"], names: tuple[str, ...], confidence: Float[np.ndarray, "T K"], leg: float
) -> float:
    """Return the factor that gives the landmarks legs of the person's length.

    Args:
      landmarks: (T, K, 3) m.
      names: K canonical names.
      confidence: (T, K).
      leg: the person's thigh + shin, m.

    Returns:
      Ratio of ``leg`` to the median thigh + shin, within ``SCALE_RANGE``; 1 where no leg is seen.
    """
    total = 0.0
    for a, b in LEGS:
        if a not in names or b not in names:
            return 1.0
        i, j = names.index(a), names.index(b)
        seen = np.minimum(confidence[:, i], confidence[:, j]) > 0.3
        if not seen.any():
            return 1.0
        total += 0.5 * float(np.median(np.linalg.norm(landmarks[seen, i] - landmarks[seen, j], axis=-1)))
    return float(np.clip(leg / max(total, 1e-3), *SCALE_RANGE))


def ray_rotations(directions: Float[np.ndarray, "T 3"]) -> Float[np.ndarray, "T 3 3"]:
    """Return (T, 3, 3) rotations that turn the optical axis into unit directions (T, 3) by the shortest way."""
    x, y, z = directions[:, 0], directions[:, 1], directions[:, 2]
    k = 1.0 / (1.0 + np.maximum(z, -0.5))
    rows = [[1 - k * x * x, -k * x * y, x], [-k * x * y, 1 - k * y * y, y], [-x, -y, z]]
    return np.stack([np.stack(r, axis=-1) for r in rows], axis=-2)


def solve_translation(
    relative: Float[np.ndarray, "T K 3"],
    flat: Float[np.ndarray, "T K 2"],
    weight: Float[np.ndarray, "T K"],
    rounds: int = 5,
) -> Float[np.ndarray, "T 3"]:
    """Find each frame's translation by reweighted linear least squares.

    Args:
      relative: (T, K, 3) m, points relative to the unknown position, camera axes.
      flat: (T, K, 2) normalised image coordinates x/z, y/z.
      weight: (T, K) at least 0.
      rounds: reweightings (Cauchy, scale = median residual).

    Returns:
      (T, 3) m, camera axes; frames without weight get the solution of a weak prior 4 m ahead.
    """
    base, prior = np.array([0.0, 0.0, 4.0]), 1e-6
    bend = np.ones_like(weight)
    for _ in range(rounds + 1):
        w = (weight * bend)[..., None]
        zero, one = np.zeros(flat.shape[:2]), np.ones(flat.shape[:2])
        rows = np.stack(
            [np.stack([one, zero, -flat[..., 0]], -1), np.stack([zero, one, -flat[..., 1]], -1)], axis=2
        )  # (T, K, 2, 3)
        right = flat * relative[..., 2:] - relative[..., :2]
        normal = np.sum(rows[..., :, None] * rows[..., None, :] * w[..., None, None], axis=(1, 2))
        vector = np.sum(rows * (right * w)[..., None], axis=(1, 2))
        found = np.linalg.solve(normal + prior * np.eye(3), (vector + prior * base)[..., None])[..., 0]
        error = np.linalg.norm(np.sum(rows * found[:, None, None], axis=-1) - right, axis=-1)
        scale = np.median(np.where(weight > 0, error, np.nan), axis=1, keepdims=True) if weight.all() else None
        if scale is None:
            scale = np.array(
                [[np.median(e[v > 0]) if (v > 0).any() else 1.0] for e, v in zip(error, weight, strict=True)]
            )
        bend = 1.0 / (1.0 + (error / (2.0 * scale + 1e-6)) ** 2)
    return found


def bridge(values: Float[np.ndarray, "T D"], weight: Float[np.ndarray, " T"], sigma: float) -> Float[np.ndarray, "T D"]:
    """Smooth (T, D) values with weights (T,) by a normalised Gaussian of ``sigma`` frames; gaps are interpolated."""
    seen = np.flatnonzero(weight > 0)
    grid = np.arange(len(values))
    filled = np.stack([np.interp(grid, seen, values[seen, d]) for d in range(values.shape[1])], axis=-1)
    w = np.maximum(weight, 1e-3)[:, None]
    return gaussian_filter1d(filled * w, sigma, axis=0, mode="nearest") / gaussian_filter1d(
        w, sigma, axis=0, mode="nearest"
    )
