"""The pictures of a report, one function each, drawn into the Matplotlib axes they are given.

One color means one thing throughout: blue is the simulated body, orange the kinematic start, grey the smoothed
baseline; in plots of feet and legs blue is left and red right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motionrecon.biomechanics.foot_loads import foot_loads, sole_points
from motionrecon.geometry.world import GRAVITY
from motionrecon.types import FitResult, FitStatus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METHOD_COLORS = {"physics": "#2563a8", "kinematic": "#e08a1e", "smoothed": "#9aa3ad"}
SIDE_COLORS = {"left": "#2563a8", "right": "#c2452d"}
_CONTACT = 0.02  # body weights on a foot that count as contact in the foot-height plot
_GRADES = ((FitStatus.OK, "#2563a8"), (FitStatus.MAX_STEPS, "#e08a1e"), (FitStatus.STALLED, "#e08a1e"))
_FAILED = "#c2452d"


def _time(result: FitResult) -> np.ndarray:
    start = float(result.observation.start_time)
    return start + np.arange(len(np.asarray(result.motion.root_pos))) / float(result.motion.fps)


def _no_data(axes: Axes, text: str) -> None:
    axes.grid(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, ha="center", va="center", color="#6b747d", transform=axes.transAxes)


def _legend(axes: Axes) -> None:
    """Put the legend on the title's line, where it hides no curve."""
    handles, _ = axes.get_legend_handles_labels()
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=max(len(handles), 1), borderaxespad=0.1)


def loss_by_iteration(axes: Axes, result: FitResult) -> None:
    """Loss over optimiser steps, one line a window, from light (first) to dark (last)."""
    import matplotlib
    from matplotlib import ticker

    axes.set_title("Loss by step")
    curves = [(w, np.asarray(w.loss_history, dtype=float)) for w in result.windows]
    curves = [(w, h) for w, h in curves if np.isfinite(h).any()]
    if not curves:
        return _no_data(axes, "no loss history was recorded")
    shades = matplotlib.colormaps["Blues"](np.linspace(0.35, 1.0, len(curves)))
    for i, (window, history) in enumerate(curves):
        label = f"frames {window.window.start}-{window.window.stop - 1}" if i in (0, len(curves) - 1) else None
        axes.plot(history, color=shades[i], label=label, linewidth=1.2)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("optimiser step, one line a window")
    axes.set_ylabel("loss")
    _legend(axes)
    return None


def loss_by_window(axes: Axes, result: FitResult) -> None:
    """Loss at the end of each window over its committed frames, colored by its end; the ladder is marked."""
    axes.set_title("Loss by window")
    reports = [w for w in result.windows if np.isfinite(w.loss_last)]
    if not reports:
        return _no_data(axes, "no window finished")
    colors = dict(_GRADES)
    used: dict[str, str] = {}
    for w in reports:
        color = colors.get(w.status, _FAILED)
        name = w.status.name.lower().replace("_", " ")
        label = None if name in used else name
        used[name] = color
        start, frames = w.window.start, max(w.window.commit, 1)
        axes.bar(start, w.loss_last, width=frames * 0.9, align="edge", color=color, label=label)
        if w.method == "ladder":  # worth seeing: the plain fit did not suffice here
            axes.annotate(w.method, (start + frames / 2, w.loss_last), ha="center", va="bottom", size=8)
    axes.set_xlabel("frame")
    axes.set_ylabel("loss")
    axes.margins(y=0.15)
    _legend(axes)
    return None


def keypoint_errors(axes: Axes, summary: dict[str, Any]) -> None:
    """Mean error of each keypoint, physics and kinematic start beside each other."""
    from matplotlib import ticker

    table = summary.get("per_keypoint", {})
    unit = table.get("unit")
    axes.set_title(f"Mean error of each keypoint ({unit})" if unit else "Mean error of each keypoint")
    if not unit:
        return _no_data(axes, "no reference and no image points to compare with")
    names = [n for n, v in table["physics"].items() if v is not None]
    rows = np.arange(len(names))[::-1]
    for shift, method in ((0.2, "physics"), (-0.2, "kinematic")):
        values = [table[method][n] for n in names]
        axes.barh(rows + shift, values, height=0.38, color=METHOD_COLORS[method], label=method)
    axes.yaxis.set_major_locator(ticker.FixedLocator(rows))
    axes.yaxis.set_major_formatter(ticker.FixedFormatter([n.replace("_", " ") for n in names]))
    axes.tick_params(axis="y", labelsize=8)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.set_xlabel(unit)
    axes.grid(axis="y", visible=False)
    _legend(axes)
    return None


def foot_heights(axes: Axes, result: FitResult) -> None:
    """Height of the lowest sole point of each foot, with bands where that foot carries load."""
    axes.set_title("Height of each sole over the ground; bands: the foot carries load")
    positions, forces = np.asarray(result.rollout.contact_pos), np.asarray(result.rollout.contact_force)
    reaction, _ = foot_loads(positions, forces, result.contact_names)
    time, any_foot = _time(result), False
    for foot, (side, index) in enumerate(zip(("left", "right"), sole_points(result.contact_names), strict=True)):
        if not index:
            continue
        any_foot = True
        height = positions[:, index, 2].min(axis=1) * 100.0
        axes.plot(time, height, color=SIDE_COLORS[side], label=side)
        loaded = reaction[:, foot, 2] > _CONTACT * result.mass * GRAVITY
        low, high = (-0.02 - 0.05 * foot, -0.06 - 0.05 * foot)
        bottom = axes.get_xaxis_transform()
        axes.fill_between(
            time, low, high, where=loaded.tolist(), step="mid", color=SIDE_COLORS[side], alpha=0.75, transform=bottom,
            clip_on=False, linewidth=0,
        )  # fmt: skip
    if not any_foot:
        return _no_data(axes, "no contact points under the feet")
    axes.axhline(0.0, color="#30363c", linewidth=0.9)
    axes.set_ylabel("cm")
    axes.tick_params(axis="x", pad=18)  # below the bands
    axes.set_xlabel("s")
    axes.set_xlim(time[0], max(time[-1], time[0] + 1e-3))
    _legend(axes)
    return None


def vertical_force(axes: Axes, result: FitResult) -> None:
    """Vertical ground reaction force of each foot and of all contact points, in body weights; shaded: unreliable."""
    axes.set_title("Vertical ground reaction force (body weights)")
    forces = np.asarray(result.rollout.contact_force)
    reaction, _ = foot_loads(np.asarray(result.rollout.contact_pos), forces, result.contact_names)
    weight, time = result.mass * GRAVITY, _time(result)
    axes.plot(time, forces[..., 2].sum(axis=1) / weight, color="#9aa3ad", linewidth=1.2, label="all contacts")
    for foot, side in enumerate(("left", "right")):
        axes.plot(time, reaction[:, foot, 2] / weight, color=SIDE_COLORS[side], label=side)
    doubtful = (
        np.zeros(len(time), dtype=int) if result.force_reliable is None else 1 - np.asarray(result.force_reliable)
    )
    edges = time[0] + np.flatnonzero(np.diff(doubtful, prepend=0, append=0)) / float(result.motion.fps)
    for i, (begin, end) in enumerate(edges.reshape(-1, 2)):
        label = None if i else "not reliable"
        axes.axvspan(begin, end, color="#e08a1e", alpha=0.18, linewidth=0, label=label)
    axes.axhline(1.0, color="#30363c", linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xlim(time[0], max(time[-1], time[0] + 1e-3))
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("s")
    axes.set_ylabel("body weights")
    _legend(axes)


def joint_torque(axes: Axes, result: FitResult, joint: str) -> None:
    """Torque of a joint, left and right, about the lateral axis (the one that bends it in walking), N m per kg."""
    axes.set_title(joint.capitalize())
    names, torque = result.motion.skeleton.names, np.asarray(result.rollout.torque)
    time, drawn = _time(result), False
    for side in ("left", "right"):
        name = f"{side}_{joint}"
        if name in names:
            values = torque[:, names.index(name) - 1, 1] / result.mass
            axes.plot(time, values, color=SIDE_COLORS[side], label=side)
            drawn = True
    if not drawn:
        return _no_data(axes, f"the skeleton has no {joint}")
    axes.axhline(0.0, color="#30363c", linewidth=0.8)
    axes.set_ylabel("N m/kg")
    axes.set_xlim(time[0], max(time[-1], time[0] + 1e-3))
    axes.set_xlabel("s")
    _legend(axes)
    return None
