"""The result folder: which files a fit leaves behind, written as a whole or not at all.

Everything is made in a hidden folder inside the result folder and moved into place only when all of it is there, so
that a full disk or an interruption never leaves half a result or mixes two.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import tomli_w

from motionrecon import metrics
from motionrecon.errors import InputError
from motionrecon.fitting import checkpoint
from motionrecon.geometry.world import Frame
from motionrecon.metrics import catalog
from motionrecon.results.export import biomechanics_table, bvh, metrics_json, npz, table, trc
from motionrecon.types import FitResult

FORMATS: dict[str, Callable[[FitResult, Path, Frame], Any]] = {
    "npz": lambda result, path, frame: npz.write_motion(result, path),  # always the fitted world, with the way back
    "bvh": bvh.write_result,
    "trc": trc.write_trc,
    "csv": table.write_csv,
}
# Names a result may hold: those a later run with fewer outputs takes away, so that a folder is of one run.
_REPLACED = (
    *(f"motion.{name}" for name in FORMATS), "biomechanics.csv", "metrics.json", "report.html", "report.png",
    "overlay.mp4",
)  # fmt: skip
_COLUMNS = ("physics", "kinematic", "smoothed")
_ROWS = catalog.of((
    "mpjpe_g_mm", "mpjpe_wa_mm", "mpjpe_mm", "mpjpe_pa_mm", "mpjpe_2d_px", "accel_error_m_per_s2", "tv_m_per_frame2",
    "foot_skate_percent", "penetration_mm", "float_mm",
))  # fmt: skip
_REFERENCE = {
    "truth": "errors against the true positions",
    "observation": "errors against the observed 3D points",
    "none": "no 3D reference: errors in the image only",
}


def summary_table(summary: dict[str, Any]) -> str:
    """Lay out a summary (``metrics.summarize``) for a terminal: one row a metric, methods side by side.

    Rows that no method has are left out; a single unknown value is a dash.
    """
    rows = [(metric, [summary["methods"][m][metric.key] for m in _COLUMNS]) for metric in _ROWS]
    rows = [(metric, values) for metric, values in rows if any(value is not None for value in values)]
    width = max((len(f"{metric.label} [{metric.unit}]") for metric, _ in rows), default=0)
    lines = [f"{'':<{width}}  " + "  ".join(f"{name:>9}" for name in _COLUMNS)]
    for metric, values in rows:
        cells = "  ".join(f"{metric.shown(v):>9}" for v in values)
        lines.append(f"{f'{metric.label} [{metric.unit}]':<{width}}  {cells}")
    sigma = summary["smoothing_sigma_frames"]
    lines.append(f"({_REFERENCE[summary['reference']]}; smoothed: input after a Gaussian of {sigma:.3g} frames)")
    return "\n".join(lines)


def _without_none(values: Any) -> Any:
    """Return nested plain values as TOML can hold them: no None, tuples as lists."""
    if isinstance(values, dict):
        return {str(k): _without_none(v) for k, v in values.items() if v is not None}
    if isinstance(values, (list, tuple)):
        return [_without_none(v) for v in values if v is not None]
    return values if isinstance(values, (str, bool, int, float)) else str(values)


def _write_all(
    result: FitResult,
    summary: dict[str, Any],
    folder: Path,
    formats: Iterable[str],
    frame: Frame,
    overlay: bool,
    frames: Any,
    log_text: str,
) -> None:
    """Write every file into an empty folder."""
    from motionrecon.results.report import report

    for name in formats:
        FORMATS[name](result, folder / f"motion.{name}", frame)
    biomechanics_table.write_biomechanics(result, folder / "biomechanics.csv", frame)
    metrics_json.write_metrics(summary, folder / "metrics.json")
    images = []
    if overlay:
        from motionrecon.results.report.overlay import write_overlay

        images = write_overlay(result, folder / "overlay.mp4", frames)
    report.write_report(result, summary, folder / "report.html", images)
    (folder / "config.toml").write_text(tomli_w.dumps(_without_none(result.config)), encoding="utf-8")
    if log_text:
        (folder / "log.txt").write_text(log_text, encoding="utf-8")


def _prepare(folder: Path, formats: tuple[str, ...], overwrite: bool) -> None:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(f"format {unknown[0]}: unknown; give some of {', '.join(FORMATS)}")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; give a folder for the results")
    if folder.is_dir() and any(path.name != checkpoint.NAME for path in folder.iterdir()) and not overwrite:
        raise InputError(f"{folder}: holds results already; use --overwrite to replace them, or another folder")


def load_writers() -> None:
    """Import what writing needs, which takes longer than many a fit; another thread may do it while one computes."""
    import matplotlib.backends.backend_agg
    import matplotlib.collections  # noqa: F401  # with the one above, what the report's panels draw with

    from motionrecon.results.report import overlay, report  # noqa: F401


def write_results(
    result: FitResult,
    folder: str | Path,
    *,
    formats: Iterable[str] = ("npz", "bvh"),
    frame: Frame = "recording",
    overlay: bool = True,
    frames: Any = None,
    overwrite: bool = False,
    log_text: str = "",
    summary: dict[str, Any] | None = None,
) -> dict[str, Path]:
    """Write the result folder, and remove the finished windows that the fit kept there for a resumption.

    Args:
      result: the fit.
      folder: made if missing.
      formats: which of ``FORMATS`` to write as ``motion.*``.
      frame: world of all files but ``motion.npz``: the recording's, or "world" for the fitted one with its ground at 0.
      overlay: whether to draw ``overlay.mp4``.
      frames: pictures of the input for the overlay, as ``report.overlay.write_overlay`` takes them; None: none.
      overwrite: replace what an earlier run left; other files in the folder stay.
      log_text: content of ``log.txt``; empty: none is written.
      summary: ``metrics.summarize(result)`` where the caller has it already.

    Returns:
      The files written, by name ("motion.npz", "metrics.json", ...).

    Raises:
      InputError: the folder holds something and ``overwrite`` is false, a format is unknown, or the folder cannot be
        written (read-only, full). Nothing is left behind then.
    """
    folder, formats = Path(folder), tuple(formats)
    _prepare(folder, formats, overwrite)
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    stage = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(dir=folder, prefix=".writing-"))
        _write_all(result, summary or metrics.summarize(result), stage, formats, frame, overlay, frames, log_text)
        names = sorted(path.name for path in stage.iterdir())
        for name in names:
            os.replace(stage / name, folder / name)
        for name in set(_REPLACED) - set(names):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        _clear(stage, missing)
        raise InputError(
            f"{folder}: cannot be written ({error.strerror or error}); free space or choose another folder with -o"
        ) from error
    except BaseException:
        _clear(stage, missing)
        raise
    shutil.rmtree(stage, ignore_errors=True)
    checkpoint.clear(folder)
    return {name: folder / name for name in names}


def _clear(stage: Path | None, made: list[Path]) -> None:
    """Remove the hidden folder, and the folders made for this result as far as they are empty."""
    if stage is not None:
        shutil.rmtree(stage, ignore_errors=True)
    for path in made:
        try:
            path.rmdir()
        except OSError:
            break
