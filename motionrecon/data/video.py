"""Video files as frames at the times asked for.

Decides how a file is opened (OpenCV with FFmpeg, turned upright by the file's rotation flag, pixels made square),
which clock counts (the frames' own time stamps, so variable frame rates need no special case; a stated rate of the
recording makes that clock run slower or faster), and how a uniform grid of times maps to source frames (nearest in
time). Images are BGR uint8, as OpenCV gives them; times are seconds of the motion from the start.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from motionrecon.data import film_metadata, film_picture, film_streams, video_diagnosis
from motionrecon.errors import DataError, InputError
from motionrecon.jobs.runtime import quiet_native_stderr
from motionrecon.types import FilmView

_PROBE_FRAMES = 60  # enough to see a phone's uneven time stamps
_REORDERED = 17  # packets that may come before one that is shown earlier (H.264 keeps 16 pictures back)
_SEEK_MARGIN = 2.0  # s before the first wanted frame, so that an inexact seek still lands before it
_RATE_RANGE = (1.0, 1000.0)  # Hz; a container that claims anything else is not believed


@dataclasses.dataclass(frozen=True)
class VideoInfo:
    """What a video file holds.

    Attributes:
      path: the file, or that of the stream that was cut out because the first one holds no pictures.
      fps: Hz at which the motion was recorded; the median rate where frames come unevenly.
      size: (width, height) px of what is looked at: pixels square, rotation flag and ``view`` applied.
      frames: number of frames the file announces (counted where it announces none).
      duration: s of the motion.
      rotation: degrees by which the stored picture is turned for viewing; 0, 90, 180 or 270.
      variable_rate: the time stamps are uneven (more than a fifth around their median step).
      aspect: width over height of the pixels, after the rotation flag.
      view: how pictures and clock are looked at.
    """

    path: Path
    fps: float
    size: tuple[int, int]
    frames: int
    duration: float
    rotation: int
    variable_rate: bool
    aspect: float = 1.0
    view: FilmView = FilmView()

    @property
    def played_fps(self) -> float:
        """Hz at which the file plays."""
        return self.fps * self.view.pace


class _Reader:
    """Frames in file order with checked time stamps of the file's own clock; silent on stderr."""

    def __init__(self, path: Path, view: FilmView = FilmView()):
        self.path, self.view = path, view
        with quiet_native_stderr():
            self.capture = cv2.VideoCapture(str(path))
            self.capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        if not self.capture.isOpened():
            raise DataError(f"{path}: {video_diagnosis.reason(path)}")
        stated = float(self.capture.get(cv2.CAP_PROP_FPS))
        self.stated_fps = stated if _RATE_RANGE[0] <= stated <= _RATE_RANGE[1] else 30.0
        self.step = 1.0 / self.stated_fps
        self.time = -math.inf
        self.rotation = round(self.capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360
        ratio = [self.capture.get(p) for p in (cv2.CAP_PROP_SAR_NUM, cv2.CAP_PROP_SAR_DEN)]
        self.aspect = film_picture.aspect(ratio[0], ratio[1], self.rotation)

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_) -> None:
        self.capture.release()

    def seek(self, seconds: float) -> None:
        with quiet_native_stderr():
            self.capture.set(cv2.CAP_PROP_POS_MSEC, 1000.0 * seconds)

    def next_time(self) -> float | None:
        """Advance one frame; its time in s, or None at the end. A stamp that does not advance is replaced."""
        with quiet_native_stderr():
            if not self.capture.grab():
                return None
            stamp = self.capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        if self.time == -math.inf:
            self.time = max(stamp, 0.0) if math.isfinite(stamp) else 0.0
        elif math.isfinite(stamp) and stamp > self.time:
            self.time = stamp
        else:
            self.time += self.step
        return self.time

    def image(self) -> np.ndarray | None:
        """The current frame (H, W, 3) BGR uint8 as it is looked at, or None where it cannot be decoded."""
        with quiet_native_stderr():
            ok, image = self.capture.retrieve()
        return film_picture.shown(image, self.aspect, self.view) if ok and image is not None and image.size else None


def _packet_times(path: Path) -> list[float]:
    """Return the time stamps (s) of the first frames without decoding them, in the order they are shown.

    Empty where the file does not give ``_PROBE_FRAMES`` advancing ones: then frames have to be decoded.
    """
    with _Reader(path) as reader, quiet_native_stderr():
        wanted = _PROBE_FRAMES + _REORDERED
        announced = reader.capture.get(cv2.CAP_PROP_FRAME_COUNT) >= wanted  # streams written live announce nothing
        if not (announced and reader.capture.set(cv2.CAP_PROP_FORMAT, -1)):
            return []
        stamps: list[float] = []
        while len(stamps) < wanted and reader.capture.grab():
            stamps.append(reader.capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0)
    shown = np.sort(stamps)[:_PROBE_FRAMES]
    usable = len(stamps) == wanted and np.isfinite(stamps).all() and shown[0] >= 0 and np.diff(shown).min() > 0
    return shown.tolist() if usable else []


def probe(path: str | Path, *, turn: int = 0, mirror: bool = False, source_fps: float | None = None) -> VideoInfo:
    """Return what the video file at ``path`` holds.

    Args:
      path: the file.
      turn: degrees clockwise by which it is turned to be looked at; 0, 90, 180 or 270.
      mirror: whether left and right are exchanged.
      source_fps: Hz at which it was recorded (slow motion); None: the rate at which it plays.

    Raises:
      DataError: the path is missing, a folder, empty, or no video of at least two frames that can be decoded; the
        message says which.
    """
    path = Path(path)
    video_diagnosis.check_file(path)
    with _Reader(path, FilmView(turn, mirror)) as reader:
        image, times, packets = None, [], _packet_times(path)
        enough = 1 if packets else _PROBE_FRAMES
        while (len(times) < enough or (packets and image is None)) and (time := reader.next_time()) is not None:
            image = reader.image() if image is None else image
            times.append(time)
        times = packets if packets else times
        other = film_streams.first_with_pictures(film_metadata.read(path)) if image is None else None
        if other is not None:
            return probe(film_streams.cut_out(path, other), turn=turn, mirror=mirror, source_fps=source_fps)
        if image is None or len(times) < 2:
            raise DataError(
                f"{path}: holds {'no picture that can be decoded' if image is None else 'a single frame'}, "
                "a motion needs at least two; give a longer video"
            )
        steps = np.diff(times)
        step = float(np.median(steps))
        uneven = bool(np.max(np.abs(steps - step)) > 0.2 * step + 0.001)  # 1 ms: the clock of webm and mkv
        fps = reader.stated_fps if not uneven and abs(reader.stated_fps * step - 1.0) < 0.1 else 1.0 / step
        frames = int(reader.capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if frames < len(times):  # streams written live announce nothing: count
            while (time := reader.next_time()) is not None:
                times.append(time)
            frames = len(times)
        duration = times[-1] + step if frames == len(times) else frames / reader.stated_fps
    size = (image.shape[1], image.shape[0])
    view = FilmView(turn, mirror, 1.0 if source_fps is None else fps / source_fps)
    return VideoInfo(
        path, source_fps or fps, size, frames, duration * view.pace, reader.rotation, uneven, reader.aspect, view
    )


def frame_times(info: VideoInfo, fps: float, time_range: tuple[float, float] | None = None) -> np.ndarray:
    """Return the uniform grid of times (T,) s at ``fps`` that covers ``time_range`` (s; None: the whole video).

    Raises:
      InputError: the range is empty, negative, outside the video or shorter than two frames.
    """
    start, end = (0.0, info.duration) if time_range is None else time_range
    named = f"--time-range {start:g} {end:g}"
    if not (math.isfinite(start) and math.isfinite(end)) or start < 0 or end <= start:
        raise InputError(f"{named}: give two times in seconds, the start (0 or later) before the end")
    if start >= info.duration or end > info.duration + 0.1:
        raise InputError(f"{named}: lies outside {info.path}, which lasts {info.duration:.2f} s; give times within it")
    count = math.floor((min(end, info.duration) - start) * fps + 1e-6)
    if count < 2:
        raise InputError(f"{named}: holds fewer than two frames of {info.path} at {fps:g} Hz; give a longer range")
    return start + np.arange(count) / fps


def read_frames(
    path: str | Path, times: np.ndarray, steady: bool = False, view: FilmView = FilmView()
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield, for each of the increasing ``times`` (s of the motion), that time and the source frame nearest to it.

    Where frames come at a ``steady`` rate, those that the one after them will replace are not converted to pictures
    (a third of the cost of a 60 Hz film that is fitted at 30 Hz). The pictures are looked at as ``view`` says.

    Ends early, without an error, where the file can be decoded no further (a truncated recording): the caller
    sees fewer frames than times.

    Raises:
      DataError: the file cannot be opened.
    """
    path = Path(path)
    video_diagnosis.check_file(path)
    times = np.asarray(times, float)
    yield from zip(times.tolist(), _played(path, times / view.pace, steady, view), strict=False)


def _played(path: Path, times: np.ndarray, steady: bool, view: FilmView) -> Iterator[np.ndarray]:
    """Yield the frames nearest to times of the file's own clock."""
    if times[0] > 2 * _SEEK_MARGIN:
        with _Reader(path, view) as reader:
            reader.seek(times[0] - _SEEK_MARGIN)
            now = reader.next_time()
            if now is not None and now <= times[0]:
                yield from _nearest(reader, now, times, steady)
                return
    with _Reader(path, view) as reader:  # from the start, also where the seek went wrong
        yield from _nearest(reader, reader.next_time(), times, steady)


def _nearest(reader: _Reader, now: float | None, times: np.ndarray, steady: bool) -> Iterator[np.ndarray]:
    image, held = None, -math.inf
    index = 0
    while now is not None and index < len(times):
        if steady and times[index] > now + 0.9 * reader.step:  # the next frame will be nearer
            now = reader.next_time()
            continue
        fresh = reader.image()
        if fresh is not None:
            while index < len(times) and image is not None and times[index] <= 0.5 * (held + now):
                yield image
                index += 1
            image, held = fresh, now
        now = reader.next_time()
    while index < len(times) and image is not None and times[index] <= held + reader.step:
        yield image  # the last frame is shown for one frame period
        index += 1
