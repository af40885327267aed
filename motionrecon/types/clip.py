"""What was recorded: camera, observation, truth, film or recording, and the clip that holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from motionrecon.types.motion import Motion
from motionrecon.types.record import Array, record


@record("size")
class Camera:
    """A pinhole camera with OpenCV axes (x right, y down, z forward) and OpenCV distortion.

    Attributes:
      intrinsics: (3, 3) px.
      distortion: (5,) k1, k2, p1, p2, k3.
      rotation: (3, 3) world to camera.
      translation: (3,) m; x_cam = rotation @ x_world + translation.
      size: (width, height) px.
    """

    intrinsics: Array
    distortion: Array
    rotation: Array
    translation: Array
    size: tuple[int, int]


@record("names", "layout")
class Observation:
    """What was seen of one person, at a fixed rate.

    Attributes:
      fps: frames per second, Hz.
      names: K canonical keypoint names.
      layout: the source's layout ("mediapipe33", "coco17", "bvh", ...), for messages and reports.
      keypoints2d: (T, K, 2) px in the camera's image, or None.
      keypoints3d: (T, K, 3) m in the world, or None.
      landmarks3d: (T, K, 3) m, hip-centred in camera axes (x right, y down, z forward), as a pose
        estimator gives them; or None.
      confidence: (T, K) in 0..1; 0 means missing.
      camera: the camera of ``keypoints2d``, or None when unknown.
      start_time: s, time of frame 0 in the source.
    """

    fps: float
    names: tuple[str, ...]
    layout: str
    confidence: Array
    keypoints2d: Array | None = None
    keypoints3d: Array | None = None
    landmarks3d: Array | None = None
    camera: Camera | None = None
    start_time: float = 0.0


@dataclasses.dataclass(frozen=True)
class Truth:
    """True positions at a rate of their own, in the recording's world: K names, (T, K, 3) m (NaN unknown), Hz.

    ``file`` is where they were read, or None.
    """

    names: tuple[str, ...]
    positions: Array
    fps: float
    file: str | None = None


@dataclasses.dataclass(frozen=True)
class Recording:
    """The file keypoints were read from.

    Attributes:
      path: the file.
      fps: Hz, its own rate.
      unit: its unit of length, in words.
      labels: {canonical name: name in the file}.
      scale, rotation, offset: x_recording = scale * rotation @ x_file + offset; m per unit, (3, 3), (3,) m.
      skeleton: file of the skeleton that belongs to it (AMC), or None.
      marker_body: what a recording of surface markers gives as a static trial
        (``data.markers.surface_markers.StaticTrial``), or None.
    """

    path: str
    fps: float
    unit: str
    labels: dict[str, str]
    scale: float = 1.0
    rotation: Array = dataclasses.field(default_factory=lambda: np.eye(3))
    offset: Array = dataclasses.field(default_factory=lambda: np.zeros(3))
    skeleton: str | None = None
    marker_body: Any = None


@dataclasses.dataclass(frozen=True)
class FilmView:
    """What is done to a film's pictures and clock beyond what its file asks for (square pixels, rotation tag).

    Attributes:
      turn: degrees clockwise by which the picture is turned; 0, 90, 180 or 270.
      mirror: left and right of the turned picture are exchanged.
      pace: s of motion in a second of the film; 0.125 for 240 Hz played at 30.
    """

    turn: int = 0
    mirror: bool = False
    pace: float = 1.0


@dataclasses.dataclass(frozen=True)
class Film:
    """The film a clip was, or can be, observed in.

    Attributes:
      path: the file; None: ``draw`` makes it.
      start_time: s in the film, of the clip's frame 0.
      draw: returns the path of a film that is drawn on demand, or None.
      span: (start, end) s of what is observed, or None.
      detection_reused: the person was found in an earlier run, whose detections were kept.
      view: how its pictures and its clock were turned into what was looked at.
    """

    path: Path | None
    start_time: float = 0.0
    draw: Callable[[], Path] | None = None
    span: tuple[float, float] | None = None
    detection_reused: bool = False
    view: FilmView = FilmView()


@dataclasses.dataclass(frozen=True)
class Sequence:
    """One clip: what was observed, and all else that is known of it.

    Attributes:
      key: unique name within its data set.
      observation: what a method may look at; its ``camera`` is set where the method may use a known one.
      truth: the true joint or keypoint positions (T, K, 3) m in the recording's world for ``observation.names``, or
        None.
      reference: the truth as its source has it, other points and another rate perhaps; or None.
      camera: the clip's camera in the recording's world, or None.
      intrinsics: (3, 3) px of a camera whose pose is not known, or None.
      camera_file: where camera or intrinsics were read, or None.
      image_size: (width, height) px of the image, or None.
      image: 2D keypoints that the data set itself has, or None.
      film: or None.
      recording: or None.
      motion: the true motion of a synthetic clip, or None.
      height: m, true stature, or None.
      floor: what the floor is, in words; "" unknown.
      warnings: plain sentences about guesses made in reading it.
    """

    key: str
    observation: Observation
    truth: Array | None = None
    reference: Truth | None = None
    camera: Camera | None = None
    intrinsics: Array | None = None
    camera_file: str | None = None
    image_size: tuple[int, int] | None = None
    image: Observation | None = None
    film: Film | None = None
    recording: Recording | None = None
    motion: Motion | None = None
    height: float | None = None
    floor: str = ""
    warnings: tuple[str, ...] = ()
