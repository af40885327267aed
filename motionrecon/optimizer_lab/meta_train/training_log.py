"""The log of a training run: a CSV file, and TensorBoard event files where that is asked for."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from typing import Any

from motionrecon.errors import ConfigError

NAME = "log.csv"


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the log.

    Attributes:
      meta_step: meta-steps done, over all stages.
      stage: number of the stage, from 0.
      estimator: its estimator.
      seconds: of training, compilation included.
      meta_loss: mean over the meta-steps since the last line.
      gradient_norm: mean norm of the meta-gradient over the same, before it is bounded.
      learning_rate: of the last of them.
      skipped: meta-gradients of the stage that were not finite.
      validation: score of the weights, decades; None between validations.
      best: best score so far.
    """

    meta_step: int
    stage: int
    estimator: str
    seconds: float
    meta_loss: float | None
    gradient_norm: float | None
    learning_rate: float | None
    skipped: int
    validation: float | None
    best: float


COLUMNS = tuple(field.name for field in dataclasses.fields(Row))


class TrainingLog:
    """Writes a run's log line by line.

    Args:
      folder: of the run.
      keep: lines of an earlier log to keep (on resume); the others are dropped.
      tensorboard: write event files too.

    Raises:
      ConfigError: TensorBoard is asked for and not installed.
    """

    def __init__(self, folder: Path, *, keep: int = 0, tensorboard: bool = False):
        path = folder / NAME
        self._events = _event_writer(folder) if tensorboard else None
        lines = path.read_text(encoding="utf-8").splitlines()[: keep + 1] if keep and path.is_file() else []
        self.rows = max(len(lines) - 1, 0)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        if lines:
            self._file.write("\n".join(lines) + "\n")
        else:
            self._writer.writerow(COLUMNS)

    def add(self, row: Row) -> None:
        """Write a line."""
        values = dataclasses.asdict(row)
        self._writer.writerow([_text(value) for value in values.values()])
        self._file.flush()
        self.rows += 1
        if self._events is not None:
            for name, value in values.items():
                if isinstance(value, (int, float)) and name not in ("meta_step", "stage"):
                    self._events.add_scalar(name, value, row.meta_step)

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        if self._events is not None:
            self._events.close()


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's log, numbers as numbers and empty fields as None."""
    with (folder / NAME).open(encoding="utf-8", newline="") as file:
        return [{name: _value(name, text) for name, text in line.items()} for line in csv.DictReader(file)]


def _event_writer(folder: Path) -> Any:
    try:
        from tensorboardX import SummaryWriter  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ConfigError(
            "--tensorboard: tensorboardX is not installed; run: pip install 'motionrecon[tensorboard]'"
        ) from None
    return SummaryWriter(str(folder / "tensorboard"))


def _text(value: Any) -> Any:
    return "" if value is None else f"{value:.7g}" if isinstance(value, float) else value


def _value(name: str, text: str) -> Any:
    if text == "":
        return None
    return text if name == "estimator" else int(text) if name in ("meta_step", "stage", "skipped") else float(text)
