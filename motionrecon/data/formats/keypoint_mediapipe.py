"""MediaPipe's landmarks as JSON, from Python or JavaScript: 33 a person, in fractions of the image, and metric ones.

Python writes ``pose_landmarks``, the browser ``poseLandmarks`` or ``landmarks`` and ``worldLandmarks`` of several
people.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from motionrecon.data.formats.keypoint_formats import Detections, header
from motionrecon.data.person_choice import Detection

_IMAGE = ("landmarks", "pose_landmarks", "poseLandmarks")
_WORLD = ("world_landmarks", "pose_world_landmarks", "worldLandmarks", "poseWorldLandmarks", "za", "ea")
_TIMES = ("timestamp", "timestampMs", "timestamp_ms", "time")
_FRACTIONS = 4.0  # landmarks outside of the picture lie a little over 1, pixels far over it


def parse(content: Any) -> Detections | None:
    """Parse MediaPipe frames.

    Accepted: ``{"fps", "width", "height", "frames": [{"landmarks": [33 x {x, y, z, visibility}],
    "world_landmarks": [...]}]}``, or the list of frames alone; the names of the other interfaces; [x, y, z,
    visibility] lists; one list of landmarks a person; and a frame that is the list of its landmarks. Null or empty
    means that nobody was seen.
    """
    frames = content
    if isinstance(content, dict):
        frames = next((content[k] for k in ("frames", "results") if isinstance(content.get(k), list)), None)
    if not isinstance(frames, list) or not frames:
        return None
    frames = [frame if isinstance(frame, dict) else {"landmarks": frame} for frame in frames]
    if not any(_first(frame, _IMAGE) for frame in frames) or not all(_is_landmarks(f) for f in frames):
        return None
    detections = [_people(frame) for frame in frames]
    values = [float(np.nanmax(np.abs(d.keypoints[:, :2]))) for row in detections for d in row]
    stated = {"fps": _rate(frames)} | header(content)
    return Detections("mediapipe33", detections, normalized=max(values, default=0.0) < _FRACTIONS, **stated)


def _first(frame: dict, keys: tuple[str, ...]) -> Any:
    return next((frame[k] for k in keys if frame.get(k)), [])


def _is_landmarks(frame: dict) -> bool:
    """Tell whether a frame's people are points, or nobody."""
    found = _first(frame, _IMAGE)
    while isinstance(found, list) and found and isinstance(found[0], list) and found[0]:
        if isinstance(found[0][0], int | float):
            return True
        found = found[0]
    return not found or (isinstance(found, list) and isinstance(found[0], dict) and "x" in found[0])


def _people(frame: dict) -> list[Detection]:
    people, world = _first(frame, _IMAGE), _first(frame, _WORLD)
    nested = bool(people) and isinstance(people[0], list) and isinstance(people[0][0], dict | list)
    people, world = (people, world) if nested else ([people] if people else [], [world])
    found = []
    for i, person in enumerate(people):
        points = np.array([_landmark(p) for p in person], dtype=float)
        metric = world[i] if i < len(world) and len(world[i]) == len(points) else None
        local = None if metric is None else np.array([_landmark(p)[:3] for p in metric], dtype=float)
        found.append(Detection(points[:, [0, 1, 3]], local))
    return found


def _landmark(point: Any) -> list[float]:
    if isinstance(point, dict):
        return [point["x"], point["y"], point.get("z", 0.0), point.get("visibility", point.get("score", 1.0))]
    return [*point[:3], point[3] if len(point) > 3 else 1.0]


def _rate(frames: list[dict]) -> float | None:
    """Return Hz from the frames' times in s or ms; None where there are none, or they are no rate of a film."""
    key = next((k for k in _TIMES if all(isinstance(f.get(k), int | float) for f in frames)), None)
    if key is None or len(frames) < 3:
        return None
    step = float(np.median(np.diff([float(f[key]) for f in frames])))
    return next((unit / step for unit in (1.0, 1e3, 1e6) if step > 0 and 5.0 <= unit / step <= 500.0), None)
