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
    if protocol.noise_mm or protocol.outliers:
        seen = dataclasses.replace(seen, keypoints3d=_spoiled(points, protocol, rng))
    return Sequence(clip.key, seen, positions, dict(clip.meta))


def _spoiled(points: np.ndarray, protocol: Protocol, rng: np.random.Generator) -> np.ndarray:
    """Return (T, K, 3) m points with noise on each axis, and a share of them displaced in a random direction."""
    noisy = points + 1e-3 * protocol.noise_mm * rng.normal(size=points.shape)
    away = rng.normal(size=points.shape)
    away *= JUMP / np.linalg.norm(away, axis=-1, keepdims=True)
    return noisy + away * (100.0 * rng.random(points.shape[:2]) < protocol.outliers)[..., None]


def known_camera(clip: Sequence) -> Camera:
    """Return a clip's camera; raises DataError where it has none."""
    if clip.meta["camera"] is None:
        raise DataError(f"{clip.key}: the data set has no camera file, which 2D and video need; add it to its folder")
    return clip.meta["camera"]


def _image(clip: Sequence, rate: float, protocol: Protocol, rng: np.random.Generator) -> Sequence:
    camera, seen = known_camera(clip), clip.meta["image"]
    if seen is None:
        source = clip.observation
        pixels = cameras.project_clip(camera, source.keypoints3d)
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
