"""From the named points a file holds to a checked ``Sequence`` in metres with z up.

What every loader of 3D points shares: missing values become confidence 0 with finite placeholders, units and
axes are converted once, and input that cannot be a person's motion is refused with one clear line.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from motionrecon.data import axes, glitches, preprocess
from motionrecon.errors import DataError
from motionrecon.types import Observation, Recording, Sequence

MIN_POINTS = 8  # fewer known points leave whole limbs unseen
MAX_FPS = 2000.0
SKELETON_FILES = ("bvh", "amc")
MAX_SPEED = 25.0  # m/s; a kick's foot reaches 20, anything faster is a jump in the recording


@dataclasses.dataclass(frozen=True)
class Points:
    """Named 3D points as a file holds them.

    Attributes:
      layout: the format, for messages and reports.
      names: K canonical keypoint names.
      labels: K names as the file has them.
      positions: (T, K, 3) in the file's unit and axes; NaN where missing.
      fps: Hz.
      up: "y", "z" or "x forward y": the format's usual axes (see ``axes.guess_up``).
      unit: metres per file unit, or None to guess it from the body.
      axes_known: True where the format defines its axes, so that they are not guessed.
      warnings: plain sentences about guesses made so far.
    """

    layout: str
    names: tuple[str, ...]
    labels: tuple[str, ...]
    positions: np.ndarray
    fps: float
    up: str
    unit: float | None = None
    axes_known: bool = False
    warnings: tuple[str, ...] = ()


def to_sequence(path: Path, points: Points) -> Sequence:
    """Convert named points to a Sequence in SI units with z up.

    Args:
      path: the file, for its stem and for messages.
      points: what was read from it.

    Returns:
      Sequence whose observation has ``keypoints3d`` (T, K, 3) m, with its ``recording`` and ``warnings``.

    Raises:
      DataError: too few known points, frames or an impossible rate; all values missing or constant.
    """
    check_rate(path, points.fps)
    if len(points.names) < MIN_POINTS:
        known = ", ".join(points.labels) or "none"
        raise DataError(
            f"{path}: only {len(points.names)} of its points are known body points ({known}), at least {MIN_POINTS} "
            "are needed; name them like left_hip, LeftUpLeg, LHip, LHJC"
        )
    warnings = list(points.warnings)
    positions = np.asarray(points.positions, dtype=float)
    positions = np.where(np.isfinite(positions), positions, np.nan)
    positions, start_time, told = _motion_only(points, positions)
    warnings += told
    if points.unit is None:
        scale, unit, sentence = axes.guess_unit(points.names, positions)
    else:
        scale, sentence = points.unit, None
        unit = next((name for name, value in axes.UNITS.items() if value == scale), f"{scale:g} m")
    turned = None
    rotation = {"y": axes.Y_UP, "z": axes.Z_UP, "x forward y": axes.Y_UP_X_FORWARD}[points.up]
    if not points.axes_known:
        rotation, turned = axes.guess_up(points.names, positions, points.up)
    warnings += [s for s in (sentence, turned) if s]
    world = scale * positions @ rotation.T
    confidence = np.isfinite(world).all(axis=-1).astype(float)
    observation = Observation(
        fps=float(points.fps),
        names=points.names,
        layout=points.layout,
        confidence=confidence,
        keypoints3d=preprocess.fill_missing(world, confidence),
        start_time=start_time,
    )
    preprocess.check(observation, path)
    warnings += _jumps(observation)
    labels = dict(zip(points.names, points.labels, strict=True))
    recording = Recording(str(path), float(points.fps), unit, labels, scale, rotation)
    return Sequence(path.stem, observation, recording=recording, warnings=tuple(warnings))


def _motion_only(points: Points, positions: np.ndarray) -> tuple[np.ndarray, float, list[str]]:
    """Leave out what is no motion (``glitches``); returns positions, the first one's time (s) and sentences."""
    scale = axes.guess_unit(points.names, positions)[0] if points.unit is None else points.unit
    found = glitches.find(points.names, scale * positions, points.fps)
    positions = np.where(found.missing[..., None], np.nan, positions)[found.keep]
    # A rest pose that was put before a skeleton's motion is no part of its time; a device's clock runs on.
    zero = found.rest if points.layout in SKELETON_FILES else 0
    return positions, (found.keep.start - zero) / points.fps, list(found.sentences)


def _jumps(observation: Observation) -> list[str]:
    """Return a warning that names the frames into which keypoints move faster than people can."""
    values, known = np.asarray(observation.keypoints3d), np.asarray(observation.confidence) > 0
    speed = np.linalg.norm(np.diff(values, axis=0), axis=-1) * observation.fps
    frames = np.flatnonzero(((speed > MAX_SPEED) & known[1:] & known[:-1]).any(axis=1)) + 1
    if not len(frames):
        return []
    listed = ", ".join(str(f) for f in frames[:5]) + (", ..." if len(frames) > 5 else "")
    return [f"The recording jumps (faster than {MAX_SPEED:g} m/s) at {len(frames)} frame(s): {listed}."]


def check_rate(path: Path, fps: float) -> None:
    """Raise DataError unless ``fps`` (Hz) is a rate a recording can have."""
    if not np.isfinite(fps) or not 1.0 <= fps <= MAX_FPS:
        raise DataError(
            f"{path}: a frame rate of {fps:g} Hz cannot be right; correct the file or give the rate with --source-fps"
        )


def read_text(path: Path) -> str:
    """Read a text file; raise DataError where it is missing, empty or not text."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="latin-1")
        if "\0" in text:
            raise DataError(f"{path}: is not a text file; its extension does not match its content") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    if not text.strip():
        raise DataError(f"{path}: is empty; export or download it again")
    return text
