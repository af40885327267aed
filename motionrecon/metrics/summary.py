"""The content of ``metrics.json``: the simulated motion beside its kinematic start and a smoothed baseline.

The reference is the truth where it is known, else the observed 3D points (mocap), else nothing (video: image error,
smoothness and contact only). The smoothed baseline is a Gaussian over time (two frames at 30 fps) of the observed
3D points where there are any (gaps filled from the kinematic start), else of the kinematic start's keypoints; or of
these in any case where asked for, as the evaluation does, because they are the harder to beat where there are
outliers. Its contact points are the smoothed contact points of the kinematic start. Planted feet are the same for all
methods (``method_measures``).
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import numpy as np

from motionrecon import biomechanics
from motionrecon.geometry import camera as cameras
from motionrecon.metrics import baseline, body_points
from motionrecon.metrics.method_measures import Method, Reference, measure, planted_feet, reference_of
from motionrecon.types import FitResult

FORMAT_VERSION = 1
METHODS = ("physics", "kinematic", "smoothed")
Smoothed = Literal["input", "start"]


def _smoothed_source(result: FitResult, smoothed: Smoothed) -> np.ndarray:
    kinematic = np.asarray(result.kinematic_keypoints)
    if smoothed == "start" or result.observation.keypoints3d is None:
        return kinematic
    seen = np.asarray(result.observation.confidence) > 0
    return np.where(seen[..., None], np.asarray(result.observation.keypoints3d), kinematic)


def _lowered(points: np.ndarray | None, result: FitResult) -> np.ndarray | None:
    """Move contact points down by their radius, to where the body's surface meets the ground."""
    if points is None or result.contact_radius is None:
        return points
    return points - np.asarray(result.contact_radius)[:, None] * np.array([0.0, 0.0, 1.0])


def _methods(result: FitResult, by_keypoints: bool, smoothed: Smoothed) -> dict[str, Method]:
    """Gather each method's points; feet from the keypoints, or from the bodies where there are no foot keypoints."""
    sigma = baseline.SIGMA_SECONDS * float(result.observation.fps)
    contacts = body_points.carried_contacts(result)
    physics_contacts = np.asarray(result.rollout.contact_pos)
    smooth_contacts = None if contacts is None else baseline.gaussian_smooth(contacts, sigma)
    keypoints = {
        "physics": np.asarray(result.rollout.keypoints),
        "kinematic": np.asarray(result.kinematic_keypoints),
        "smoothed": baseline.gaussian_smooth(_smoothed_source(result, smoothed), sigma),
    }
    index = body_points.foot_keypoints(result.observation.names)
    if by_keypoints and index is not None:
        feet = {name: points[:, np.array(index)] for name, points in keypoints.items()}
    else:
        names = result.contact_names
        kinematic = body_points.body_feet(result.kinematic, contacts, names)
        feet = {
            "physics": body_points.body_feet(result.motion, physics_contacts, names),
            "kinematic": kinematic,
            "smoothed": None
            if kinematic is None
            else baseline.gaussian_smooth(kinematic.reshape(len(kinematic), -1, 3), sigma).reshape(kinematic.shape),
        }
    touching = {"physics": physics_contacts, "kinematic": contacts, "smoothed": smooth_contacts}
    return {name: Method(keypoints[name], _lowered(touching[name], result), feet[name]) for name in METHODS}


def _per_keypoint(result: FitResult, methods: dict[str, Method], reference: Reference) -> dict[str, Any]:
    """Return each keypoint's mean error by method: mm from the reference, else px in the image, else nothing."""
    seen = result.observation
    points = {name: method.keypoints for name, method in methods.items()}
    if reference.positions is not None:
        unit, scale, target, mask = "mm", 1000.0, reference.positions, reference.mask
    elif seen.keypoints2d is not None and seen.camera is not None:
        unit, scale, target, mask = "px", 1.0, np.asarray(seen.keypoints2d), np.asarray(seen.confidence) > 0
        points = {n: cameras.project_clip(seen.camera, x) for n, x in points.items()}
    else:
        return {"unit": None}
    table: dict[str, Any] = {"unit": unit}
    count = mask.sum(axis=0)
    for name, found in points.items():
        distance = scale * np.linalg.norm(found - target, axis=-1)
        mean = np.where(mask, distance, 0.0).sum(axis=0) / np.maximum(count, 1)
        table[name] = {n: float(m) if c else None for n, m, c in zip(seen.names, mean, count, strict=True)}
    return table


def _optimizer(result: FitResult) -> dict[str, Any]:
    name = result.config.get("optimizer")
    if isinstance(name, dict):
        name = name.get("name")
    return {
        "name": name or ", ".join(dict.fromkeys(w.method for w in result.windows)) or None,
        "evaluations": sum(w.evaluations for w in result.windows),
        "steps": sum(w.steps for w in result.windows),
        "seconds_optimize": result.seconds.get("optimize"),
        "seconds_compile": result.seconds.get("compile"),
    }


def _finite(value: float | None) -> float | None:
    """Return the value, or None where it is not finite: JSON has no NaN."""
    return float(value) if value is not None and np.isfinite(value) else None


def _windows(result: FitResult) -> list[dict[str, Any]]:
    return [
        {
            "start": w.window.start,
            "stop": w.window.stop,
            "status": w.status.name.lower(),
            "method": w.method,
            "evaluations": w.evaluations,
            "steps": w.steps,
            "seconds": w.seconds,
            "loss_first": _finite(w.loss_first),
            "loss_last": _finite(w.loss_last),
            "error_mm": _finite(w.error_mm),
        }
        for w in result.windows
    ]


def summarize(result: FitResult, joints: tuple[str, ...] | None = None, smoothed: Smoothed = "input") -> dict[str, Any]:
    """Measure a fit beside its kinematic start and the smoothed baseline.

    Args:
      result: a fit of at least one frame.
      joints: the keypoints over which errors and smoothness are measured, those of them that the observation has;
        None takes all. Which feet are planted is judged by every foot keypoint all the same.
      smoothed: what the smoothed baseline is made of: the input where it is 3D, or the kinematic start.

    Returns:
      The content of ``metrics.json``, ready for ``json.dump``; a value that cannot be computed is None.
    """
    counted = np.array([joints is None or name in joints for name in result.observation.names])
    reference = reference_of(result, counted)
    methods = _methods(result, reference.positions is not None, smoothed)
    planted, contact_source = planted_feet(result, reference, methods["smoothed"].feet)
    rows = {name: measure(result, method, reference, planted, counted) for name, method in methods.items()}
    fps = float(result.observation.fps)
    return {
        "format_version": FORMAT_VERSION,
        "input": result.source,
        "fps": fps,
        "frames": len(np.asarray(result.motion.root_pos)),
        "joint_set": [n for n, kept in zip(result.observation.names, counted, strict=True) if kept],
        "layout": result.observation.layout,
        "reference": reference.kind,
        "foot_contact_source": contact_source,
        "smoothing_sigma_frames": baseline.SIGMA_SECONDS * fps,
        "methods": {name: {k: _finite(v) for k, v in row.items()} for name, row in rows.items()},
        "per_keypoint": _per_keypoint(result, methods, reference),
        "gait": biomechanics.gait_summary(biomechanics.analyze(result)),
        "optimizer": _optimizer(result),
        "seconds": dict(result.seconds),
        "windows": _windows(result),
        "unsupported_intervals": [dataclasses.asdict(interval) for interval in result.unsupported],
        "terms": {k: _finite(v) for k, v in result.terms.items()},
        "warnings": list(result.warnings),
    }


def measure_keypoints(
    result: FitResult, keypoints: np.ndarray, joints: tuple[str, ...] | None = None
) -> dict[str, float | None]:
    """Measure keypoints that are of no body (a filter's, a detector's) as ``summarize`` measures its methods.

    Args:
      result: a fit of the same clip with a 3D reference, which says which feet are planted.
      keypoints: (T, K, 3) m, for the observation's names.
      joints: as for ``summarize``.

    Returns:
      {key of ``catalog.METHOD_KEYS``: value}; what needs a body (penetration, float) is None.
    """
    counted = np.array([joints is None or name in joints for name in result.observation.names])
    reference = reference_of(result, counted)
    planted, _ = planted_feet(result, reference, None)
    index = body_points.foot_keypoints(result.observation.names)
    method = Method(keypoints, None, None if index is None else keypoints[:, np.array(index)])
    return {key: _finite(value) for key, value in measure(result, method, reference, planted, counted).items()}
