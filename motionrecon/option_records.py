"""Frozen option records from and to plain nested values, with every key and type checked.

Decides what a wrong key or value is told: where it stands, what would be right, and the nearest name that exists.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from motionrecon.errors import ConfigError


def build(record: type, content: Mapping[str, Any], where: str) -> Any:
    """Return ``record`` made of plain values; nested records are sections, lists become tuples.

    Args:
      record: a frozen dataclass; keys that ``content`` does not name keep their default.
      content: {key: value}.
      where: dotted name of this section, for messages.

    Raises:
      ConfigError: a key is unknown or a value has the wrong type.
    """
    hints = typing.get_type_hints(record)
    names = [field.name for field in dataclasses.fields(record)]
    arguments = {}
    for key, value in content.items():
        path = f"{where}.{key}"
        if key not in names:
            raise ConfigError(f'unknown key "{path}"{suggestion(key, names, prefix=where + ".")}')
        if dataclasses.is_dataclass(hints[key]):
            if not isinstance(value, Mapping):
                raise ConfigError(f"{path}: is a section of options; write [{path}] with its keys below")
            arguments[key] = build(typing.cast(type, hints[key]), value, path)
        else:
            arguments[key] = _convert(value, hints[key], path)
    return record(**arguments)


def plain(record: Any) -> dict[str, Any]:
    """Return the record as plain nested values, less what is None (TOML has no word for it)."""
    content = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if value is None:
            continue
        if dataclasses.is_dataclass(value):
            value = plain(value)
        content[field.name] = list(value) if isinstance(value, tuple) else value
    return content


def suggestion(word: str, names: Iterable[str], prefix: str = "") -> str:
    """Return '; did you mean ...?' for the nearest of ``names``, or nothing where none is near."""
    close = difflib.get_close_matches(word, list(names), n=1, cutoff=0.6)
    return f'; did you mean "{prefix}{close[0]}"?' if close else ""


def _convert(value: Any, hint: Any, where: str) -> Any:
    fits, converted = _try(value, hint)
    if fits:
        return converted
    meant = suggestion(value, _choices(hint)) if isinstance(value, str) else ""
    raise ConfigError(f"{where}: {value!r} is not {_describe(hint)}{meant}")


def _try(value: Any, hint: Any) -> tuple[bool, Any]:
    """Return whether ``value`` fits the type, and the value as that type (lists to tuples, whole numbers to float)."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return next((tried for tried in (_try(value, part) for part in parts) if tried[0]), (False, None))
    if origin is Literal:
        return value in parts, value
    if origin is tuple:
        return _try_tuple(value, parts)
    if hint is float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False, None
        return math.isfinite(value), float(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool), value
    if hint is type(None):
        return value is None, None
    return isinstance(value, hint), value


def _try_tuple(value: Any, parts: tuple[Any, ...]) -> tuple[bool, Any]:
    if not isinstance(value, list | tuple):
        return False, None
    if parts[-1] is Ellipsis:
        parts = parts[:1] * len(value)
    tried = [_try(item, part) for item, part in zip(value, parts, strict=False)]
    return len(value) == len(parts) and all(fits for fits, _ in tried), tuple(item for _, item in tried)


def _describe(hint: Any) -> str:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_describe(part) for part in parts if part is not type(None))
    if origin is Literal:
        return ("one of " if len(parts) > 1 else "") + ", ".join(f'"{part}"' for part in parts)
    if origin is tuple:
        count = "a list, each" if parts[-1] is Ellipsis else f"a list of {len(parts)}, each"
        return f"{count} {_describe(parts[0])}"
    words = {float: "a number", int: "a whole number", bool: "true or false", str: "a text"}
    return words.get(hint, getattr(hint, "__name__", str(hint)))


def _choices(hint: Any) -> list[str]:
    if typing.get_origin(hint) is Literal:
        return [choice for choice in typing.get_args(hint) if isinstance(choice, str)]
    return [choice for part in typing.get_args(hint) for choice in _choices(part)]
