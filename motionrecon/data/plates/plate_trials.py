"""Recordings with force plates beside them: which files of a folder belong together, and what ``trials.toml`` adds."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motionrecon import option_records
from motionrecon.data.plates import plates_c3d
from motionrecon.errors import ConfigError, DataError, InputError

RECORDINGS = (".joints.npz", ".trc", ".c3d", ".bvh", ".npz")  # the first that fits names the trial
PLATES = (".plates.npz", "_grf.mot", "_forces.mot", ".mot")
MOMENTS, OPTIONS = ".id.sto", "trials.toml"
_EXPECTED = "NAME.joints.npz with NAME.plates.npz, NAME.trc (.bvh, .npz, .c3d) with NAME_grf.mot or NAME.mot, or a .c3d"


@dataclasses.dataclass(frozen=True)
class TrialOptions:
    """What is known of a trial: a section of ``trials.toml`` named after it.

    Attributes:
      height: m; None: estimated from the recording.
      mass: kg; None: from the plates.
      time_range: (start, end) s of the recording to fit and compare; None: all of it.
      offset: s; time on the plates' clock of the recording's time 0, on top of a TRC file's own first time.
      belt: m/s; speed of a treadmill's belt, which is added to the recording and to the centre of pressure along +x.
    """

    height: float | None = None
    mass: float | None = None
    time_range: tuple[float, float] | None = None
    offset: float = 0.0
    belt: float = 0.0


@dataclasses.dataclass(frozen=True)
class PlateTrial:
    """One recording with its plates.

    Attributes:
      name: of the trial.
      recording: file of joint centres or markers.
      plates: file of the force plates; the recording itself where a C3D file holds both.
      moments: joint moments by OpenSim's inverse dynamics, or None.
      options: of the trial.
    """

    name: str
    recording: Path
    plates: Path
    moments: Path | None = None
    options: TrialOptions = TrialOptions()


def find(path: str | Path) -> tuple[list[PlateTrial], list[str]]:
    """Find the trials of a folder (not below it), or the one of a recording.

    Args:
      path: a folder, or one recording whose plates lie beside it.

    Returns:
      Trials by name, and a line for each file that is left alone because its partner is missing.

    Raises:
      InputError: nothing there, no pair among the files, or a recording without plates.
      ConfigError: ``trials.toml`` is wrong.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; give recordings with force plates beside them")
    folder = path if path.is_dir() else path.parent
    if path.is_file() and _stem(path) is None:
        raise InputError(f"{path}: is no recording; give {_EXPECTED}")
    files = [path] if path.is_file() else sorted(p for p in folder.iterdir() if _stem(p) is not None)
    trials, alone, used = {}, [], set()
    for file in files:
        name = str(_stem(file))
        plates = _plates(file, name)
        if plates is None:
            own = "holds no force plates and has none" if file.suffix.lower() == ".c3d" else "has no force plates"
            alone.append(f"{file}: {own} beside it ({', '.join(name + end for end in PLATES)})")
        elif name in trials:
            alone.append(f"{file}: {trials[name].recording.name} is of the same name; rename one")
        else:
            moments = folder / (name + MOMENTS)
            trials[name] = PlateTrial(name, file, plates, moments if moments.is_file() else None)
            used |= {plates}
    if path.is_dir():
        alone += _orphans(folder, used)
    if not trials:
        raise InputError(
            alone[0] if alone else f"{path}: holds no recording with force plates; expected are {_EXPECTED}"
        )
    return _with_options(list(trials.values()), folder / OPTIONS), alone


def _stem(file: Path) -> str | None:
    """Return the trial's name of a recording; None for any other file."""
    low = file.name.lower()
    if low.endswith(PLATES[0]) or not file.is_file():
        return None
    return next((file.name[: -len(end)] for end in RECORDINGS if low.endswith(end)), None)


def _plates(file: Path, name: str) -> Path | None:
    found = next((p for end in PLATES if (p := file.parent / (name + end)).is_file()), None)
    if found is None and file.suffix.lower() == ".c3d":
        try:
            return file if plates_c3d.holds_plates(file) else None
        except DataError:
            return file  # its own trial tells what is wrong with it
    return found


def _orphans(folder: Path, used: set[Path]) -> list[str]:
    ends = PLATES[:3]  # a plain .mot may be a motion
    found = sorted(p for p in folder.iterdir() if p.name.lower().endswith(ends) and p not in used)
    return [f"{p}: force plates without a recording; put it beside them under the same name" for p in found]


def _with_options(trials: list[PlateTrial], path: Path) -> list[PlateTrial]:
    if not path.is_file():
        return trials
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML ({error}); correct it there") from None
    names = [path.name[: -len(end)] for path in path.parent.iterdir() for end in RECORDINGS if path.name.endswith(end)]
    for name in content:
        if name not in names:
            raise ConfigError(f"{path}: [{name}] names no recording beside it{option_records.suggestion(name, names)}")
    return [dataclasses.replace(t, options=_options(path, t.name, content.get(t.name, {}))) for t in trials]


def _options(path: Path, name: str, content: Any) -> TrialOptions:
    if not isinstance(content, Mapping):
        raise ConfigError(f"{path}: {name} is a section of options; write [{name}] with its keys below")
    try:
        return option_records.build(TrialOptions, content, name)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
