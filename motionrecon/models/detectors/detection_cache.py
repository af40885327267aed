"""Keeps detections on disk, found again by what they depend on: film content, times, person, detector, versions."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from motionrecon.jobs import archive
from motionrecon.jobs.runtime import cache_dir
from motionrecon.models.detectors.pose_estimator import Detections, DetectorOptions
from motionrecon.types import FilmView

_FORMAT = 4  # raise it whenever detection or shot finding gives other results
_ARRAYS = ("times", "pixels", "confidence", "landmarks3d", "detected", "outside")


def cached(
    film: Path,
    times: np.ndarray,
    person: str | int,
    options: DetectorOptions,
    compute: Callable[[], Detections],
    view: FilmView = FilmView(),
) -> tuple[Detections, bool]:
    """Return the detections of a film, computed or from the cache.

    Args:
      film: the video file.
      times: (T,) s, the frames looked at.
      person: who is followed.
      options: the detector.
      compute: called where nothing is cached; what it raises is not cached.
      view: how the film is looked at.

    Returns:
      The detections, and whether they were reused. A cache that cannot be read or written costs time only.
    """
    place = cache_dir() / "detections" / f"{_key(film, times, person, options, view)}.npz"
    known = _load(place)
    if known is not None:
        return known, True
    detections = compute()
    _save(place, detections)
    return detections, False


def _key(film: Path, times: np.ndarray, person: str | int, options: DetectorOptions, view: FilmView) -> str:
    parts = {
        "format": _FORMAT,
        "film": _digest(film),
        "times": [round(float(t), 6) for t in times],
        "person": person,
        "options": dataclasses.asdict(options),
        "view": dataclasses.asdict(view),
        "models": [_digest(Path(m)) for m in (options.model, options.person_model) if m and Path(m).is_file()],
        "versions": [_version(p) for p in ("mediapipe", "rtmlib", "opencv-contrib-python", "opencv-python")],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} -"


def _load(place: Path) -> Detections | None:
    try:
        facts, arrays = archive.read(place)
    except (OSError, archive.ArchiveError):
        return None
    return Detections(
        **{name: arrays.get(name) for name in _ARRAYS},
        size=(facts["size"][0], facts["size"][1]),
        layout=facts["layout"],
        names=tuple(facts["names"]),
        shots=tuple(facts["shots"]),
        people=facts["people"],
        enlarged=facts["enlarged"],
        camera_shift=facts["camera_shift"],
    )


def _save(place: Path, detections: Detections) -> None:
    arrays = {name: getattr(detections, name) for name in _ARRAYS if getattr(detections, name) is not None}
    facts = {
        name: getattr(detections, name)
        for name in ("size", "layout", "names", "shots", "people", "enlarged", "camera_shift")
    }
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        archive.write(place, facts, arrays, compressed=True)
