"""The header and the parameters of a C3D file, whatever machine wrote it (Intel, DEC, MIPS).

After the C3D User Guide (c3d.org). Read here rather than by a library, because laboratories' files break rules that a
reader can live with (docs/inputs.md has the counts), and because a damaged file must end in one line.
"""

from __future__ import annotations

import dataclasses

import numpy as np

BLOCK = 512  # bytes; sections begin at blocks, which count from 1
MAGIC = 0x50  # second byte of every C3D file
_INTEL, _DEC, _MIPS = 84, 85, 86
_WIDTHS = {-1: 1, 1: 1, 2: 2, 4: 4}  # bytes of an element by its type: text, byte, integer, float


class Numbers:
    """Decodes the numbers of one kind of machine; raises ValueError where the bytes are not whole ones."""

    def __init__(self, processor: int):
        self.processor = processor if processor in (_INTEL, _DEC, _MIPS) else _INTEL
        self._order = ">" if self.processor == _MIPS else "<"

    def integers(self, content: bytes, signed: bool = True) -> np.ndarray:
        """Return 16-bit integers."""
        return np.frombuffer(content, self._order + ("i2" if signed else "u2"))

    def floats(self, content: bytes) -> np.ndarray:
        """Return 32-bit floats. DEC's (VAX F) have their halves exchanged, and an exponent that is larger by two."""
        if self.processor != _DEC:
            return np.frombuffer(content, self._order + "f4")
        halves = np.frombuffer(content, "<u2").reshape(-1, 2).astype(np.uint32)
        words = (halves[:, 0] << 16) | halves[:, 1]
        plain = np.where((words >> 23) & 0xFF, words, 0).astype(np.uint32)  # no exponent: zero
        return (plain.view(np.float32).astype(float) / 4.0).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter: its numbers, last index first as C3D's arrays are column-major, or its texts."""

    numbers: np.ndarray | None = None
    texts: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Header:
    """The first block: what it says of the data, which the parameters may contradict.

    Attributes:
      points: trajectories a frame.
      analog: analog samples a frame, all channels together.
      frames: last - first + 1; 0 where the block cannot say it.
      endless: more frames than the block can say.
      scale: of integer points; negative: floating point.
      start: block at which the data begin.
      per_frame: analog samples a channel and frame.
      rate: Hz.
    """

    points: int
    analog: int
    frames: int
    endless: bool
    scale: float
    start: int
    per_frame: int
    rate: float


@dataclasses.dataclass(frozen=True)
class Parameters:
    """Everything before the data.

    Attributes:
      header: the first block.
      values: "GROUP:NAME" (upper case) -> parameter.
      decode: the machine's numbers.
    """

    header: Header
    values: dict[str, Parameter]
    decode: Numbers

    def numbers(self, key: str) -> np.ndarray | None:
        """Return a parameter's numbers as floats; None where it is missing, empty or a text."""
        found = self.values.get(key)
        return None if found is None or found.numbers is None or not found.numbers.size else found.numbers

    def number(self, key: str) -> float | None:
        """Return a parameter's first number; None where it is missing, empty, a text or not finite."""
        found = self.numbers(key)
        return float(found.ravel()[0]) if found is not None and np.isfinite(found.ravel()[0]) else None

    def joined(self, key: str) -> list[str]:
        """Return the texts of KEY, KEY2, KEY3, ...: more than 255 do not fit into one parameter."""
        texts = list(self.values.get(key, Parameter()).texts)
        for more in range(2, 256):
            if f"{key}{more}" not in self.values:
                break
            texts += self.values[f"{key}{more}"].texts
        return texts

    def joined_numbers(self, key: str) -> np.ndarray:
        """Return the numbers of KEY, KEY2, ... in a row."""
        keys = [key, *(f"{key}{more}" for more in range(2, 256))]
        found = [self.numbers(k) for k in keys if k in self.values]
        return np.concatenate([f.ravel() for f in found if f is not None] or [np.zeros(0)])


def parse(content: bytes) -> Parameters:
    """Read header and parameters.

    Args:
      content: the file.

    Raises:
      ValueError: not a C3D file, or one whose parameters lie outside of it.
    """
    if len(content) < BLOCK or content[1] != MAGIC:
        raise ValueError("not a C3D file")
    start = (max(content[0], 1) - 1) * BLOCK
    if start == 0 or start + 4 > len(content):
        raise ValueError("its parameters lie outside of the file")
    decode = Numbers(content[start + 3])
    return Parameters(_header(content, decode), _entries(content, start, decode), decode)


def _header(content: bytes, decode: Numbers) -> Header:
    words = decode.integers(content[:BLOCK], signed=False).astype(int)
    scale, rate = float(decode.floats(content[12:16])[0]), float(decode.floats(content[20:24])[0])
    first, last = int(words[3]), int(words[4])
    whole = last != 0xFFFF and last >= first
    return Header(
        points=int(words[1]), analog=int(words[2]), frames=last - first + 1 if whole else 0, endless=last == 0xFFFF,
        scale=scale, start=int(words[8]), per_frame=int(words[9]), rate=rate,
    )  # fmt: skip


def _entries(content: bytes, start: int, decode: Numbers) -> dict[str, Parameter]:
    """Walk the chain of groups and parameters; of two with one name the first that holds something counts."""
    groups: dict[int, str] = {}
    found: list[tuple[int, str, Parameter]] = []
    place = start + 4
    while place + 4 < len(content):
        length, group = np.frombuffer(content[place : place + 2], "i1").astype(int)
        if length == 0 or group == 0:
            break
        name = content[place + 2 : place + 2 + abs(length)].decode("latin-1").strip("\0 ").upper()
        body = place + 2 + abs(length)
        if body + 2 > len(content):
            raise ValueError("its parameters are cut off")
        step = int(decode.integers(content[body : body + 2], signed=False)[0])
        if group < 0:
            groups.setdefault(-group, name)
        else:
            end = body + step if step else len(content)
            found.append((group, name, _parameter(content[body + 2 : end], decode)))
        if step == 0:
            break
        place = body + step
    values: dict[str, Parameter] = {}
    for group, name, parameter in found:
        key = f"{groups.get(group, str(group))}:{name}"
        if key not in values or (parameter != Parameter() and _is_empty(values[key])):
            values[key] = parameter
    return values


def _is_empty(parameter: Parameter) -> bool:
    return not parameter.texts and (parameter.numbers is None or not parameter.numbers.size)


def _parameter(content: bytes, decode: Numbers) -> Parameter:
    """Decode one parameter; one that is cut off or of no known type holds nothing."""
    if len(content) < 2:
        return Parameter()
    kind = int(np.frombuffer(content[:1], "i1")[0])
    count = content[1]
    if kind not in _WIDTHS or count > 7 or len(content) < 2 + count:
        return Parameter()
    dimensions = tuple(content[2 : 2 + count])
    size = int(np.prod(dimensions, dtype=int)) * _WIDTHS[kind]
    data = content[2 + count : 2 + count + size]
    if len(data) < size:
        return Parameter()
    if kind == -1:
        width = dimensions[0] if dimensions else 1
        pieces = [data[i : i + width] for i in range(0, len(data), width)] if width else []
        return Parameter(texts=tuple(_text(piece) for piece in pieces))
    shape = dimensions[::-1]
    if kind == 4:
        return Parameter(decode.floats(data).astype(float).reshape(shape))
    if kind == 2:
        return Parameter(decode.integers(data).astype(float).reshape(shape))
    return Parameter(np.frombuffer(data, "u1").astype(float).reshape(shape))


def _text(content: bytes) -> str:
    content = content.split(b"\0")[0]
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        return content.decode("latin-1").strip()
