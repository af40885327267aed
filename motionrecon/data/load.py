"""One door for every kind of input but video: recognise the file, read it, bring it to the fitting rate.

The extension decides where it is one of a format's own; JSON, text and pickles are told apart by their content.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from motionrecon.data import preprocess, sequence
from motionrecon.data.formats import aist, amc, bvh, c3d, deepmimic, keypoint_json, npz, trc
from motionrecon.errors import DataError
from motionrecon.types import Sequence

VIDEO_SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp", ".ogv", ".gif")
MIN_FRAMES = 4  # at the fitting rate: the fewest that have an acceleration and its change
ACCEPTED = (
    "video (mp4, mov, webm, mkv, avi), BVH, AMC with ASF, C3D, TRC, NPZ, DeepMimic text, AIST++ keypoints3d "
    "pickle, 2D keypoint JSON (OpenPose, COCO, AlphaPose, MediaPipe)"
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

    Returns:
      Sequence in SI units, z up; its ``warnings`` list what rests on a guess.

    Raises:
      DataError: missing, empty, unknown or broken file; time range outside the clip; too few frames.
      DetectionError: the person asked for is not in the file.
    """
    path = Path(path)
    if source_fps is not None:
        sequence.check_rate(path, source_fps)
    clip = _read(path, person=person, asf=asf, size=size, source_fps=source_fps)
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


def _read(
    path: Path, *, person: str | int, asf: str | Path | None, size: tuple[int, int] | None, source_fps: float | None
) -> Sequence:
    if not path.exists():
        raise DataError(f"{path}: no such file; check the path")
    if path.is_dir():
        return keypoint_json.read(path, person=person, size=size, fps=source_fps)
    if path.stat().st_size == 0:
        raise DataError(f"{path}: is empty; export or download it again")
    kind = _recognize(path)
    if kind == "amc":
        return amc.read(path, asf=asf, fps=source_fps)
    if kind == "npz":
        return npz.read(path, fps=source_fps, size=size)
    if kind == "keypoints":
        return keypoint_json.read(path, person=person, size=size, fps=source_fps)
    reader = {"bvh": bvh, "trc": trc, "c3d": c3d, "deepmimic": deepmimic, "aist": aist}[kind]
    return reader.read(path, fps=source_fps)


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
    if text[:1] in (b"{", b"["):
        return "deepmimic" if _is_deepmimic(path, suffix) else "keypoints"
    if b":FULLY-SPECIFIED" in head.upper():
        return "amc"
    if suffix == ".asf" or b":bonedata" in head.lower():
        raise DataError(f"{path}: is a skeleton without motion; give the .amc file that belongs to it")
    by_suffix = {".bvh": "bvh", ".trc": "trc", ".npz": "npz", ".json": "keypoints", ".amc": "amc", ".c3d": "c3d"}
    by_suffix |= {".pkl": "aist", ".pickle": "aist"}
    if suffix in by_suffix:
        return by_suffix[suffix]
    if len(head) > 1 and head[1] == 0x50 and head[0] in range(2, 32):
        return "c3d"
    raise DataError(f"{path}: is of an unknown kind; accepted are {ACCEPTED}")


def _is_deepmimic(path: Path, suffix: str) -> bool:
    try:
        return deepmimic.accepts(json.loads(sequence.read_text(path)))
    except json.JSONDecodeError:
        return suffix == ".txt"
