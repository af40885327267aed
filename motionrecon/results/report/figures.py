"""The plots of a report, drawn once: a picture for each section, and those of the simulation on one sheet."""

from __future__ import annotations

from typing import Any

import numpy as np

from motionrecon import biomechanics
from motionrecon.results.report import gait_plots, panels, plots
from motionrecon.types import FitResult

TORQUE_JOINTS = ("hip", "knee", "ankle")
SHEET = ("ground", "torques", "errors", "losses")  # sections on the sheet, from the top
_WIDTH = 10.0  # in


def section_figures(result: FitResult, summary: dict[str, Any]) -> dict[str, np.ndarray]:
    """Draw the report's figures.

    Args:
      result: the fit.
      summary: ``metrics.summarize`` of it.

    Returns:
      Pictures (h, w, 3) uint8 RGB of equal width, by section: "gait", "ground", "torques", "errors", "losses".
    """
    import matplotlib

    with matplotlib.rc_context(panels.STYLE):
        found = biomechanics.analyze(result)
        gait = panels.new_figure(_WIDTH, gait_plots.height(found))
        gait_plots.draw(gait, found)

        ground = panels.new_figure(_WIDTH, 5.2)
        (top,), (bottom,) = panels.place(ground, (1, 1), bottom=0.64)
        plots.vertical_force(top, result)
        plots.foot_heights(bottom, result)

        torques = panels.new_figure(_WIDTH, 2.7)
        for axes, joint in zip(panels.place(torques, (len(TORQUE_JOINTS),))[0], TORQUE_JOINTS, strict=True):
            plots.joint_torque(axes, result, joint)

        rows = sum(v is not None for v in summary.get("per_keypoint", {}).get("physics", {}).values())
        errors = panels.new_figure(_WIDTH, max(2.2, 1.0 + 0.24 * rows))
        plots.keypoint_errors(panels.place(errors, left=1.2)[0][0], summary)

        losses = panels.new_figure(_WIDTH, 3.2)
        left, right = panels.place(losses, (2,))[0]
        plots.loss_by_iteration(left, result)
        plots.loss_by_window(right, result)
        drawn = {"gait": gait, "ground": ground, "torques": torques, "errors": errors, "losses": losses}
        return {name: panels.pixels(figure) for name, figure in drawn.items()}


def sheet(sections: dict[str, np.ndarray], summary: dict[str, Any]) -> np.ndarray:
    """Join the plots of the simulation to one picture (h, w, 3) uint8 RGB under a line that says of what.

    Args:
      sections: from ``section_figures``.
      summary: ``metrics.summarize`` of the fit.
    """
    import matplotlib

    with matplotlib.rc_context(panels.STYLE):
        head = panels.new_figure(_WIDTH, 0.4)
        title = f"{summary['input']}   {summary['frames']} frames at {summary['fps']:g} Hz"
        head.text(0.01, 0.5, title, ha="left", va="center", fontsize=11.5)
        return np.concatenate([panels.pixels(head), *(sections[name] for name in SHEET)])
