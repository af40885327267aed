"""What every data set is to the rest: named splits of clips, each loaded as one Sequence; and what is found on disk.

A clip's world is z up with the floor at z = 0. Where the data set has no 2D keypoints of its own, the truth is
projected.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from motionrecon.errors import InputError
from motionrecon.option_records import suggestion
from motionrecon.types import Observation, Sequence, Truth


@dataclasses.dataclass(frozen=True)
class Clip:
    """One item of a split.

    Attributes:
      key: unique name in the data set.
      subject: who moves; action: what is done; camera: which camera sees it ("" where there is but one).
      frames: source frames [start, stop), or None for all.
      group: the column of the paper's table it belongs to ("in domain", "out of domain"), or "".
    """

    key: str
    subject: str = ""
    action: str = ""
    camera: str = ""
    frames: tuple[int, int] | None = None
    group: str = ""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing a check looked for: its name, "present", "missing" or "corrupt", and a sentence."""

    name: str
    status: str
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class JointSet:
    """The points over which errors are measured: a name for the table, and canonical keypoint names."""

    name: str
    joints: tuple[str, ...]


class Dataset(Protocol):
    """A data set found on disk (or made here).

    Attributes:
      name: as ``--dataset`` takes it.
      root: its folder, or None.
      splits: {name: one sentence}.
      inputs: of "mocap", "keypoints2d", "video", those it can be.
      joint_set: where errors are measured.
      rate: Hz at which it is evaluated, or None for the fitting rate of its source.
    """

    name: ClassVar[str]
    splits: ClassVar[Mapping[str, str]]
    inputs: ClassVar[tuple[str, ...]]
    joint_set: ClassVar[JointSet]
    rate: ClassVar[float | None]
    root: Path | None

    def default_split(self, mode: str) -> str:
        """Return the split to use for an input mode when none is named."""
        ...

    def clips(self, split: str) -> list[Clip]:
        """List a split's clips, those whose files are missing too."""
        ...

    def load(self, clip: Clip) -> Sequence:
        """Read one clip."""
        ...

    def check(self) -> Iterator[Finding]:
        """Look for every file, and whether it can be read."""
        ...


def checked_split(dataset: Dataset, split: str) -> str:
    """Return ``split``; raises InputError where the data set has none of that name."""
    if split not in dataset.splits:
        raise InputError(
            f"--split {split}: {dataset.name} has {', '.join(dataset.splits)}{suggestion(split, dataset.splits)}"
        )
    return split


def sequence(
    clip: Clip,
    *,
    names: tuple[str, ...],
    layout: str,
    fps: float,
    positions: np.ndarray,
    confidence: np.ndarray,
    filled: np.ndarray,
    **known: Any,
) -> Sequence:
    """Return a clip as a Sequence with what ``evaluate`` reads; its reference is ``positions`` unless another is given.

    Args:
      clip: which one.
      names: K keypoint names.
      layout: where they come from.
      fps: Hz.
      positions: (T, K, 3) m, NaN where unknown.
      confidence: (T, K).
      filled: (T, K, 3) m, finite.
      **known: other fields of ``Sequence``.
    """
    observation = Observation(float(fps), names, layout, confidence, keypoints3d=filled)
    return Sequence(clip.key, observation, positions, **{"reference": Truth(names, positions, float(fps))} | known)


def probed(name: str, read: Callable[[], object]) -> Finding:
    """Return what a reader says of a file: present, missing or corrupt."""
    try:
        said = read()
    except InputError as error:
        text = str(error)
        status = "missing" if "no such file" in text or "not found" in text else "corrupt"
        return Finding(name, status, text)
    return Finding(name, "present", said if isinstance(said, str) else "")
