"""2D keypoints written by other tools: the format recognised, one person chosen, rate and size taken as stated.

Image size and frame rate are the user's, else the file's, else assumed with a warning.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from motionrecon.data import person_choice, sequence
from motionrecon.data.formats import keypoint_formats, keypoint_instances, keypoint_mediapipe, keypoint_yolo
from motionrecon.data.formats.keypoint_formats import Detections
from motionrecon.data.formats.keypoint_sequence import TrackedKeypoints, to_sequence
from motionrecon.errors import DataError
from motionrecon.types import Sequence

ASSUMED_FPS = 30.0
_PARSERS = (
    keypoint_formats.openpose, keypoint_formats.image_list, keypoint_mediapipe.parse, keypoint_instances.parse,
    keypoint_formats.alphapose_by_image, keypoint_formats.plain,
)  # fmt: skip


def read(
    path: str | Path,
    *,
    person: str | int = "largest",
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    layout: str | None = None,
) -> Sequence:
    """Read 2D keypoints.

    Args:
      path: a JSON file, or a folder of files, one a frame (OpenPose, MMPose, AlphaPose, YOLO).
      person: "largest", or the identity of a person; where the file has none, the place from the left, from 1.
      size: (width, height) px of the image, instead of the file's.
      fps: Hz, instead of the file's own; 30 is assumed where neither is there.
      layout: name of the points' order; None: by their number and limbs.

    Returns:
      Sequence with ``keypoints2d`` px, ``image_size`` and no camera; ``landmarks3d`` m for MediaPipe files that hold
      world landmarks.

    Raises:
      DataError: unreadable, unknown format, unknown order of keypoints, fractions of an image whose size nobody
        states, or nothing that moves.
      DetectionError: nobody there, or not the person asked for.
    """
    path = Path(path)
    found = _read_folder(path) if path.is_dir() else _recognize(path, _json(path))
    counts = {len(d.keypoints) for frame in found.frames for d in frame}
    if len(counts) > 1:
        raise DataError(f"{path}: keypoint counts differ between people or frames ({sorted(counts)}); use one model")
    track, people = person_choice.choose(found.frames, person, str(path))
    shape = (len(found.frames), counts.pop(), 3)
    keypoints, landmarks = np.full(shape, np.nan), np.full(shape, np.nan)
    for t, detection in track.items():
        keypoints[t] = detection.keypoints
        if detection.landmarks is not None:
            landmarks[t] = detection.landmarks
    warnings = list(found.warnings)
    if size and found.size and tuple(size) != tuple(found.size):
        warnings.append(
            f"The file says {found.size[0]} x {found.size[1]} px; the {size[0]} x {size[1]} given are used."
        )
    size = size or found.size
    warnings += _sentences(track, people, person)
    rate = fps or found.fps
    if rate is None:
        rate = ASSUMED_FPS
        warnings.append(f"The file does not state its frame rate; {ASSUMED_FPS:g} Hz assumed (give --source-fps).")
    tracked = TrackedKeypoints(
        keypoints, rate, size, found.names, tuple(warnings), landmarks, found.layout, found.normalized
    )
    return to_sequence(path, tracked, layout)


def _sentences(track: person_choice.Track, people: int, person: str | int) -> list[str]:
    """Return what is to be said of who was followed."""
    said = []
    identities = sorted({d.identity for d in track.values() if d.identity is not None})
    if len(identities) > 1:
        listed = ", ".join(map(str, identities[:6])) + (", ..." if len(identities) > 6 else "")
        said.append(f"The detector calls the person by {len(identities)} identities ({listed}); taken for one.")
    if people > 1:
        whom = "the largest" if person == "largest" else f"person {person}"
        said.append(f"{people} people were seen; {whom} is followed. Choose another with --person N.")
    return said


def _json(path: Path) -> Any:
    try:
        return json.loads(sequence.read_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: is not valid JSON ({error}); it may be truncated") from None


def _recognize(path: Path, content: Any) -> Detections:
    try:
        for parse in _PARSERS:
            found = parse(content)
            if found is not None:
                return found
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise DataError(f"{path}: its keypoints cannot be read ({error}); check the detector's output") from None
    kind = "an empty list" if content == [] else "JSON of an unknown kind"
    raise DataError(f"{path}: is {kind}; accepted are {keypoint_formats.ACCEPTED}")


def _read_folder(path: Path) -> Detections:
    """Read a folder of files, one a frame."""
    files = sorted(path.glob("*.json"))
    texts = [] if files else sorted(path.glob("*.txt"))
    if not files and not texts:
        raise DataError(
            f"{path}: is a folder without OpenPose JSON files; give a file, or a folder of *_keypoints.json, or of "
            "YOLO's labels (*.txt)"
        )
    if texts:
        return keypoint_yolo.read_folder(path, texts)
    named = [(file.name, _json(file)) for file in files]
    try:
        if all(keypoint_instances.people_of(content) is not None for _, content in named):
            return _frames(named)
        odd = next((name for name, content in named if not _is_openpose(content)), None)
        if odd is None:
            return keypoint_formats.openpose_files(named)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{path}: its keypoints cannot be read ({error}); check the detector's output") from None
    raise DataError(f"{path}: {odd} is not an OpenPose file ('people' expected); leave only such files there")


def _is_openpose(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get("people", content.get("bodies")), list)


def _frames(named: list[tuple[str, Any]]) -> Detections:
    """Join the frames of a folder in which each file is the list of its people (MMPose)."""
    numbered = []
    for i, (name, content) in enumerate(named):
        people = keypoint_instances.people_of(content) or []
        numbered.append((keypoint_formats.frame_number(name, i), keypoint_instances.detections_of(people)))
    frames, warnings = keypoint_formats.by_frame(numbered)
    return Detections("mmpose", frames, warnings=warnings)
