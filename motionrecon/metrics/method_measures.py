"""One method's measures beside a reference: errors, smoothness, feet and floor.

Planted feet are the same for all methods: those of the reference by height and speed; without one, those the kinematic
start names (else low ones) whose smoothed speed is below the limit, so that a foot rolling over its toe is not called
sliding.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.metrics import accuracy, body_points, catalog, frame_errors, ground, smoothness
from motionrecon.types import FitResult


@dataclasses.dataclass(frozen=True)
class Method:
    """One method's keypoints (T, K, 3), contacts' lowest points (T, C, 3), feet (T, 2, P, 3), m; None if unknown."""

    keypoints: np.ndarray
    contacts: np.ndarray | None
    feet: np.ndarray | None


@dataclasses.dataclass(frozen=True)
class Reference:
    """What the methods are compared with.

    Attributes:
      kind: "truth", "observation" or "none".
      positions: (T, K, 3) m, or None.
      known: (T, K) bool, where ``positions`` are known; the feet's contacts are judged by all of them.
      mask: (T, K) bool, those of them that are measured.
    """

    kind: str
    positions: np.ndarray | None
    known: np.ndarray
    mask: np.ndarray


def reference_of(result: FitResult, counted: np.ndarray) -> Reference:
    """Return what a result is compared with: the truth, else the observed 3D points, else nothing.

    Args:
      result: of a fit.
      counted: (K,) bool, which keypoints are measured.
    """
    seen = np.asarray(result.observation.confidence) > 0
    if result.truth is not None:
        truth = np.asarray(result.truth)
        known = np.asarray(np.isfinite(truth).all(axis=-1))
        return Reference("truth", np.where(known[..., None], truth, 0.0), known, known & counted)
    if result.observation.keypoints3d is not None:
        return Reference("observation", np.asarray(result.observation.keypoints3d), seen, seen & counted)
    return Reference("none", None, seen, seen & counted)


def planted_feet(
    result: FitResult, reference: Reference, smoothed_feet: np.ndarray | None
) -> tuple[np.ndarray | None, str]:
    """Return planted feet (T, 2) bool for all methods, and a sentence that says where they come from.

    Args:
      result: of a fit.
      reference: of ``reference_of``.
      smoothed_feet: (T, 2, P, 3) m, the smoothed method's, which decide where there is no reference; None if unknown.
    """
    rule, fps = ground.ContactRule(), float(result.observation.fps)
    limits = f"within {rule.lift * 100:.0f} cm of its standing height and below {rule.speed} m/s"
    index = body_points.foot_keypoints(result.observation.names)
    if reference.positions is not None and index is not None:
        known = np.asarray(reference.known.any(axis=0))  # a truth without heels is judged by the ankle and the toe
        keep = [i for i in range(len(index[0])) if all(known[side[i]] for side in index)]
        if not keep:
            return None, "unknown"
        index = np.array(index)[:, keep]
        feet = reference.positions[:, index]
        visible = reference.known[:, index].all(axis=-1)
        return ground.foot_contacts(feet, fps, rule) & visible, f"{reference.kind}: a foot {limits}"
    if smoothed_feet is None:
        return None, "unknown"
    if result.foot_contacts is None:
        return ground.foot_contacts(smoothed_feet, fps, rule), f"kinematic start: a foot {limits}"
    slow = ground.foot_speed(smoothed_feet, fps) <= rule.speed
    return np.asarray(
        result.foot_contacts, dtype=bool
    ) & slow, f"kinematic start: a planted foot below {rule.speed} m/s"


def _image_error(result: FitResult, points: np.ndarray, counted: np.ndarray) -> float | None:
    seen = result.observation
    if seen.keypoints2d is None or seen.camera is None:
        return None
    mask = (np.asarray(seen.confidence) > 0) & counted
    return accuracy.mpjpe_2d_px(points, np.asarray(seen.keypoints2d), seen.camera, mask)


def measure(
    result: FitResult, method: Method, reference: Reference, planted: np.ndarray | None, counted: np.ndarray
) -> dict[str, float | None]:
    """Return every measure of the catalog that a method has of itself; None where it cannot be computed.

    Args:
      result: of a fit.
      method: its points.
      reference: of ``reference_of``.
      planted: (T, 2) bool, of ``planted_feet``; None if unknown.
      counted: (K,) bool, which keypoints are measured.
    """
    names, fps = result.observation.names, float(result.observation.fps)
    tracked = np.broadcast_to(reference.mask.any(axis=0), reference.mask.shape)  # never-seen points say nothing
    variation = smoothness.tv(method.keypoints, tracked)
    row: dict[str, float | None] = dict.fromkeys(catalog.METHOD_KEYS)
    row |= {
        "mpjpe_2d_px": _image_error(result, method.keypoints, counted),
        "tv_m_per_frame2": variation,
        "tv_m_per_s2": None if variation is None else variation * fps**2,
        "jitter_m_per_s3": smoothness.jitter(method.keypoints, fps, tracked),
        "penetration_mm": None if method.contacts is None else ground.penetration_mm(method.contacts),
    }
    if reference.positions is not None:
        pair = (method.keypoints, reference.positions)
        row["mpjpe_g_mm"] = accuracy.mpjpe_g(*pair, reference.mask)
        row |= frame_errors.spread(frame_errors.frame_errors_mm(*pair, reference.mask))
        row["mpjpe_mm"] = accuracy.mpjpe(*pair, names, reference.mask)
        row["mpjpe_pa_mm"] = accuracy.mpjpe_pa(*pair, reference.mask)
        row["mpjpe_wa_mm"] = accuracy.mpjpe_wa(*pair, reference.mask)
        row["w_mpjpe_100_mm"] = accuracy.mpjpe_chunks(*pair, reference.mask, align_frames=2)
        row["wa_mpjpe_100_mm"] = accuracy.mpjpe_chunks(*pair, reference.mask)
        row["rte_percent"] = accuracy.rte_percent(*pair, names, reference.mask)
        row["accel_error_m_per_s2"] = smoothness.accel_error(*pair, fps, reference.mask)
    if planted is not None and method.feet is not None:
        row["foot_skate_percent"] = ground.foot_skate_percent(method.feet, planted, fps)
        row["foot_sliding_mm"] = ground.foot_sliding_mm(method.feet, planted, fps)
    if planted is not None and method.contacts is not None:
        row["float_mm"] = ground.float_mm(method.contacts, planted)
    return row
