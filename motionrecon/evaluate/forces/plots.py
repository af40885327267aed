"""The picture of a trial: the plates' force and the methods', foot by foot and component by component, over time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from motionrecon.evaluate.forces.plates_on_feet import FeetOnPlates
from motionrecon.evaluate.forces.recorded_points import SIDES
from motionrecon.jobs.atomic_file import replaced

if TYPE_CHECKING:
    from motionrecon.evaluate.forces.trial_rows import Compared

_PLATE, _BASELINE, _FIT = "#222222", "#c2a15b", "#1f6fb2"
_LABELS = {"vertical": "vertical", "ap": "fore-aft (forwards +)", "ml": "medio-lateral (left +)"}


def write(
    path: Path, title: str, own: Compared, other: Compared | None, axes: dict[str, np.ndarray], weight: float
) -> None:
    """Write a PNG: rows vertical, fore-aft, medio-lateral; columns left and right foot; percent of the body weight.

    Args:
      path: where to.
      title: of the picture.
      own: the fit beside the plates.
      other: the double-differentiated recording beside the plates, or None.
      axes: unit vectors of the components.
      weight: N, of the body.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(len(axes), 2, figsize=(11.0, 7.6), sharex=True, sharey="row")
    for row, (name, axis) in enumerate(axes.items()):
        for foot in range(2):
            panel = panels[row, foot]
            _shade(panel, own.feet, foot)
            draws = [(own.feet.time, own.feet.force, _PLATE, "force plate", 2.0, "-")]
            if other is not None:
                draws.append((other.feet.time, other.forces.force, _BASELINE, "double-differentiated", 1.3, "--"))
            draws.append((own.feet.time, own.forces.force, _FIT, "physics", 1.6, "-"))
            for time, force, color, label, wide, line in draws:
                panel.plot(time, 100 * force[:, foot] @ axis / weight, line, color=color, linewidth=wide, label=label)
            panel.axhline(0.0, color="#bbbbbb", linewidth=0.6, zorder=0)
            panel.spines[["top", "right"]].set_visible(False)
            said = _said(own, SIDES[foot], name)
            panel.set_title(f"{SIDES[foot]} foot{said}" if row == 0 else said.removeprefix(": "), fontsize=9)
        panels[row, 0].set_ylabel(f"{_LABELS[name]}\n[% of body weight]", fontsize=9)
    for panel in panels[-1]:
        panel.set_xlabel("time [s]")
    panels[0, 0].legend(frameon=False, fontsize=8)
    figure.suptitle(f"{title}: ground reaction forces against force plates", fontsize=11)
    figure.tight_layout()
    with replaced(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
    plt.close(figure)


def _shade(panel, feet: FeetOnPlates, foot: int) -> None:
    """Shade where a foot's force is compared."""
    on = feet.compared[:, foot]
    panel.fill_between(feet.time, 0, 1, where=on, color="#f1f1f1", transform=panel.get_xaxis_transform(), linewidth=0)


def _said(own: Compared, side: str, component: str) -> str:
    found = own.measures["feet"].get(side)
    if found is None:
        return ": on no plate"
    score = found[component]
    r = "-" if score["r"] is None else f"{score['r']:.2f}"
    return f": physics {score['rmse_percent_bw']:.1f} % BW, r {r}"
