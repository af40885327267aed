"""Keep the finished windows of a fit on disk, so that an interrupted one can go on."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import jax
import numpy as np

from motionrecon.errors import CheckpointError
from motionrecon.fitting.chain import ChainState
from motionrecon.jobs import archive
from motionrecon.types import FitStatus, SimState, Window, WindowReport

NAME = ".windows.npz"
_STATE = ("position", "quats", "velocity")


class Checkpoint:
    """The finished windows of one fit, in a file of its result folder.

    Args:
      folder: result folder.
      inputs: everything the fit depends on; a stored fit of other inputs is refused.
    """

    def __init__(self, folder: Path, inputs: Any):
        self.path = Path(folder) / NAME
        self._key = _fingerprint(inputs)

    def save(self, state: ChainState) -> None:
        """Store the chain, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {f"kept_{n}": getattr(state.states, n) for n in _STATE} | {"knots": state.knots}
        if state.carried is not None:
            ahead, rest = state.carried
            arrays |= {f"carried_{n}": getattr(ahead, n) for n in _STATE} | {"rest": rest}
        reports = [dataclasses.asdict(r) | {"status": r.status.name} for r in state.reports]
        archive.write(self.path, {"key": self._key, "reports": reports, "terms": state.terms}, arrays)

    def load(self) -> ChainState | None:
        """Return the stored chain, or None where nothing is stored.

        Raises:
          CheckpointError: what is stored belongs to another input or configuration, or is broken.
        """
        if not self.path.is_file():
            return None
        try:
            head, arrays = archive.read(self.path)
        except archive.ArchiveError as error:
            raise CheckpointError(f"{self.path}: cannot be read ({error}); begin anew with --overwrite") from None
        if head.get("key") != self._key:
            raise CheckpointError(
                f"{self.path}: belongs to another input or other options; repeat them, or begin anew with --overwrite"
            )
        carried = None
        if "rest" in arrays:
            carried = (SimState(*(arrays[f"carried_{n}"] for n in _STATE)), arrays["rest"])
        reports = [
            WindowReport(
                **r | {"window": Window(**r["window"]), "status": FitStatus[r["status"]]}
                | {"loss_history": tuple(r["loss_history"])}
            )
            for r in head["reports"]
        ]  # fmt: skip
        kept = SimState(*(arrays[f"kept_{n}"] for n in _STATE))
        return ChainState(kept, arrays["knots"], carried, reports, head["terms"])


def clear(folder: Path) -> None:
    """Remove what is stored in a result folder, once its result is written."""
    (Path(folder) / NAME).unlink(missing_ok=True)


def _fingerprint(inputs: Any) -> str:
    """Return a hash of nested dataclasses, arrays and plain values."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(inputs, is_leaf=lambda x: not isinstance(x, (tuple, list, dict))):
        for part in jax.tree.leaves(leaf):
            if hasattr(part, "tobytes"):
                digest.update(np.round(np.asarray(part, float), 9).tobytes())
            else:
                digest.update(repr(part).encode())
    return digest.hexdigest()[:16]
