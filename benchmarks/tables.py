"""What the benchmark scripts share: arguments, pinned cores, the machine line, numbers of a fit, tables.

Every script pins itself to ``--cores`` (default one) and compiles before it times, so that seconds compare.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from motionrecon import metrics, types
from motionrecon.config import Config
from motionrecon.fitting import fit
from motionrecon.jobs import runtime
from motionrecon.jobs.progress import NullProgress

ROOT = Path(__file__).parents[1]
FALL_MM = 300.0  # a frame whose keypoints are further off on average has lost the person
WARM_FRAMES = 30  # two windows: one that starts freely, one that is carried on
_ARRAYS = ("confidence", "keypoints2d", "keypoints3d", "landmarks3d")
Columns = Sequence[tuple[str, str, str]]  # key in a row, heading, format


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all scripts have."""
    made = argparse.ArgumentParser(description=description)
    default = os.environ.get("MOTIONRECON_SAMPLES", str(ROOT.parent / "shared" / "data"))
    made.add_argument("--samples", type=Path, default=Path(default), help="folder of the sample data")
    made.add_argument("--out", type=Path, help="file for the numbers as JSON; the tables go beside it as .md")
    made.add_argument("--cores", type=int, default=1, help="CPU cores the whole process may use")
    return made


def start(cores: int = 1) -> str:
    """Pin the process to its first ``cores`` allowed cores, set up JAX, print and return the machine line.

    Libraries size their thread pools when they are loaded, so the process starts itself again once pinned.
    """
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(allowed) > cores:
        os.sched_setaffinity(0, allowed[:cores])
        os.environ["OMP_NUM_THREADS"] = str(cores)
        os.execv(sys.executable, sys.orig_argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # else XLA remarks on CPU features of cached programs
    runtime.configure("cpu")
    used = str(cores) if allowed else f"{os.cpu_count()} (this system cannot pin)"
    load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = f"jax {importlib.metadata.version('jax')}, Python {platform.python_version()}"
    line = f"{_cpu()}, cores used: {used}{load}; {versions}"
    print(line, flush=True)
    return line


def _cpu() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(row.split(":", 1)[1].strip() for row in rows if row.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def present(path: Path) -> bool:
    """Tell whether a sample is there; print why it is skipped otherwise."""
    if not path.exists():
        print(f"skipped: {path.name}: no such file {path}; give the folder with --samples", flush=True)
    return path.exists()


def first_frames(sequence: types.Sequence, frames: int | None) -> types.Sequence:
    """Return a sequence cut to its first ``frames`` frames; None keeps all."""
    if frames is None:
        return sequence
    seen = sequence.observation
    cut = {n: getattr(seen, n)[:frames] for n in _ARRAYS if getattr(seen, n) is not None}
    truth = None if sequence.truth is None else sequence.truth[:frames]
    return dataclasses.replace(sequence, observation=dataclasses.replace(seen, **cut), truth=truth)


class Stages(NullProgress):
    """Watches a fit: how many seconds of its optimisation went into compiling (0 once warm)."""

    def __init__(self):
        self.compiled, self._name = collections.Counter(), ""
        jax.monitoring.register_event_duration_secs_listener(self._heard)

    def _heard(self, event: str, seconds: float, **_: Any) -> None:
        if "compile" in event or "trace_duration" in event or "mlir" in event:
            self.compiled[self._name] += seconds

    def stage(self, name: str) -> None:
        """Note the stage that begins."""
        self._name = name

    def take(self) -> float:
        """Return the seconds of compiling inside the optimisation since the last call."""
        return self.compiled.pop("optimize", 0.0)


def warm_up(sequence: types.Sequence, options: Config = Config()) -> None:
    """Compile what an optimisation of 3D keypoints runs by fitting the first frames, as they are and spoiled.

    No motion follows points that jump by 50 mm from frame to frame, so that the support-wrench ladder is taken too.
    """
    short = first_frames(sequence, WARM_FRAMES)
    if options.optimizer.name != "gauss_newton":
        options = dataclasses.replace(options, optimizer=dataclasses.replace(options.optimizer, max_evaluations=3))
    fit.fit_sequence(short, options)
    if options.optimizer.name == "gauss_newton" and options.optimizer.ladder:
        seen = short.observation
        noise = 0.05 * np.random.default_rng(0).normal(size=np.shape(seen.keypoints3d))
        spoiled = dataclasses.replace(seen, keypoints3d=np.asarray(seen.keypoints3d) + noise)
        fit.fit_sequence(dataclasses.replace(short, observation=spoiled), options)


def frame_errors(points: np.ndarray, reference: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Return each frame's mean distance (T,) in mm over seen points; frames without one are left out."""
    distance = 1e3 * np.linalg.norm(points - reference, axis=-1)
    seen = np.broadcast_to(np.asarray(confidence) > 0, distance.shape)
    distance = distance * seen
    count = seen.sum(axis=1)
    return distance.sum(axis=1)[count > 0] / count[count > 0]


def mocap_numbers(result: types.FitResult) -> dict[str, Any]:
    """Measure a fit of 3D keypoints: errors against them (mm), ground contact, cost."""
    seen = result.observation
    off = frame_errors(np.asarray(result.rollout.keypoints), np.asarray(seen.keypoints3d), seen.confidence)
    methods = metrics.summarize(result)["methods"]
    seconds, clip = result.seconds["optimize"], len(seen.confidence) / float(seen.fps)
    thirds = [float(part.mean()) for part in np.array_split(off, 3)]
    return {
        "frames": len(seen.confidence),
        "clip_s": clip,
        "ik_mm": methods["kinematic"]["mpjpe_g_mm"],
        "physics_mm": methods["physics"]["mpjpe_g_mm"],
        "p95_mm": float(np.percentile(off, 95)),
        "max_mm": float(off.max()),
        "thirds_mm": thirds,
        "thirds": " / ".join(f"{v:.1f}" for v in thirds),
        "skate_percent": methods["physics"]["foot_skate_percent"],
        "penetration_mm": methods["physics"]["penetration_mm"],
        "optimize_s": seconds,
        "realtime": clip / seconds,
        "evaluations": sum(w.evaluations for w in result.windows),
        "windows": dict(collections.Counter(w.method for w in result.windows)),
        "fell": bool(off.max() > FALL_MM),
    }


def markdown(columns: Columns, rows: Iterable[Mapping[str, Any]]) -> str:
    """Lay rows out as a Markdown table; a value that is None or absent is a dash."""

    def cell(row: Mapping[str, Any], key: str, form: str) -> str:
        value = row.get(key)
        return "-" if value is None else format(value, form)

    lines = [[cell(row, key, form) for key, _, form in columns] for row in rows]
    heads = [head for _, head, _ in columns]
    width = [max(len(line[i]) for line in [heads, *lines]) for i in range(len(heads))]
    text = [[value.ljust(w) for value, w in zip(line, width, strict=True)] for line in [heads, *lines]]
    ruler = ["-" * w for w in width]
    return "\n".join("| " + " | ".join(line) + " |" for line in [text[0], ruler, *text[1:]])


def goal(label: str, value: float | None, limit: float, unit: str = "") -> str:
    """Return a line that says whether a value stays within its limit."""
    if value is None:
        return f"unknown: {label}"
    word = "met" if value <= limit else "NOT met"
    return f"{word}: {label}: {value:.3g}{unit} (at most {limit:g}{unit})"


def save(out: Path | None, machine: str, text: str, rows: Any) -> None:
    """Write rows as JSON to ``out`` and the text beside it as Markdown; None writes nothing."""
    if out is None:
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    content = {
        out: json.dumps({"machine": machine, "rows": rows}, indent=1),
        out.with_suffix(".md"): f"{machine}\n\n{text}\n",
    }
    for path, written in content.items():
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(written, encoding="utf-8")
        os.replace(temporary, path)
    print(f"written: {out}, {out.with_suffix('.md')}", flush=True)
