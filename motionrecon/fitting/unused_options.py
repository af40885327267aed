"""Which kind of input uses which option: one table, and a sentence for every option that was given and is not used.

Options that every kind uses (times, rates, stature, mass, truth) stand in it too, so that a new option has to be put
somewhere. What is refused (markers of a film) is not dropped without a word and counts as used.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motionrecon.config import InputOptions
from motionrecon.data import load
from motionrecon.data.formats import npz
from motionrecon.types import Sequence


class Door(enum.Enum):
    """Kinds of input as far as options are concerned; the value is what they are called in a sentence."""

    FILM = "a film"
    KEYED_FILM = "a film with --keypoints"
    PEOPLE = "a file of 2D keypoints"
    TRACK2D = "an array of one person's 2D keypoints"
    TABLE2D = "a table of one person's named 2D keypoints"
    ARRAY3D = "an array of 3D points"
    NAMED3D = "named 3D points"
    AMC = "an AMC file"
    RIG = "a skeleton file"
    CLIP = "a clip that was read before"


_ALL = frozenset(Door)
_FILES = _ALL - {Door.CLIP}
_READ = "nothing is read of it"
_FILMS = frozenset({Door.FILM, Door.KEYED_FILM})
_FLAT = frozenset({Door.PEOPLE, Door.TRACK2D, Door.TABLE2D})
# option -> the kinds that use it (or refuse it), and why the others do not
USED: Mapping[str, tuple[frozenset[Door], str]] = {
    "time_range": (_FILES, _READ),
    "fps": (_FILES, _READ),
    "source_fps": (_FILES, _READ),
    "truth": (_ALL, ""),
    "keypoints": (_FILES, _READ),  # refused where the input is no film
    "markers": (_FILES, _READ),  # refused where there are no surface markers
    "static": (_FILES, _READ),
    "person": (_FILMS | {Door.PEOPLE}, "only one person is in it"),
    "camera": (_FILMS | _FLAT, "3D points are not seen through a camera"),
    "field_of_view": (_FILMS | _FLAT, "3D points are not seen through a camera"),  # refused beside a known camera
    "static_camera": (_FILMS | _FLAT, "3D points are not seen through a camera"),
    "image_size": (_FLAT, "it has the size of its own picture, or none"),
    "layout": (
        frozenset({Door.KEYED_FILM, Door.PEOPLE, Door.TRACK2D, Door.ARRAY3D}),
        "the order of its points is known without",
    ),
    "asf": (frozenset({Door.AMC}), "it needs no ASF file"),
    "rotate": (frozenset({Door.FILM}), "points are taken as they are"),
    "mirror": (frozenset({Door.FILM}), "points are taken as they are"),
    "detector": (frozenset({Door.FILM}), "nobody has to be found in pictures"),
}


def sentences(source: str, options: InputOptions, detector: Any, clip: Sequence) -> tuple[str, ...]:
    """Return a sentence for every option that was given and that the input cannot use.

    Args:
      source: path of the input.
      options: as given.
      detector: the detector's options, or None where none was given.
      clip: what was read.
    """
    return _told(door_of(source, options, clip), options, detector)


def of_clip(options: InputOptions, detector: Any, clip: Sequence) -> tuple[str, ...]:
    """Return the sentences for a clip that was read before; it is still seen through a camera where it is flat."""
    told = _told(Door.CLIP, options, detector)
    flat = clip.observation.keypoints3d is None
    return tuple(line for line in told if not (flat and line.startswith(("--camera", "--fov", "--moving-camera"))))


def _told(door: Door, options: InputOptions, detector: Any) -> tuple[str, ...]:
    given = {
        field.name: getattr(options, field.name)
        for field in dataclasses.fields(options)
        if getattr(options, field.name) != field.default
    }
    if detector is not None and detector != type(detector)():
        given["detector"] = detector.name
    return tuple(
        f"{_flag(name, value)} is not used: the input is {door.value}, and {USED[name][1]}."
        for name, value in given.items()
        if door not in USED[name][0]
    )


def door_of(source: str, options: InputOptions, clip: Sequence) -> Door:
    """Return the kind of an input that was read."""
    if load.is_video(source):
        return Door.FILM if options.keypoints is None else Door.KEYED_FILM
    path = Path(source)
    kind = "keypoints" if path.is_dir() else load.kind_of(path)
    if kind in ("bvh", "deepmimic"):
        return Door.RIG
    if kind == "amc":
        return Door.AMC
    if clip.observation.keypoints3d is None:
        return {"keypoints": Door.PEOPLE, "csv": Door.TABLE2D}.get(kind, Door.TRACK2D)
    unnamed = kind == "npy" or (kind == "npz" and npz.unnamed(path))
    return Door.ARRAY3D if unnamed else Door.NAMED3D


def _flag(name: str, value: Any) -> str:
    if name == "static_camera":
        return "--moving-camera"
    name = {"field_of_view": "fov"}.get(name, name)
    words = () if value is True else value if isinstance(value, tuple) else (value,)
    return " ".join(["--" + name.replace("_", "-"), *(f"{w:g}" if isinstance(w, float) else str(w) for w in words)])
