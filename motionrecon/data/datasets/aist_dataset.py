"""The data set ``aist``: AIST++ annotations (Li et al., "AI Choreographer", ICCV 2021), cameras and films, 60 Hz.

Keys are names of films ("gBR_sBM_c06_d06_mBR4_ch06"); their annotations are those of "cAll". The world is turned to
z up and put on the floor of each sequence (``data.aist``), the cameras with it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from motionrecon.data import preprocess
from motionrecon.data.datasets import dataset
from motionrecon.data.datasets.dataset import Clip, Finding, JointSet
from motionrecon.data.formats import aist, camera_files, safe_pickle
from motionrecon.errors import DataError, InputError
from motionrecon.geometry.keypoints import COCO17
from motionrecon.types import Camera, Film, Observation, Sequence

# Table 5 of the paper, frames 1-120.
PAPER = (
    "gBR_sBM_c06_d06_mBR4_ch06", "gBR_sBM_c07_d06_mBR4_ch02", "gBR_sBM_c08_d05_mBR1_ch01", "gBR_sFM_c03_d04_mBR0_ch01",
    "gJB_sBM_c02_d09_mJB3_ch10", "gKR_sBM_c09_d30_mKR5_ch05", "gLH_sBM_c04_d18_mLH5_ch07", "gLH_sBM_c07_d18_mLH4_ch03",
    "gLH_sBM_c09_d17_mLH1_ch02", "gLH_sFM_c03_d18_mLH0_ch15", "gLO_sBM_c05_d14_mLO4_ch07", "gLO_sBM_c07_d15_mLO4_ch09",
    "gLO_sFM_c02_d15_mLO4_ch21", "gMH_sBM_c01_d24_mMH3_ch02", "gMH_sBM_c05_d24_mMH4_ch07",
)  # fmt: skip
FRAMES = (0, 120)
LEAST_SCORE = 0.15  # 2D points of a lower one had no part in keypoints3d_optim (AIST++ API, run_estimate_keypoints)
_FIRST_CAMERA = "c01"
_NAME = re.compile(r"(g[A-Z]{2}_s[A-Z]{2})_(cAll|c\d{2})_(d\d{2})_(m[A-Z]{2}\d)_(ch\d{2})")
_PLACES = ("", "annotation", "annotations", "aist_plusplus_final", "aist_plusplus")


class AIST:
    """AIST++ on disk.

    Args:
      root: folder that holds ``keypoints3d``.

    Raises:
      DataError: no annotation is there.
    """

    name: ClassVar[str] = "aist"
    splits: ClassVar[Mapping[str, str]] = {
        "paper": "15 dances, frames 1-120 (the paper's Table 5)",
        "all": "every annotated dance that is found, camera c01, frames 1-120",
        "whole": "every annotated dance that is found, camera c01, all frames",
    }
    inputs: ClassVar[tuple[str, ...]] = ("mocap", "keypoints2d", "video")
    joint_set: ClassVar[JointSet] = JointSet("COCO-17", COCO17)
    rate: ClassVar[float | None] = None

    def __init__(self, root: Path):
        self.root: Path | None = root
        self._root = root
        self._found = sorted(path.stem for path in (root / "keypoints3d").glob("*.pkl"))
        if not self._found:
            raise DataError(f"{root}: not found: keypoints3d/*.pkl of AIST++; check the folder given with --data-root")
        self._settings: dict[str, str] | None = None

    @staticmethod
    def found_in(folder: Path) -> bool:
        """Tell whether a folder holds AIST++'s 3D keypoints."""
        return next(iter((folder / "keypoints3d").glob("*.pkl")), None) is not None

    def default_split(self, mode: str) -> str:
        """Return the paper's split where any of its dances is there, else all."""
        return "paper" if any(_annotation(name) in self._found for name in PAPER) else "all"

    def clips(self, split: str) -> list[Clip]:
        """List a split's clips."""
        dataset.checked_split(self, split)
        if split == "paper":
            return [_clip(name, FRAMES) for name in PAPER]
        frames = FRAMES if split == "all" else None
        return [_clip(name.replace("cAll", _FIRST_CAMERA), frames) for name in self._found]

    def load(self, clip: Clip) -> Sequence:
        """Read one clip.

        Raises:
          DataError: missing or broken file, or a window outside the dance.
        """
        annotation = _annotation(clip.key)
        path = self._root / "keypoints3d" / f"{annotation}.pkl"
        if not path.is_file():
            raise DataError(f"{path}: no such file; this dance of the split is not there")
        whole = aist.read(path)
        seen, total = whole.observation, len(whole.observation.confidence)
        start, stop = clip.frames or (0, total)
        if stop > total or stop - start < 8:
            raise DataError(f"{path}: has {total} frames, {start + 1}-{stop} are needed; download it again")
        confidence = np.asarray(seen.confidence)[start:stop]
        filled = np.asarray(seen.keypoints3d)[start:stop]
        if not confidence.any():
            raise DataError(f"{path}: frames {start + 1}-{stop} hold only NaN; download it again")
        assert whole.recording is not None, "the reader says what was read"
        camera, film = self.camera(clip, np.asarray(whole.recording.offset)), self._video(clip)
        return dataset.sequence(
            clip, names=COCO17, layout="coco17", fps=aist.FPS, confidence=confidence, filled=filled,
            positions=np.where(confidence[..., None] > 0, filled, np.nan), camera=camera,
            image=self._image(clip, annotation, (start, stop)),
            film=None if film is None else Film(film, start / aist.FPS), recording=whole.recording, floor=whole.floor,
        )  # fmt: skip

    def camera(self, clip: Clip, offset: np.ndarray) -> Camera | None:
        """Return the clip's camera in the world on the floor; None where the data set has no cameras.

        Args:
          clip: which one.
          offset: (3,) m, what was added to the turned points to put them on the floor.

        Raises:
          DataError: the dance has no setting, or its file is missing or malformed.
        """
        folder = self._root / "cameras"
        if not (folder / "mapping.txt").is_file():
            return None
        setting = self._setting(folder / "mapping.txt").get(_annotation(clip.key))
        if setting is None:
            raise DataError(f"{folder / 'mapping.txt'}: has no line for {_annotation(clip.key)}; download it again")
        camera = camera_files.read_camera(folder / f"{setting}.json", clip.camera)
        rotation = np.asarray(camera.rotation)
        return dataclasses.replace(camera, translation=np.asarray(camera.translation) - rotation @ offset)

    def check(self) -> Iterator[Finding]:
        """Look for cameras, and at every annotation."""
        mapping = self._root / "cameras" / "mapping.txt"
        yield Finding("cameras", "present" if mapping.is_file() else "missing", str(mapping))
        for clip in self.clips("whole"):
            yield dataset.probed(clip.key, lambda c=clip: self._said(c))
        for name in PAPER:
            if _annotation(name) not in self._found:
                yield Finding(name, "missing", "needed by the split paper")

    def _said(self, clip: Clip) -> str:
        loaded = self.load(clip)
        words = {"camera": "camera", "image": "2D keypoints", "film": "film"}
        has = [n for n in words if getattr(loaded, n) is not None]
        frames = len(loaded.observation.confidence)
        return f"{frames} frames, floor {loaded.floor}" + "".join(f", {words[n]}" for n in has)

    def _setting(self, path: Path) -> dict[str, str]:
        if self._settings is None:
            rows = [line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
            self._settings = {row[0]: row[1] for row in rows if len(row) == 2}
        return self._settings

    def _image(self, clip: Clip, annotation: str, frames: tuple[int, int]) -> Observation | None:
        path = self._root / "keypoints2d" / f"{annotation}.pkl"
        if not path.is_file():
            return None
        values = np.asarray(safe_pickle.load_arrays(path).get("keypoints2d"))
        index = int(clip.camera[1:]) - 1
        if values.ndim != 4 or values.shape[2:] != (17, 3) or not index < len(values) or values.dtype.kind != "f":
            raise DataError(f"{path}: keypoints2d has shape {values.shape}, (9, frames, 17, 3) expected; get it again")
        own = values[index, frames[0] : frames[1]].astype(float)
        if len(own) < frames[1] - frames[0]:
            raise DataError(
                f"{path}: has {values.shape[1]} frames, {frames[0] + 1}-{frames[1]} are needed; download it again"
            )
        seen = np.isfinite(own).all(axis=-1)
        score = np.clip(np.nan_to_num(own[..., 2]), 0.0, 1.0)
        confidence = np.where(seen & (score >= LEAST_SCORE), score, 0.0)
        pixels = preprocess.fill_missing(own[..., :2], confidence)
        return Observation(aist.FPS, COCO17, "coco17", confidence, keypoints2d=pixels)

    def _video(self, clip: Clip) -> Path | None:
        for folder in (self._root / "videos", self._root.parent / "videos", self._root):
            if (folder / f"{clip.key}.mp4").is_file():
                return folder / f"{clip.key}.mp4"
        return None


def _annotation(name: str) -> str:
    match = _NAME.fullmatch(name)
    if match is None:
        raise InputError(f'"{name}" is no AIST name (such as gBR_sBM_c01_d06_mBR2_ch06)')
    return name.replace(match[2], "cAll")


def _clip(name: str, frames: tuple[int, int] | None) -> Clip:
    match = _NAME.fullmatch(name)
    if match is None:
        return Clip(name, camera=_FIRST_CAMERA, frames=frames)
    return Clip(name, match[3], match[1][:3], match[2], frames)


def places(root: Path) -> list[Path]:
    """Return the folders below ``root`` where AIST++'s annotations usually lie."""
    return [root / name for name in _PLACES]
