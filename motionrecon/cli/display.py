"""How far a fit has come, shown as bars in a terminal and as plain lines elsewhere; kept as lines for the log file."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

_STAGES = {
    "read": "Reading the input",
    "detect": "Finding the person",
    "initialize": "Building the kinematic start",
    "compile": "Compiling",
    "optimize": "Simulating",
    "measure": "Measuring",
    "write": "Writing the results",
}
_LINE_INTERVAL = 5.0  # s between plain lines of one stage, so that a log file stays readable


class Display:
    """Shows the progress of one input on stderr.

    Args:
      title: what is being fitted, for the first line.
      quiet: show nothing (the log is kept all the same).
      verbose: a line for every window.
      console: where to show it; None: stderr.

    Attributes:
      begins: what else to do when a stage begins, by its name.
    """

    def __init__(self, title: str, *, quiet: bool = False, verbose: bool = False, console: Console | None = None):
        self.begins: dict[str, Callable[[], None]] = {}
        self._title, self._quiet, self._verbose = title, quiet, verbose
        self._console = console or Console(stderr=True, soft_wrap=True, highlight=False)
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._started = time.monotonic()
        self._clock, self._words = _Clock(), ""
        self._last_line = float("-inf")
        self.lines: list[str] = []
        self.messages: list[str] = []

    def __enter__(self) -> Self:
        """Begin to show."""
        self._print(f"motionrecon fit {self._title}")
        if self._console.is_terminal and not self._quiet:
            self._bars = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=30),
                TextColumn("{task.fields[detail]}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bars away; the terminal is as it was."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def stage(self, name: str) -> None:
        """Show that a new stage begins."""
        self.begins.get(name, lambda: None)()
        words = _STAGES.get(name, name)
        self._clock, self._words = _Clock(), words
        self._record(words)
        if self._bars is not None:
            if self._task is not None:
                self._bars.remove_task(self._task)
            self._task = self._bars.add_task(words, total=None, detail="")
        else:
            self._show(words + " ...")

    def frames(self, done: int, total: int) -> None:
        """Show in how many frames of a film the person was looked for."""
        self._step(done, total, f"{done} of {total} frames", "detect")

    def detail(self, text: str) -> None:
        """Show a word about the stage."""
        self._print(f"{self._words}: {text}")

    def window(self, index: int, total: int, loss: float, error_mm: float) -> None:
        """Show that window ``index`` (from 0) of ``total`` is done with this loss, and the error of all so far."""
        done = index + 1
        text = f"window {done}/{total}, loss {loss:.4g}, {error_mm:.1f} mm off so far"
        self._record(text)
        self._step(done, total, text, "optimize", every=self._verbose)

    def _step(self, done: int, total: int, text: str, stage: str, every: bool = False) -> None:
        """Move the bar and say what is left; without a bar, print a line now and then, or ``every`` time."""
        left = self._clock.left(done, total)
        shown = text if left is None or done == total else f"{text}, {_duration(left)} left"
        if self._bars is not None:
            if self._task is None:
                self.stage(stage)
            if self._task is not None:
                self._bars.update(self._task, total=total, completed=done, detail=shown)
        now = time.monotonic()
        due = self._bars is None and (now - self._last_line >= _LINE_INTERVAL or done == total)
        if every or due:
            self._last_line = now
            self._show(shown)

    def message(self, text: str) -> None:
        """Show a sentence, once."""
        if text not in self.messages:
            self.messages.append(text)
            self._print(f"note: {text}")

    def _print(self, text: str) -> None:
        self._record(text)
        self._show(text)

    def _show(self, text: str) -> None:
        if not self._quiet:
            (self._bars.console if self._bars is not None else self._console).print(text, markup=False)

    def _record(self, text: str) -> None:
        self.lines.append(f"{time.monotonic() - self._started:8.2f} s  {text}")


class _Clock:
    """Estimates the time left from the pace so far, without the first step, which may wait for a compiler."""

    def __init__(self):
        self._first: tuple[int, float] | None = None

    def left(self, done: int, total: int) -> float | None:
        """Return the seconds left, or None before the pace is known."""
        now = time.monotonic()
        if self._first is None:
            self._first = (done, now)
            return None
        first, since = self._first
        return (now - since) / (done - first) * (total - done) if done > first else None


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
