"""Rigid and similarity transforms that bring one point set closest to another, in closed form."""

from __future__ import annotations

import numpy as np

_TINY = 1e-12


def similarity(source: np.ndarray, target: np.ndarray, weight: np.ndarray, *, scale: bool = True) -> np.ndarray:
    """Align ``source`` to ``target`` by rotation, translation and (unless ``scale`` is false) uniform scale.

    Minimises sum_k w_k |s R x_k + t - y_k|^2; reflections are excluded. S. Umeyama, "Least-squares estimation of
    transformation parameters between two point patterns", PAMI 13(4), 1991.

    Args:
      source: (..., K, 3) m.
      target: (..., K, 3) m.
      weight: (..., K) non-negative; a set whose weights are all zero is only moved by its (zero) mean.
      scale: whether the size may change.

    Returns:
      The aligned source, (..., K, 3) m.
    """
    w = weight[..., None] / np.maximum(weight.sum(-1), _TINY)[..., None, None]
    mean_x, mean_y = (w * source).sum(-2, keepdims=True), (w * target).sum(-2, keepdims=True)
    x, y = source - mean_x, target - mean_y
    u, d, vt = np.linalg.svd(np.swapaxes(w * y, -1, -2) @ x)
    sign = np.ones_like(d)
    sign[..., 2] = np.where(np.linalg.det(u) * np.linalg.det(vt) < 0, -1.0, 1.0)
    rotation = (u * sign[..., None, :]) @ vt
    size = np.ones(d.shape[:-1])
    if scale:
        size = (d * sign).sum(-1) / np.maximum((w * x * x).sum((-1, -2)), _TINY)
    return size[..., None, None] * (x @ np.swapaxes(rotation, -1, -2)) + mean_y


def yaw_translation(source: np.ndarray, target: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Align by one rotation about the vertical and one translation, least squares over all points.

    The angle is atan2(sum w (x_1 y_2 - x_2 y_1), sum w (x_1 y_1 + x_2 y_2)) of the centred horizontal coordinates
    (the planar case of Procrustes).

    Args:
      source: (..., 3) m.
      target: (..., 3) m.
      weight: (...) non-negative.

    Returns:
      The aligned source, same shape, m.
    """
    x, y, w = source.reshape(-1, 3), target.reshape(-1, 3), weight.reshape(-1, 1)
    w = w / max(w.sum(), _TINY)
    mean_x, mean_y = (w * x).sum(0), (w * y).sum(0)
    x, y = x - mean_x, y - mean_y
    sine = (w[:, 0] * (x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0])).sum()
    cosine = (w[:, 0] * (x[:, 0] * y[:, 0] + x[:, 1] * y[:, 1])).sum()
    angle = np.arctan2(sine, cosine)
    c, s = np.cos(angle), np.sin(angle)
    turned = np.stack([c * x[:, 0] - s * x[:, 1], s * x[:, 0] + c * x[:, 1], x[:, 2]], axis=-1)
    return (turned + mean_y).reshape(source.shape)
