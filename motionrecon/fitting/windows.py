"""Cut a clip into overlapping windows, each of the same length so that one compiled program serves all."""

from __future__ import annotations

import dataclasses

from motionrecon.config import OptimizerOptions
from motionrecon.types import Window

_USUAL = OptimizerOptions()


@dataclasses.dataclass(frozen=True)
class WindowOptions:
    """How a clip is cut.

    Attributes:
      size: frames in a window.
      step: frames kept of each window; the rest overlaps with the next (measured: keeping 10 of 26 halves foot skate
        and jerk on noisy input against keeping 18).
    """

    size: int = _USUAL.window
    step: int = _USUAL.window - _USUAL.overlap


def cut(frames: int, options: WindowOptions = WindowOptions()) -> tuple[Window, ...]:
    """Cut ``frames`` frames into windows.

    Every window starts ``step`` frames after the one before and begins with the state that one reached; the last one
    reaches the last frame exactly by starting later inside its predecessor's stretch. A clip shorter than
    a window gives one window that is longer than the clip (the rest is padding).

    Returns:
      Windows with ``commit`` frames to keep; the last keeps everything.
    """
    if frames <= options.size:
        return (Window(0, options.size, frames),)
    starts = [*range(0, frames - options.size, options.step), frames - options.size]
    if len(starts) > 1 and starts[-1] - starts[-2] < 1:
        starts.pop()
    ends = [*starts[1:], frames]
    return tuple(Window(s, s + options.size, e - s) for s, e in zip(starts, ends, strict=True))
