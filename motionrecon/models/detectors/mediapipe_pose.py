"""MediaPipe's pose landmarker (33 landmarks, 2D and metric 3D) as a function of one image.

Decides its settings: no smoothing (it would lag; a whole-clip fit follows), the full model from the wheel or a
heavy one from a file. BlazePose, Bazarevsky et al. 2020; world landmarks: GHUM, Xu et al. 2020.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from motionrecon.errors import InputError
from motionrecon.geometry.keypoints import MEDIAPIPE19
from motionrecon.jobs.runtime import cache_dir, quiet_native_stderr
from motionrecon.models.detectors.person_crop import PersonPose, make_pose

LAYOUT = "mediapipe33"
NAMES = tuple(MEDIAPIPE19.values())
_INDEX = np.array(list(MEDIAPIPE19))
_PARTS = ("pose_detection/pose_detection.tflite", "pose_landmark/pose_landmark_full.tflite")
_HEAVY = "pose_landmark/pose_landmark_heavy.tflite"


class MediaPipePose:
    """Finds the most prominent person in an image.

    Args:
      tracking: look near the landmarks of the previous image first (images of one film in order); False takes
        every image on its own.
      heavy_model: path of ``pose_landmark_heavy.tflite``, or None for the full model in the wheel.

    Raises:
      InputError: MediaPipe is missing or too new, or the model file cannot be used.
    """

    def __init__(self, tracking: bool, heavy_model: str | None = None):
        with contextlib.ExitStack() as silence:
            silence.enter_context(quiet_native_stderr())
            solution = _solution()
            with _ResourceRoot(heavy_model):
                try:
                    self._pose = solution.Pose(
                        static_image_mode=not tracking,
                        model_complexity=1 if heavy_model is None else 2,
                        smooth_landmarks=False,
                    )
                    self._pose.process(np.zeros((64, 64, 3), np.uint8))  # the graph loads its models at its first image
                except (RuntimeError, ValueError) as error:
                    detail = str(error).splitlines()[0][:120]
                    raise InputError(f"{heavy_model or 'mediapipe'}: the pose model does not load ({detail})") from None
            self._silence = silence.pop_all()  # until close(): MediaPipe's own threads write at any time

    def __call__(self, image: np.ndarray) -> PersonPose | None:
        """Return the person found in an image (H, W, 3) BGR uint8, or None; pixels of that image."""
        found: Any = self._pose.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        if not found.pose_landmarks or not found.pose_world_landmarks:
            return None
        points = [found.pose_landmarks.landmark[i] for i in _INDEX]
        world = [found.pose_world_landmarks.landmark[i] for i in _INDEX]
        pixels = np.array([[p.x, p.y] for p in points]) * (image.shape[1], image.shape[0])
        return make_pose(
            NAMES,
            pixels,
            np.clip([p.visibility for p in points], 0.0, 1.0),
            np.array([[p.x, p.y, p.z] for p in world]),
        )

    def restart(self) -> None:
        """Forget the previous image."""
        self._pose.reset()

    def close(self) -> None:
        """Free the graph; the last use of the object."""
        self._pose.close()
        self._silence.close()


def version() -> str:
    """Return the installed MediaPipe's version, part of the detection's identity."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("mediapipe")
    except PackageNotFoundError:
        return "missing"


def _solution():
    warnings.filterwarnings("ignore", message="SymbolDatabase.GetPrototype")  # MediaPipe's use of protobuf 4
    try:
        from mediapipe.python.solutions import pose
    except ImportError as error:
        raise InputError(
            f"the detector needs mediapipe 0.10.14 (installed: {version()}; {error}); pip install mediapipe==0.10.14"
        ) from None
    return pose


class _ResourceRoot:
    """Lets MediaPipe load a heavy model from outside its package, which it offers no option for.

    A folder in the cache holds the model under the name MediaPipe looks for, beside its other models; while a
    graph is being made, MediaPipe's resource root points there and its download is off.
    """

    def __init__(self, heavy_model: str | None):
        self.root = None if heavy_model is None else _heavy_root(Path(heavy_model))

    def __enter__(self) -> None:
        if self.root is None:
            return
        from mediapipe.python import solution_base
        from mediapipe.python.solutions import pose

        self._util, self._set = solution_base.resource_util, solution_base.resource_util.set_resource_dir
        self._pose: Any = pose
        self._download = pose._download_oss_pose_landmark_model
        root = str(self.root)
        self._util.set_resource_dir = lambda _: self._set(root)
        self._pose._download_oss_pose_landmark_model = lambda _: None

    def __exit__(self, *_) -> None:
        if self.root is not None:
            self._util.set_resource_dir = self._set
            self._pose._download_oss_pose_landmark_model = self._download


def _heavy_root(model: Path) -> Path:
    try:
        content = model.read_bytes()
    except OSError as error:
        raise InputError(f"{model}: the pose model cannot be read ({error.strerror}); check the path") from None
    if content[4:8] != b"TFL3":
        raise InputError(f"{model}: is not a TFLite model; give pose_landmark_heavy.tflite of @mediapipe/pose 0.5")
    import mediapipe

    package = Path(mediapipe.__file__).parent / "modules"
    root = cache_dir() / "mediapipe" / hashlib.sha256(content + version().encode()).hexdigest()[:16]
    target = root / "mediapipe" / "modules"
    for part in (*_PARTS, _HEAVY):
        place = target / part
        if place.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_suffix(f".{os.getpid()}")
        shutil.copyfile(model if part == _HEAVY else package / part, temporary)
        os.replace(temporary, place)
    return root
