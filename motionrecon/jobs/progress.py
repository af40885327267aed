"""How long work tells its caller how far it has come; the command line draws it, everything else may ignore it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives news from a running fit. Calls are cheap and come from one thread."""

    def stage(self, name: str) -> None:
        """Tell that a new stage ("read", "detect", "initialize", "compile", "optimize", "measure", "write") begins."""

    def window(self, index: int, total: int, loss: float) -> None:
        """Tell that window ``index`` (from 0) of ``total`` is done, with its final loss (dimensionless)."""

    def message(self, text: str) -> None:
        """Pass on one plain sentence for the user: a guess made, a window that failed."""


class NullProgress:
    """Listens to nothing: the default where nobody watches."""

    def stage(self, name: str) -> None:
        """Ignore a new stage."""

    def window(self, index: int, total: int, loss: float) -> None:
        """Ignore a finished window."""

    def message(self, text: str) -> None:
        """Ignore a message."""
