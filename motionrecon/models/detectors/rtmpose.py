"""RTMPose through the optional package rtmlib: 26 landmarks in 2D, several people at once.

Jiang et al., RTMPose, 2023. rtmlib fetches its ONNX models from the internet when first used, unless both model
files are given.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.errors import InputError
from motionrecon.geometry.keypoints import HALPE26
from motionrecon.jobs.runtime import quiet_native_stderr
from motionrecon.models.detectors import person_crop
from motionrecon.models.detectors.person_crop import PersonPose, make_pose

LAYOUT = "halpe26"
NAMES = HALPE26
_SEARCH_CONFIDENCE = 0.4  # rtmlib returns the whole image as a person of low score when it finds none
_TRACK_CONFIDENCE = 0.25


class RtmPose:
    """Follows one person through a film with rtmlib's BodyWithFeet.

    Args:
      person: "largest", or n for the n-th from the left (from 1) when a shot begins.
      mode: rtmlib's "lightweight", "balanced" or "performance".
      detector_model: ONNX file of the person detector, or None to let rtmlib fetch it.
      pose_model: ONNX file of the pose model, or None.
      device: "cpu" or "cuda".

    Raises:
      InputError: rtmlib is missing, or its models cannot be loaded or fetched.
    """

    def __init__(
        self,
        person: str | int,
        mode: str = "balanced",
        detector_model: str | None = None,
        pose_model: str | None = None,
        device: str = "cpu",
    ):
        person_crop.check_person(person)
        for model in (detector_model, pose_model):
            if model is not None and not Path(model).is_file():
                raise InputError(f"{model}: no such model file; check the path")
        self._person, self.people, self.enlarged = person, 0, 0
        self._body = _body(mode, detector_model, pose_model, device)
        self.restart()

    def restart(self) -> None:
        """Begin a new shot."""
        self._last: PersonPose | None = None

    def step(self, image: np.ndarray) -> PersonPose | None:
        """Return the person in the next frame (H, W, 3) BGR uint8, or None."""
        poses = self._find(image)
        self.people = max(self.people, len(poses))
        chosen = person_crop.choose(poses, self._person, self._last)
        if chosen is not None:
            self._last = chosen
        return chosen

    def close(self) -> None:
        """Nothing to free: rtmlib's sessions go with the object."""

    def _find(self, image: np.ndarray) -> list[PersonPose]:
        with quiet_native_stderr():
            keypoints, scores = self._body(image)
        keypoints, scores = np.asarray(keypoints, float), np.asarray(scores, float)
        if keypoints.ndim != 3 or keypoints.shape[1:] != (len(NAMES), 2):
            raise InputError(f"rtmlib returned keypoints of shape {keypoints.shape}, not (n, 26, 2); update rtmlib")
        least = _SEARCH_CONFIDENCE if self._last is None else _TRACK_CONFIDENCE
        confidence = np.clip(scores, 0.0, 1.0)
        poses = [make_pose(NAMES, p, c) for p, c in zip(keypoints, confidence, strict=True) if c.mean() >= least]
        return person_crop.distinct(poses)


def _body(mode: str, detector_model: str | None, pose_model: str | None, device: str):
    try:
        import rtmlib  # pyright: ignore[reportMissingImports]  # an extra
    except ImportError:
        raise InputError('--detector rtmpose needs rtmlib; pip install "motionrecon[rtmpose]"') from None
    try:
        with quiet_native_stderr():
            return rtmlib.BodyWithFeet(
                det=detector_model,
                pose=pose_model,
                mode=mode,
                to_openpose=False,
                backend="onnxruntime",
                device=device,
            )
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        detail = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise InputError(f"rtmlib: its models cannot be fetched or loaded ({detail}); check the connection") from None
