"""How long work tells its caller how far it has come; the command line draws it, everything else may ignore it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives news from a running fit. Calls are cheap and come from one thread."""

    def stage(self, name: str) -> None:
        """Tell that a new stage ("read", "detect", "initialize", "compile", "optimize", "measure", "write") begins."""

    def frames(self, done: int, total: int) -> None:
        """Tell that the person was looked for in ``done`` of ``total`` frames of a film."""

    def detail(self, text: str) -> None:
        """Add a word to what is said of the stage: "reused" where its result was there already."""

    def window(self, index: int, total: int, loss: float, error_mm: float) -> None:
        """Tell that a window is done.

        Args:
          index: of the window, from 0.
          total: windows of the clip.
          loss: its final loss (dimensionless).
          error_mm: mean distance of the simulated keypoints from the observed ones over all frames so far, mm; in a
            film from those of the kinematic start.
        """

    def message(self, text: str) -> None:
        """Pass on one plain sentence for the user: a guess made, a window that failed."""


class NullProgress:
    """Listens to nothing: the default where nobody watches."""

    def stage(self, name: str) -> None:
        """Ignore a new stage."""

    def frames(self, done: int, total: int) -> None:
        """Ignore a frame."""

    def detail(self, text: str) -> None:
        """Ignore a detail."""

    def window(self, index: int, total: int, loss: float, error_mm: float) -> None:
        """Ignore a finished window."""

    def message(self, text: str) -> None:
        """Ignore a message."""
