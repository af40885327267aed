"""Learning curves as an image: meta-loss and validation against the time of training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from motionrecon.jobs.atomic_file import replaced
from motionrecon.optimizer_lab.meta_train import training_log


def write(path: Path, runs: Mapping[str, Path]) -> None:
    """Write the curves of runs, side by side, as a PNG.

    Args:
      path: of the image.
      runs: name in the legend to folder of the run.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name, folder in runs.items():
        rows = training_log.read(folder)
        losses = [(row["seconds"], row["meta_loss"]) for row in rows if row["meta_loss"] is not None]
        scores = [(row["seconds"], row["validation"]) for row in rows if row["validation"] is not None]
        if losses:
            left.plot(*zip(*losses, strict=True), label=name, linewidth=1)
        if scores:
            right.plot(*zip(*scores, strict=True), label=name, marker=".", linewidth=1)
    left.set(xlabel="time of training (s)", ylabel="meta-loss", title="Training problems")
    right.set(xlabel="time of training (s)", ylabel="decades gained (lower is better)", title="Validation problems")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend()
    with replaced(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
    plt.close(figure)
