"""The seconds JAX spends tracing and compiling in this process, so that they can be taken off what a method took."""

from __future__ import annotations

import time
from typing import Any

from motionrecon.jobs.progress import NullProgress

_spans: list[tuple[float, float]] = []  # (begin, end), none inside another, in order
_listening = False


def take() -> float:
    """Return the seconds since the last call; the first call begins to listen and returns 0."""
    global _listening
    if not _listening:
        import jax

        jax.monitoring.register_event_duration_secs_listener(heard)
        _listening = True
    seconds = sum(end - begin for begin, end in _spans)
    _spans.clear()
    return seconds


class ByStage(NullProgress):
    """Listens to a fit and splits what it compiles by stage.

    Attributes:
      seconds: {stage: s of compiling} of the stages that have ended; ``stage("")`` ends the last.
    """

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self._stage = ""

    def stage(self, name: str) -> None:
        """Book what was compiled since the last stage began."""
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + take()
        self._stage = name


def heard(event: str, seconds: float, **_: Any) -> None:
    """Note an event that has just ended; those inside it were told before it and count once only."""
    if not event.startswith("/jax/core/compile/"):  # the compilation cache also reports seconds that were saved
        return
    end = time.perf_counter()
    begin = end - seconds
    while _spans and _spans[-1][0] >= begin:
        _spans.pop()
    if _spans:
        begin = max(begin, _spans[-1][1])
    _spans.append((begin, end))
