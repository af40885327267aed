"""The JSON layouts in which 2D detectors write keypoints, each recognised by its content.

A parser returns None where the content is not its own. All end in the same record: detections per frame in
pixels, or in fractions of the image. MediaPipe, MMPose, YOLO and the browsers' have modules of their own.
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
    "('keypoints', 'image_id'), AlphaPose's forms, MMPose's ('instance_info'), MediaPipe frames ('landmarks', "
    "'poseLandmarks'), YOLO's (text a frame, or JSON), or {'keypoints': [frames][K][3]}"
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


def array(values: Any) -> np.ndarray:
    """Return (K, 3) of x, y, confidence from a flat or nested list; null is missing. Raises ValueError otherwise."""
    points = np.array(values, dtype=float)
    if points.ndim == 1 and points.size % 3 == 0:
        points = points.reshape(-1, 3)
    if points.ndim == 2 and points.shape[1] == 2:
        points = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"keypoints of shape {points.shape}, (K, 3) expected")
    return points


def header(content: Any) -> dict[str, Any]:
    """Return fps and size stated at the top of a JSON object."""
    if not isinstance(content, dict):
        return {}
    stated: dict[str, Any] = {}
    if isinstance(content.get("fps"), int | float):
        stated["fps"] = float(content["fps"])
    width, height = content.get("width", content.get("image_width")), content.get("height", content.get("image_height"))
    if isinstance(width, int | float) and isinstance(height, int | float):
        stated["size"] = (int(width), int(height))
    return stated


def frame_number(image: Any, order: int) -> int:
    """Return the number in an image id or file name ("seq_000012.jpg" is 12), else its place in the file."""
    if isinstance(image, int):
        return image
    digits = re.findall(r"\d+", re.sub(r"\.[A-Za-z]\w*$", "", str(image).replace("_keypoints", "")))
    return int(digits[-1]) if digits else order


def by_frame(numbered: list[tuple[int, list[Detection]]]) -> tuple[list[list[Detection]], tuple[str, ...]]:
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
    """Return the detections of one OpenPose frame ("people"), or of one in AlphaPose's like form ("bodies")."""
    people = []
    for person in content.get("people", content.get("bodies", [])):
        values = next((person[k] for k in ("pose_keypoints_2d", "pose_keypoints", "joints") if person.get(k)), None)
        if values:
            people.append(Detection(array(values), identity=identity(person.get("person_id", person.get("idx")))))
    return people


def identity(value: Any) -> int | None:
    """Return an identity given as a number or a list of it; None where there is none (-1, empty)."""
    flat = [v for v in np.ravel(value if value is not None else []).tolist() if v is not None]
    return int(flat[0]) if flat and float(flat[0]) >= 0 else None


def openpose(content: Any) -> Detections | None:
    """Parse a list of OpenPose frames, {"frames": [...]} of them, or a single frame."""
    frames = content.get("frames", [content]) if isinstance(content, dict) else content
    if not isinstance(frames, list) or not frames or not all(isinstance(f, dict) and "people" in f for f in frames):
        return None
    return Detections("openpose", [openpose_people(f) for f in frames], **header(content))


def openpose_files(named: list[tuple[str, Any]]) -> Detections:
    """Join the parsed files of an OpenPose folder, given as (file name, content)."""
    numbered = [(frame_number(name, i), openpose_people(content)) for i, (name, content) in enumerate(named)]
    frames, warnings = by_frame(numbered)
    return Detections("openpose", frames, warnings=warnings)


def image_list(content: Any) -> Detections | None:
    """Parse COCO results, COCO annotations ({"images", "annotations"}) and AlphaPose lists."""
    stated: dict[str, Any] = {}
    entries = content
    if isinstance(content, dict) and isinstance(content.get("annotations"), list):
        entries, images = content["annotations"], content.get("images") or [{}]
        stated = header(images[0])
    if not isinstance(entries, list) or not entries:
        return None
    if not all(isinstance(e, dict) and "keypoints" in e and "image_id" in e for e in entries):
        return None
    numbered = []
    for i, entry in enumerate(entries):
        keypoints = array(entry["keypoints"])
        if keypoints[:, 2].max() > 1.5:  # COCO's visibility flag: 0 unlabelled, 1 hidden, 2 visible
            keypoints[:, 2] /= 2.0
        known = identity(entry.get("idx", entry.get("track_id")))
        numbered.append((frame_number(entry["image_id"], i), [Detection(keypoints, identity=known)]))
    frames, warnings = by_frame(numbered)
    layout = "alphapose" if "idx" in entries[0] else "coco"
    return Detections(layout, frames, warnings=warnings, **stated)


def alphapose_by_image(content: Any) -> Detections | None:
    """Parse AlphaPose's other forms: {"12.jpg": {"bodies": [{"joints"}]}} (cmu), or {"people": ...} (open)."""
    if not isinstance(content, dict) or not content:
        return None
    if not all(isinstance(v, dict) and isinstance(v.get("bodies", v.get("people")), list) for v in content.values()):
        return None
    numbered = [(frame_number(name, i), openpose_people(frame)) for i, (name, frame) in enumerate(content.items())]
    frames, warnings = by_frame(numbered)
    return Detections("alphapose", frames, warnings=warnings)


def plain(content: Any) -> Detections | None:
    """Parse {"keypoints": [frames][K][3], "fps", "width", "height", "names"}; a frame may be null."""
    if not isinstance(content, dict) or not isinstance(content.get("keypoints"), list):
        return None
    frames = [[Detection(array(frame))] if frame else [] for frame in content["keypoints"]]
    names = tuple(str(n) for n in content["names"]) if content.get("names") else None
    return Detections("plain", frames, names=names, **header(content))
