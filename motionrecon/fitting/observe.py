"""A video in, the observation of one person out: reading, detection, and which part of the film is fitted.

Decides the fitting rate, which way up the film is, that one unbroken stretch of one shot is used, and what the user is
told about the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from motionrecon.data import film_metadata, film_notes, picture_attitude, preprocess, video
from motionrecon.data.camera_motion import CameraMotion
from motionrecon.data.picture_attitude import Attitude
from motionrecon.data.scene_cuts import CutFinder
from motionrecon.errors import DetectionError
from motionrecon.models.detectors import detection_cache, pose_estimator
from motionrecon.models.detectors.pose_estimator import Detections, DetectorOptions
from motionrecon.types import Film, Observation, Sequence

MAX_GAP = 0.5  # s without the person that are bridged by the fit; a longer absence ends the stretch
_MOVING = (
    "THE CAMERA SEEMS TO MOVE: the picture shifts by {:.1f} % of its width in 0.3 s. A moving camera is treated as "
    "standing still, so the person's path and the ground are wrong; use a recording from a tripod."
)
_TURNED = (
    "The person is head down in most frames, the arms hanging: the film is upside down and was turned by 180 degrees; "
    "--rotate 0 leaves it as it is."
)
_ATTITUDES = {
    Attitude.HEAD_DOWN: "The person is head down in most frames: if the film is upside down, give --rotate 180",
    Attitude.HEAD_LEFT: "The person lies across the picture in nearly all frames: if the film lies on its side, give "
    "--rotate 90",
    Attitude.HEAD_RIGHT: "The person lies across the picture in nearly all frames: if the film lies on its side, give "
    "--rotate 270",
}
MIN_FRAMES = 5  # a shorter stretch holds no motion


def observe_video(
    path: str | Path,
    *,
    time_range: tuple[float, float] | None = None,
    fps: float | None = None,
    person: str | int = "largest",
    detector: DetectorOptions = DetectorOptions(),
    source_fps: float | None = None,
    rotate: int | None = None,
    mirror: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Sequence:
    """Observe one person in a video.

    Args:
      path: mp4, mov, webm or mkv.
      time_range: (start, end) s, or None for all of it.
      fps: Hz at which to fit, or None for a rate that suits the film's.
      person: "largest", or n for the n-th from the left (from 1).
      detector: which detector, and how.
      source_fps: Hz at which the film was recorded; None: that at which it plays.
      rotate: degrees clockwise by which it is turned; None: by 180 where the person hangs head down, else not.
      mirror: whether left and right are exchanged.
      progress: called with (frames done, frames in all).

    Returns:
      A sequence whose observation is the longest stretch with the person in one shot; frames inside it without
      the person have confidence 0; with its film, image size and warnings.

    Raises:
      DataError: the file is no readable video.
      DetectionError: nobody, or not the person asked for, is in it.
      InputError: a wrong option.
    """
    path = Path(path)
    info = video.probe(path, turn=rotate or 0, mirror=mirror, source_fps=source_fps)
    rate = fps or preprocess.fitting_rate(info.fps)
    times = video.frame_times(info, rate, time_range)
    detections, reused = _detected(info, times, person, detector, progress)
    notes = list(film_notes.sentences(info, film_metadata.read(path)))
    if rotate is None:
        found = _attitude(detections)
        if found is Attitude.UPSIDE_DOWN:
            info = video.probe(path, turn=180, mirror=mirror, source_fps=source_fps)
            detections, reused = _detected(info, times, person, detector, progress)
            notes.append(_TURNED)
        elif found in _ATTITUDES:
            notes.append(f"{_ATTITUDES[found]}; --rotate 0 says that it is not.")
    used, stretch = _longest_stretch(path, detections)
    if len(times) - len(detections.times) > 2:
        notes.append(f"The video breaks off at {detections.times[-1]:.2f} of {info.duration:.2f} s.")
    notes += stretch
    if detections.camera_shift > 0:
        notes.append(_MOVING.format(100 * detections.camera_shift))
    first, last = float(used.times[0]), float(used.times[-1] + 1.0 / rate)
    return Sequence(
        path.stem,
        _with_placeholders(pose_estimator.to_observation(used, rate)),
        image_size=info.size,
        film=Film(info.path, first, span=(first, last), detection_reused=reused, view=info.view),
        warnings=(*notes, *pose_estimator.warnings(used, person)),
    )


def _detected(
    info: video.VideoInfo,
    times: np.ndarray,
    person: str | int,
    detector: DetectorOptions,
    progress: Callable[[int, int], None] | None,
) -> tuple[Detections, bool]:
    """Return the person in a film at ``times`` (T,) s, and whether that was known from an earlier run."""

    def compute() -> Detections:
        report = progress  # bound here: None stays None
        told = None if report is None else (lambda done: report(done, len(times)))
        cuts, motion = CutFinder(), CameraMotion()
        frames = video.read_frames(info.path, times, steady=not info.variable_rate, view=info.view)
        detections = pose_estimator.detect(
            _watched(frames, motion), detector, person=person, starts_shot=cuts.starts_shot, progress=told,
            source=str(info.path),
        )  # fmt: skip
        return dataclasses.replace(detections, camera_shift=motion.shift())

    return detection_cache.cached(info.path, times, person, detector, compute, info.view)


def _attitude(detections: Detections) -> Attitude:
    found = detections.detected
    return picture_attitude.attitude(detections.names, detections.pixels[found], detections.confidence[found])


def _watched(frames: Iterable[tuple[float, np.ndarray]], motion: CameraMotion) -> Iterator[tuple[float, np.ndarray]]:
    for time, image in frames:
        motion.see(time, image)
        yield time, image


def _longest_stretch(path: Path, detections: Detections) -> tuple[Detections, tuple[str, ...]]:
    """Return the frames of the longest unbroken stretch, and sentences where that is not the whole."""
    stretches = sorted(pose_estimator.runs(detections, MAX_GAP), key=lambda r: r[0] - r[1])
    start, stop = stretches[0]
    if stop - start < MIN_FRAMES:
        raise DetectionError(
            f"{path}: the person is seen for {stop - start} frames only (at {detections.times[start]:.2f} s); "
            "give a clip in which one person is in view longer"
        )
    if stop - start == len(detections.times):
        return detections, ()

    step = detections.times[1] - detections.times[0]

    def span(first: int, last: int) -> str:
        return f"{detections.times[first]:.2f} to {detections.times[last - 1] + step:.2f} s"

    others = [span(*r) for r in stretches[1:4] if r[1] - r[0] >= MIN_FRAMES]
    several = f" (the video has {len(detections.shots)} shots)" if len(detections.shots) > 1 else ""
    sentence = f"Only {span(start, stop)} is fitted, the longest stretch with the person in view{several}."
    if others:
        sentence += f" Also seen at {', '.join(others)}: choose with --time-range."
    return pose_estimator.cut(detections, start, stop), (sentence,)


def _with_placeholders(observation: Observation) -> Observation:
    """Put interpolated positions where nothing was seen; their confidence stays 0."""
    filled = {
        name: preprocess.fill_missing(values, observation.confidence)
        for name in ("keypoints2d", "landmarks3d")
        if (values := getattr(observation, name)) is not None
    }
    return dataclasses.replace(observation, confidence=np.asarray(observation.confidence), **filled)
