"""Plots of a run: error of every sequence, loss against evaluations (the paper's Fig. 6), spread of the errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.evaluate import statistics
from motionrecon.evaluate.clip_rows import Row

_COLORS = ("#8c8c8c", "#c2a15b", "#1f6fb2", "#c0392b", "#2e8b57", "#8e44ad", "#d35400", "#16a085")


def write(rows: list[Row], folder: Path, dataset: str) -> list[Path]:
    """Write ``errors.png``, ``loss.png`` and ``distribution.png``, as far as there is something to show.

    Args:
      rows: of a run.
      folder: where to.
      dataset: for the titles.

    Returns:
      The files written.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    good = [row for row in rows if row["status"] == "ok"]
    methods = list(dict.fromkeys(row["method"] for row in good))
    colors = dict(zip(methods, _COLORS * 3, strict=False))
    written = []
    for name, draw in (("errors", _errors), ("distribution", _distribution), ("loss", _loss)):
        wide = max(9.0, 0.25 * len(good) + 3.0) if name == "errors" else 9.0
        figure, axes = plt.subplots(figsize=(wide, 4.8))
        if draw(axes, good, methods, colors):
            axes.set_title(f"{dataset}: {axes.get_title()}", fontsize=11)
            axes.spines[["top", "right"]].set_visible(False)
            figure.tight_layout()
            figure.savefig(folder / f"{name}.png", dpi=120)
            written.append(folder / f"{name}.png")
        plt.close(figure)
    return written


def _values(rows: list[Row], method: str) -> dict[str, float]:
    found = {r["sequence"]: statistics.value(r, "mpjpe_g_mm") for r in rows if r["method"] == method}
    return {key: v for key, v in found.items() if v is not None}


def _errors(axes, rows, methods, colors) -> bool:
    keys = list(dict.fromkeys(row["sequence"] for row in rows))
    wide = 0.8 / max(len(methods), 1)
    drawn = False
    for i, method in enumerate(methods):
        values = _values(rows, method)
        at = [keys.index(key) + (i - 0.5 * (len(methods) - 1)) * wide for key in values]
        axes.bar(at, list(values.values()), wide, color=colors[method], label=method)
        drawn = drawn or bool(values)
    axes.set_xticks(range(len(keys)), keys, rotation=60, ha="right", fontsize=7)
    axes.set_ylabel("MPJPE-G [mm]")
    axes.set_title("error of each sequence")
    if drawn:
        axes.legend(frameon=False, ncols=min(len(methods), 6), fontsize=8)
    return drawn


def _distribution(axes, rows, methods, colors) -> bool:
    drawn = False
    for method in methods:
        values = np.sort(list(_values(rows, method).values()))
        if len(values):
            share = np.arange(1, len(values) + 1) / len(values)
            axes.step(np.concatenate([values[:1], values]), np.concatenate([[0.0], share]), where="post",
                      color=colors[method], label=method)  # fmt: skip
            drawn = True
    axes.set_xlabel("MPJPE-G [mm]")
    axes.set_ylabel("share of sequences at most this far off")
    axes.set_ylim(0, 1.02)
    axes.set_title("distribution of the error")
    if drawn:
        axes.legend(frameon=False, fontsize=8)
    return drawn


def _loss(axes, rows, methods, colors) -> bool:
    drawn = False
    for method in methods:
        curves = [row["curve"] for row in rows if row["method"] == method and row.get("curve", {}).get("loss")]
        if not curves:
            continue
        grid = np.linspace(0.0, max(c["evaluations"][-1] for c in curves), 80)
        # on a logarithm, so that one sequence that went wrong does not hide all others
        each = np.log(np.array([np.interp(grid, c["evaluations"], c["loss"]) for c in curves]) + 1e-12)
        axes.plot(grid, np.exp(each.mean(axis=0)), color=colors[method], label=f"{method} ({len(curves)} sequences)")
        if len(curves) >= 3:
            low, high = np.exp(statistics.bootstrap(each, 1000))
            axes.fill_between(grid, low, high, color=colors[method], alpha=0.2, linewidth=0)
        drawn = True
    axes.set_xlabel("loss evaluations a window")
    axes.set_ylabel("loss")
    if drawn:
        axes.set_yscale("log")
    axes.set_title("loss against evaluations (geometric mean, 95 % interval)")
    if drawn:
        axes.legend(frameon=False, fontsize=8)
    return drawn
