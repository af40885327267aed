"""What the quality checks measure that no table shows: nearness to what was observed, forces against weight, coverage.

All of it is measured against the observation, never a truth: a user's clip has none.
"""

from __future__ import annotations

import numpy as np

from motionrecon.biomechanics.gait_events import body_weight
from motionrecon.geometry import camera as cameras
from motionrecon.metrics import accuracy, frame_errors
from motionrecon.types import FitResult, FitStatus

_LOADED = 0.05  # body weights; less is no contact
_END_SECONDS = 0.2  # over which the speed at an end of a stretch is taken
_DOUBT = 0.5  # m/s, by which those speeds may be wrong together
_LEAST_SECONDS = 0.5  # a shorter stretch says nothing about the mean force
_GRAVITY = body_weight(1.0)  # m/s^2


def measures(result: FitResult) -> dict[str, float | None]:
    """Return the values of the checks by name, in the units of ``quality.KINDS``; None where one cannot be made.

    ``start_error`` (mm, of the kinematic start) and ``force_doubt`` (body weights, what the ends' speeds leave open)
    are there for the limits.
    """
    failed = sum(w.status in (FitStatus.DIVERGED, FitStatus.NON_FINITE) for w in result.windows)
    return {"windows": float(failed), **_errors(result), **_pixels(result), **_force(result), **_coverage(result)}


def _difference(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _errors(result: FitResult) -> dict[str, float | None]:
    seen = result.observation
    if seen.keypoints3d is None:
        return dict.fromkeys(("error", "start_error", "error_over_start", "fallen"))
    target, mask = np.asarray(seen.keypoints3d), np.asarray(seen.confidence) > 0
    physics = accuracy.mpjpe_g(np.asarray(result.rollout.keypoints), target, mask)
    start = accuracy.mpjpe_g(np.asarray(result.kinematic_keypoints), target, mask)
    frames = frame_errors.frame_errors_mm(np.asarray(result.rollout.keypoints), target, mask)
    return {
        "error": physics, "start_error": start, "error_over_start": _difference(physics, start),
        "fallen": frame_errors.spread(frames)["fallen_percent"],
    }  # fmt: skip


def _pixels(result: FitResult) -> dict[str, float | None]:
    """Return errors in the picture in percent of the person's height there."""
    seen = result.observation
    height = _height_in_picture(result)
    if height is None or seen.camera is None:
        return dict.fromkeys(("pixels", "pixels_over_start"))
    pixels, mask = np.asarray(seen.keypoints2d), np.asarray(seen.confidence) > 0
    both = [
        accuracy.mpjpe_2d_px(np.asarray(points), pixels, seen.camera, mask)
        for points in (result.rollout.keypoints, result.kinematic_keypoints)
    ]
    physics, start = (None if value is None else 100.0 * value / height for value in both)
    return {"pixels": physics, "pixels_over_start": _difference(physics, start)}


def _height_in_picture(result: FitResult) -> float | None:
    """Return the simulated person's stature at its own distance in px; None without a camera or 2D keypoints."""
    seen = result.observation
    if seen.keypoints2d is None or seen.camera is None or seen.keypoints3d is not None:
        return None
    middle = np.asarray(result.kinematic.root_pos)
    ends = np.stack([middle, middle + np.array([0.0, 0.0, result.height])], axis=1)
    ends[..., 2] -= 0.5 * result.height
    size = np.linalg.norm(np.diff(cameras.project_clip(seen.camera, ends), axis=1), axis=-1)
    size = float(np.median(size))
    return size if np.isfinite(size) and size > 1.0 else None


def _force(result: FitResult) -> dict[str, float | None]:
    """Return the mean vertical force's distance from what carries the body, and the share of planted frames without it.

    Over a stretch that gravity and the floor alone act on, the mean force is the weight, and what changes the vertical
    speed from its first to its last frame; the start's root tells that speed.
    """
    vertical = np.asarray(result.rollout.contact_force)[..., 2].sum(axis=1) / body_weight(result.mass)
    frames, fps = len(vertical), float(result.observation.fps)
    reliable = np.ones(frames, dtype=bool)
    if result.force_reliable is not None:
        reliable = np.asarray(result.force_reliable, dtype=bool)
    planted = None if result.foot_contacts is None else np.asarray(result.foot_contacts, dtype=bool).any(axis=1)
    out: dict[str, float | None] = {"force": None, "force_doubt": None, "flight": None}
    if planted is not None and reliable.any():
        out["flight"] = float(100.0 * np.mean((planted & (vertical < _LOADED))[reliable]))
    first, last = _longest(reliable)
    seconds = (last - first - 1) / fps
    if seconds < _LEAST_SECONDS:
        return out
    height = np.asarray(result.kinematic.root_pos)[first:last, 2]
    count = max(round(_END_SECONDS * fps), 2) + 1
    gained = _slope(height[-count:], fps) - _slope(height[:count], fps)
    due = 1.0 + gained / (_GRAVITY * seconds)
    out["force"] = float(abs(vertical[first : last - 1].mean() - due))
    out["force_doubt"] = _DOUBT / (_GRAVITY * seconds)
    return out


def _slope(values: np.ndarray, fps: float) -> float:
    return float(np.polyfit(np.arange(len(values)) / fps, values, 1)[0]) if len(values) > 1 else 0.0


def _longest(flags: np.ndarray) -> tuple[int, int]:
    """Return [first, last) of the longest run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    if not len(edges):
        return 0, 0
    runs = edges.reshape(-1, 2)
    first, last = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return int(first), int(last)


def _coverage(result: FitResult) -> dict[str, float | None]:
    """Return the shares of frames and of named points that were observed; toe tips that the body lacks do not count."""
    names = result.observation.names
    counted = [not (n.endswith("_toe") and n.replace("_toe", "_ball") in names) for n in names]
    seen = (np.asarray(result.observation.confidence) > 0)[:, np.array(counted, dtype=bool)]
    if not seen.size:
        return dict.fromkeys(("frames_seen", "points_seen"))
    frames = 100.0 * np.mean(seen.mean(axis=1) >= 0.5)
    return {"frames_seen": float(frames), "points_seen": float(100.0 * seen.mean())}
