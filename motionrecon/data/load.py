"""One door for every kind of input but video: recognise the file, read it, bring it to the fitting rate.

The extension decides where it is one of a format's own; JSON, text and pickles are told apart by their content.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import NamedTuple

from motionrecon.data import preprocess, sequence
from motionrecon.data.formats import aist, amc, bvh, c3d, deepmimic, keypoint_json, npy, npz, point_table, trc
from motionrecon.data.markers.marker_points import MarkerOptions
from motionrecon.errors import DataError
from motionrecon.types import Sequence

VIDEO_SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp", ".ogv", ".gif",
    ".ts", ".mts", ".m2ts")  # fmt: skip
MIN_FRAMES = 4  # at the fitting rate: the fewest that have an acceleration and its change
ACCEPTED = (
    "video (mp4, mov, webm, mkv, avi), BVH, AMC with ASF, C3D, TRC, NPZ, DeepMimic text, AIST++ keypoints3d "
    "pickle, 2D keypoints (JSON of OpenPose, COCO, AlphaPose, MMPose, MediaPipe, YOLO; folders of OpenPose, YOLO), "
    "tables and arrays of points (CSV, HDF5, NPY)"
)


def is_video(path: str | Path) -> bool:
    """Tell by its extension whether a path is a video; its content is checked when it is opened."""
    return Path(path).suffix.lower() in VIDEO_SUFFIXES


def load(
    path: str | Path,
    *,
    fps: float | None = None,
    time_range: tuple[float, float] | None = None,
    person: str | int = "largest",
    asf: str | Path | None = None,
    size: tuple[int, int] | None = None,
    source_fps: float | None = None,
    layout: str | None = None,
    height: float | None = None,
    markers: str | Path | None = None,
    static: str | Path | None = None,
) -> Sequence:
    """Load a mocap or keypoint file at the fitting rate.

    Args:
      path: the file, or a folder of OpenPose JSON files.
      fps: fitting rate, Hz; None chooses 30, or 25 for multiples of 25 (``preprocess.fitting_rate``).
      time_range: (start, end) s of the source to keep.
      person: whom to take where several were detected: "largest", or an identity or rank.
      asf: the skeleton of an AMC file; None looks beside it.
      size: (width, height) px of the image of 2D keypoints whose file does not state it.
      source_fps: the source's rate, Hz, where the file does not state it or states it wrongly.
      layout: name of the order of keypoints that have no names (``geometry.keypoint_layouts``).
      height: stature in m, for files of joint rotations without lengths (AMASS).
      markers: TOML file of a marker set, for C3D and TRC files of surface markers; None: the standard sets.
      static: a static trial with the same markers, which gives lengths and marker places.

    Returns:
      Sequence in SI units, z up; its ``warnings`` list what rests on a guess.

    Raises:
      DataError: missing, empty, unknown or broken file; time range outside the clip; too few frames.
      DetectionError: the person asked for is not in the file.
    """
    path = Path(path)
    if source_fps is not None:
        sequence.check_rate(path, source_fps)
    if markers is not None or static is not None:
        clip = _read_surface(path, markers, static, source_fps)
    else:
        clip = _read(path, _Given(person, asf, size, source_fps, layout, height))
    observation = clip.observation
    if time_range is not None:
        observation = preprocess.crop(observation, time_range, path)
    rate = fps or preprocess.fitting_rate(observation.fps)
    sequence.check_rate(path, rate)
    seconds = (len(observation.confidence) - 1) / observation.fps
    observation = preprocess.resample(observation, rate)
    if len(observation.confidence) < MIN_FRAMES:
        raise DataError(
            f"{path}: lasts {seconds:.2f} s, which is {len(observation.confidence)} frame(s) at {rate:g} Hz; "
            f"at least {MIN_FRAMES} are needed"
        )
    preprocess.check(observation, path)
    return dataclasses.replace(clip, observation=observation)


class _Given(NamedTuple):
    """What the user says of a file; as in ``load``."""

    person: str | int
    asf: str | Path | None
    size: tuple[int, int] | None
    fps: float | None
    layout: str | None
    height: float | None


def _read(path: Path, given: _Given) -> Sequence:
    if not path.exists():
        raise DataError(f"{path}: no such file; check the path")
    if not path.is_dir() and path.stat().st_size == 0:
        raise DataError(f"{path}: is empty; export or download it again")
    kind = "keypoints" if path.is_dir() else _recognize(path)
    if kind == "amc":
        return amc.read(path, asf=given.asf, fps=given.fps)
    if kind == "keypoints":
        return keypoint_json.read(path, person=given.person, size=given.size, fps=given.fps, layout=given.layout)
    if kind == "npz":
        return npz.read(path, fps=given.fps, size=given.size, layout=given.layout, height=given.height)
    if kind == "npy":
        return npy.read(path, fps=given.fps, size=given.size, layout=given.layout)
    if kind == "csv":
        return point_table.read(path, fps=given.fps, size=given.size)
    reader = {"bvh": bvh, "trc": trc, "c3d": c3d, "deepmimic": deepmimic, "aist": aist}[kind]
    return reader.read(path, fps=given.fps)


def _read_surface(
    path: Path, markers: str | Path | None, static: str | Path | None, source_fps: float | None
) -> Sequence:
    """Read surface markers with a set of the user's, a static trial, or both."""
    options = MarkerOptions(markers)
    if static is not None:
        trial = _read_markers(Path(static), "--static", MarkerOptions(markers, learning=True), None)
        options = MarkerOptions(markers, trial.recording and trial.recording.marker_body)
    return _read_markers(path, "--markers" if markers is not None else "--static", options, source_fps)


def _read_markers(path: Path, option: str, surface: MarkerOptions, source_fps: float | None) -> Sequence:
    kind = kind_of(path)
    if kind not in ("c3d", "trc"):
        raise DataError(f"{path}: {option} is for surface markers in C3D and TRC files, and this is {kind}")
    return {"c3d": c3d, "trc": trc}[kind].read(path, fps=source_fps, surface=surface)


def kind_of(path: Path) -> str:
    """Return the kind of a file by the reader that fits it; "a folder" for a folder.

    Raises:
      DataError: missing, empty, a video or of an unknown kind.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file; check the path")
    if path.is_dir():
        return "a folder"
    if path.stat().st_size == 0:
        raise DataError(f"{path}: is empty; export or download it again")
    return _recognize(path)


def _recognize(path: Path) -> str:
    """Return which reader fits; content decides where it speaks clearly, else the extension."""
    suffix = path.suffix.lower()
    if is_video(path):
        raise DataError(f"{path}: is a video; it has to go through pose estimation first")
    with path.open("rb") as file:
        head = file.read(512)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:9].upper() == b"HIERARCHY":
        return "bvh"
    if text[:12].lower() == b"pathfiletype":
        return "trc"
    if head[:2] == b"PK":
        return "npz"
    if head[:6] == b"\x93NUMPY":
        return "npy"
    if head[:4] == b"\x89HDF":
        return "csv"
    if suffix in (".mot", ".sto"):
        raise DataError(_table_of_opensim(path))
    if text[:1] in (b"{", b"["):
        return "deepmimic" if _is_deepmimic(path, suffix) else "keypoints"
    if b":FULLY-SPECIFIED" in head.upper():
        return "amc"
    if suffix == ".asf" or b":bonedata" in head.lower():
        raise DataError(f"{path}: is a skeleton without motion; give the .amc file that belongs to it")
    by_suffix = {".bvh": "bvh", ".trc": "trc", ".npz": "npz", ".json": "keypoints", ".amc": "amc", ".c3d": "c3d"}
    by_suffix |= {".pkl": "aist", ".pickle": "aist", ".csv": "csv"}
    if suffix in by_suffix:
        return by_suffix[suffix]
    if len(head) > 1 and head[1] == 0x50 and head[0] in range(2, 32):
        return "c3d"
    raise DataError(f"{path}: is of an unknown kind; accepted are {ACCEPTED}")


def _table_of_opensim(path: Path) -> str:
    """Return why a table of OpenSim is refused: joint angles need the model, forces are no motion."""
    text = sequence.read_text(path)
    if "_vx" in text or "_vy" in text:
        return f"{path}: holds forces, not a motion; give the motion, and the forces to motionrecon eval --forces"
    return (
        f"{path}: holds joint angles of an OpenSim model, whose lengths are in the model; give the TRC of the trial "
        "(OpenCap: MarkerData)"
    )


def _is_deepmimic(path: Path, suffix: str) -> bool:
    try:
        return deepmimic.accepts(json.loads(sequence.read_text(path)))
    except json.JSONDecodeError:
        return suffix == ".txt"
