"""Curves of biomechanics as a clinician reads them: over the gait cycle where there is one, else over time.

Left is blue and right red; a line is the mean over that side's strides, its band one standard deviation; a dashed
upright line is the mean toe-off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from motionrecon.biomechanics import Biomechanics
from motionrecon.biomechanics.gait_cycle import PERCENT, SIDES, GaitCycle
from motionrecon.results.report import panels
from motionrecon.results.report.plots import SIDE_COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Panel(NamedTuple):
    """One plot: its title, the quantity without its side, the unit, what up and down mean."""

    title: str
    quantity: str
    unit: str
    up: str
    down: str


ANGLES = (
    Panel("Hip angle", "hip_flexion_deg", "degrees", "flexion", "extension"),
    Panel("Knee angle", "knee_flexion_deg", "degrees", "flexion", "extension"),
    Panel("Ankle angle", "ankle_dorsiflexion_deg", "degrees", "dorsiflexion", "plantarflexion"),
)
_MOMENTS = (
    Panel("Hip moment", "hip_flexion_moment_Nm_per_kg", "N m/kg", "flexor", "extensor"),
    Panel("Knee moment", "knee_flexion_moment_Nm_per_kg", "N m/kg", "flexor", "extensor"),
    Panel("Ankle moment", "ankle_dorsiflexion_moment_Nm_per_kg", "N m/kg", "dorsiflexor", "plantarflexor"),
)
_POWERS = (
    Panel("Hip power", "hip_power_W_per_kg", "W/kg", "generated", "absorbed"),
    Panel("Knee power", "knee_power_W_per_kg", "W/kg", "generated", "absorbed"),
    Panel("Ankle power", "ankle_power_W_per_kg", "W/kg", "generated", "absorbed"),
)
CYCLE_ROWS = (ANGLES, _MOMENTS, _POWERS)
_HEAD = 0.66  # in, above the first row: the legend, and the titles of that row
_FORCE = Panel("Vertical ground reaction force", "vertical_force_body_weights", "body weights", "", "")


def _dress(axes: Axes, panel: Panel) -> None:
    """Write title, unit and what up and down mean, and draw the zero line."""
    axes.set_title(panel.title)
    axes.set_ylabel(panel.unit)
    axes.axhline(0.0, color="#30363c", linewidth=0.8, zorder=1)
    axes.margins(y=0.14)
    for text, height, side in ((panel.up, 0.985, "top"), (panel.down, 0.015, "bottom")):
        axes.text(
            0.985, height, text, transform=axes.transAxes, ha="right", va=side, fontsize=8, color="#6b747d", zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8},
        )  # fmt: skip


def cycle_curve(axes: Axes, cycle: GaitCycle, panel: Panel) -> None:
    """One quantity over the gait cycle, both sides: mean, band of a standard deviation, toe-off."""
    from matplotlib import ticker

    for foot, side in enumerate(SIDES):
        name = f"{side}_{panel.quantity}"
        if name not in cycle.names:
            continue
        i, color = cycle.names.index(name), SIDE_COLORS[side]
        mean, spread = cycle.mean[i], cycle.deviation[i]
        strides = f"{cycle.strides[i]} stride{'s' if cycle.strides[i] > 1 else ''}"
        axes.plot(PERCENT, mean, color=color, label=f"{side}, {strides}", zorder=3)
        if cycle.strides[i] > 1:
            axes.fill_between(PERCENT, mean - spread, mean + spread, color=color, alpha=0.18, linewidth=0, zorder=2)
        axes.axvline(cycle.toe_off[foot], color=color, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    _dress(axes, panel)
    axes.set_xlim(0.0, 100.0)
    axes.xaxis.set_major_locator(ticker.FixedLocator([0, 20, 40, 60, 80, 100]))


def time_curve(axes: Axes, found: Biomechanics, panel: Panel) -> None:
    """One joint angle over time, both sides."""
    for side in SIDES:
        name = f"{side}_{panel.quantity.removesuffix('_deg')}"
        if name in found.angle_names:
            values = found.angles[:, found.angle_names.index(name)]
            axes.plot(found.time, values, color=SIDE_COLORS[side], label=side)
    _dress(axes, panel)
    axes.set_xlim(found.time[0], max(found.time[-1], found.time[0] + 1e-3))
    axes.set_xlabel("s")


def draw(figure: Figure, found: Biomechanics) -> None:
    """Fill a figure: three joints across; angles, moments, powers and the force below each other, or angles alone."""
    if found.cycle is None:
        rows = panels.place(figure, (3,), top=_HEAD)
        for axes, panel in zip(rows[0], ANGLES, strict=True):
            time_curve(axes, found, panel)
    else:
        *rows, (force,) = panels.place(figure, (3,) * len(CYCLE_ROWS) + (1,), top=_HEAD)
        for row, quantities in zip(rows, CYCLE_ROWS, strict=True):
            for axes, panel in zip(row, quantities, strict=True):
                cycle_curve(axes, found.cycle, panel)
        cycle_curve(force, found.cycle, _FORCE)
        force.axhline(1.0, color="#30363c", linewidth=0.8, linestyle=(0, (4, 3)))
        force.set_xlabel("% of the gait cycle, from heel strike to the next heel strike of the same foot")
    handles, labels = rows[0][0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="upper right", ncols=2)


def height(found: Biomechanics) -> float:
    """Return the height of the figure in inches."""
    return 3.0 if found.cycle is None else 10.4
