"""2D keypoints written by other tools: the format recognised, one person chosen, names made canonical.

The layout follows from the number of keypoints: 17 COCO, 18 OpenPose COCO, 25 BODY_25, 26 HALPE_26, 33 MediaPipe,
133 COCO-WholeBody, 136 HALPE-FullBody. Image size and frame rate are taken from the file, else from the caller,
else assumed with a warning.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from motionrecon.data import person_choice, preprocess, sequence
from motionrecon.data.formats import keypoint_formats
from motionrecon.data.formats.joint_names import pick_markers
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import BODY25, CANONICAL, COCO17, HALPE26, MEDIAPIPE19
from motionrecon.types import Observation, Recording, Sequence

COCO18 = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye", "left_eye",
    "right_ear", "left_ear",
)  # fmt: skip
_WHOLE_BODY = (*COCO17, "left_toe", "left_small_toe", "left_heel", "right_toe", "right_small_toe", "right_heel")
# Number of keypoints -> name and {index: canonical name}.
LAYOUTS: dict[int, tuple[str, dict[int, str]]] = {
    17: ("coco17", dict(enumerate(COCO17))),
    18: ("coco18", dict(enumerate(COCO18))),
    25: ("body25", dict(enumerate(BODY25))),
    26: ("halpe26", dict(enumerate(HALPE26))),
    33: ("mediapipe33", MEDIAPIPE19),
    133: ("wholebody133", dict(enumerate(_WHOLE_BODY))),
    136: ("halpe136", dict(enumerate(HALPE26))),
}
ASSUMED_FPS = 30.0
_COMMON_SIZES = ((640, 480), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160))


def read(
    path: str | Path,
    *,
    person: str | int = "largest",
    size: tuple[int, int] | None = None,
    fps: float | None = None,
) -> Sequence:
    """Read 2D keypoints.

    Args:
      path: a JSON file, or a folder of OpenPose JSON files (one a frame).
      person: "largest", or the identity of a person; where the file has none, the place from the left, from 1.
      size: (width, height) px of the image, where the file lacks it.
      fps: Hz, instead of the file's own; 30 is assumed where neither is there.

    Returns:
      Sequence with ``keypoints2d`` px, ``image_size`` and no camera; ``landmarks3d`` m for MediaPipe files that hold
      world landmarks.

    Raises:
      DataError: unreadable, unknown format, unknown number of keypoints, or nothing that moves.
      DetectionError: nobody there, or not the person asked for.
    """
    path = Path(path)
    found = _read_folder(path) if path.is_dir() else _recognize(path, _json(path))
    counts = {len(d.keypoints) for frame in found.frames for d in frame}
    if len(counts) > 1:
        raise DataError(f"{path}: keypoint counts differ between people or frames ({sorted(counts)}); use one model")
    track, people = person_choice.choose(found.frames, person, str(path))
    count = counts.pop()
    keypoints, landmarks = (
        np.full((len(found.frames), count, 3), np.nan),
        np.full((len(found.frames), count, 3), np.nan),
    )
    for t, detection in track.items():
        keypoints[t] = detection.keypoints
        if detection.landmarks is not None:
            landmarks[t] = detection.landmarks
    size = found.size or size
    if found.normalized:
        if size is None:
            raise DataError(
                f"{path}: its coordinates are fractions of the image; give the image's size with --image-size W H"
            )
        keypoints[..., :2] *= np.array(size, dtype=float)
    warnings = list(found.warnings)
    if people > 1:
        whom = "the largest" if person == "largest" else f"person {person}"
        warnings.append(f"{people} people were seen; {whom} is followed. Choose another with --person N.")
    rate = fps or found.fps
    if rate is None:
        rate = ASSUMED_FPS
        warnings.append(f"The file does not state its frame rate; {ASSUMED_FPS:g} Hz assumed (give --source-fps).")
    return from_array(path, keypoints, rate, size, found.names, warnings, landmarks, found.layout)


def _json(path: Path) -> Any:
    try:
        return json.loads(sequence.read_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: is not valid JSON ({error}); it may be truncated") from None


def _recognize(path: Path, content: Any) -> keypoint_formats.Detections:
    try:
        for parse in keypoint_formats.PARSERS:
            found = parse(content)
            if found is not None:
                return found
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise DataError(f"{path}: its keypoints cannot be read ({error}); check the detector's output") from None
    kind = "an empty list" if content == [] else "JSON of an unknown kind"
    raise DataError(f"{path}: is {kind}; accepted are {keypoint_formats.ACCEPTED}")


def _read_folder(path: Path) -> keypoint_formats.Detections:
    files = sorted(path.glob("*.json"))
    if not files:
        raise DataError(
            f"{path}: is a folder without OpenPose JSON files; give a file, or a folder of *_keypoints.json"
        )
    named = [(file.name, _json(file)) for file in files]
    odd = next((name for name, content in named if not (isinstance(content, dict) and "people" in content)), None)
    if odd is not None:
        raise DataError(f"{path}: {odd} is not an OpenPose file ('people' expected); leave only such files there")
    try:
        return keypoint_formats.openpose_files(named)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{path}: its keypoints cannot be read ({error}); check the detector's output") from None


def from_array(
    path: Path,
    keypoints: np.ndarray,
    fps: float,
    size: tuple[int, int] | None,
    names: tuple[str, ...] | None = None,
    warnings: list[str] | None = None,
    landmarks: np.ndarray | None = None,
    layout: str = "plain",
) -> Sequence:
    """Build a Sequence from one person's keypoints.

    Args:
      path: the file, for its stem and messages.
      keypoints: (T, K, 3) x, y in px and confidence; NaN and points at exactly (0, 0) are missing.
      fps: Hz.
      size: (width, height) px; None guesses a usual size and says so.
      names: K names, canonical or usual; None takes the layout of K.
      warnings: plain sentences so far.
      landmarks: (T, K, 3) m in camera axes, NaN where missing, or None.
      layout: the source, for messages.

    Returns:
      Sequence as ``read`` returns it.

    Raises:
      DataError: wrong shapes, unknown layout, or nothing that moves.
    """
    sequence.check_rate(path, fps)
    keypoints = np.asarray(keypoints)
    if keypoints.ndim != 3 or keypoints.shape[2] != 3 or keypoints.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: keypoints of shape {keypoints.shape}, numbers (frames, K, 3) expected; "
            "save x, y and confidence of each"
        )
    picked, labels, layout = _layout(path, keypoints, names, layout)
    keypoints = keypoints[:, list(picked)].astype(float)
    finite = np.isfinite(keypoints).all(axis=-1) & (keypoints[..., :2] != 0.0).any(axis=-1)
    confidence = np.where(finite, np.clip(np.nan_to_num(keypoints[..., 2]), 0.0, 1.0), 0.0)
    warnings = list(warnings or [])
    points = preprocess.fill_missing(keypoints[..., :2], confidence)
    local = None
    if landmarks is not None and np.isfinite(landmarks).any():
        local = landmarks[:, list(picked)]
        confidence = np.where(np.isfinite(local).all(axis=-1), confidence, 0.0)
        local = preprocess.fill_missing(local, confidence)
    observation = Observation(
        float(fps), tuple(picked.values()), layout, confidence, keypoints2d=points, landmarks3d=local
    )
    preprocess.check(observation, path)
    missing = int((confidence.max(axis=1) <= 0).sum())
    if missing:
        warnings.append(f"The person was not found in {missing} of {len(confidence)} frames; they are filled in.")
    if size is None:
        size = _usual_size(points[confidence > 0])
        warnings.append(
            f"The file does not state the image size; {size[0]} x {size[1]} px assumed (give --image-size)."
        )
    recording = Recording(str(path), float(fps), "px", dict(zip(picked.values(), labels, strict=True)))
    return Sequence(
        path.stem, observation, image_size=(int(size[0]), int(size[1])), recording=recording, warnings=tuple(warnings)
    )


def _layout(
    path: Path, keypoints: np.ndarray, names: tuple[str, ...] | None, layout: str
) -> tuple[dict[int, str], list[str], str]:
    """Return {index: canonical name}, the source's labels, and the layout's name."""
    count = keypoints.shape[1]
    if names is None:
        if count not in LAYOUTS:
            known = ", ".join(f"{k} ({name})" for k, (name, _) in LAYOUTS.items())
            raise DataError(
                f"{path}: {count} keypoints a person are of no known layout; export one of {known}, or add 'names'"
            )
        name, picked = LAYOUTS[count]
        return picked, [str(i) for i in picked], name
    if len(names) != count:
        raise DataError(f"{path}: has {len(names)} names for {count} keypoints; correct the names")
    picked = {i: name for i, name in enumerate(names) if name in CANONICAL}
    if len(picked) < sequence.MIN_POINTS:
        found, origin, _ = pick_markers(names, keypoints)
        picked = {names.index(o): n for n, o in zip(found, origin, strict=True) if o in names}
    if len(picked) < sequence.MIN_POINTS:
        raise DataError(
            f"{path}: only {len(picked)} of its keypoints have known names, {sequence.MIN_POINTS} are needed; "
            "name them like left_hip or LHip"
        )
    return picked, [names[i] for i in picked], layout


def _usual_size(points: np.ndarray) -> tuple[int, int]:
    """Return the smallest usual image size, landscape or portrait, that holds the points (N, 2) px."""
    width, height = np.percentile(points, 99, axis=0)
    portrait = height > width and np.ptp(points[:, 0]) < height * 9 / 16 and width <= 1080 < height
    for w, h in _COMMON_SIZES:
        w, h = (h, w) if portrait else (w, h)
        if width <= w and height <= h:
            return w, h
    return int(np.ceil(width)), int(np.ceil(height))
