"""The options of a fit as one record, and its way from and to TOML.

Decides what a user may set, the names and ranges, and who wins: defaults < file < command line. The options of a
module that needs JAX are that module's own record; here they stay ``None`` (its defaults) until somebody sets one,
so that reading a configuration loads nothing heavy.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import tomllib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import tomli_w

from motionrecon import option_records
from motionrecon.errors import ConfigError
from motionrecon.geometry.keypoint_layouts import LAYOUTS
from motionrecon.jobs.atomic_file import replaced
from motionrecon.option_records import suggestion

FORMATS = ("npz", "bvh", "trc", "csv")
STATURE = (0.5, 2.6)  # m, of persons


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)


@dataclasses.dataclass(frozen=True)
class InputOptions:
    """What to read, and which part of it.

    Attributes:
      time_range: (start, end) s in the source; None: all of it.
      person: "largest", or n for the n-th person from the left, from 1.
      camera: camera file; None: a stated guess.
      field_of_view: degrees, of the image's longer side, where no camera is known; None: 60, as a stated guess.
      static_camera: the camera does not move; a moving one is treated as if it stood still, with a warning.
      keypoints: file or folder of 2D keypoints to use in place of the detector; None: detect.
      fps: Hz of the fit; None: 30, or 25 for a source of 25, 50 or 100.
      source_fps: Hz at which the source was recorded, where its file does not say or says it wrongly (slow motion).
      rotate: degrees clockwise by which a film is turned; 0: it is upright; None: it is turned by itself where the
        person hangs head down.
      mirror: left and right of a film are exchanged.
      image_size: (width, height) px of the image of 2D keypoints, where their file does not say.
      layout: name of the order of 2D keypoints; None: by their number and the limbs they make.
      asf: skeleton of an AMC file; None: looked for beside it.
      markers: TOML file that says where surface markers sit; None: one of the standard sets.
      static: recording of the person standing still with the same markers; it gives lengths and marker places.
      truth: NPZ file of true joint positions to measure the result against; None: no truth.
    """

    time_range: tuple[float, float] | None = None
    person: Literal["largest"] | int = "largest"
    camera: str | None = None
    field_of_view: float | None = None
    static_camera: bool = True
    keypoints: str | None = None
    fps: float | None = None
    source_fps: float | None = None
    rotate: Literal[0, 90, 180, 270] | None = None
    mirror: bool = False
    image_size: tuple[int, int] | None = None
    layout: str | None = None
    asf: str | None = None
    markers: str | None = None
    static: str | None = None
    truth: str | None = None

    def __post_init__(self):
        """Check the ranges."""
        if self.time_range is not None:
            start, end = self.time_range
            _require(
                0 <= start < end < math.inf,
                f"input.time_range {start:g} {end:g}: give two times in seconds, the start (0 or later) before the end",
            )
        if self.person != "largest":
            _require(self.person >= 1, f'input.person {self.person}: give "largest", or 1 for the leftmost, 2, ...')
        for name in ("fps", "source_fps"):
            rate = getattr(self, name)
            if rate is not None:
                _require(1 <= rate <= 1000, f"input.{name} {rate:g}: give frames per second between 1 and 1000")
        if self.field_of_view is not None:
            _require(
                5 <= self.field_of_view <= 150,
                f"input.field_of_view {self.field_of_view:g}: give the field of view of the image's longer side in "
                "degrees, between 5 and 150 (a phone's main camera has 60 to 70)",
            )
            _require(
                self.camera is None,
                "input.field_of_view: the camera file says it; leave out one of --fov and --camera",
            )
        if self.image_size is not None:
            width, height = self.image_size
            _require(
                min(width, height) >= 16, f"input.image_size {width} {height}: give the width and height in pixels"
            )
        if self.layout is not None:
            _require(
                self.layout in LAYOUTS,
                f'input.layout "{self.layout}": give one of {", ".join(LAYOUTS)}{suggestion(self.layout, LAYOUTS)}',
            )


@dataclasses.dataclass(frozen=True)
class PersonOptions:
    """Who moves.

    Attributes:
      height: m; None: estimated from the input.
      mass: kg; None: from the height.
      strength: multiplies what torques the joints can exert: below 1 for the weak, above 1 for athletes.
      sole_thickness: m, how much thicker the soles of the shoes are than thin ones.
    """

    height: float | None = None
    mass: float | None = None
    strength: float = 1.0
    sole_thickness: float = 0.0

    def __post_init__(self):
        """Check the ranges."""
        if self.height is not None:
            _require(
                STATURE[0] <= self.height <= STATURE[1],
                f"person.height {self.height:g}: give the stature in metres, between {STATURE[0]:g} and "
                f"{STATURE[1]:g} (such as 1.75)",
            )
        if self.mass is not None:
            _require(
                5 <= self.mass <= 400,
                f"person.mass {self.mass:g}: give the body mass in kilograms, between 5 and 400 (such as 70)",
            )
        _require(
            0.2 <= self.strength <= 5,
            f"person.strength {self.strength:g}: give a factor on the joints' torque limits, between 0.2 and 5",
        )
        _require(
            0 <= self.sole_thickness <= 0.2,
            f"person.sole_thickness {self.sole_thickness:g}: give metres between 0 and 0.2 (a running shoe has 0.02 "
            "more than a thin one)",
        )


@dataclasses.dataclass(frozen=True)
class OptimizerOptions:
    """How the controls are searched.

    Attributes:
      name: the optimizer.
      max_evaluations: limit of loss evaluations a window; None: the optimizer's own.
      window: frames optimised together.
      overlap: frames a window shares with the next; window - overlap frames are kept of each.
      pipeline: "dense"; "generalized" replays the result with Brax's modules and says how far the two come apart.
      ladder: retry a window that stays off by multiple shooting, then with a support force on the root that is
        withdrawn.
    """

    name: Literal["gauss_newton", "bfgs", "lbfgs", "scipy_bfgs", "adam"] = "gauss_newton"
    max_evaluations: int | None = None
    window: int = 26
    overlap: int = 16
    pipeline: Literal["dense", "generalized"] = "dense"
    ladder: bool = True

    def __post_init__(self):
        """Check the ranges."""
        if self.max_evaluations is not None:
            _require(self.max_evaluations >= 1, f"optimizer.max_evaluations {self.max_evaluations}: give 1 or more")
        _require(3 <= self.window <= 400, f"optimizer.window {self.window}: give a number of frames between 3 and 400")
        _require(
            1 <= self.overlap < self.window,  # the next window starts from a state that this one reached
            f"optimizer.overlap {self.overlap}: give 1 or more frames, fewer than the window's {self.window}",
        )


@dataclasses.dataclass(frozen=True)
class OutputOptions:
    """What is written.

    Attributes:
      formats: of the motion, beside ``metrics.json`` and the report.
      frame: world of the exported files: "recording", that of the input, or "world", the fitted one with its ground at
        0; ``motion.npz`` is always of the fitted one and holds the way back.
      overlay: the overlay video.
      require: limits that a result must keep, such as "skate=3"; the usual ones hold for what is not named.
    """

    formats: tuple[str, ...] = ("npz", "bvh")
    frame: Literal["recording", "world"] = "recording"
    overlay: bool = True
    require: tuple[str, ...] = ()

    def __post_init__(self):
        """Check the names."""
        for name in self.formats:
            _require(
                name in FORMATS,
                f'output.formats "{name}": give some of {", ".join(FORMATS)}{suggestion(name, FORMATS)}',
            )
        if self.require:  # the checks' names live in a module that needs JAX
            importlib.import_module("motionrecon.metrics.quality").required(self.require)


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """Where to compute; nothing is random, so equal runs give equal results."""

    device: Literal["auto", "cpu", "gpu"] = "auto"


@dataclasses.dataclass(frozen=True)
class Config:
    """All options of a fit.

    ``detector`` is a ``motionrecon.models.detectors.pose_estimator.DetectorOptions`` and ``weights`` a
    ``motionrecon.fitting.objective.LossWeights``, or None for that record's defaults; ``resolve`` fills them in.
    """

    input: InputOptions = InputOptions()
    person: PersonOptions = PersonOptions()
    detector: Any = None
    optimizer: OptimizerOptions = OptimizerOptions()
    weights: Any = None
    output: OutputOptions = OutputOptions()
    run: RunOptions = RunOptions()


# Sections whose record lives in a module that needs JAX: loaded when a value is set, or by ``resolve``.
_DEFERRED = {
    "detector": ("motionrecon.models.detectors.pose_estimator", "DetectorOptions"),
    "weights": ("motionrecon.fitting.objective_terms", "LossWeights"),
}


def load(path: str | Path | None = None, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> Config:
    """Return the configuration: defaults, then the TOML file, then ``overrides`` ({section: {key: value}}).

    Raises:
      ConfigError: the file cannot be read, or a key or value is wrong.
    """
    merged: dict[str, dict[str, Any]] = {}
    if path is not None:
        merged = to_dict(from_dict(_read(Path(path)), origin=f"{path}: "))
    for section, values in (overrides or {}).items():
        merged.setdefault(section, {}).update(values)
    return from_dict(merged)


def from_dict(values: Mapping[str, Any], origin: str = "") -> Config:
    """Return the configuration for nested plain values; what is not named keeps its default.

    Args:
      values: {section: {key: value}}.
      origin: put before each message, such as "run.toml: ".

    Raises:
      ConfigError: a key is unknown, or a value has the wrong type or range.
    """
    sections = {}
    names = [field.name for field in dataclasses.fields(Config)]
    for section, content in values.items():
        if section not in names:
            raise ConfigError(f'{origin}unknown key "{section}"{_nearest(section, names)}')
        if not isinstance(content, Mapping):
            raise ConfigError(f"{origin}{section}: is a section of options; write [{section}] with its keys below")
        if content or section not in _DEFERRED:
            try:
                sections[section] = option_records.build(_record(section), content, section)
            except ConfigError as error:
                raise ConfigError(f"{origin}{error}") from None
        if content and section == "weights":  # what is not named depends on the input: keep what is
            sections[section] = {
                key: value for key, value in option_records.plain(sections[section]).items() if key in content
            }
    return Config(**sections)


def resolve(config: Config) -> Config:
    """Return the configuration with the records of all sections filled in; imports the modules they live in."""
    filled = {name: getattr(config, name) or _record(name)() for name in _DEFERRED}
    if isinstance(filled["weights"], Mapping):
        filled["weights"] = _record("weights")(**filled["weights"])
    return dataclasses.replace(config, **filled)


def to_dict(config: Config) -> dict[str, dict[str, Any]]:
    """Return nested plain values that ``from_dict`` turns back into ``config``; options that are None are left out."""
    content = {}
    for field in dataclasses.fields(Config):
        record = getattr(config, field.name)
        if record is not None:
            content[field.name] = dict(record) if isinstance(record, Mapping) else option_records.plain(record)
    return content


def dumps(config: Config) -> str:
    """Return the configuration as TOML."""
    return tomli_w.dumps(to_dict(config))


def write(config: Config, path: str | Path) -> None:
    """Write the configuration as TOML, whole or not at all."""
    with replaced(Path(path)) as temporary:
        temporary.write_text(dumps(config), encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file; check the path given with --config") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); give a TOML text file with --config") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML ({error}); correct it there") from None


def _record(section: str) -> type:
    if section in _DEFERRED:
        module, name = _DEFERRED[section]
        return getattr(importlib.import_module(module), name)
    return typing.get_type_hints(Config)[section]


def _nearest(word: str, sections: list[str]) -> str:
    """Suggest the section in which a key of that name lives, or the section of the nearest name."""
    keys = {
        field.name: section
        for section in sections
        if section not in _DEFERRED
        for field in dataclasses.fields(_record(section))
    }
    if word in keys:
        return f'; did you mean "{word}" in the section [{keys[word]}]?'
    return suggestion(word, sections)
