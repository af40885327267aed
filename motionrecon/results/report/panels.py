"""Figures laid out in inches and drawn in one pass, with few objects: a page of plots in a third of the time.

Matplotlib spends most of a drawing on ticks (five objects each) and on layouts that draw everything twice. Here the
margins are given, and a plot's grid is one collection and its tick labels plain text. No pyplot: no window, no global
state, nothing left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_DPI = 130
_GRID, _TEXT = "#e6e9ec", "#4a525a"
STYLE: dict[Any, Any] = {  # keys as Matplotlib's rcParams
    "font.family": "sans-serif", "font.size": 9.5, "axes.titlesize": 11, "axes.titleweight": "bold",
    "axes.titlelocation": "left", "axes.titlepad": 9, "axes.titley": 1.0, "axes.spines.top": False,
    "axes.spines.right": False, "axes.edgecolor": "#8a929b", "axes.grid": True, "axes.axisbelow": True,
    "legend.frameon": False, "legend.fontsize": 8.5, "lines.linewidth": 1.6, "figure.facecolor": "white",
}  # fmt: skip


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure of a size in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DPI)
    FigureCanvasAgg(figure)
    return figure


def place(
    figure: Figure,
    columns: Sequence[int] = (1,),
    *,
    left: float = 0.66,
    right: float = 0.18,
    top: float = 0.36,
    bottom: float = 0.46,
    gap: tuple[float, float] = (0.72, 0.72),
) -> list[list[Axes]]:
    """Fill a figure with rows of plots of equal height.

    Args:
      figure: from ``new_figure``.
      columns: plots in each row, from the top.
      left: margin in inches, where tick labels and the unit stand; likewise ``right``, ``top``, ``bottom``.
      gap: inches between plots of a row, and between rows.

    Returns:
      The plots, row by row.
    """
    width, height = figure.get_size_inches()
    tall = (height - top - bottom - gap[1] * (len(columns) - 1)) / len(columns)
    rows = []
    for i, count in enumerate(columns):
        wide = (width - left - right - gap[0] * (count - 1)) / count
        low = height - top - tall - i * (tall + gap[1])
        corners = [left + j * (wide + gap[0]) for j in range(count)]
        rows.append([figure.add_axes((x / width, low / height, wide / width, tall / height)) for x in corners])
    return rows


def pixels(figure: Figure) -> np.ndarray:
    """Draw a figure, (h, w, 3) uint8 RGB."""
    for axes in figure.axes:
        _draw_ticks(axes)
    canvas: Any = figure.canvas
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def png(image: np.ndarray) -> bytes:
    """Encode an RGB picture (h, w, 3) uint8 as PNG."""
    plain = [cv2.IMWRITE_PNG_COMPRESSION, 3, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]  # suits flat colors
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), plain)[1].tobytes()


def _ticks(axis: Axis, inches: float) -> tuple[np.ndarray, list[str]]:
    """Return the places of an axis' ticks in view, and their labels; ``inches``: its length."""
    from matplotlib import ticker

    if isinstance(axis.get_major_locator(), ticker.AutoLocator):
        few = min(max(5, round(2.5 * inches)), 9)
        axis.set_major_locator(ticker.MaxNLocator(few, steps=[1, 2, 2.5, 5, 10]))
    places = np.asarray(axis.get_majorticklocs(), float)
    low, high = sorted(axis.get_view_interval())
    slack = 1e-9 * (high - low)
    places = places[(places >= low - slack) & (places <= high + slack)]
    return places, list(axis.get_major_formatter().format_ticks(places.tolist()))


def _draw_ticks(axes: Axes) -> None:
    """Draw grid, tick labels and names of both axes in place of Matplotlib's own."""
    box = axes.get_window_extent()
    write = axes.figure.text  # the figure's texts need no clipping, which takes as long as drawing them
    for axis, flat in ((axes.xaxis, True), (axes.yaxis, False)):
        along = axes.get_xaxis_transform() if flat else axes.get_yaxis_transform()
        given = axis.get_tick_params()
        places, labels = _ticks(axis, (box.width if flat else box.height) / _DPI)
        if given.get("gridOn") and len(places):
            _draw_grid(axes, places, flat, along)
        pad = given.get("pad", 5)
        where = _moved(axes, along, *((0, -pad) if flat else (-pad, 0)))
        look = {"ha": "center", "va": "top"} if flat else {"ha": "right", "va": "center"}
        for place, label in zip(places, labels, strict=True):
            x, y = (place, 0.0) if flat else (0.0, place)
            write(x, y, label, transform=where, color=_TEXT, fontsize=given.get("labelsize", 9.5), **look)
        name = axis.label.get_text()
        if name and flat:
            write(0.5, 0.0, name, transform=_moved(axes, axes.transAxes, 0, -pad - 14), color=_TEXT, **look)
        elif name:
            spot = _moved(axes, axes.transAxes, -36, 0)
            write(0.0, 0.5, name, transform=spot, color=_TEXT, ha="center", va="center", rotation=90)
        axis.set_visible(False)


def _moved(axes: Axes, where: Any, right: float, up: float) -> Any:
    """Return the coordinates ``where`` moved by points."""
    from matplotlib.transforms import ScaledTranslation

    return where + ScaledTranslation(right / 72.0, up / 72.0, axes.figure.dpi_scale_trans)


def _draw_grid(axes: Axes, places: np.ndarray, flat: bool, along: Any) -> None:
    from matplotlib.collections import LineCollection

    lines = [[(p, 0.0), (p, 1.0)] if flat else [(0.0, p), (1.0, p)] for p in places]
    grid = LineCollection(lines, colors=_GRID, linewidths=0.8, transform=along, zorder=0.5)
    axes.add_collection(grid, autolim=False)
