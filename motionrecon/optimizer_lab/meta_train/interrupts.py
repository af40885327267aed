"""Ctrl-C and SIGTERM while training: the meta-step under way is ended and stored first; a second one does not wait."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Stop:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Remember the first signal; raise KeyboardInterrupt at the second."""
        if self.asked:
            signal.default_int_handler(number, frame)
        self.asked = True


@contextlib.contextmanager
def deferred() -> Iterator[Stop]:
    """Provide a `Stop` that collects the signals of this block; the earlier handlers come back afterwards."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield stop
        return
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name)]
    before = {number: signal.signal(number, stop.ask) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
