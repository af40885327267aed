"""From a data set's clip to what a method may look at, and the truth at the same frames and points.

Decides the rate, the noise, and in which world results are compared: mocap is compared in the levelled world of its
kinematic start, video with a known camera in the data set's, video with a guessed camera in that camera's.
"""

from __future__ import annotations

import dataclasses
import zlib
from typing import Any

import numpy as np

from motionrecon import camera as cameras
from motionrecon import observe
from motionrecon.data import preprocess, truth
from motionrecon.data.dataset import Dataset
from motionrecon.errors import DataError
from motionrecon.evaluate.protocol import Protocol
from motionrecon.metrics.alignment import similarity
from motionrecon.types import Array, Camera, FitResult, KinematicStart, Observation, Sequence


def cut(sequence: Sequence, frames: int | None) -> Sequence:
    """Return a clip's first ``frames`` frames; None keeps all."""
    if frames is None:
        return sequence
    meta = dict(sequence.meta)
    meta["truth_positions"] = np.asarray(meta["truth_positions"])[:frames]
    if meta["image"] is not None:
        meta["image"] = _first(meta["image"], frames)
    positions = None if sequence.truth is None else sequence.truth[:frames]
    return Sequence(sequence.key, _first(sequence.observation, frames), positions, meta)


def _first(seen: Observation, frames: int) -> Observation:
    kept = {name: getattr(seen, name) for name in ("confidence", "keypoints2d", "keypoints3d", "landmarks3d")}
    return dataclasses.replace(seen, **{name: v[:frames] for name, v in kept.items() if v is not None})


def observed(clip: Sequence, dataset: Dataset, protocol: Protocol) -> Sequence:
    """Return what the methods see of a clip, with ``truth`` (T, K, 3) m for its names in the data set's world.

    Raises:
      DataError: the clip has no camera or film where one is needed.
      InputError: nobody is found in the film.
    """
    rate = dataset.rate or preprocess.fitting_rate(float(clip.observation.fps))
    if protocol.mode == "video":
        return _film(clip, rate, protocol)
    rng = np.random.default_rng([protocol.seed, zlib.crc32(clip.key.encode())])
    if protocol.mode == "keypoints2d":
        return _image(clip, rate, protocol, rng)
    seen = preprocess.resample(dataclasses.replace(clip.observation, keypoints2d=None, camera=None), rate)
    points = np.asarray(seen.keypoints3d)
    positions = np.where(np.asarray(seen.confidence)[..., None] > 0, points, np.nan)
    if protocol.noise_mm:
        seen = dataclasses.replace(seen, keypoints3d=points + 1e-3 * protocol.noise_mm * rng.normal(size=points.shape))
    return Sequence(clip.key, seen, positions, dict(clip.meta))


def known_camera(clip: Sequence) -> Camera:
    """Return a clip's camera; raises DataError where it has none."""
    if clip.meta["camera"] is None:
        raise DataError(f"{clip.key}: the data set has no camera file, which 2D and video need; add it to its folder")
    return clip.meta["camera"]


def _image(clip: Sequence, rate: float, protocol: Protocol, rng: np.random.Generator) -> Sequence:
    camera, seen = known_camera(clip), clip.meta["image"]
    if seen is None:
        source = clip.observation
        pixels = np.asarray(cameras.project(camera, np.asarray(source.keypoints3d)))
        seen = dataclasses.replace(source, keypoints3d=None, keypoints2d=pixels)
    seen = preprocess.resample(seen, rate)
    if protocol.noise_px:
        pixels = np.asarray(seen.keypoints2d)
        seen = dataclasses.replace(seen, keypoints2d=pixels + protocol.noise_px * rng.normal(size=pixels.shape))
    return Sequence(clip.key, seen, _truth(clip, seen), dict(clip.meta))


def _film(clip: Sequence, rate: float, protocol: Protocol) -> Sequence:
    film = clip.meta["film"]() if "film" in clip.meta else clip.meta["video"]
    if film is None:
        raise DataError(f"{clip.key}: its film is not there; download it, or use --input keypoints2d")
    start, frames = float(clip.meta["video_start"]), len(clip.meta["truth_positions"])
    span = (start, start + (frames - 1) / float(clip.observation.fps))
    detector = {} if protocol.fit.detector is None else {"detector": protocol.fit.detector}
    found = observe.observe_video(film, time_range=span, fps=rate, **detector)
    meta = {**clip.meta, **found.meta, "warnings": [*clip.meta["warnings"], *found.meta["warnings"]]}
    return Sequence(clip.key, found.observation, _truth(clip, found.observation, start), meta)


def _truth(clip: Sequence, seen: Observation, start: float = 0.0) -> np.ndarray:
    meta = clip.meta
    return truth.at_frames(seen, meta["truth_names"], meta["truth_positions"], float(clip.observation.fps), start)


@dataclasses.dataclass(frozen=True)
class Reference:
    """Truth (T, K, 3) m and camera in the world of a kinematic start."""

    truth: np.ndarray
    camera: Camera | None


def reference(clip: Sequence, seen: Sequence, start: KinematicStart) -> Reference:
    """Carry the truth and the data set's camera into the world in which a start's results stand.

    Args:
      clip: with the camera, as the data set has it.
      seen: with the truth, as ``observed`` returns it.
      start: made from ``seen``.
    """
    camera, positions = clip.meta["camera"], np.asarray(seen.truth)
    if seen.observation.keypoints3d is not None:
        given, levelled = np.asarray(seen.observation.keypoints3d), np.asarray(start.observation.keypoints3d)
        rotation, shift = _rigid(given, levelled)
        if camera is not None:
            turned = np.asarray(camera.rotation) @ rotation.T
            camera = dataclasses.replace(camera, rotation=turned, translation=camera.translation - turned @ shift)
        return Reference(positions @ rotation.T + shift, camera)
    found = start.observation.camera
    if camera is None or found is None or np.allclose(found.rotation, camera.rotation, atol=1e-9):
        return Reference(positions, camera)
    return _guessed(positions, camera, found)


def _rigid(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rotation and shift with target = rotation @ source + shift for points (T, K, 3)."""
    x, y = source.reshape(-1, 3), target.reshape(-1, 3)
    probes = np.concatenate([np.zeros((1, 3)), np.eye(3)])
    weight = np.concatenate([np.ones(len(x)), np.zeros(4)])
    moved = similarity(np.concatenate([x, probes]), np.concatenate([y, np.zeros((4, 3))]), weight, scale=False)[-4:]
    return (moved[1:] - moved[0]).T, moved[0]


def _guessed(positions: np.ndarray, camera: Camera, found: Camera) -> Reference:
    """Move the truth so that the true camera stands above the same spot and looks the same way as the guessed one."""
    (true_yaw, true_eye), (yaw, eye) = _heading(camera), _heading(found)
    c, s = np.cos(yaw - true_yaw), np.sin(yaw - true_yaw)
    rotation = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    shift = (eye - rotation @ true_eye) * np.array([1.0, 1.0, 0.0])
    turned = np.asarray(camera.rotation) @ rotation.T
    moved = dataclasses.replace(camera, rotation=turned, translation=np.asarray(camera.translation) - turned @ shift)
    return Reference(positions @ rotation.T + shift, moved)


def _heading(camera: Camera) -> tuple[float, Array]:
    rotation = np.asarray(camera.rotation)
    return float(np.arctan2(rotation[2, 1], rotation[2, 0])), -rotation.T @ np.asarray(camera.translation)


def judged(result: FitResult, known: Reference) -> FitResult:
    """Return a result that is measured against the truth, in the image too (the truth's own pixels).

    Args:
      result: of a fit.
      known: the truth in its world, and the true camera there.
    """
    positions = np.asarray(known.truth)
    finite = np.asarray(np.isfinite(positions).all(axis=-1))
    seen = result.observation
    changes: dict[str, Any] = {"keypoints2d": None}
    if known.camera is not None:
        pixels = np.asarray(cameras.project(known.camera, np.where(finite[..., None], positions, 0.0)))
        changes = {"keypoints2d": pixels, "camera": known.camera if seen.keypoints3d is not None else seen.camera}
        changes["confidence"] = np.where(finite, np.maximum(np.asarray(seen.confidence), 1e-6), 0.0)
    return dataclasses.replace(result, truth=positions, observation=dataclasses.replace(seen, **changes))
