"""``motionrecon fit``: one or more inputs, each to its own result folder."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from motionrecon.cli import fit_batch, options, places
from motionrecon.config import Config
from motionrecon.errors import ConfigError, QualityError

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

    from motionrecon.cli.display import Display
    from motionrecon.types import FitResult

# What lies in a result folder, in the order in which to look at it.
_FILES = {
    "overlay.mp4": "the simulated body over the input, with contacts and forces",
    "report.html": "gait, losses, joint errors, foot heights and ground forces (open in a browser)",
    "report.png": "losses, joint errors, foot heights and ground forces",
    "metrics.json": "every number of the table above",
    "biomechanics.csv": "joint angles, moments, powers, ground forces (open in a spreadsheet)",
    "motion.npz": "joints, controls, torques, contact forces, simulator states (numpy.load)",
    "motion.bvh": "the motion for Blender, Maya, MotionBuilder",
    "motion.trc": "joint positions for OpenSim",
    "motion.csv": "joint positions as a table",
    "config.toml": "the options of this run; repeat it with -c",
    "log.txt": "what was printed, with times",
}

_HELP = """Reconstruct a physically simulated person from each INPUT.

INPUT is a video (mp4, mov, webm, mkv), 2D keypoints (JSON, NPZ, or an OpenPose folder) or motion capture (BVH,
AMC, C3D, TRC, NPZ, DeepMimic text). Results go to runs/NAME unless -o says otherwise.

\b
Examples:
  motionrecon fit walk.mp4
  motionrecon fit walk.mp4 --camera camera.toml --height 1.75 -o runs/walk
  motionrecon fit dance.bvh --time-range 2 6 --format bvh --format trc
  motionrecon fit clips/*.bvh --workers 4 -o runs/clips
"""


@click.command(help=_HELP)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@options.placed(
    "Result folder; for several inputs, the folder of their folders. [default: runs/NAME]",
    overwrite="Replace results that are there already.",
    resume="Go on from the last finished window.",
)
@options.parallel(None, "Processes that fit several inputs at once. [default: 1; with --ray its CPUs]", ray=True)
@options.configured
@options.told(verbose=True)
@click.pass_context
def fit(
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    output: str | None,
    config_path: str | None,
    workers: int | None,
    ray: str | None,
    overwrite: bool,
    resume: bool,
    **given: Any,
) -> None:
    """Reconstruct a simulated person from each input: the command's body; users read _HELP."""
    show = fit_batch.Show(*(given.pop(name) for name in fit_batch.Show._fields))
    config = options.load_config(config_path, given)
    places.check_files(config)
    jobs = places.plan(inputs, output)
    for job in jobs:  # all of them before the first is worked on
        places.check_folder(job.folder, overwrite=overwrite, resume=resume)
    work = partial(fit_input, config=config, overwrite=overwrite, resume=resume)
    if ray is not None or (len(jobs) > 1 and (workers or 1) > 1):
        finished = _passed if resume else None
        ctx.exit(fit_batch.in_workers(jobs, work, show, workers=workers, ray=ray, finished=finished))
    ctx.exit(fit_batch.in_turn(jobs, work, show))


def fit_input(
    job: places.Job,
    config: Config,
    *,
    overwrite: bool,
    resume: bool,
    quiet: bool,
    verbose: bool,
    console: Console | None = None,
) -> str:
    """Fit one input, write its result folder, and return what to print: the table of errors, and what lies where.

    Args:
      job: input and folder.
      config: options of the fit.
      overwrite: replace what the folder holds.
      resume: go on from what it holds.
      quiet: show no progress.
      verbose: show every window.
      console: where progress is shown; None: stderr.

    Raises:
      MotionReconError: it cannot be done; the message says why.
    """
    places.check_source(job.source)
    if resume and _finished(job.folder):
        said = f"{job.folder}: finished already with the options in its config.toml; --overwrite fits it anew"
        return _judged(job, _quality(job.folder), said)
    with places.result_folder(job.folder, overwrite=overwrite, resume=resume) as folder:
        from motionrecon.cli.display import Display  # rich, and what follows needs JAX: not before there is work

        with Display(f"{job.source} -> {folder}", quiet=quiet, verbose=verbose, console=console) as display:
            table, quality = _compute(job.source, config, folder, resume=resume, display=display)
    return _judged(job, quality, "\n".join([table, *_closing(job.folder), quality["sentence"]]))


def _quality(folder: Path) -> dict[str, Any]:
    """Return the quality record of a result folder; empty where it is of a version that made none."""
    try:
        return json.loads((folder / "metrics.json").read_text(encoding="utf-8")).get("quality") or {}
    except (OSError, ValueError):
        return {}


def _judged(job: places.Job, quality: dict[str, Any], text: str) -> str:
    """Return the text to print of a result that passes.

    Raises:
      QualityError: it fails; the result stays where it is.
    """
    if quality.get("passed", True):
        return text
    raise QualityError(f"{job.source}: {quality['sentence']}. The result is in {job.folder}; do not trust it.", text)


def _finished(folder: Path) -> bool:
    """Tell whether a folder holds a result and no fit that was stopped."""
    from motionrecon.fitting import checkpoint

    return (folder / "metrics.json").is_file() and not (folder / checkpoint.NAME).exists()


def _passed(folder: Path) -> bool:
    """Tell whether a folder holds a result that needs no more words."""
    return _finished(folder) and _quality(folder).get("passed", True)


def _compute(
    source: str, config: Config, folder: Path, *, resume: bool, display: Display
) -> tuple[str, dict[str, Any]]:
    """Fit, write, and return the table of errors as text, and the quality record."""
    _start_jax(config.run.device)
    from motionrecon import metrics
    from motionrecon.fitting.fit import fit_file
    from motionrecon.results import result_folder

    # most of the optimizer's time is XLA's, in which Python can import Matplotlib
    display.begins["optimize"] = threading.Thread(target=result_folder.load_writers, daemon=True).start
    result = fit_file(source, config, folder, resume=resume, progress=display)
    display.stage("write")
    for warning in result.warnings:
        display.message(warning)
    summary = metrics.summarize(result)
    table = result_folder.summary_table(summary)
    result_folder.write_results(
        result,
        folder,
        formats=config.output.formats,
        frame=config.output.frame,
        overlay=config.output.overlay,
        frames=_frames(source, result, config.input.source_fps) if config.output.overlay else None,
        overwrite=True,  # the folder was asked about before the work began
        log_text="\n".join([*display.lines, table, summary["quality"]["sentence"]]) + "\n",
        summary=summary,
    )
    return table, summary["quality"]


def _frames(source: str, result: FitResult, source_fps: float | None) -> Iterator[np.ndarray] | None:
    """Return the pictures of a video at the fitted frames, or None where the input is no video.

    Args:
      source: the input.
      result: of its fit.
      source_fps: Hz at which the video was recorded, where that was given.
    """
    import numpy as np

    from motionrecon.data import load, video

    if not load.is_video(source):
        return None
    observation = result.observation
    times = observation.start_time + np.arange(len(observation.confidence)) / observation.fps
    if result.film is not None and result.film.path is not None:
        path, view = result.film.path, result.film.view
    else:  # keypoints took the detector's place
        info = video.probe(source, source_fps=source_fps)
        path, view = info.path, info.view
    return (image for _, image in video.read_frames(path, times, view=view))


def _start_jax(device: str) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # XLA's own alarms about slow compiles are no news to the user
    from motionrecon.jobs import runtime

    runtime.configure(device)
    if device != "gpu":
        return
    import jax

    try:
        jax.devices()
    except RuntimeError:
        raise ConfigError(
            "--device gpu: JAX finds no GPU; install its CUDA package (pip install 'jax[cuda12]') or use --device cpu"
        ) from None


def _closing(folder: Path) -> list[str]:
    """Return the last lines: what lies where, and what to do next."""
    there = [name for name in _FILES if (folder / name).is_file()]
    width = max((len(name) for name in there), default=0)
    lines = ["", f"Results in {folder}{os.sep}", *(f"  {name:<{width}}  {_FILES[name]}" for name in there)]
    look = [str(folder / name) for name in there if name in ("overlay.mp4", "report.html")]
    if look:
        lines.append(f"Next: look at {' and '.join(look)}")
    return lines
