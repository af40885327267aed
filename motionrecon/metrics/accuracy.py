"""Position errors against a reference, under the alignments the field uses, in millimetres.

``mask`` (T, K) selects the points that count: true, or a confidence above 0. A point that is missing never enters
an alignment or a mean.
"""

from __future__ import annotations

import numpy as np

from motionrecon.geometry import camera as cameras
from motionrecon.metrics import alignment
from motionrecon.types import Camera

_MM = 1000.0
_MIN_POINTS = 3  # fewer points leave a rotation in space undetermined
_MIN_PATH = 0.5  # m; below this a root path is standing sway, and a share of it means nothing


def as_mask(mask: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """Return a boolean mask of ``shape``: everything, or where ``mask`` (confidence or bool) is above 0."""
    return np.ones(shape, dtype=bool) if mask is None else np.broadcast_to(np.asarray(mask) > 0, shape)


def _mean_distance(a: np.ndarray, b: np.ndarray, mask: np.ndarray, unit: float = _MM) -> float | None:
    if not mask.any():
        return None
    return float(np.linalg.norm(a - b, axis=-1)[mask].mean() * unit)


def root_of(names: tuple[str, ...], positions: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Find the root: the ``pelvis`` keypoint, else the middle of ``left_hip`` and ``right_hip``.

    Args:
      names: K keypoint names.
      positions: (T, K, 3) m.
      mask: (T, K) bool.

    Returns:
      Root positions (T, 3) m and whether they are visible (T,) bool; None if the names hold neither.
    """
    if "pelvis" in names:
        index = [names.index("pelvis")]
    elif "left_hip" in names and "right_hip" in names:
        index = [names.index("left_hip"), names.index("right_hip")]
    else:
        return None
    return positions[:, index].mean(axis=1), np.asarray(mask[:, index].all(axis=1))


def mpjpe_g(predicted: np.ndarray, reference: np.ndarray, mask: np.ndarray | None = None) -> float | None:
    """Mean per joint position error without any alignment ("global").

    mean over visible (t, k) of |p_tk - r_tk|, mm. Gartner et al., "Differentiable Dynamics for Articulated 3D Human
    Motion Reconstruction" (DiffPhy), CVPR 2022: MPJPE-G.

    Args:
      predicted: (T, K, 3) m, world.
      reference: (T, K, 3) m, world.
      mask: (T, K), or None for all points.

    Returns:
      mm, or None if no point is visible.
    """
    return _mean_distance(predicted, reference, as_mask(mask, predicted.shape[:2]))


def mpjpe(
    predicted: np.ndarray, reference: np.ndarray, names: tuple[str, ...], mask: np.ndarray | None = None
) -> float | None:
    """MPJPE after moving each frame so that the roots coincide; rotation and size stay.

    mean of |(p_tk - p_t,root) - (r_tk - r_t,root)|, mm, over visible points of frames whose root is visible. The root
    is the pelvis, or the middle of the hips where no pelvis is among the points; a pelvis counts as one of the
    points. Ionescu et al., "Human3.6M", PAMI 2014.

    Args:
      predicted: (T, K, 3) m.
      reference: (T, K, 3) m.
      names: K keypoint names.
      mask: (T, K), or None for all points.

    Returns:
      mm, or None without a root among the names or a frame in which it is visible.
    """
    visible = as_mask(mask, predicted.shape[:2])
    p_root, r_root = root_of(names, predicted, visible), root_of(names, reference, visible)
    if p_root is None or r_root is None:
        return None
    a, b = predicted - p_root[0][:, None], reference - r_root[0][:, None]
    return _mean_distance(a, b, visible & p_root[1][:, None])


def mpjpe_pa(predicted: np.ndarray, reference: np.ndarray, mask: np.ndarray | None = None) -> float | None:
    """MPJPE after the best similarity (rotation, translation, scale) of every single frame (PA, "Procrustes").

    mean of |s_t R_t p_tk + c_t - r_tk|, mm, over frames with at least three visible points. Umeyama 1991;
    Martinez et al., "A simple yet effective baseline for 3d human pose estimation", ICCV 2017, protocol 2.

    Args:
      predicted: (T, K, 3) m.
      reference: (T, K, 3) m.
      mask: (T, K), or None for all points.

    Returns:
      mm, or None if no frame shows three points.
    """
    visible = as_mask(mask, predicted.shape[:2])
    visible = visible & (visible.sum(1) >= _MIN_POINTS)[:, None]
    return _mean_distance(alignment.similarity(predicted, reference, visible.astype(float)), reference, visible)


def mpjpe_wa(predicted: np.ndarray, reference: np.ndarray, mask: np.ndarray | None = None) -> float | None:
    """MPJPE after one rotation about the vertical and one translation for the whole clip.

    mean of |R_z p_tk + c - r_tk|, mm: what remains of MPJPE-G when only the heading and the place of the world frame
    are free; scale, tilt and drift still count. Named after the world-aligned error of Shin et al., "WHAM", CVPR
    2024, which also frees tilt and scale (see ``mpjpe_chunks``).

    Args:
      predicted: (T, K, 3) m, world, z up.
      reference: (T, K, 3) m, world, z up.
      mask: (T, K), or None for all points.

    Returns:
      mm, or None if no point is visible.
    """
    visible = as_mask(mask, predicted.shape[:2])
    return _mean_distance(alignment.yaw_translation(predicted, reference, visible.astype(float)), reference, visible)


def mpjpe_chunks(
    predicted: np.ndarray,
    reference: np.ndarray,
    mask: np.ndarray | None = None,
    *,
    frames: int = 100,
    align_frames: int | None = None,
) -> float | None:
    """WA-MPJPE (``align_frames`` None) or W-MPJPE (``align_frames`` 2) over chunks of 100 frames.

    Each chunk is brought to the reference by one similarity computed from all of its frames (WA) or its first
    ``align_frames`` (W); mean distance over all visible points of all chunks, mm. Shin et al., "WHAM", CVPR 2024.

    Args:
      predicted: (T, K, 3) m.
      reference: (T, K, 3) m.
      mask: (T, K), or None for all points.
      frames: length of a chunk; the last may be shorter.
      align_frames: frames at the start of a chunk that determine its alignment; None for all.

    Returns:
      mm, or None if no point is visible.
    """
    visible = as_mask(mask, predicted.shape[:2])
    aligned, used = predicted.copy(), visible.copy()
    for start in range(0, len(predicted), frames):
        part = slice(start, start + frames)
        weight = visible[part].astype(float)
        if align_frames is not None:
            weight[align_frames:] = 0.0
        if weight.sum() < _MIN_POINTS:
            used[part] = False
            continue
        x, y = predicted[part].reshape(-1, 3), reference[part].reshape(-1, 3)
        aligned[part] = alignment.similarity(x, y, weight.ravel()).reshape(predicted[part].shape)
    return _mean_distance(aligned, reference, used)


def rte_percent(
    predicted: np.ndarray, reference: np.ndarray, names: tuple[str, ...], mask: np.ndarray | None = None
) -> float | None:
    """Root translation error: mean root distance after one rigid alignment, over the length of the true path.

    100 mean_t |R p_t + c - r_t| / sum_t |r_t+1 - r_t|, percent. Shin et al., "WHAM", CVPR 2024.

    Args:
      predicted: (T, K, 3) m.
      reference: (T, K, 3) m.
      names: K keypoint names; the root is found as in ``mpjpe``.
      mask: (T, K), or None for all points.

    Returns:
      Percent, or None without a root or where its path is shorter than 0.5 m.
    """
    visible = as_mask(mask, predicted.shape[:2])
    p, r = root_of(names, predicted, visible), root_of(names, reference, visible)
    if p is None or r is None or p[1].sum() < _MIN_POINTS:
        return None
    a, b = p[0][p[1]], r[0][r[1]]
    path = np.linalg.norm(np.diff(b, axis=0), axis=-1).sum()
    if path < _MIN_PATH:
        return None
    aligned = alignment.similarity(a, b, np.ones(len(a)), scale=False)
    return float(100.0 * np.linalg.norm(aligned - b, axis=-1).mean() / path)


def mpjpe_2d_px(
    predicted: np.ndarray, pixels: np.ndarray, camera: Camera, mask: np.ndarray | None = None
) -> float | None:
    """Mean distance in the image between projected and given points.

    mean over visible (t, k) of |project(p_tk) - u_tk|, px of the image ``camera.size``. DiffPhy (CVPR 2022): MPJPE-2d.

    Args:
      predicted: (T, K, 3) m, world.
      pixels: (T, K, 2) px.
      camera: the camera of ``pixels``.
      mask: (T, K), or None for all points.

    Returns:
      px, or None if no point is visible.
    """
    projected = cameras.project_clip(camera, predicted)
    return _mean_distance(projected, pixels, as_mask(mask, predicted.shape[:2]), unit=1.0)
