"""The data set ``synthetic`` for evaluation: the bundled generator's motions and views, drawn as films on demand.

Needs nothing on disk. Films are kept in the cache folder, named after what they show, so that a changed motion is
drawn anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from motionrecon.data.datasets import dataset
from motionrecon.data.datasets.dataset import Clip, Finding, JointSet
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.jobs.runtime import cache_dir
from motionrecon.types import Film, Sequence

HEIGHT = 1.75  # m
_DRAWING = 1  # raise when the drawing of films changes
# Joint centres that detectors and mocap both name: the field's 14 (Leeds) joints less head and neck, and the pelvis.
BODY13 = (
    "pelvis", "left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle", "left_shoulder",
    "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist",
)  # fmt: skip


class Synthetic:
    """The generator as a data set.

    Args:
      root: where films are kept; None takes the cache folder.
    """

    name: ClassVar[str] = "synthetic"
    splits: ClassVar[Mapping[str, str]] = {
        "all": "every motion from every view (28 clips)",
        "side": "every motion from the side",
        "oblique": "every motion from 45 degrees",
        "front": "every motion from the front",
        "varied": "four people of other speed and stature do every motion, seen from 45 degrees (28 clips)",
    }
    inputs: ClassVar[tuple[str, ...]] = ("mocap", "keypoints2d", "video")
    joint_set: ClassVar[JointSet] = JointSet("body-13", BODY13)
    rate: ClassVar[float | None] = None

    def __init__(self, root: Path | None = None):
        self.root = root

    def default_split(self, mode: str) -> str:
        """Return "varied" for mocap, in which views make no difference, else "all"."""
        return "varied" if mode == "mocap" else "all"

    def clips(self, split: str) -> list[Clip]:
        """List a split's clips."""
        dataset.checked_split(self, split)
        if split == "varied":
            return [
                Clip(f"{m}/oblique/{seed}", str(seed), m, "oblique")
                for m in synthetic_clips.MOTIONS
                for seed in range(4)
            ]
        views = synthetic_clips.VIEWS if split == "all" else (split,)
        return [Clip(f"{m}/{v}", "0", m, v) for m in synthetic_clips.MOTIONS for v in views]

    def load(self, clip: Clip) -> Sequence:
        """Make one clip; its film is drawn when ``film`` asks for it."""
        made = synthetic_clips.load(f"{clip.action}/{clip.camera}", _height(clip), int(clip.subject))
        seen = made.observation
        points = np.asarray(seen.keypoints3d)
        return dataset.sequence(
            clip, names=seen.names, layout="synthetic", fps=float(seen.fps), positions=points,
            confidence=np.asarray(seen.confidence), filled=points, camera=seen.camera, height=_height(clip),
            floor="z = 0 (exact)", reference=made.reference, film=Film(None, draw=lambda: self.film(clip)),
        )  # fmt: skip

    def film(self, clip: Clip) -> Path:
        """Return the drawn film of a clip, drawn now where it is not there yet."""
        made = synthetic_clips.load(f"{clip.action}/{clip.camera}", _height(clip), int(clip.subject))
        assert made.reference is not None, "synthetic clips know the truth"
        shown = np.round(made.reference.positions, 5)
        mark = hashlib.sha256(shown.tobytes() + bytes([_DRAWING])).hexdigest()[:12]
        folder = self.root or cache_dir() / "synthetic"
        path = folder / f"{clip.key.replace('/', '_')}-{mark}.mp4"
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.stem}.{os.getpid()}.part.mp4")
            synthetic_clips.render(f"{clip.action}/{clip.camera}", part, _height(clip), int(clip.subject))
            part.replace(path)
        return path

    def check(self) -> Iterator[Finding]:
        """Make every motion once."""
        for clip in self.clips("side"):
            yield dataset.probed(clip.key, lambda c=clip: f"{len(self.load(c).observation.confidence)} frames")


def _height(clip: Clip) -> float:
    return HEIGHT + 0.06 * (0, -1, 1, 2)[int(clip.subject) % 4]
