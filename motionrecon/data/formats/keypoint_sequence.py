"""From one person's tracked 2D keypoints to a checked ``Sequence`` in pixels with canonical names.

The layout follows from the number of points and the limbs they make (``keypoint_layout_choice``), unless the file or
the user states it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from motionrecon.data import preprocess, sequence
from motionrecon.data.formats import keypoint_layout_choice
from motionrecon.data.formats.joint_names import pick_markers
from motionrecon.errors import DataError
from motionrecon.geometry.keypoint_layouts import LAYOUTS
from motionrecon.geometry.keypoints import CANONICAL
from motionrecon.types import Observation, Recording, Sequence

_COMMON_SIZES = ((640, 480), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160))
_INSIDE = 1.5  # fractions of the picture lie in 0 to 1, or in -1 to 1; points outside of it a little beyond
_LEFT_HALF = 0.05  # share of negative numbers from which fractions count from the middle of the picture


@dataclasses.dataclass(frozen=True)
class TrackedKeypoints:
    """One person's keypoints as a file holds them.

    Attributes:
      values: (T, K, 3) x, y in px or fractions, and confidence; NaN and points at exactly (0, 0) are missing.
      fps: Hz.
      size: (width, height) px; None guesses a usual size and says so.
      names: K names, canonical or usual; None goes by K and the limbs.
      warnings: plain sentences so far.
      landmarks: (T, K, 3) m in camera axes, NaN where missing, or None.
      source: the format, for messages.
      fractions: x and y are known to be fractions of the image, from 0 to 1; else their numbers tell.
    """

    values: np.ndarray
    fps: float
    size: tuple[int, int] | None = None
    names: tuple[str, ...] | None = None
    warnings: tuple[str, ...] = ()
    landmarks: np.ndarray | None = None
    source: str = "plain"
    fractions: bool = False


def to_sequence(path: Path, tracked: TrackedKeypoints, layout: str | None = None) -> Sequence:
    """Build a Sequence from one person's keypoints.

    Args:
      path: the file, for its stem and messages.
      tracked: the keypoints.
      layout: name of the points' order, instead of their names.

    Returns:
      Sequence with ``keypoints2d`` px and ``image_size``.

    Raises:
      DataError: wrong shapes, unknown layout, fractions of an image of unknown size, or nothing that moves.
    """
    sequence.check_rate(path, tracked.fps)
    values = np.asarray(tracked.values)
    if values.ndim != 3 or values.shape[2] != 3 or values.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: keypoints of shape {values.shape}, numbers (frames, K, 3) expected; "
            "save x, y and confidence of each"
        )
    if tracked.names is None or layout is not None:
        keypoint_layout_choice.candidates(path, values.shape[1], layout)
    finite = np.isfinite(values).all(axis=-1) & (values[..., :2] != 0.0).any(axis=-1)
    confidence = np.where(finite, np.clip(np.nan_to_num(values[..., 2].astype(float)), 0.0, 1.0), 0.0)
    preprocess.check(_observation(tracked, [str(k) for k in range(values.shape[1])], values, confidence, None), path)
    values = _pixels(path, np.where(confidence[..., None] > 0, values, np.nan), tracked.size, tracked.fractions)
    picked, labels, called = _picked(path, values, tracked.names, tracked.source, layout)
    chosen, confidence, local = list(picked), confidence[:, list(picked)], None
    if tracked.landmarks is not None and np.isfinite(tracked.landmarks).any():
        local = tracked.landmarks[:, chosen]
        confidence = np.where(np.isfinite(local).all(axis=-1), confidence, 0.0)
    observation = _observation(tracked, picked.values(), values[:, chosen], confidence, local, called)
    preprocess.check(observation, path)
    warnings, size = list(tracked.warnings), tracked.size
    if layout is not None:
        warnings += keypoint_layout_choice.doubt(values[..., :2], LAYOUTS[layout])
    missing = int((confidence.max(axis=1) <= 0).sum())
    if missing:
        warnings.append(f"The person was not found in {missing} of {len(confidence)} frames; they are filled in.")
    if size is None:
        size = _usual_size(np.asarray(observation.keypoints2d)[confidence > 0])
        warnings.append(
            f"The file does not state the image size; {size[0]} x {size[1]} px assumed (give --image-size)."
        )
    recording = Recording(str(path), float(tracked.fps), "px", dict(zip(picked.values(), labels, strict=True)))
    return Sequence(
        path.stem, observation, image_size=(int(size[0]), int(size[1])), recording=recording, warnings=tuple(warnings)
    )


def _observation(
    tracked: TrackedKeypoints,
    names: Iterable[str],
    values: np.ndarray,
    confidence: np.ndarray,
    landmarks: np.ndarray | None,
    layout: str = "",
) -> Observation:
    """Return the record, with placeholders where points are missing."""
    points = preprocess.fill_missing(values[..., :2].astype(float), confidence)
    local = None if landmarks is None else preprocess.fill_missing(landmarks, confidence)
    return Observation(float(tracked.fps), tuple(names), layout, confidence, keypoints2d=points, landmarks3d=local)


def _pixels(path: Path, values: np.ndarray, size: tuple[int, int] | None, fractions: bool) -> np.ndarray:
    """Bring fractions of the image to pixels: OpenPose's keypoint_scale 3 and 4, YOLO, MediaPipe.

    Args:
      path: for messages.
      values: (T, K, 3) of x, y, confidence.
      size: (width, height) px, or None.
      fractions: the format says that they are fractions, from 0 to 1.
    """
    missing = ~(np.nan_to_num(values[..., 2]) > 0) | ~np.isfinite(values).all(axis=-1)
    seen, scaled = values[~missing][:, :2], values.copy()
    if not fractions and (not len(seen) or np.percentile(np.abs(seen), 99) > _INSIDE):
        return scaled
    if size is None:
        raise DataError(
            f"{path}: its coordinates are fractions of the image; give the image's size with --image-size W H"
        )
    if not fractions and float((seen < 0).mean()) > _LEFT_HALF:  # from -1 to 1
        scaled[..., :2] = (values[..., :2] + 1.0) / 2.0
    scaled[..., :2] *= np.array(size, dtype=float)
    scaled[missing] = np.nan
    return scaled


def _picked(
    path: Path, keypoints: np.ndarray, names: tuple[str, ...] | None, source: str, layout: str | None
) -> tuple[dict[int, str], list[str], str]:
    """Return {index: canonical name}, the source's labels, and the layout's name."""
    count = keypoints.shape[1]
    if names is None or layout is not None:
        found = keypoint_layout_choice.choose(path, keypoints[..., :2], layout)
        return found.points, [str(i) for i in found.points], found.name
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
    return picked, [names[i] for i in picked], source


def _usual_size(points: np.ndarray) -> tuple[int, int]:
    """Return the smallest usual image size, landscape or portrait, that holds the points (N, 2) px."""
    width, height = np.percentile(points, 99, axis=0)
    portrait = height > width and np.ptp(points[:, 0]) < height * 9 / 16 and width <= 1080 < height
    for w, h in _COMMON_SIZES:
        w, h = (h, w) if portrait else (w, h)
        if width <= w and height <= h:
            return w, h
    return int(np.ceil(width)), int(np.ceil(height))
