"""The JSON layouts in which 2D detectors write keypoints, each recognised by its content.

A parser returns None where the content is not its own. All end in the same record: detections per frame in
pixels, or in fractions of the image (MediaPipe).
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from typing import Any

import numpy as np

from motionrecon.data.person_choice import Detection

ACCEPTED = (
    "a folder of OpenPose JSON files, a list of OpenPose frames ('people'), a COCO results list or annotation file "
    "('keypoints', 'image_id'), an AlphaPose list, MediaPipe frames ('landmarks'), or {'keypoints': [frames][K][3]}"
)


@dataclasses.dataclass
class Detections:
    """What a file holds: detections per frame; fps, image size and names where stated; fractions of the image or px."""

    layout: str
    frames: list[list[Detection]]
    fps: float | None = None
    size: tuple[int, int] | None = None
    names: tuple[str, ...] | None = None
    normalized: bool = False
    warnings: tuple[str, ...] = ()


def _array(values: Any) -> np.ndarray:
    """Return (K, 3) of x, y, confidence from a flat or nested list; null is missing. Raises ValueError otherwise."""
    array = np.array(values, dtype=float)
    if array.ndim == 1 and array.size % 3 == 0:
        array = array.reshape(-1, 3)
    if array.ndim == 2 and array.shape[1] == 2:
        array = np.concatenate([array, np.ones((len(array), 1))], axis=1)
    if array.ndim != 2 or array.shape[1] != 3:
        raise ValueError(f"keypoints of shape {array.shape}, (K, 3) expected")
    return array


def _header(content: Any) -> dict[str, Any]:
    """Return fps and size stated at the top of a JSON object."""
    if not isinstance(content, dict):
        return {}
    header: dict[str, Any] = {}
    if isinstance(content.get("fps"), int | float):
        header["fps"] = float(content["fps"])
    width, height = content.get("width", content.get("image_width")), content.get("height", content.get("image_height"))
    if isinstance(width, int | float) and isinstance(height, int | float):
        header["size"] = (int(width), int(height))
    return header


def _frame_number(image: Any, order: int) -> int:
    """Return the number in an image id or file name ("seq_000012.jpg" is 12), else its place in the file."""
    if isinstance(image, int):
        return image
    digits = re.findall(r"\d+", re.sub(r"\.[A-Za-z]\w*$", "", str(image).replace("_keypoints", "")))
    return int(digits[-1]) if digits else order


def _by_frame(numbered: list[tuple[int, list[Detection]]]) -> tuple[list[list[Detection]], tuple[str, ...]]:
    """Place detections on consecutive frames; numbers that come in even steps greater than one are closed up."""
    if not numbered:
        return [], ()
    numbers = sorted({number for number, _ in numbered})
    step = math.gcd(*(b - a for a, b in itertools.pairwise(numbers))) or 1
    first = numbers[0]
    count = (numbers[-1] - first) // step + 1
    if count > 50 * len(numbers):  # ids that are no frame numbers
        place = {number: i for i, number in enumerate(numbers)}
        step, count = 1, len(numbers)
    else:
        place = {number: (number - first) // step for number in numbers}
    frames: list[list[Detection]] = [[] for _ in range(count)]
    for number, detections in numbered:
        frames[place[number]] += detections
    note = f"Frame numbers come in steps of {step}; the frame rate is taken as that of the frames given."
    return frames, (note,) if step > 1 else ()


def openpose_people(content: dict[str, Any]) -> list[Detection]:
    """Return the detections of one OpenPose frame."""
    people = []
    for person in content["people"]:
        values = person.get("pose_keypoints_2d", person.get("pose_keypoints"))
        if values:
            identity = np.ravel(person.get("person_id", [-1]))
            known = len(identity) and int(identity[0]) >= 0
            people.append(Detection(_array(values), identity=int(identity[0]) if known else None))
    return people


def openpose(content: Any) -> Detections | None:
    """Parse a list of OpenPose frames, {"frames": [...]} of them, or a single frame."""
    frames = content.get("frames", [content]) if isinstance(content, dict) else content
    if not isinstance(frames, list) or not frames or not all(isinstance(f, dict) and "people" in f for f in frames):
        return None
    return Detections("openpose", [openpose_people(f) for f in frames], **_header(content))


def openpose_files(named: list[tuple[str, Any]]) -> Detections:
    """Join the parsed files of an OpenPose folder, given as (file name, content)."""
    numbered = [(_frame_number(name, i), openpose_people(content)) for i, (name, content) in enumerate(named)]
    frames, warnings = _by_frame(numbered)
    return Detections("openpose", frames, warnings=warnings)


def image_list(content: Any) -> Detections | None:
    """Parse COCO results, COCO annotations ({"images", "annotations"}) and AlphaPose lists."""
    header: dict[str, Any] = {}
    entries = content
    if isinstance(content, dict) and isinstance(content.get("annotations"), list):
        entries, images = content["annotations"], content.get("images") or [{}]
        header = _header(images[0])
    if not isinstance(entries, list) or not entries:
        return None
    if not all(isinstance(e, dict) and "keypoints" in e and "image_id" in e for e in entries):
        return None
    numbered = []
    for i, entry in enumerate(entries):
        identity = np.ravel(entry["idx"]) if "idx" in entry else np.ravel(entry.get("track_id", []))
        keypoints = _array(entry["keypoints"])
        if keypoints[:, 2].max() > 1.5:  # COCO's visibility flag: 0 unlabelled, 1 hidden, 2 visible
            keypoints[:, 2] /= 2.0
        known = int(identity[0]) if len(identity) else None
        numbered.append((_frame_number(entry["image_id"], i), [Detection(keypoints, identity=known)]))
    frames, warnings = _by_frame(numbered)
    layout = "alphapose" if "idx" in entries[0] else "coco"
    return Detections(layout, frames, warnings=warnings, **header)


def _landmark(point: Any) -> list[float]:
    if isinstance(point, dict):
        return [point["x"], point["y"], point.get("z", 0.0), point.get("visibility", 1.0)]
    return [*point[:3], point[3] if len(point) > 3 else 1.0]


def mediapipe(content: Any) -> Detections | None:
    """Parse MediaPipe frames.

    Accepted: ``{"fps", "width", "height", "frames": [{"landmarks": [33 x {x, y, z, visibility}],
    "world_landmarks": [...]}]}``, or the list of frames alone. "pose_landmarks" and "pose_world_landmarks" are
    understood too, as are [x, y, z, visibility] lists and one list of landmarks a person; null or empty means
    nobody was seen.
    """
    frames = content.get("frames") if isinstance(content, dict) else content
    keys = ("landmarks", "pose_landmarks")
    if not isinstance(frames, list) or not frames or not all(isinstance(f, dict) for f in frames):
        return None
    if not any(k in f for f in frames for k in keys):
        return None
    detections: list[list[Detection]] = []
    for frame in frames:
        people = next((frame[k] for k in keys if frame.get(k)), [])
        world = next((frame[k] for k in ("world_landmarks", "pose_world_landmarks") if frame.get(k)), [])
        nested = bool(people) and isinstance(people[0], list) and isinstance(people[0][0], dict | list)
        people, world = (people, world) if nested else ([people] if people else [], [world])
        row = []
        for i, person in enumerate(people):
            points = np.array([_landmark(p) for p in person], dtype=float)
            metric = world[i] if i < len(world) and len(world[i]) == len(points) else None
            local = None if metric is None else np.array([_landmark(p)[:3] for p in metric], dtype=float)
            row.append(Detection(points[:, [0, 1, 3]], local))
        detections.append(row)
    top = max((float(np.nanmax(np.abs(d.keypoints[:, :2]))) for row in detections for d in row), default=0.0)
    return Detections("mediapipe33", detections, normalized=top < 4.0, **_header(content))


def plain(content: Any) -> Detections | None:
    """Parse {"keypoints": [frames][K][3], "fps", "width", "height", "names"}; a frame may be null."""
    if not isinstance(content, dict) or not isinstance(content.get("keypoints"), list):
        return None
    frames = [[Detection(_array(frame))] if frame else [] for frame in content["keypoints"]]
    names = tuple(str(n) for n in content["names"]) if content.get("names") else None
    return Detections("plain", frames, names=names, **_header(content))


PARSERS = (openpose, image_list, mediapipe, plain)
