"""The points and analog samples of a C3D file, where header, parameters and the file's length may contradict.

The parameters count, as in other readers; where the file is too short for what they say, the header; and of several
frame sizes the one that fits the file's length.
"""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np

from motionrecon.data.formats import c3d_parameters
from motionrecon.data.formats.c3d_parameters import BLOCK, Header, Parameters
from motionrecon.errors import DataError


@dataclasses.dataclass(frozen=True)
class C3DFile:
    """What a C3D file holds, in its own units and axes.

    Attributes:
      parameters: header and parameters.
      points: (T, K, 3), NaN where the file marks a point as missing.
      rate: Hz of the points; 0 where the file does not say it.
      analog: (S, A) scaled samples, S = T times ``per_frame``.
      analog_rate: Hz.
      per_frame: analog samples of a channel in a frame of points.
      warnings: sentences about contradictions in the file.
    """

    parameters: Parameters
    points: np.ndarray
    rate: float
    analog: np.ndarray
    analog_rate: float
    per_frame: int
    warnings: tuple[str, ...] = ()

    @property
    def labels(self) -> list[str]:
        """Labels of the points, as far as there are any."""
        return self.parameters.joined("POINT:LABELS")


@dataclasses.dataclass(frozen=True)
class _Frame:
    """How one frame is stored: ``points`` of ``width`` bytes a number, then ``analog`` samples."""

    width: int
    points: int
    analog: int

    @property
    def size(self) -> int:
        return self.width * (4 * self.points + self.analog)


def read_parameters(path: Path) -> Parameters:
    """Return header and parameters; raises DataError where the file is no C3D file."""
    return _parsed(path)[1]


def read(path: Path) -> C3DFile:
    """Read a C3D file.

    Args:
      path: the file.

    Raises:
      DataError: not a C3D file, truncated, or damaged.
    """
    content, parameters = _parsed(path)
    header = parameters.header
    start = (_data_block(parameters) - 1) * BLOCK
    if not 0 < start <= len(content):
        raise DataError(f"{path}: its data lie outside of the file; export or download it again")
    frame, frames, warnings = _layout(path, parameters, len(content) - start)
    if frames == 0:
        return C3DFile(parameters, np.zeros((0, frame.points, 3)), _rate(parameters), np.zeros((0, 0)), 0.0, 1)
    stored = content[start : start + frames * frame.size]
    decode = parameters.decode
    values = (decode.floats(stored) if frame.width == 4 else decode.integers(stored)).reshape(frames, -1)
    points = _points(values[:, : 4 * frame.points].reshape(frames, frame.points, 4), frame.width, parameters)
    samples = values[:, 4 * frame.points :]
    if frame.width == 2 and "UNSIGNED" in "".join(parameters.joined("ANALOG:FORMAT")).upper():
        samples = samples.astype(int) & 0xFFFF
    per_frame = _per_frame(header, parameters, frame.analog)
    rate = _rate(parameters)
    return C3DFile(
        parameters, points, rate, _analog(samples, frames * per_frame, parameters), rate * per_frame, per_frame,
        warnings,
    )  # fmt: skip


def _parsed(path: Path) -> tuple[bytes, Parameters]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    if len(content) < BLOCK or content[1] != c3d_parameters.MAGIC:
        raise DataError(f"{path}: is empty or not a C3D file; export or download it again")
    try:
        return content, c3d_parameters.parse(content)
    except (ValueError, IndexError, OverflowError) as error:
        raise DataError(f"{path}: cannot be read as C3D ({str(error)[:120]}); export it again") from None


def _count(value: float | None) -> int | None:
    """Return a 16-bit count, which C3D stores as a signed number; None where it says nothing."""
    return None if value is None or abs(value) > 2**31 else int(value) & 0xFFFF if value < 0 else int(value)


def _data_block(parameters: Parameters) -> int:
    return _count(parameters.number("POINT:DATA_START")) or parameters.header.start


def _rate(parameters: Parameters) -> float:
    rate = parameters.number("POINT:RATE") or parameters.header.rate
    return float(rate) if np.isfinite(rate) and rate > 0 else 0.0


def _frames_stated(parameters: Parameters) -> list[int]:
    """Return what the file says of its number of frames, the likeliest first."""
    stated = []
    start, end = (parameters.numbers(f"TRIAL:ACTUAL_{side}_FIELD") for side in ("START", "END"))
    if start is not None and end is not None:  # two words each, the lower first
        first, last = (sum((int(v) & 0xFFFF) << (16 * i) for i, v in enumerate(b.ravel()[:2])) for b in (start, end))
        stated.append(last - first + 1)
    stated.append(parameters.header.frames)
    for key in ("POINT:LONG_FRAMES", "POINT:FRAMES"):
        stated.append(_count(parameters.number(key)) or 0)
    return list(dict.fromkeys(n for n in stated if n > 0))


def _layout(path: Path, parameters: Parameters, available: int) -> tuple[_Frame, int, tuple[str, ...]]:
    """Decide how a frame is stored and how many there are.

    Args:
      path: for messages.
      parameters: what the file says.
      available: bytes from the start of the data to the end of the file.
    """
    header = parameters.header
    stated = _frames_stated(parameters)
    scales = [v for v in (parameters.number("POINT:SCALE"), header.scale) if v]
    widths = list(dict.fromkeys(4 if v < 0 else 2 for v in scales)) or [4]
    points = list(dict.fromkeys(n for n in (_count(parameters.number("POINT:USED")), header.points) if n is not None))
    choices = [_Frame(w, p, a) for w, p, a in itertools.product(widths, points, _analog_stated(parameters))]
    said = choices[0]
    if not said.size or not (stated or header.endless):
        return said, 0, ()
    stated = stated or [available // said.size]
    # A file ends in the block in which its data end.
    fits = [(f, n) for f in choices for n in stated if f.size and 0 <= available - f.size * n < BLOCK]
    if (said, stated[0]) in fits or (not fits and said.size * stated[0] <= available):
        return said, stated[0], ()
    if not fits:
        raise DataError(
            f"{path}: is truncated ({stated[0]} frames announced, {available // said.size} there); "
            "export or download it again"
        )
    frame, frames = fits[0]
    warnings = []
    if frame != said:
        warnings.append(
            f"Header and parameters contradict each other; {frame.points} points and {frame.analog} analog samples "
            f"a frame ({'floats' if frame.width == 4 else 'integers'}) were taken, which fits the file's length."
        )
    if frames != stated[0]:
        warnings.append(f"The file announces {stated[0]} frames and holds {frames}; these were used.")
    return frame, frames, tuple(warnings)


def _analog_stated(parameters: Parameters) -> list[int]:
    """Return what the file says of analog samples a frame (all channels), the likeliest first."""
    header = parameters.header
    used = _count(parameters.number("ANALOG:USED"))
    stated = [header.analog]
    if used is not None:
        rate, points = parameters.number("ANALOG:RATE"), _rate(parameters)
        if rate and points:
            stated.append(used * round(rate / points))
        stated.append(used * header.per_frame)
    return list(dict.fromkeys(stated))


def _per_frame(header: Header, parameters: Parameters, samples: int) -> int:
    """Return the analog samples of a channel in a frame, given all of a frame's."""
    used, rate, points = _count(parameters.number("ANALOG:USED")), parameters.number("ANALOG:RATE"), _rate(parameters)
    choices = [header.per_frame]
    if rate and points:
        choices.insert(0, round(rate / points))
    if used and samples % used == 0:
        choices.insert(0, samples // used)
    return next((n for n in choices if n > 0 and samples % n == 0), 1)


def _points(values: np.ndarray, width: int, parameters: Parameters) -> np.ndarray:
    """Return (T, K, 3) in the file's unit; NaN where the fourth number is negative or a value is not finite."""
    places, residual = values[..., :3].astype(float), values[..., 3].astype(float)
    if width == 2:
        places *= abs(parameters.number("POINT:SCALE") or parameters.header.scale)
    with np.errstate(invalid="ignore"):
        missing = ~(residual >= 0) | ~np.isfinite(places).all(axis=-1)
    return np.where(missing[..., None], np.nan, places)


def _analog(samples: np.ndarray, rows: int, parameters: Parameters) -> np.ndarray:
    """Return (S, A) = (stored - offset) * scale * general scale."""
    if not samples.size:
        return np.zeros((0, 0))
    values = samples.reshape(rows, -1).astype(float)
    channels = values.shape[1]

    def filled(key: str, usual: float) -> np.ndarray:
        found = parameters.joined_numbers(key)[:channels]
        return np.concatenate([found, np.full(channels - len(found), usual)])

    offset = filled("ANALOG:OFFSET", 0.0)
    if "UNSIGNED" in "".join(parameters.joined("ANALOG:FORMAT")).upper():
        offset = np.where(offset < 0, offset + 0x10000, offset)
    general = parameters.number("ANALOG:GEN_SCALE")
    return (values - offset) * filled("ANALOG:SCALE", 1.0) * (1.0 if general is None else general)
