"""How far a meta-training has come: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class TrainDisplay:
    """Shows a training run on stderr.

    Args:
      title: what is trained, for the first line.
      total: meta-steps.
      quiet: show nothing.
      console: where to show it; None: stderr.
    """

    def __init__(self, title: str, total: int, *, quiet: bool = False, console: Console | None = None):
        self._title, self._total, self._quiet = title, total, quiet
        self._console = console or Console(stderr=True, soft_wrap=True, highlight=False)
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._quiet:
            return self
        self._console.print(f"motionrecon train-optimizer {self._title}: {self._total} meta-steps")
        if self._console.is_terminal:
            columns = (BarColumn(bar_width=30), MofNCompleteColumn(), TextColumn("{task.description}"))
            self._bar = Progress(*columns, TimeElapsedColumn(), console=self._console, transient=True)
            self._task = self._bar.add_task("compiling", total=self._total)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def row(self, row: Any) -> None:
        """Show a line of the log."""
        if self._quiet:
            return
        text = _text(row)
        if self._bar is not None:
            self._bar.update(self._task, completed=row.meta_step, description=text)
        if self._bar is None or row.validation is not None:
            self._console.print(f"[{row.meta_step}/{self._total}] {text} ({row.seconds:.0f} s)", markup=False)


def _text(row: Any) -> str:
    loss = "" if row.meta_loss is None else f", meta-loss {row.meta_loss:.3f}"
    score = "" if row.validation is None else f", validation {row.validation:.3f}"
    skipped = f", {row.skipped} skipped" if row.skipped else ""
    return f"{row.estimator}{loss}{score}, best {row.best:.3f}{skipped}"
