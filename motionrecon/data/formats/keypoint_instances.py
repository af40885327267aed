"""JSON whose frames are lists of people with named fields: MMPose and RTMPose, YOLO (Ultralytics), TensorFlow.js."""

from __future__ import annotations

from typing import Any

import numpy as np

from motionrecon.data.formats.keypoint_formats import Detections, array, by_frame, header, identity
from motionrecon.data.person_choice import Detection

_FRAMES = ("instance_info", "frames", "results", "predictions")
_PEOPLE = ("instances", "poses", "predictions", "people", "results")
_JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")


def parse(content: Any) -> Detections | None:
    """Parse a file: a list of frames, or {"instance_info" | "frames": them}.

    A frame is {"frame_id", "instances": people}, {"poses": people} or the list of people; None where it is not so.
    """
    frames = content
    if isinstance(content, dict):
        frames = next((content[k] for k in _FRAMES if isinstance(content.get(k), list)), None)
    if not isinstance(frames, list) or not frames:
        return None
    people = [people_of(frame) for frame in frames]
    if any(found is None for found in people) or not any(people):
        return None
    numbered = [
        (int(frame["frame_id"]) if isinstance(frame, dict) and "frame_id" in frame else i, detections_of(found or []))
        for i, (frame, found) in enumerate(zip(frames, people, strict=True))
    ]
    placed, warnings = by_frame(numbered)
    first = next(person for found in people if found for person in found)
    return Detections(_kind(first), placed, names=_names(content, first), warnings=warnings, **header(content))


def people_of(frame: Any) -> list[dict] | None:
    """Return the people of a frame, [] for nobody; None where it is no such frame."""
    if isinstance(frame, dict):
        if "keypoints" in frame:
            frame = [frame]
        else:
            frame = next((frame[k] for k in _PEOPLE if k in frame), False)
    if frame is None:
        return []
    if not isinstance(frame, list) or not all(isinstance(p, dict) and "keypoints" in p for p in frame):
        return None
    return None if any("image_id" in person for person in frame) else frame


def detections_of(people: list[dict]) -> list[Detection]:
    """Return detections of the people of a frame; raises ValueError where their points are 3D."""
    return [
        Detection(_points(person), identity=identity(person.get("track_id", person.get("id")))) for person in people
    ]


def _points(person: dict) -> np.ndarray:
    """Return (K, 3) of x, y, confidence."""
    given = person["keypoints"]
    if isinstance(given, dict):  # Ultralytics: {"x": [...], "y": [...], "visible": [...]}
        confidence = given.get("visible", given.get("confidence")) or [1.0] * len(given["x"])
        return array(np.stack([given["x"], given["y"], confidence], axis=1).tolist())
    if given and isinstance(given[0], dict):  # TensorFlow.js: [{"x", "y", "score", "name"}]
        return array([[p["x"], p["y"], p.get("score", p.get("visibility", 1.0))] for p in given])
    scores = person.get("keypoint_scores", person.get("keypoints_visible"))
    if scores is None:
        return array(given)
    points = np.array(given, dtype=float).reshape(len(scores), -1)
    if points.shape[1] != 2:
        raise ValueError("3D keypoints of a lifting model, which have no place and scale; give the 2D keypoints")
    return np.concatenate([points, np.array(scores, dtype=float)[:, None]], axis=1)


def _kind(person: dict) -> str:
    if isinstance(person["keypoints"], dict):
        return "yolo"
    return "mmpose" if "keypoint_scores" in person else "tfjs"


def _names(content: Any, person: dict) -> tuple[str, ...] | None:
    """Return the names of the points where the file states those of all joints; None: go by number and limbs."""
    given = person["keypoints"]
    names: list[str] = []
    if isinstance(given, list) and given and isinstance(given[0], dict):
        names = [str(p.get("name", "")) for p in given]
    elif isinstance(content, dict) and isinstance(content.get("meta_info"), dict):
        stated = content["meta_info"].get("keypoint_id2name") or []
        names = (
            [str(stated[k]) for k in sorted(stated, key=int)] if isinstance(stated, dict) else list(map(str, stated))
        )
    return tuple(names) if all(f"{s}_{joint}" in names for s in ("left", "right") for joint in _JOINTS) else None
