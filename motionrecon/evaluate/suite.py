"""Suites: fixed sets of evaluations under one name, each a file of ``suites/``.

A suite names a data set, its options, clips in parts that may differ in options, what is varied (seeds of the noise,
kinematic starts, cameras), and what is printed: columns, summaries, goals. A column is "[STATISTIC ][METHOD.]KEY":
KEY of ``metrics.catalog``; without METHOD that of the row's own method.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import itertools
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from motionrecon.config import Config
from motionrecon.data.datasets.dataset import Clip, Dataset
from motionrecon.errors import ConfigError, InputError
from motionrecon.evaluate import protocol as protocols
from motionrecon.evaluate.protocol import Protocol
from motionrecon.metrics import catalog
from motionrecon.option_records import suggestion

STATISTICS = ("mean", "median", "max", "sum", "count")  # count: of the rows where it is above zero
_OPTIONS = ("split", "camera", "noise_mm", "outliers", "noise_px", "frames", "seed", "points", "baselines")
_VARIED = {"seed": "seed", "starts": "start", "camera": "camera"}
_KEYS = {"about", "dataset", "folder", "input", "optimizers", "show", "columns", "names", "vary", "parts", "summaries",
         "goals", *_OPTIONS}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Column:
    """One printed number: a statistic over rows (or of one row), whose method, which key of the catalog."""

    statistic: str
    method: str
    key: str

    @classmethod
    def read(cls, text: str, where: str) -> Column:
        """Read "[STATISTIC ][METHOD.]KEY"; raises ConfigError where a part of it is unknown."""
        statistic, _, rest = text.rpartition(" ")
        method, _, key = rest.rpartition(".")
        if statistic and statistic not in STATISTICS:
            raise ConfigError(f'{where}: "{text}": the statistic is one of {", ".join(STATISTICS)}')
        if key not in catalog.METRICS:
            raise ConfigError(f'{where}: "{text}": no such measure{suggestion(key, catalog.METRICS)}')
        return cls(statistic or "mean", method, key)

    def heading(self, *, statistic: bool) -> str:
        """Return what stands above the column."""
        words = [self.statistic] if statistic else []
        words += [self.method] if self.method else []
        return " ".join([*words, catalog.METRICS[self.key].heading])


@dataclasses.dataclass(frozen=True)
class Summary:
    """A table with a line for every group of rows that agree in ``by`` (none: one line for all)."""

    by: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclasses.dataclass(frozen=True)
class Goal:
    """A number that is to stay within its limit, over the rows that agree with ``where``."""

    about: str
    column: Column
    where: Mapping[str, Any]
    at_most: float | Column | None
    at_least: float | None


@dataclasses.dataclass(frozen=True)
class Part:
    """Clips (keys or patterns) with options of their own."""

    name: str
    clips: tuple[str, ...]
    options: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Suite:
    """A file of ``suites/``; see the module."""

    name: str
    about: str
    dataset: str
    folder: str
    mode: str
    optimizers: tuple[str, ...]
    show: tuple[str, ...]
    options: Mapping[str, Any]
    vary: Mapping[str, tuple[Any, ...]]
    names: Mapping[str, str]
    parts: tuple[Part, ...]
    columns: tuple[Column, ...]
    summaries: tuple[Summary, ...]
    goals: tuple[Goal, ...]

    def title(self, key: str) -> str:
        """Return what a clip is called: its name in the file, else the key without folders and ending."""
        return self.names.get(key, Path(key).stem if self.folder else key)


@dataclasses.dataclass(frozen=True)
class Run:
    """One evaluation of a suite: a protocol, its clips, and what is said of its rows ("part", "seed", "start")."""

    label: str
    protocol: Protocol
    clips: tuple[Clip, ...]
    said: Mapping[str, Any]


def available() -> dict[str, str]:
    """Return every suite's name and what it is."""
    folder = resources.files("motionrecon.evaluate") / "suites"
    texts = {p.name.removesuffix(".toml"): p.read_text("utf-8") for p in folder.iterdir() if p.name.endswith(".toml")}
    return {name: tomllib.loads(texts[name])["about"] for name in sorted(texts)}


def load(name: str) -> Suite:
    """Read a suite; raises ConfigError where there is none of that name."""
    names = available()
    if name not in names:
        raise ConfigError(f"--suite {name}: choose one of {', '.join(names)}{suggestion(name, names)}")
    path = resources.files("motionrecon.evaluate") / "suites" / f"{name}.toml"
    return parse(name, tomllib.loads(path.read_text("utf-8")))


def parse(name: str, found: Mapping[str, Any]) -> Suite:
    """Return the suite that a file's content describes.

    Raises:
      ConfigError: a key, a measure or a statistic is unknown, or something needed is missing.
    """
    for key in found:
        if key not in _KEYS:
            raise ConfigError(f"suite {name}: {key}: no such key{suggestion(key, _KEYS)}")
    for key in ("about", "dataset", "columns", "parts"):
        if not found.get(key):
            raise ConfigError(f"suite {name}: {key} is missing")
    optimizers = tuple(found.get("optimizers", ["gauss-newton"]))
    parts = tuple(
        Part(part.get("name", ""), tuple(part["clips"]), {k: v for k, v in part.items() if k not in ("name", "clips")})
        for part in found["parts"]
    )
    for key in (*found.get("vary", {}), *(key for part in parts for key in part.options)):
        if key not in (*_OPTIONS, *_VARIED):
            raise ConfigError(f"suite {name}: {key}: no such option{suggestion(key, (*_OPTIONS, *_VARIED))}")
    columns = tuple(Column.read(text, f"suite {name}") for text in found["columns"])
    return Suite(
        name=name, about=found["about"], dataset=found["dataset"], folder=found.get("folder", ""),
        mode=found.get("input", "mocap"), optimizers=optimizers, show=tuple(found.get("show", optimizers)),
        options={key: found[key] for key in _OPTIONS if key in found}, vary=_varied(found.get("vary", {})),
        names=found.get("names", {}), parts=parts, columns=columns,
        summaries=tuple(
            Summary(tuple(s.get("by", ())), tuple(Column.read(text, f"suite {name}") for text in s["columns"]))
            for s in found.get("summaries", [])
        ),
        goals=tuple(_goal(name, goal) for goal in found.get("goals", [])),
    )  # fmt: skip


def _varied(vary: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {key: tuple(range(value)) if key == "starts" else tuple(value) for key, value in vary.items()}


def _goal(name: str, goal: Mapping[str, Any]) -> Goal:
    where, limit = f"suite {name}", goal.get("at_most")
    at_most = Column.read(limit, where) if isinstance(limit, str) else limit
    column = Column.read(goal["column"], where)
    return Goal(goal["about"], column, goal.get("where", {}), at_most, goal.get("at_least"))


def changed(suite: Suite, given: Mapping[str, Any]) -> Suite:
    """Return a suite with the options that a user gave in place of its own, in every part.

    Args:
      suite: of ``load``.
      given: of ``seed``, ``starts`` (how many), ``camera``, ``frames``, ``optimizers``.

    Raises:
      ConfigError: fewer than one start.
    """
    vary, options, parts = dict(suite.vary), dict(suite.options), suite.parts
    if given.get("starts") is not None:
        if given["starts"] < 1:
            raise ConfigError(f"--starts {given['starts']}: give 1 or more")
        vary["starts"] = tuple(range(given["starts"]))
    for key in ("seed", "camera", "frames"):
        if given.get(key) is not None:
            vary.pop(key, None)
            options[key] = given[key]
            parts = tuple(
                dataclasses.replace(part, options={k: v for k, v in part.options.items() if k != key}) for part in parts
            )
    shown, optimizers = suite.show, suite.optimizers
    if given.get("optimizers"):
        optimizers = tuple(name.replace("_", "-") for name in given["optimizers"])
        shown = (*optimizers, *(name for name in suite.show if name not in suite.optimizers))
    return dataclasses.replace(suite, vary=vary, options=options, parts=parts, optimizers=optimizers, show=shown)


def data_folder(suite: Suite, root: Path | None) -> Path | None:
    """Return where a suite's data lies: its own folder of the data root where there is one, else the root."""
    if root is None or suite.dataset == "synthetic":
        return None
    return root / suite.folder if suite.folder and (root / suite.folder).is_dir() else root


def runs(suite: Suite, root: Path | None, fit: Config) -> tuple[Dataset, list[Run], list[str]]:
    """Return the data set, the evaluations of a suite, and a line for every clip that is not there.

    Args:
      suite: what.
      root: data root, or None.
      fit: options of the fits.

    Raises:
      InputError: the data set is not there.
    """
    place = data_folder(suite, root)
    methods = protocols.method_names(",".join(suite.optimizers))
    base = Protocol(suite.dataset, None if place is None else str(place), mode=suite.mode, methods=methods, fit=fit)
    dataset = protocols.open_protocol(base)
    made: list[Run] = []
    absent: dict[str, str] = {}
    for part in suite.parts:
        options = {**suite.options, **part.options}
        options["split"] = options.get("split") or dataset.default_split(suite.mode)
        if "baselines" in options:
            options["baselines"] = tuple(options["baselines"])
        clips, missing = _present(part, dataset.clips(options["split"]))
        absent |= {key: f"skipped: {suite.title(key)}: {key} is not in {place or suite.dataset}" for key in missing}
        for values in itertools.product(*suite.vary.values()):
            said = {_VARIED[key]: value for key, value in zip(suite.vary, values, strict=True)}
            own = {**options, **{k: v for k, v in said.items() if k != "start"}, "start_seed": said.get("start")}
            label = ", ".join(filter(None, [part.name, *(f"{key} {value}" for key, value in said.items())]))
            about = {"part": part.name, **{k: v for k, v in said.items() if k != "camera"}}
            made.append(Run(label or "all", dataclasses.replace(base, **own), clips, about))
    return dataset, made, list(absent.values())


def _present(part: Part, listed: list[Clip]) -> tuple[tuple[Clip, ...], list[str]]:
    clips: dict[str, Clip] = {}
    missing = []
    for pattern in part.clips:
        found = [clip for clip in listed if fnmatch.fnmatchcase(clip.key, pattern)]
        clips |= {clip.key: clip for clip in found}
        if not found:
            missing.append(pattern)
    return tuple(clips.values()), missing


def narrowed(suite: Suite, made: list[Run], patterns: tuple[str, ...], **choice: Any) -> list[Run]:
    """Return runs with only the clips that a user asked for; those left without any are dropped.

    Args:
      suite: what the clips are called.
      made: of ``runs``.
      patterns: of names or keys, with * and ?.
      **choice: as ``protocol.choose`` takes it.

    Raises:
      InputError: an unknown name, or nothing is left.
    """
    every = list({clip.key: clip for run in made for clip in run.clips}.values())
    if not every:
        raise InputError(f"suite {suite.name}: none of its clips is there; check --data-root")
    keys = [key for pattern in patterns for key in _keys_of(suite, every, pattern)]
    left = {clip.key for clip in protocols.choose(every, patterns=keys, **choice)}
    kept = [dataclasses.replace(run, clips=tuple(clip for clip in run.clips if clip.key in left)) for run in made]
    return [run for run in kept if run.clips]


def _keys_of(suite: Suite, every: list[Clip], pattern: str) -> list[str]:
    found = [c.key for c in every if fnmatch.fnmatch(c.key, pattern) or fnmatch.fnmatch(suite.title(c.key), pattern)]
    if not found:
        names = [suite.title(clip.key) for clip in every]
        near = suggestion(pattern, names)
        raise InputError(f"--sequence {pattern}: suite {suite.name} has no such clip (such as {names[0]}){near}")
    return found
