"""What a film's container says of itself and OpenCV does not tell: its streams, and the rate of the recording.

Read with the ffmpeg that imageio-ffmpeg bundles; where that is missing nothing is known, and nothing said.
"""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg

_SECONDS = 20.0  # a file that takes longer to be opened is left alone
_STREAM = re.compile(r"^\s*Stream #0:(\d+)\S*: Video: (.*)$", re.MULTILINE)
_SIZE = re.compile(r"\b([1-9]\d{1,4})x([1-9]\d{1,4})\b")
_RATE = r"([\d.]+)(k?) {}\b"
# Android writes com.android.capture.fps; others capture-rate, captureFps, capture_frame_rate
_CAPTURE = re.compile(r"^\s*[\w.:-]*capture[._ -]?(?:fps|(?:frame[._ -]?)?rate)\S*\s*: ([\d.]+)", re.MULTILINE | re.I)
_RATES = (1.0, 1000.0)  # Hz; anything else is a time base or a mistake


@dataclasses.dataclass(frozen=True)
class Stream:
    """A video stream.

    Attributes:
      index: number in the file.
      size: (width, height) px as stored, or None where it holds no picture.
      cover: a still picture that goes with the file.
      average: Hz, frames over seconds; None: not told.
      stated: Hz that the stream announces; None: not told.
    """

    index: int
    size: tuple[int, int] | None
    cover: bool
    average: float | None
    stated: float | None


@dataclasses.dataclass(frozen=True)
class FilmMetadata:
    """A file's video streams, and Hz at which the camera says it recorded, or None."""

    streams: tuple[Stream, ...] = ()
    capture: float | None = None


def read(path: Path) -> FilmMetadata:
    """Return what the container at ``path`` says; nothing where it cannot be asked."""
    try:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", f"file:{path}"]
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS)
    except (OSError, RuntimeError, subprocess.SubprocessError):
        return FilmMetadata()
    return parsed(done.stderr.decode("utf-8", errors="replace"))


def parsed(text: str) -> FilmMetadata:
    """Return what ffmpeg's description of an input says."""
    streams = []
    for index, words in _STREAM.findall(text):
        size = _SIZE.search(words)
        streams.append(
            Stream(
                int(index),
                None if size is None else (int(size[1]), int(size[2])),
                "(attached pic)" in words,
                _rate(words, "fps"),
                _rate(words, "tbr"),
            )
        )
    told = _CAPTURE.search(text)
    return FilmMetadata(tuple(streams), None if told is None else _plausible(told[1]))


def _rate(words: str, unit: str) -> float | None:
    found = re.search(_RATE.format(unit), words)
    return None if found is None else _plausible(found[1], 1000.0 if found[2] else 1.0)


def _plausible(number: str, factor: float = 1.0) -> float | None:
    try:
        rate = factor * float(number)
    except ValueError:
        return None
    return rate if _RATES[0] <= rate <= _RATES[1] else None
