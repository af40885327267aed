"""The data set ``mocap``: any folder of motion capture files (BVH, AMC, C3D, TRC, NPZ, DeepMimic text).

It has no cameras; for 2D keypoints one is placed at 45 degrees to the person's path, as for the data set synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from motionrecon.data import load
from motionrecon.data.datasets import dataset
from motionrecon.data.datasets.dataset import Clip, Finding, JointSet
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import MOCAP18
from motionrecon.types import Sequence

SUFFIXES = (".bvh", ".amc", ".c3d", ".trc", ".npz")


class MocapFolder:
    """A folder of motion capture files.

    Args:
      root: the folder, or one file.

    Raises:
      DataError: it is missing or holds no such file.
    """

    name: ClassVar[str] = "mocap"
    splits: ClassVar[Mapping[str, str]] = {"all": "every motion capture file in the folder and below"}
    inputs: ClassVar[tuple[str, ...]] = ("mocap", "keypoints2d")
    joint_set: ClassVar[JointSet] = JointSet("points of the file", MOCAP18)
    rate: ClassVar[float | None] = None

    def __init__(self, root: Path):
        if not root.exists():
            raise DataError(f"{root}: no such folder; check the path given with --data-root")
        files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if _is_motion(p))
        if not files:
            raise DataError(f"{root}: not found: any motion capture file ({', '.join(SUFFIXES)})")
        self.root: Path | None = root if root.is_dir() else root.parent
        self._root, self._files = self.root, files

    def default_split(self, mode: str) -> str:
        """Return the only split."""
        return "all"

    def clips(self, split: str) -> list[Clip]:
        """List the files."""
        dataset.checked_split(self, split)
        return [Clip(path.relative_to(self._root).as_posix(), action=path.stem) for path in self._files]

    def load(self, clip: Clip) -> Sequence:
        """Read one file at the fitting rate.

        Raises:
          DataError: missing, broken or unknown file.
        """
        sequence = load.load(self._root / clip.key)
        observation = sequence.observation
        if observation.keypoints3d is None:
            raise DataError(f"{self._root / clip.key}: holds 2D keypoints; take it out of the folder")
        points, confidence = np.asarray(observation.keypoints3d), np.asarray(observation.confidence)
        middle = np.mean(points, axis=1)
        camera = synthetic_clips.camera_around(middle, "oblique")
        return dataset.sequence(
            clip, names=observation.names, layout=observation.layout, fps=float(observation.fps),
            confidence=confidence, filled=points, positions=np.where(confidence[..., None] > 0, points, np.nan),
            camera=camera, warnings=sequence.warnings, floor="found by the kinematic start",
        )  # fmt: skip

    def check(self) -> Iterator[Finding]:
        """Read every file."""
        for clip in self.clips("all"):
            yield dataset.probed(clip.key, lambda c=clip: self._said(c))

    def _said(self, clip: Clip) -> str:
        observation = self.load(clip).observation
        return f"{len(observation.confidence)} frames at {observation.fps:g} Hz, {len(observation.names)} points"


def _is_motion(path: Path) -> bool:
    """Tell a motion capture file by its ending; DeepMimic's text by what it begins with too, for notes end alike."""
    if path.suffix.lower() != ".txt":
        return path.suffix.lower() in SUFFIXES
    with path.open("rb") as file:
        return file.read(64).lstrip().startswith(b"{")
