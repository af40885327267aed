"""What is evaluated: the options of a run, which of them decide a row, and the tasks they make."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from motionrecon import config
from motionrecon.config import Config
from motionrecon.data.datasets import catalog
from motionrecon.data.datasets.dataset import Clip, Dataset
from motionrecon.errors import ConfigError, InputError
from motionrecon.jobs import rows
from motionrecon.option_records import suggestion

MODES = ("mocap", "keypoints2d", "video")
BASELINES = ("kinematic", "smoothed")  # come with every optimizer's fit
MORE_BASELINES = {  # on request: the rows each adds
    "filters": ("input", "gaussian", "median-gaussian"),
    "pnp": ("pnp", "pnp-smoothed"),
}


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How clips are evaluated.

    Attributes:
      dataset: name in ``catalog.NAMES``.
      root: data root, or None.
      split: of the data set.
      mode: what a method may see: 3D key frames, 2D keypoints, or the film.
      methods: optimizers, as ``config.OptimizerOptions.name`` has them.
      camera: "known", or "guessed": the method is not told the camera (2D and video).
      noise_mm: standard deviation of noise on each axis of 3D keypoints.
      outliers: percent of 3D keypoints that are displaced by ``observed.JUMP``.
      noise_px: of noise on each axis of 2D keypoints.
      frames: only the first so many frames of each clip, at the source's rate; None: all. Not the protocol then.
      seed: of the noise.
      baselines: more to set beside, of ``MORE_BASELINES``: the noisy input and its best Gaussian filters (mocap), the
        detector's landmarks placed frame by frame (video).
      points: where a result is judged: on the data set's "joints"; a film on the "observed" points that the truth has;
        3D keypoints on the "fitted" ones, those the kinematic start trusts (bent toe tips are left out).
      start_seed: of a kinematic start that is slightly off (``starts.nearby``); None: the start itself.
      form: of Human3.6M's files; None: the first that is there.
      fit: options of the fits.
    """

    dataset: str = "synthetic"
    root: str | None = None
    split: str = "all"
    mode: Literal["mocap", "keypoints2d", "video"] = "mocap"
    methods: tuple[str, ...] = ("gauss_newton",)
    camera: Literal["known", "guessed"] = "known"
    noise_mm: float = 0.0
    outliers: float = 0.0
    noise_px: float = 0.0
    frames: int | None = None
    seed: int = 0
    baselines: tuple[str, ...] = ()
    points: Literal["joints", "observed", "fitted"] = "joints"
    start_seed: int | None = None
    form: str | None = None
    fit: Config = Config()

    def __post_init__(self):
        """Check the ranges."""
        for name in ("noise_mm", "noise_px"):
            if not 0.0 <= getattr(self, name) <= 1000.0:
                raise ConfigError(f"--{name.replace('_', '-')} {getattr(self, name):g}: give 0 to 1000")
        if not 0.0 <= self.outliers <= 50.0:
            raise ConfigError(f"--outliers {self.outliers:g}: give 0 to 50 percent")
        if self.frames is not None and self.frames < 8:
            raise ConfigError(f"--frames {self.frames}: give 8 or more")
        for name, value in (("--noise-mm", self.noise_mm), ("--outliers", self.outliers)):
            if value and self.mode != "mocap":
                raise ConfigError(f"{name} is for --input mocap; give --noise-px for 2D keypoints")
        if self.noise_px and self.mode != "keypoints2d":
            raise ConfigError("--noise-px is for --input keypoints2d; give --noise-mm for motion capture")
        self._check_baselines()

    def _check_baselines(self) -> None:
        for name in self.baselines:
            if name not in MORE_BASELINES:
                raise ConfigError(f"--baselines {name}: give {' or '.join(MORE_BASELINES)}")
        if "filters" in self.baselines and not (self.mode == "mocap" and (self.noise_mm or self.outliers)):
            raise ConfigError("--baselines filters: filters noisy 3D keypoints; give --noise-mm or --outliers")
        if "pnp" in self.baselines and (self.mode, self.points) != ("video", "observed"):
            raise ConfigError("--baselines pnp: is for films judged on the detector's points; give --input video "
                              "--points observed")  # fmt: skip
        if self.points == "observed" and self.mode != "video":
            raise ConfigError("--points observed: is for --input video; keypoints are judged on themselves anyway")
        if self.points == "fitted" and self.mode != "mocap":
            raise ConfigError("--points fitted: is for --input mocap")

    def baseline_methods(self) -> tuple[str, ...]:
        """Return the methods whose rows come with every optimizer's fit."""
        return (*BASELINES, *(method for name in self.baselines for method in MORE_BASELINES[name]))

    def plain(self) -> dict[str, Any]:
        """Return what decides a row, as plain values: everything but which methods and which split."""
        kept = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name in ("fit", "methods", "split"):
            del kept[name]
        kept["baselines"] = list(self.baselines)  # as JSON gives it back
        if self.root is not None:
            kept["root"] = str(Path(self.root).resolve())
        fit = config.to_dict(self.fit)
        for section in ("output", "run"):
            fit.pop(section, None)
        fit.get("optimizer", {}).pop("name", None)
        return {**kept, "fit": fit}

    def mark(self) -> str:
        """Return a short text that is equal for protocols whose rows may be mixed."""
        return rows.mark(self.plain())


@dataclasses.dataclass(frozen=True)
class Task:
    """One clip to evaluate, by the methods that are still to do."""

    clip: Clip
    protocol: Protocol
    methods: tuple[str, ...]


def method_names(text: str) -> tuple[str, ...]:
    """Return the optimizers of a list "a,b"; raises ConfigError where one is unknown or none is named."""
    names = tuple(dict.fromkeys(word.strip().replace("-", "_") for word in text.split(",") if word.strip()))
    names = tuple(name for name in names if name not in BASELINES)
    if not names:
        raise ConfigError(f'--optimizer "{text}": name at least one optimizer; the kinematic rows come with it')
    for name in names:
        try:
            config.load(None, {"optimizer": {"name": name}})
        except ConfigError as error:
            raise ConfigError(f"--optimizer {str(error).removeprefix('optimizer.name: ').replace('_', '-')}") from None
    return names


def open_protocol(protocol: Protocol) -> Dataset:
    """Open a protocol's data set; raises InputError where it is missing or cannot be such an input."""
    root = None if protocol.root is None else Path(protocol.root)
    found = catalog.open_dataset(protocol.dataset, root, protocol.form)
    if protocol.mode not in found.inputs:
        raise InputError(f"--input {protocol.mode}: {found.name} has {', '.join(found.inputs)}")
    return found


def choose(
    clips: Sequence[Clip],
    *,
    subjects: Sequence[str] = (),
    actions: Sequence[str] = (),
    patterns: Sequence[str] = (),
    limit: int | None = None,
) -> list[Clip]:
    """Return the clips a user asks for.

    Args:
      clips: of the split.
      subjects: whose clips; actions: of what; empty: all.
      patterns: of keys, with * and ?; empty: all.
      limit: only the first so many.

    Raises:
      InputError: a name is unknown, or nothing is left.
    """
    chosen = list(clips)
    for word, field, wanted in (("--subjects", "subject", subjects), ("--actions", "action", actions)):
        known = sorted({getattr(clip, field) for clip in clips})
        for name in wanted:
            if name not in known:
                raise InputError(f"{word} {name}: the split has {', '.join(known)}{suggestion(name, known)}")
        if wanted:
            chosen = [clip for clip in chosen if getattr(clip, field) in wanted]
    if patterns:
        for pattern in patterns:
            if not any(fnmatch.fnmatch(clip.key, pattern) for clip in clips):
                keys = [clip.key for clip in clips]
                near = suggestion(pattern, keys)
                raise InputError(f"--sequence {pattern}: no such sequence in the split (such as {keys[0]}){near}")
        chosen = [clip for clip in chosen if any(fnmatch.fnmatch(clip.key, p) for p in patterns)]
    if limit is not None:
        if limit < 1:
            raise InputError(f"--limit {limit}: give 1 or more")
        chosen = chosen[:limit]
    if not chosen:
        raise InputError("no sequence is left; give other --subjects, --actions or --sequence")
    return chosen
