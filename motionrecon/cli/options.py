"""The options of the commands: which flag sets which key of the configuration.

No default is written here: a flag that is not given leaves the file's or the record's value, and the help shows the
record's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import click

from motionrecon import config as configuration
from motionrecon.config import FORMATS, Config
from motionrecon.errors import ConfigError

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]


class Flag(NamedTuple):
    """One flag of the command line.

    Attributes:
      names: as typed, with click's name of the parameter last.
      section: section of the configuration it sets.
      key: key in that section.
      help: one sentence.
      settings: what else click needs to know.
    """

    names: tuple[str, ...]
    section: str
    key: str
    help: str
    settings: Mapping[str, Any]

    @property
    def parameter(self) -> str:
        """The name under which click hands over the value."""
        return self.names[-1]


class Person(click.ParamType):
    """The word largest, or a number; the configuration judges anything else."""

    name = "largest|N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return whole numbers as int, other words as they are."""
        return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value


class Limits(click.ParamType):
    """Limits by name, separated by commas; the configuration judges names and numbers."""

    name = "name=limit,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return them one by one."""
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


def _flag(names: str, place: str, text: str, **settings: Any) -> Flag:
    section, key = place.split(".")
    return Flag((*names.split(), f"{section}__{key}"), section, key, text, settings)


FLAGS = (
    _flag("--time-range", "input.time_range", "Fit only this part of the input, in seconds.", type=float, nargs=2,
          metavar="START END"),
    _flag("--fps", "input.fps", "Frames per second of the fit. [default: 30; 25 for inputs of 25, 50, 100]", type=float,
          metavar="HZ"),
    _flag("--person", "input.person", "Whom to follow: the largest, or the N-th from the left, from 1.",
          type=Person(), metavar="[largest|N]"),
    _flag("--camera --calib", "input.camera", "Camera file; FILE:NAME picks one camera of several. [default: a guess]",
          metavar="FILE"),
    _flag("--fov", "input.field_of_view", "Field of view of the longer image side in degrees, where no camera file is "
          "given. [default: 60, a guess]", type=float, metavar="DEG"),
    _flag("--static-camera/--moving-camera", "input.static_camera", "Whether the camera stands still."),
    _flag("--keypoints", "input.keypoints", "2D keypoints to use in place of the detector (OpenPose, COCO, HALPE, "
          "AlphaPose, MediaPipe, NPZ).", metavar="FILE"),
    _flag("--source-fps", "input.source_fps", "Rate at which the input was recorded, where its file does not say it "
          "(slow motion).", type=float, metavar="HZ"),
    _flag("--rotate", "input.rotate", "Turn a film clockwise. [default: upright by itself where the person hangs head "
          "down]", type=int, metavar="0|90|180|270"),
    _flag("--mirror/--no-mirror", "input.mirror", "Whether left and right of a film are exchanged (selfie cameras)."),
    _flag("--image-size", "input.image_size", "Size of the image of 2D keypoints whose file does not say it.", type=int,
          nargs=2, metavar="W H"),
    _flag("--layout", "input.layout", "Order of 2D keypoints (coco17, body25, ...). [default: by their limbs]",
          metavar="NAME"),
    _flag("--asf", "input.asf", "Skeleton of an AMC file. [default: the one beside it]", metavar="FILE"),
    _flag("--markers", "input.markers", "Where surface markers sit (TOML). [default: a standard set]", metavar="FILE"),
    _flag("--static", "input.static", "Static trial with the same surface markers.", metavar="FILE"),
    _flag("--truth", "input.truth", "True joint positions (NPZ) to measure the result against.", metavar="FILE"),
    _flag("--height", "person.height", "Stature in metres. [default: estimated]", type=float, metavar="M"),
    _flag("--mass", "person.mass", "Body mass in kilograms. [default: from the height]", type=float, metavar="KG"),
    _flag("--strength", "person.strength", "Factor on the torques that the joints can exert.", type=float,
          metavar="FACTOR"),
    _flag("--sole-thickness", "person.sole_thickness", "How much thicker the shoes' soles are than thin ones, in "
          "metres.", type=float, metavar="M"),
    _flag("--detector", "detector.name", "Pose detector; rtmpose needs the extra [rtmpose]. [default: mediapipe]",
          type=click.Choice(["mediapipe", "rtmpose"])),
    _flag("--optimizer", "optimizer.name", "How the controls are searched.",
          type=click.Choice(["gauss-newton", "bfgs", "lbfgs", "scipy-bfgs", "adam"])),
    _flag("--max-evaluations", "optimizer.max_evaluations", "Most loss evaluations per window. [default: the "
          "optimizer's own]", type=int, metavar="N"),
    _flag("--window", "optimizer.window", "Frames optimised together.", type=int, metavar="FRAMES"),
    _flag("--overlap", "optimizer.overlap", "Frames that a window shares with the next.", type=int, metavar="FRAMES"),
    _flag("--pipeline", "optimizer.pipeline", "generalized: replay the result with Brax's modules too.",
          type=click.Choice(["dense", "generalized"])),
    _flag("--format", "output.formats", "Motion file to write; repeat for more.", multiple=True,
          type=click.Choice(FORMATS)),
    _flag("--frame", "output.frame", "World of the exported files: the recording's, or the fitted one (ground at 0).",
          type=click.Choice(["recording", "world"])),
    _flag("--overlay/--no-overlay", "output.overlay", "Whether to write the overlay video."),
    _flag("--require", "output.require", "Limits that a result must keep: skate=3,penetration=10,...", type=Limits(),
          metavar="NAME=LIMIT,..."),
    _flag("--device", "run.device", "Where to compute.", type=click.Choice(["auto", "cpu", "gpu"])),
)  # fmt: skip


def configured(command: Command) -> Command:
    """Give a command all flags that set the configuration, and ``-c/--config``."""
    for flag in reversed(FLAGS):
        command = click.option(*flag.names, default=None, help=flag.help + _default(flag), **flag.settings)(command)
    return click.option(
        "-c", "--config", "config_path", metavar="FILE", help="Options from a TOML file; flags win over it."
    )(command)


def placed(
    output: str,
    *,
    default: str | None = None,
    overwrite: str = "Begin anew in a folder that holds results.",
    resume: str,
) -> Decorator:
    """Give a command ``-o/--output``, and ``--overwrite`` and ``--resume``, which exclude each other.

    Args:
      output: what the folder is, for the help.
      default: the folder where none is given; None: the command decides, and ``output`` says how.
      overwrite: what it does, for the help.
      resume: what it does, for the help.
    """

    def decorate(command: Command) -> Command:
        command = click.option("--resume", is_flag=True, callback=_anew_or_on, help=resume)(command)
        command = click.option("--overwrite", is_flag=True, callback=_anew_or_on, help=overwrite)(command)
        shown = {"default": default, "show_default": default is not None}
        return click.option("-o", "--output", metavar="DIR", help=output, **shown)(command)

    return decorate


def parallel(default: int | None, text: str, *, ray: bool = False) -> Decorator:
    """Give a command ``--workers``, and ``--ray`` where asked for.

    Args:
      default: their number; None: the command decides, and ``text`` says how.
      text: what they are, for the help.
      ray: whether the work can be done on a Ray cluster.
    """

    def decorate(command: Command) -> Command:
        if ray:
            command = click.option(
                "--ray", metavar="ADDRESS", help="Use a Ray cluster; auto starts a local one (extra [ray])."
            )(command)
        shown = {"default": default, "show_default": default is not None}
        return click.option("--workers", type=int, metavar="N", callback=_some, help=text, **shown)(command)

    return decorate


def device(command: Command) -> Command:
    """Give a command that has no configuration ``--device``."""
    kinds = click.Choice(["auto", "cpu", "gpu"])
    return click.option("--device", type=kinds, default="cpu", show_default=True, help="Where to compute.")(command)


def told(debug: str = "Print the traceback of an error.", *, verbose: bool = False) -> Decorator:
    """Give a command ``-q`` and ``--debug``, and ``-v`` where asked for."""

    def decorate(command: Command) -> Command:
        command = click.option("--debug", is_flag=True, help=debug)(command)
        command = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")(command)
        if verbose:
            command = click.option("-v", "--verbose", is_flag=True, help="Print a line for every window.")(command)
        return command

    return decorate


def _anew_or_on(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    other = "resume" if param.name == "overwrite" else "overwrite"
    if value and ctx.params.get(other):  # click fills them in one after the other: the second sees the first
        raise click.UsageError("--overwrite and --resume exclude each other: begin anew, or go on", ctx)
    return value


def _some(ctx: click.Context, param: click.Parameter, value: int | None) -> int | None:
    if value is not None and value < 1:
        raise click.UsageError(f"--workers {value}: give 1 or more", ctx)
    return value


def load_config(path: str | None, values: Mapping[str, Any]) -> Config:
    """Return the configuration of a run: defaults < ``path`` < the flags' ``values`` by parameter name.

    Raises:
      ConfigError: a value is wrong; the message names the flag where it came from one.
    """
    given = [flag for flag in FLAGS if values.get(flag.parameter) not in (None, ())]
    overrides: dict[str, dict[str, Any]] = {}
    for flag in given:
        value = values[flag.parameter]
        if flag.key == "name" and flag.section == "optimizer":
            value = value.replace("-", "_")
        overrides.setdefault(flag.section, {})[flag.key] = value
    try:
        return configuration.load(path, overrides)
    except ConfigError as error:
        message = str(error)
        for flag in given:
            place = f"{flag.section}.{flag.key}"
            if message.startswith(place):
                raise ConfigError(flag.names[0].split("/")[0] + message.removeprefix(place)) from None
        raise


def _default(flag: Flag) -> str:
    record = getattr(Config(), flag.section)
    value = getattr(record, flag.key) if dataclasses.is_dataclass(record) else None
    if value is None:
        return ""
    if isinstance(value, bool):
        value = flag.names[0].split("/")[0 if value else 1].removeprefix("--")
    if isinstance(value, tuple):
        value = " and ".join(value)
    return f" [default: {str(value).replace('_', '-')}]"
