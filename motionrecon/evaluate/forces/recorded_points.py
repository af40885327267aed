"""The recording's own points in the laboratory: what was fitted, at the recording's own rate."""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.data import load
from motionrecon.data.plates.plate_trials import PlateTrial
from motionrecon.errors import DataError
from motionrecon.types import Observation, Sequence

SIDES = ("left", "right")


@dataclasses.dataclass(frozen=True)
class RecordedPoints:
    """Points of a recording.

    Attributes:
      names: K canonical names.
      positions: (T, K, 3) m, laboratory (the recording's world, z up).
      rate: Hz.
      time: (T,) s, plates' clock.
      rotation: (3, 3) from the file's axes to the laboratory's.
    """

    names: tuple[str, ...]
    positions: np.ndarray
    rate: float
    time: np.ndarray
    rotation: np.ndarray

    def of(self, name: str) -> np.ndarray:
        """Return one point's path (T, 3) m."""
        return self.positions[:, self.names.index(name)]

    def soles(self) -> np.ndarray:
        """Return (T, 2, n, 3) m, left and right: heel and ball (toe, else ankle), each on z = 0 where it stands.

        Markers sit above the sole; a point's standing height is the 5th percentile of its heights on both feet.
        """
        front = next((n for n in ("ball", "toe", "ankle") if self._both(n)), None)
        parts = [n for n in ("heel", front) if n is not None and self._both(n)]
        feet = np.stack([np.stack([self.of(f"{side}_{n}") for n in parts], axis=1) for side in SIDES], axis=1)
        standing = np.percentile(feet[..., 2], 5, axis=(0, 1))
        return feet - np.array([0.0, 0.0, 1.0]) * standing[:, None]

    def _both(self, part: str) -> bool:
        return all(f"{side}_{part}" in self.names for side in SIDES)


def read(trial: PlateTrial, offset: float) -> RecordedPoints:
    """Read a trial's recording at its own rate, with its treadmill's belt added.

    Args:
      trial: which.
      offset: s, time on the plates' clock of the recording's time 0.

    Raises:
      DataError: the recording cannot be read, or holds 2D keypoints.
    """
    clip = load.load(trial.recording)
    if clip.observation.keypoints3d is not None and clip.recording is not None:
        clip = load.load(trial.recording, fps=clip.recording.fps)
    return from_sequence(clip, trial, offset)


def from_sequence(clip: Sequence, trial: PlateTrial, offset: float) -> RecordedPoints:
    """Return the points of a recording that was read; raises DataError where they are not 3D."""
    observation = with_belt(clip.observation, trial.options.belt)
    if observation.keypoints3d is None or clip.recording is None:
        raise DataError(f"{trial.recording}: holds 2D keypoints; force plates need 3D joint centres")
    positions = np.asarray(observation.keypoints3d, float)
    time = observation.start_time + np.arange(len(positions)) / observation.fps + offset
    return RecordedPoints(
        observation.names, positions, float(observation.fps), time, np.asarray(clip.recording.rotation, float)
    )


def with_belt(observation: Observation, belt: float) -> Observation:
    """Return an observation whose points move on along +x with ``belt`` m/s, as on the ground."""
    if not belt or observation.keypoints3d is None:
        return observation
    time = observation.start_time + np.arange(len(np.asarray(observation.keypoints3d))) / observation.fps
    moved = np.asarray(observation.keypoints3d, float) + belt * time[:, None, None] * np.array([1.0, 0.0, 0.0])
    return dataclasses.replace(observation, keypoints3d=moved)
