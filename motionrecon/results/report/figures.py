"""Sets of plots as PNG bytes: one figure for each section of the report, and all of them on one sheet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from motionrecon import biomechanics
from motionrecon.results.report import gait_plots, plots
from motionrecon.types import FitResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TORQUE_JOINTS = ("hip", "knee", "ankle")
_DPI = 130


def _figure(width: float, height: float) -> Figure:
    """Make a figure without pyplot: no window, no global state, nothing left open."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI)
    return stream.getvalue()


def _keypoint_rows(summary: dict[str, Any]) -> int:
    return sum(v is not None for v in summary.get("per_keypoint", {}).get("physics", {}).values())


def section_figures(result: FitResult, summary: dict[str, Any]) -> dict[str, bytes]:
    """Draw the report's figures.

    Args:
      result: the fit.
      summary: ``metrics.summarize`` of it.

    Returns:
      PNG files by section: "gait", "ground", "torques", "errors", "losses".
    """
    import matplotlib

    with matplotlib.rc_context(plots.STYLE):
        found = biomechanics.analyze(result)
        gait = _figure(*gait_plots.size(found))
        gait_plots.draw(gait, found)

        ground = _figure(10.0, 5.2)
        top, bottom = ground.subplots(2, 1)
        plots.vertical_force(top, result)
        plots.foot_heights(bottom, result)

        torques = _figure(10.0, 2.7)
        for axes, joint in zip(torques.subplots(1, len(TORQUE_JOINTS)), TORQUE_JOINTS, strict=True):
            plots.joint_torque(axes, result, joint)

        errors = _figure(10.0, max(2.2, 1.0 + 0.24 * _keypoint_rows(summary)))
        plots.keypoint_errors(errors.subplots(), summary)

        losses = _figure(10.0, 3.2)
        left, right = losses.subplots(1, 2)
        plots.loss_by_iteration(left, result)
        plots.loss_by_window(right, result)
        drawn = {"gait": gait, "ground": ground, "torques": torques, "errors": errors, "losses": losses}
        return {name: _png(figure) for name, figure in drawn.items()}


def sheet(result: FitResult, summary: dict[str, Any]) -> bytes:
    """Draw all plots on one page and return it as PNG."""
    import matplotlib

    with matplotlib.rc_context(plots.STYLE):
        rows = max(2.4, 0.9 + 0.2 * _keypoint_rows(summary))
        figure = _figure(12.0, 10.4 + rows)
        figure.suptitle(f"{summary['input']}   {summary['frames']} frames at {summary['fps']:g} Hz", ha="left", x=0.01)
        grid = figure.add_gridspec(5, 6, height_ratios=[2.4, 2.4, 2.4, rows, 2.8])
        plots.vertical_force(figure.add_subplot(grid[0, :]), result)
        plots.foot_heights(figure.add_subplot(grid[1, :]), result)
        for i, joint in enumerate(TORQUE_JOINTS):
            plots.joint_torque(figure.add_subplot(grid[2, 2 * i : 2 * i + 2]), result, joint)
        plots.keypoint_errors(figure.add_subplot(grid[3, :]), summary)
        plots.loss_by_iteration(figure.add_subplot(grid[4, :3]), result)
        plots.loss_by_window(figure.add_subplot(grid[4, 3:]), result)
        return _png(figure)
