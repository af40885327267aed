"""Marker sets: which label sits where on the body, and which set a recording has.

Standard sets lie beside this module as TOML files; a user's own set is the same kind of file. ``[sided]`` gives
labels without their side (``KNE`` stands for ``LKNE``, ``R.Knee`` and ``left_knee`` alike), ``[markers]`` whole ones. A
place is the name of a landmark, a table ``{segment = "left_thigh", offset = [x, y, z], spread = 0.03}``, or "unused".
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from motionrecon.data.markers.landmarks import LANDMARKS, SEGMENTS, Place
from motionrecon.errors import DataError

MIN_MARKERS = 10  # fewer known labels can be a coincidence
UNUSED = "unused"
_SIDES = {"left_": ("l", "left"), "right_": ("r", "right")}
_KEYS = {"segment", "link", "at", "offset", "spread"}
_DEFAULT_SPREAD = 0.03  # m


@dataclasses.dataclass(frozen=True)
class MarkerSet:
    """A marker set.

    Attributes:
      name: for messages.
      places: normalized label -> landmark name, Place, or "unused".
    """

    name: str
    places: Mapping[str, str | Place]


@dataclasses.dataclass(frozen=True)
class Labelled:
    """The labels of a recording that belong to a set.

    Attributes:
      name: of the set.
      columns: indices of the recording's labels, one for each marker.
      labels: the set's own normalized labels.
      places: where each is on the body.
      roles: landmark name of each, "" where it is none.
      unused: indices of labels that the set knows but that no segment carries.
    """

    name: str
    columns: tuple[int, ...]
    labels: tuple[str, ...]
    places: tuple[Place, ...]
    roles: tuple[str, ...]
    unused: tuple[int, ...] = ()


def normalized(label: str) -> str:
    """Return a label in lower case without separators and without the subject in front of a colon."""
    return re.sub(r"[^a-z0-9]", "", label.split(":")[-1].lower())


def read_set(text: str, source: str) -> MarkerSet:
    """Parse a marker set.

    Args:
      text: TOML with ``[markers]``, ``[sided]`` or both.
      source: the file, for messages.

    Raises:
      DataError: not TOML, no markers, or a place that is none.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{source}: is not a TOML file ({error}); write [markers] and lines like LASI = "
                        '"left_asis"') from None  # fmt: skip
    whole, sided = table.get("markers", {}), table.get("sided", {})
    if not isinstance(whole, dict) or not isinstance(sided, dict) or (not whole and not sided):
        raise DataError(f'{source}: names no markers; write [markers] and lines like LASI = "left_asis"')
    places: dict[str, str | Place] = {}
    for label, value in sided.items():
        for side, prefixes in _SIDES.items():
            place = _place(source, label, value, side)
            places.update({prefix + normalized(label): place for prefix in prefixes})
    for label, value in whole.items():
        places[normalized(label)] = _place(source, label, value, "")
    return MarkerSet(str(table.get("name", Path(source).stem)), places)


def _place(source: str, label: str, value: Any, side: str) -> str | Place:
    """Check one line of a set; ``side`` is put before names that have one."""
    if isinstance(value, str):
        name = next((n for n in (side + value, value) if n in LANDMARKS or n == UNUSED), None)
        if name is None:
            raise DataError(f'{source}: {label} = "{value}" is no landmark; known are {", ".join(_bare_names())}')
        return name
    if not isinstance(value, dict) or not set(value) <= _KEYS or "offset" not in value:
        raise DataError(f"{source}: {label} needs a landmark's name or {{segment = ..., offset = [x, y, z]}}")
    given = str(value.get("segment", value.get("link", "")))
    segment = next((s for s in (side + given, given) if s in SEGMENTS), None)
    if segment is None:
        raise DataError(f'{source}: {label} sits on "{given}"; segments are {", ".join(SEGMENTS)}')
    at = str(value.get("at", SEGMENTS[segment]))
    offset, spread = value["offset"], value.get("spread", _DEFAULT_SPREAD)
    spread = spread if isinstance(spread, list) else [spread] * 3
    numbers = [*offset, *spread] if isinstance(offset, list) else []
    if len(numbers) != 6 or not all(isinstance(v, int | float) and abs(v) < 1.0 for v in numbers) or min(spread) <= 0:
        raise DataError(f"{source}: {label} needs offset = [x, y, z] in metres from the joint, and spread above 0")
    x, y, z = (float(v) for v in offset)
    if side == "right_":  # sided places are written for the left
        y = -y
    ends = _ends(segment)
    at = next((a for a in (side + at, at) if a in ends), "")
    if not at:
        raise DataError(f"{source}: {label}: on {segment} a place counts from one of {', '.join(sorted(set(ends)))}")
    return Place(segment, at, (x, y, z), (float(spread[0]), float(spread[1]), float(spread[2])))


def _ends(segment: str) -> tuple[str, ...]:
    """Return the joints and end points a marker on a segment can count from."""
    joint = SEGMENTS[segment]
    return (joint, *(p.at for p in LANDMARKS.values() if p.segment == segment))


def _bare_names() -> list[str]:
    return sorted({n.removeprefix("left_") for n in LANDMARKS if not n.startswith("right_")} | {UNUSED})


@functools.cache
def standard_sets() -> tuple[MarkerSet, ...]:
    """Return the sets that come with the package."""
    files = sorted(resources.files(__package__).joinpath("sets").iterdir(), key=lambda f: f.name)
    return tuple(read_set(f.read_text(encoding="utf-8"), f.name) for f in files if f.name.endswith(".toml"))


@functools.cache
def _mixture() -> MarkerSet:
    """Return all sets' labels as one, the general names first, for recordings that follow no set."""
    general = next(s for s in standard_sets() if s.name == "anatomical names")
    places: dict[str, str | Place] = {}
    for one in standard_sets():
        places |= one.places
    return MarkerSet("a mixture of names", places | dict(general.places))


def read_file(path: str | Path) -> MarkerSet:
    """Read a user's marker set.

    Raises:
      DataError: unreadable, or not a marker set.
    """
    try:
        return read_set(Path(path).read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path of --markers") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not a text file; --markers takes a TOML file") from None


def recognize(labels: Sequence[str], sets: Sequence[MarkerSet] | None = None) -> Labelled | None:
    """Find the set that most labels of a recording belong to.

    Whatever the labels of one subject share in front ("Walker:", "Anna_") is left out; with several subjects the one
    with most markers is taken.

    Args:
      labels: M labels as in the file; of equal ones the first counts.
      sets: to choose from; None: the standard ones.

    Returns:
      The markers found, or None where too few labels are known or the pelvis is not marked.
    """
    best: Labelled | None = None
    for candidate in standard_sets() if sets is None else sets:
        found = _match(candidate, labels)
        enough = len(found.columns) >= MIN_MARKERS
        if enough and _has_body(found) and (best is None or len(found.columns) > len(best.columns)):
            best = found
    return recognize(labels, (_mixture(),)) if best is None and sets is None else best


def _has_body(found: Labelled) -> bool:
    """Tell whether a pelvis, and both knees from some marker of the legs, can be found."""
    roles = set(found.roles)
    behind = "sacrum" in roles or {"left_psis", "right_psis"} <= roles
    pelvis = {"left_asis", "right_asis"} <= roles and behind
    if not any(found.roles):  # a set of places without names
        pelvis = sum(p.segment == "pelvis" for p in found.places) >= 3
    legs = {p.segment for p in found.places}
    return pelvis and all(f"{s}_{n}" in legs for s in ("left", "right") for n in ("thigh", "shank"))


def _match(candidate: MarkerSet, labels: Sequence[str]) -> Labelled:
    """Match labels to a set, under the prefix that most of them have."""
    groups: dict[str, dict[str, int]] = collections.defaultdict(dict)
    for i, label in enumerate(labels):
        subject = label.rsplit(":", 1)[0] + ":" if ":" in label else ""
        name = normalized(label)
        for start in range(len(name)):
            if name[start:] in candidate.places:
                groups[f"{subject}{name[:start]}"].setdefault(name[start:], i)
    if not groups:
        return Labelled(candidate.name, (), (), (), ())
    names = max(groups.values(), key=len)
    used = {n: i for n, i in names.items() if candidate.places[n] != UNUSED}
    places = [candidate.places[n] for n in used]
    return Labelled(
        candidate.name,
        tuple(used.values()),
        tuple(used),
        tuple(LANDMARKS[p] if isinstance(p, str) else p for p in places),
        tuple(p if isinstance(p, str) else "" for p in places),
        tuple(i for n, i in names.items() if n not in used),
    )
