"""From a data set's clip to what a method may look at, and the truth at the same frames and points.

Decides the rate and the noise; ``judged`` brings truth and result together.
"""

from __future__ import annotations

import dataclasses
import zlib

import numpy as np

from motionrecon.data import preprocess, truth
from motionrecon.data.datasets.dataset import Dataset
from motionrecon.errors import DataError
from motionrecon.evaluate.protocol import Protocol
from motionrecon.fitting import observe
from motionrecon.geometry import camera as cameras
from motionrecon.types import Camera, Observation, Sequence

JUMP = 0.200  # m, how far an outlier of noisy motion capture lies from where it belongs


def cut(sequence: Sequence, frames: int | None) -> Sequence:
    """Return a clip's first ``frames`` frames; None keeps all."""
    if frames is None:
        return sequence
    reference = sequence.reference
    if reference is not None:
        reference = dataclasses.replace(reference, positions=np.asarray(reference.positions)[:frames])
    return dataclasses.replace(
        sequence, observation=_first(sequence.observation, frames), reference=reference,
        truth=None if sequence.truth is None else sequence.truth[:frames],
        image=None if sequence.image is None else _first(sequence.image, frames),
    )  # fmt: skip


def _first(observation: Observation, frames: int) -> Observation:
    kept = {name: getattr(observation, name) for name in ("confidence", "keypoints2d", "keypoints3d", "landmarks3d")}
    return dataclasses.replace(observation, **{name: v[:frames] for name, v in kept.items() if v is not None})


def observed(clip: Sequence, dataset: Dataset, protocol: Protocol) -> Sequence:
    """Return what the methods see of a clip, with ``truth`` (T, K, 3) m for its names in the data set's world.

    The observation has the clip's camera where the protocol gives it to the methods.

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
    observation = preprocess.resample(dataclasses.replace(clip.observation, keypoints2d=None, camera=None), rate)
    points = np.asarray(observation.keypoints3d)
    positions = np.where(np.asarray(observation.confidence)[..., None] > 0, points, np.nan)
    if protocol.noise_mm or protocol.outliers:
        observation = dataclasses.replace(observation, keypoints3d=_spoiled(points, protocol, rng))
    return dataclasses.replace(clip, observation=observation, truth=positions, film=None)


def _spoiled(points: np.ndarray, protocol: Protocol, rng: np.random.Generator) -> np.ndarray:
    """Return (T, K, 3) m points with noise on each axis, and a share of them displaced in a random direction."""
    noisy = points + 1e-3 * protocol.noise_mm * rng.normal(size=points.shape)
    away = rng.normal(size=points.shape)
    away *= JUMP / np.linalg.norm(away, axis=-1, keepdims=True)
    return noisy + away * (100.0 * rng.random(points.shape[:2]) < protocol.outliers)[..., None]


def known_camera(clip: Sequence) -> Camera:
    """Return a clip's camera; raises DataError where it has none."""
    if clip.camera is None:
        raise DataError(f"{clip.key}: the data set has no camera file, which 2D and video need; add it to its folder")
    return clip.camera


def _image(clip: Sequence, rate: float, protocol: Protocol, rng: np.random.Generator) -> Sequence:
    camera, observation = known_camera(clip), clip.image
    if observation is None:
        source = clip.observation
        pixels = cameras.project_clip(camera, source.keypoints3d)
        observation = dataclasses.replace(source, keypoints3d=None, keypoints2d=pixels)
    observation = preprocess.resample(observation, rate)
    if protocol.noise_px:
        pixels = np.asarray(observation.keypoints2d)
        observation = dataclasses.replace(
            observation, keypoints2d=pixels + protocol.noise_px * rng.normal(size=pixels.shape)
        )
    return _seen_by(
        camera, dataclasses.replace(clip, observation=observation, truth=_truth(clip, observation), film=None), protocol
    )


def _film(clip: Sequence, rate: float, protocol: Protocol) -> Sequence:
    film = clip.film
    if film is None or (film.path is None and film.draw is None):
        raise DataError(f"{clip.key}: its film is not there; download it, or use --input keypoints2d")
    path = film.draw() if film.draw is not None else film.path
    assert path is not None and clip.reference is not None, "a data set's clip has its truth"
    start, frames = film.start_time, len(clip.reference.positions)
    span = (start, start + (frames - 1) / float(clip.observation.fps))
    detector = {} if protocol.fit.detector is None else {"detector": protocol.fit.detector}
    detected = observe.observe_video(path, time_range=span, fps=rate, rotate=0, **detector)  # as its camera sees it
    sequence = dataclasses.replace(
        clip, observation=detected.observation, truth=_truth(clip, detected.observation, start), film=detected.film,
        warnings=(*clip.warnings, *detected.warnings),
    )  # fmt: skip
    return _seen_by(known_camera(clip), sequence, protocol)


def _seen_by(camera: Camera, sequence: Sequence, protocol: Protocol) -> Sequence:
    """Add the camera's picture size, and the camera itself where the methods may know it."""
    given = camera if protocol.camera == "known" else None
    observation = dataclasses.replace(sequence.observation, camera=given)
    return dataclasses.replace(sequence, observation=observation, image_size=tuple(camera.size))


def _truth(clip: Sequence, observation: Observation, start: float = 0.0) -> np.ndarray:
    assert clip.reference is not None, "a data set's clip has its truth"
    return truth.at_frames(observation, clip.reference, start)
