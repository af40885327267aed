"""The data set ``h36m``: Human3.6M (Ionescu et al. 2014) from whichever form is there, 50 Hz, evaluated at 25.

The world is the files' own: z up, floor at about z = 0. The traps of its copies are handled in ``h36m_names`` (names),
``h36m_files`` (forms) and ``h36m_cameras`` (order of distortion); 2D that is longer than 3D is cut to it, and
S11/Directions is left out of the video protocol because its film is corrupt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from motionrecon.data import preprocess
from motionrecon.data.datasets import dataset, h36m_cameras, h36m_files, h36m_names
from motionrecon.data.datasets.dataset import Clip, Finding, JointSet
from motionrecon.data.datasets.h36m_files import Recording
from motionrecon.errors import DataError, InputError
from motionrecon.types import Camera, Film, Observation, Sequence

FPS, RATE = 50.0, 25.0
_FORMS = {"cdf": "official CDF files", "npz": "VideoPose3D NPZ", "h5": "3d-pose-baseline HDF5"}


class H36M:
    """Human3.6M on disk.

    Args:
      root: folder of the data, or VideoPose3D's 3D file itself.
      form: "cdf", "npz" or "h5"; None takes the first of them that is there.

    Raises:
      DataError: nothing of Human3.6M is there, or its index cannot be read.
    """

    name: ClassVar[str] = "h36m"
    splits: ClassVar[Mapping[str, str]] = {
        "mocap": "20 clips of S9 and S11, source frames 400-599 (the paper's Table 6)",
        "video": "S9 and S11, ten actions, camera 60457274, whole takes (Shimada et al.'s protocol)",
        "all": "every take that is found, camera 60457274",
    }
    inputs: ClassVar[tuple[str, ...]] = ("mocap", "keypoints2d", "video")
    joint_set: ClassVar[JointSet] = JointSet("H36M-17", h36m_names.H36M17)
    rate: ClassVar[float | None] = RATE

    def __init__(self, root: Path, form: str | None = None):
        self.root: Path | None = root if root.is_dir() else root.parent
        self._root = root if root.is_dir() else root.parent
        self.form, self._recordings = _recordings(root, form)
        self._cameras = h36m_cameras.find(self._root)

    @staticmethod
    def found_in(folder: Path) -> bool:
        """Tell whether a folder looks like Human3.6M."""
        if any((folder / name).is_file() for name in h36m_files.FILES_3D):
            return True
        inner = ("MyPoseFeatures/D3_Positions", "MyPoses/3D_positions")
        return any((folder / s / i).is_dir() for s in h36m_names.SUBJECTS for i in inner)

    def default_split(self, mode: str) -> str:
        """Return the protocol of the input mode where any of its takes is there, else all."""
        split = "mocap" if mode == "mocap" else "video"
        there = {(r.subject, r.take) for r in self._recordings}
        return split if any((c.subject, _take(c)) in there for c in self.clips(split)) else "all"

    def clips(self, split: str) -> list[Clip]:
        """List a split's clips."""
        dataset.checked_split(self, split)
        if split == "mocap":
            return [_clip(s, t, c, h36m_names.MOCAP_FRAMES) for s, t, c in h36m_names.MOCAP]
        if split == "all":
            return [_clip(r.subject, r.take, h36m_names.VIDEO_CAMERA) for r in self._recordings]
        clips = []
        for name in h36m_names.VIDEO_SUBJECTS:
            for action in h36m_names.VIDEO_ACTIONS:
                there = [r.take for r in self._recordings if (r.subject, r.action) == (name, action)]
                wanted = [t for t in there or [action] if (name, t) not in h36m_names.CORRUPT]
                clips += [_clip(name, t, h36m_names.VIDEO_CAMERA) for t in wanted]
        return clips

    def load(self, clip: Clip) -> Sequence:
        """Read one clip.

        Raises:
          DataError: missing or broken file, or a window outside the take.
        """
        recording = self._recording(clip)
        values = recording.read()
        index = _indices(values.shape[1])
        names = tuple(h36m_names.POINTS[i] for i in index)
        frames = clip.frames or (0, len(values))
        image, video = self._image(clip), self._video(clip)
        length = len(values) if image is None else min(len(values), len(image))  # 2D may be longer, or shorter
        start, stop = frames[0], min(frames[1], length)
        if stop - start < 8 or (clip.frames is not None and stop < frames[1]):
            needed = "8 or more are" if clip.frames is None else f"source frames {frames[0] + 1}-{frames[1]} are"
            name = f"{clip.subject}/{_take(clip)}"
            raise DataError(f"{recording.path}: {name} has {length} frames; {needed} needed; download it again")
        columns = _columns(values.shape[1], index)
        positions = values[start:stop, columns]
        confidence = np.isfinite(positions).all(axis=-1).astype(float)
        if not confidence.any():
            raise DataError(f"{recording.path}: {clip.key} holds only NaN; download it again")
        seen = None
        if image is not None:
            seen = _observed(image[start:stop], index, names)
        return dataset.sequence(
            clip, names=names, layout="h36m", fps=FPS, positions=positions, confidence=confidence,
            filled=preprocess.fill_missing(positions, confidence), camera=self.camera(clip), image=seen,
            film=None if video is None else Film(video, start / FPS), floor="the files' z = 0",
        )  # fmt: skip

    def camera(self, clip: Clip) -> Camera | None:
        """Return the clip's camera; None where no camera file is there."""
        return None if self._cameras is None else h36m_cameras.read(self._cameras, clip.subject, clip.camera)

    def check(self) -> Iterator[Finding]:
        """Look for cameras, and at every take."""
        there = self._cameras is not None
        yield Finding("cameras", "present" if there else "missing", str(self._cameras or "metadata.xml or JSON"))
        for recording in self._recordings:
            name = f"{recording.subject}/{recording.take}"
            yield dataset.probed(name, lambda r=recording: f"{len(r.read())} frames, {_FORMS[self.form]}")
        for name in h36m_files.strange_names(self._root):
            yield Finding(name, "corrupt", "is named after no action of Human3.6M; it is left out")
        known = {(r.subject, r.take) for r in self._recordings}
        for clip in self.clips("mocap"):
            if (clip.subject, _take(clip)) not in known:
                yield Finding(f"{clip.subject}/{_take(clip)}", "missing", "needed by the split mocap")

    def _recording(self, clip: Clip) -> Recording:
        for recording in self._recordings:
            if (recording.subject, recording.take) == (clip.subject, _take(clip)):
                return recording
        raise DataError(f"{self._root}: {clip.subject}/{_take(clip)} not found among {_FORMS[self.form]}; download it")

    def _image(self, clip: Clip) -> np.ndarray | None:
        """Return the data set's 2D (T, J, 2) px of a clip, or None."""
        if self.form == "npz":
            for path in sorted(self._root.glob("data_2d_h36m_*.npz")):
                found = h36m_files.read_npz_2d(path, clip.subject, _take(clip), clip.camera)
                if found is not None:
                    return found
        folder = self._root / clip.subject / "MyPoseFeatures" / "D2_Positions"
        path = _named(folder, _take(clip), f".{clip.camera}.cdf")
        return None if path is None else h36m_files.read_cdf(path, 2)

    def _video(self, clip: Clip) -> Path | None:
        return _named(self._root / clip.subject / "Videos", _take(clip), f".{clip.camera}.mp4")


def _take(clip: Clip) -> str:
    return clip.key.split("/")[1]


def _clip(subject: str, take: str, camera: str, frames: tuple[int, int] | None = None) -> Clip:
    action = h36m_names.take(take)[0]
    return Clip(f"{subject}/{take}/{camera}", subject, action, camera, frames, h36m_names.group(action))


def _recordings(root: Path, form: str | None) -> tuple[str, list[Recording]]:
    if root.is_file():
        return "npz", h36m_files.npz_recordings(root)
    archive = next((root / name for name in h36m_files.FILES_3D if (root / name).is_file()), None)
    finders = {
        "cdf": lambda: h36m_files.cdf_recordings(root),
        "npz": lambda: h36m_files.npz_recordings(archive) if archive is not None else [],
        "h5": lambda: h36m_files.h5_recordings(root),
    }
    for name, find in finders.items():
        if form in (None, name) and (found := find()):
            return name, found
    if strange := h36m_files.strange_names(root):
        raise DataError(
            f"{root}: not found: any take of Human3.6M; {strange[0]} is named after none of its actions "
            f"({', '.join(h36m_names.ACTIONS)}); give it its own name"
        )
    raise DataError(
        f"{root}: not found: {_FORMS[form] if form else 'Human3.6M (CDF folders, data_3d_h36m.npz or HDF5)'}; check "
        "the folder given with --data-root"
    )


def _indices(joints: int) -> list[int]:
    return [i for i in h36m_names.POINTS if joints == h36m_names.JOINTS or i in h36m_names.KEPT17]


def _columns(joints: int, index: list[int]) -> list[int]:
    """Return where the 32-joint indices ``index`` stand in a file of 32 or 17 joints; -1 where they do not."""
    if joints == h36m_names.JOINTS:
        return index
    return [h36m_names.KEPT17.index(i) if i in h36m_names.KEPT17 else -1 for i in index]


def _observed(pixels: np.ndarray, index: list[int], names: tuple[str, ...]) -> Observation:
    columns = np.array(_columns(pixels.shape[1], index))
    values = np.where((columns >= 0)[:, None], pixels[:, columns], np.nan)
    known = np.isfinite(values).all(axis=-1).astype(float)
    return Observation(FPS, names, "h36m", known, keypoints2d=preprocess.fill_missing(values, known))


def _named(folder: Path, take: str, suffix: str) -> Path | None:
    """Return the file of a take under any of its spellings."""
    for path in sorted(folder.glob(f"*{suffix}")) if folder.is_dir() else ():
        try:
            if h36m_names.take(path.name.removesuffix(suffix))[1] == take:
                return path
        except InputError:
            continue
    return None
