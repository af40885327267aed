"""From the frames of a film to one person's landmarks over time, with any of the detectors behind one interface.

Decides what counts as seen (points outside the image do not), what a gap is, and what the user is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from motionrecon.errors import DetectionError, InputError
from motionrecon.models.detectors import mediapipe_pose, rtmpose
from motionrecon.models.detectors.person_tracker import PersonTracker, TrackerOptions
from motionrecon.types import Observation

_LEGS = ("knee", "ankle")


@dataclasses.dataclass(frozen=True)
class DetectorOptions:
    """Which detector finds the person, and how.

    Attributes:
      name: "mediapipe", or "rtmpose" (optional package rtmlib).
      model: mediapipe: path of ``pose_landmark_heavy.tflite`` (None: the full model in the wheel);
        rtmpose: ONNX file of the pose model (None: fetched by rtmlib).
      person_model: rtmpose: ONNX file of the person detector (None: fetched).
      mode: rtmpose: "lightweight", "balanced" or "performance".
      device: rtmpose: "cpu" or "cuda".
      min_confidence: a point below it counts as not seen.
      tracker: mediapipe: when to search, crop and enlarge.
    """

    name: str = "mediapipe"
    model: str | None = None
    person_model: str | None = None
    mode: str = "balanced"
    device: str = "cpu"
    min_confidence: float = 0.02
    tracker: TrackerOptions = TrackerOptions()


@dataclasses.dataclass(frozen=True)
class Detections:
    """One person's landmarks over T frames.

    Attributes:
      times: (T,) s.
      size: (width, height) px of the images.
      layout: the detector's layout.
      names: P canonical keypoint names.
      pixels: (T, P, 2) px; zeros where not detected.
      confidence: (T, P) in 0..1; 0 where not detected or outside the image.
      landmarks3d: (T, P, 3) m, hip-centred, camera axes (depth is weak: see the detector); or None.
      detected: (T,) bool.
      shots: indices of the first frames of the shots, the first of them 0.
      people: most people seen at once.
      enlarged: number of frames in which the person was cropped and enlarged.
      outside: (P,) share of the detected frames in which the point lay outside the image.
      camera_shift: how far the background moves in a third of a second, part of the width; 0: the camera stands.
    """

    times: np.ndarray
    size: tuple[int, int]
    layout: str
    names: tuple[str, ...]
    pixels: np.ndarray
    confidence: np.ndarray
    landmarks3d: np.ndarray | None
    detected: np.ndarray
    shots: tuple[int, ...]
    people: int
    enlarged: int
    outside: np.ndarray
    camera_shift: float = 0.0


def detect(
    frames: Iterable[tuple[float, np.ndarray]],
    options: DetectorOptions,
    *,
    person: str | int = "largest",
    starts_shot: Callable[[np.ndarray], bool] | None = None,
    progress: Callable[[int], None] | None = None,
    source: str = "the video",
) -> Detections:
    """Follow one person through the frames.

    Args:
      frames: (time in s, image (H, W, 3) BGR uint8) in order, at a uniform rate.
      options: the detector.
      person: "largest", or n for the n-th from the left, from 1, where a shot begins.
      starts_shot: told every image in order; True where a cut starts a new shot, at which tracking begins anew.
      progress: called with the number of frames done.
      source: what to call the film in messages.

    Raises:
      DetectionError: nobody, or not the person asked for, was found.
      InputError: the detector or its model is not usable, or there is no frame.
    """
    detector, layout, names = _make(options, person)
    times, poses, shots, size = [], [], [0], None
    try:
        for time, image in frames:
            if starts_shot is not None and starts_shot(image) and times:
                shots.append(len(times))
                detector.restart()
            size = (image.shape[1], image.shape[0])
            poses.append(detector.step(image))
            times.append(time)
            if progress is not None:
                progress(len(times))
    finally:
        detector.close()
    if size is None:
        raise InputError(f"{source}: no frame could be read; give a longer video or another --time-range")
    if all(pose is None for pose in poses):
        raise DetectionError(_nobody(source, person, detector.people))
    count, points = len(times), len(names)
    pixels, confidence = np.zeros((count, points, 2)), np.zeros((count, points))
    flat = all(pose is None or pose.landmarks3d is None for pose in poses)
    landmarks = None if flat else np.zeros((count, points, 3))
    for index, pose in enumerate(poses):
        if pose is None:
            continue
        pixels[index], confidence[index] = pose.pixels, pose.confidence
        if landmarks is not None and pose.landmarks3d is not None:
            landmarks[index] = pose.landmarks3d
    detected = np.array([pose is not None for pose in poses])
    out = np.any((pixels < 0) | (pixels >= size), axis=2)
    confidence[out | (confidence < options.min_confidence)] = 0.0
    outside = out[detected].mean(axis=0)
    return Detections(
        times=np.array(times), size=size, layout=layout, names=names, pixels=pixels, confidence=confidence,
        landmarks3d=landmarks, detected=detected, shots=tuple(shots), people=detector.people,
        enlarged=detector.enlarged, outside=outside,
    )  # fmt: skip


def _make(options: DetectorOptions, person: str | int):
    if options.name == "mediapipe":
        tracking = mediapipe_pose.MediaPipePose(True, options.model)
        single = mediapipe_pose.MediaPipePose(False, options.model)
        tracker = PersonTracker(tracking, single, person, options.tracker)
        return tracker, mediapipe_pose.LAYOUT, mediapipe_pose.NAMES
    if options.name == "rtmpose":
        detector = rtmpose.RtmPose(person, options.mode, options.person_model, options.model, options.device)
        return detector, rtmpose.LAYOUT, rtmpose.NAMES
    raise InputError(f'--detector {options.name}: unknown; use "mediapipe" or "rtmpose"')


def _nobody(source: str, person: str | int, people: int) -> str:
    if people and person != "largest":
        return (
            f"{source}: --person {person} asked for, at most {people} seen at once; "
            f"give a number from 1 (leftmost) to {people}, or largest"
        )
    return f"{source}: nobody was found in any frame; give a clip that shows one person whole, upright in the picture"


def runs(detections: Detections, max_gap: float) -> list[tuple[int, int]]:
    """Return the stretches [start, stop) of frames with the person, in one shot, with gaps of at most ``max_gap`` s."""
    found = np.flatnonzero(detections.detected)
    if found.size == 0:
        return []
    shot = np.searchsorted(detections.shots, found, side="right")
    far = np.diff(detections.times[found]) > max_gap + np.median(np.diff(detections.times)) * 1.5
    breaks = np.flatnonzero(far | (np.diff(shot) > 0)) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(found, breaks)]


def cut(detections: Detections, start: int, stop: int) -> Detections:
    """Return the frames [start, stop); they become one shot."""
    span = slice(start, stop)
    inner = [0, *(s - start for s in detections.shots if start < s < stop)]
    landmarks = None if detections.landmarks3d is None else detections.landmarks3d[span]
    return dataclasses.replace(
        detections,
        times=detections.times[span],
        pixels=detections.pixels[span],
        confidence=detections.confidence[span],
        landmarks3d=landmarks,
        detected=detections.detected[span],
        shots=tuple(inner),
    )


def to_observation(detections: Detections, fps: float) -> Observation:
    """Return the detections as an observation at ``fps`` Hz."""
    return Observation(
        fps=fps,
        names=detections.names,
        layout=detections.layout,
        confidence=detections.confidence,
        keypoints2d=detections.pixels,
        landmarks3d=detections.landmarks3d,
        start_time=float(detections.times[0]),
    )


def warnings(detections: Detections, person: str | int) -> tuple[str, ...]:
    """Return plain sentences about what the detections rest on."""
    told = []
    if detections.people > 1 and person == "largest":
        told.append(
            f"{detections.people} people were seen; the largest is followed. Choose another with --person N, "
            "counted from the left from 1."
        )
    legs = [i for i, name in enumerate(detections.names) if name.endswith(_LEGS)]
    if detections.outside[legs].max() > 0.5:
        told.append("The legs are outside the picture most of the time: their motion and the ground are guesses.")
    missing = int((~detections.detected).sum())
    if missing:
        told.append(f"The person was not found in {missing} of {len(detections.times)} frames; they are filled in.")
    if detections.detected.any() and np.mean(detections.confidence[detections.detected]) < 0.5:
        told.append("The detector is unsure of this person (mean confidence below 0.5): check the overlay.")
    return tuple(told)
