"""``report.html``: one self-contained page that says how good a fit is, what to doubt, and what was run.

Pictures are embedded, no script runs and nothing is loaded from elsewhere, so the page can be mailed and kept.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from motionrecon.jobs.atomic_file import replaced
from motionrecon.metrics import catalog
from motionrecon.results.report import figures, gait_section, panels, stills
from motionrecon.results.report.page import PAGE
from motionrecon.types import FitResult

HEADLINE = catalog.of((
    "mpjpe_g_mm", "mpjpe_wa_mm", "mpjpe_mm", "mpjpe_pa_mm", "mpjpe_2d_px", "accel_error_m_per_s2", "tv_m_per_frame2",
    "jitter_m_per_s3", "foot_skate_percent", "foot_sliding_mm", "penetration_mm", "float_mm",
))  # fmt: skip
_REFERENCE = {
    "truth": "Errors are against the known true positions.",
    "observation": "Errors are against the observed 3D points.",
    "none": "No 3D reference is known, so only image error, smoothness and ground contact are measured; the kinematic "
    "start chose the planted feet itself and so hardly skates.",
}


def _number(value: float | None, digits: int) -> str:
    return "&ndash;" if value is None else f"{value:.{digits}f}"


def headline(summary: dict[str, Any]) -> str:
    """Return the table of methods as HTML rows; a row's lowest value is set bold, rows unknown for all are left out."""
    rows = []
    for metric in HEADLINE:
        values = [summary["methods"][m][metric.key] for m in ("physics", "kinematic", "smoothed")]
        best = min((v for v in values if v is not None), default=None)
        if best is None:
            continue
        shown = [_number(v, metric.digits) for v in values]
        cells = "".join(f'<td class="{"best" if s == _number(best, metric.digits) else ""}">{s}</td>' for s in shown)
        rows.append(
            f'<tr><th scope="row">{metric.title}<span class="meaning">{metric.meaning}</span></th>'
            f'<td class="unit">{metric.unit}</td>{cells}</tr>'
        )
    return "\n".join(rows)


def _left_out(summary: dict[str, Any]) -> str:
    """Return a sentence that names the metrics no method has."""
    unknown = [metric.title for metric in HEADLINE if all(m[metric.key] is None for m in summary["methods"].values())]
    return f"Not computable here: {', '.join(unknown)}." if unknown else ""


def _flatten(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            rows += _flatten(value, f"{name}.")
        else:
            rows.append((name, "not set" if value is None else str(value)))
    return rows


def _table(rows: list[tuple[str, str]]) -> str:
    return "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows)


def _facts(result: FitResult, summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what stands at the head of the page, as (value, label)."""
    optimizer, clip = summary["optimizer"], summary["frames"] / summary["fps"]
    seconds = optimizer["seconds_optimize"]
    good = sum(w["status"] in ("ok", "max_steps", "stalled") for w in summary["windows"])
    facts = [
        (f"{clip:.1f} s", f"{summary['frames']} frames at {summary['fps']:g} Hz"),
        (f"{result.height:.2f} m", f"stature, {result.mass:.0f} kg"),
        (f"{good} of {len(summary['windows'])}", "windows without a fall"),
        (f"{optimizer['evaluations']}", f"evaluations, {optimizer['name']}"),
    ]
    if seconds is not None:
        facts.append((f"{seconds:.1f} s", f"optimising: {clip / max(seconds, 1e-9):.2g} s of motion per second"))
    return facts


def _strip(images: Sequence[np.ndarray]) -> str:
    if not len(images):
        return ""
    pictures = "".join(
        f'<img alt="frame {i + 1} of {len(images)} of the overlay" '
        f'src="data:image/jpeg;base64,{base64.b64encode(stills.jpeg(image)).decode()}">'
        for i, image in enumerate(images)
    )
    return f'<div class="strip">{pictures}</div>'


def _picture(image: np.ndarray, alt: str) -> str:
    code = base64.b64encode(panels.png(image)).decode()
    return f'<img class="plot" alt="{escape(alt)}" src="data:image/png;base64,{code}">'


def _warnings(summary: dict[str, Any]) -> str:
    failed = [w for w in summary["windows"] if w["status"] in ("diverged", "non_finite")]
    lines = list(summary["warnings"])
    lines += [
        f"Frames {w['start']} to {w['stop'] - 1}: the simulated person left the observation "
        f"({w['status'].replace('_', ' ')}); do not trust the motion there."
        for w in failed
    ]
    if not lines:
        return '<p class="fine">No warnings: nothing in this result rests on a guess that was noticed.</p>'
    return '<ul class="warnings">' + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def render(
    result: FitResult, summary: dict[str, Any], pictures: Mapping[str, np.ndarray], images: Sequence[np.ndarray] = ()
) -> str:
    """Return the page as HTML: ``pictures`` from ``figures.section_figures``, the rest as ``write_report`` takes it."""
    facts = [f"<div><b>{escape(v)}</b><span>{escape(label)}</span></div>" for v, label in _facts(result, summary)]
    return PAGE.substitute(
        title=escape(Path(result.source).name or "fit"),
        source=escape(result.source),
        facts="".join(facts),
        strip=_strip(images),
        headline=headline(summary),
        left_out=escape(_left_out(summary)),
        reference=escape(_REFERENCE[summary["reference"]]),
        sigma=f"{summary['smoothing_sigma_frames']:.3g}",
        contacts=escape(summary["foot_contact_source"]),
        warnings=_warnings(summary),
        gait=_picture(pictures["gait"], gait_section.alt(summary["gait"])),
        gait_table=gait_section.table(summary["gait"]),
        gait_note=gait_section.note(summary["gait"]),
        gait_events=gait_section.events(summary["gait"]),
        ground=_picture(pictures["ground"], "vertical ground reaction force and foot heights over time"),
        torques=_picture(pictures["torques"], "torques of hip, knee and ankle over time"),
        errors=_picture(pictures["errors"], "mean error of each keypoint"),
        losses=_picture(pictures["losses"], "loss over steps and over windows"),
        terms=_table([(k, f"{v:.4g}" if v is not None else "not finite") for k, v in summary["terms"].items()]),
        seconds=_table([(k, f"{v:.2f} s") for k, v in summary["seconds"].items()]),
        config=_table(_flatten(result.config)),
        versions=_table(list(result.versions.items())),
    )


def write_report(
    result: FitResult, summary: dict[str, Any], path: str | Path, images: Sequence[np.ndarray] = ()
) -> tuple[Path, Path]:
    """Write ``report.html`` and, beside it, its plots on one sheet (``report.png``).

    Args:
      result: the fit.
      summary: ``metrics.summarize`` of it.
      path: the HTML file to write; its folder exists.
      images: BGR pictures (h, w, 3) uint8 for the strip at the head of the page, in order.

    Returns:
      The paths of the page and the sheet.

    Raises:
      OSError: the folder is read-only or full.
    """
    path = Path(path)
    picture = path.with_suffix(".png")
    pictures = figures.section_figures(result, summary)
    page = render(result, summary, pictures, images).encode("utf-8")
    drawn = panels.png(figures.sheet(pictures, summary))
    for target, content in ((path, page), (picture, drawn)):
        with replaced(target) as temporary:
            temporary.write_bytes(content)
    return path, picture
