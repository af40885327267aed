"""Motion capture, clip by clip: error, contact, speed and falls of the simulated motion.

    python benchmarks/mocap.py [--clips splits|walk|hard|all | --only 07_01_walk 02_05] [--frames N] [--jobs 1]

``splits``: every clip of ``mocap/cmu/splits.json``; ``walk``: its training walks and the in-domain clips; ``hard``: its
out-of-domain clips, the kick, the backflip; ``all``: the splits, the kick, DeepMimic's walk and backflip. Whole clips
at 30 Hz unless ``--frames`` cuts them. Errors are MPJPE-G against the observed keypoints; p95 and max are of the
frames' means; a frame over 300 mm is a fall. Seconds are of the optimisation alone, after a warm-up fit.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import tables

from motionrecon.config import Config, InputOptions
from motionrecon.errors import MotionReconError
from motionrecon.fitting import fit

OPTIONS = Config(input=InputOptions(fps=30.0))
EXTRA = {
    "kick": "cmu/11_01_kick.amc",
    "deepmimic walk": "deepmimic/humanoid3d_walk.txt",
    "backflip": "deepmimic/humanoid3d_backflip.txt",
}
COLUMNS = (
    ("clip", "clip", ""), ("frames", "frames", "d"), ("ik_mm", "IK mm", ".1f"), ("physics_mm", "physics mm", ".1f"),
    ("p95_mm", "p95 mm", ".1f"), ("max_mm", "max mm", ".1f"), ("thirds", "thirds mm", ""),
    ("skate_percent", "skate %", ".1f"), ("penetration_mm", "penetration mm", ".1f"),
    ("optimize_s", "optimise s", ".1f"),
    ("realtime", "s motion / s", ".2f"), ("plain", "plain", "d"),
    ("shooting", "shooting", "d"), ("ladder", "ladder", "d"), ("note", "note", ""),
)  # fmt: skip


def choose(samples: Path, which: str, only: list[str] | None) -> list[tuple[str, Path]]:
    """Return names and files of the clips asked for, those that are there."""
    cmu = samples / "mocap" / "cmu"
    if not tables.present(cmu / "splits.json"):
        return []
    splits = json.loads((cmu / "splits.json").read_text(encoding="utf-8"))
    walk, far = splits["train_walk"] + splits["val_in_domain"], splits["val_out_of_domain"]
    extra = {name: samples / "mocap" / place for name, place in EXTRA.items()}
    clips = {"walk": walk, "hard": far, "splits": walk + far, "all": walk + far}[which]
    found = {name: cmu / f"{name}.bvh" for name in (walk + far if only else clips)}
    if only or which in ("hard", "all"):
        found |= {k: v for k, v in extra.items() if only or which == "all" or k != "deepmimic walk"}
    if only:
        found = {name: found.get(name, cmu / f"{name}.bvh") for name in only}
    return [(name, path) for name, path in found.items() if tables.present(path)]


def measure(clip: tuple[str, Path], frames: int | None, stages: tables.Stages | None = None) -> dict:
    """Fit one clip and measure it; a clip that cannot be fitted is a row with the reason."""
    name, path = clip
    stages = stages or _worker_stages
    try:
        sequence = tables.first_frames(fit.observe_file(str(path), OPTIONS.input), frames)
        result = fit.fit_sequence(sequence, OPTIONS, progress=stages)
    except MotionReconError as error:
        return {"clip": name, "fell": True, "note": f"failed: {error}"}
    row = {"clip": name, **tables.mocap_numbers(result), "compiled_s": stages.take(), "seconds": result.seconds}
    row |= {method: row["windows"].get(method, 0) for method in ("plain", "shooting", "ladder")}
    row["note"] = "FALL" if row["fell"] else ""
    if row["compiled_s"] > 0.05 * row["optimize_s"]:
        row["note"] += f" {row['compiled_s']:.1f} s of compiling"
    return row


_worker_stages: tables.Stages | None = None


def _begin(clip: tuple[str, Path], cores: list[int]) -> None:
    """Set a worker process up: one core of its own, compiled programs."""
    global _worker_stages
    if cores:
        os.sched_setaffinity(0, {cores[(multiprocessing.current_process()._identity[-1] - 1) % len(cores)]})
    tables.runtime.configure("cpu")
    _worker_stages = tables.Stages()
    tables.warm_up(fit.observe_file(str(clip[1]), OPTIONS.input), OPTIONS)


def summary(rows: list[dict]) -> list[str]:
    """Say how many clips fall, which, and the usual error and speed."""
    fell = [row["clip"] for row in rows if row["fell"]]
    errors = [row["physics_mm"] for row in rows if "physics_mm" in row]
    lines = [
        f"falls: {len(fell)} of {len(rows)}" + (f" ({', '.join(fell)})" if fell else ""),
        tables.goal("clips that fall", len(fell), len(rows) // 20),
    ]
    if errors:
        clip, spent = (sum(row.get(key, 0.0) for row in rows) for key in ("clip_s", "optimize_s"))
        lines.append(f"median {np.median(errors):.1f} mm; {clip:.0f} s of motion in {spent:.0f} s of optimisation")
    return lines


def main() -> None:
    """Run the table."""
    parser = tables.parser("Errors, contact, speed and falls on motion capture.")
    parser.add_argument("--clips", choices=("splits", "walk", "hard", "all"), default="all")
    parser.add_argument("--only", nargs="+", help="clips by name instead")
    parser.add_argument("--frames", type=int, help="fit the first N frames only")
    parser.add_argument("--jobs", type=int, default=1, help="clips at a time, each on a core of its own")
    given = parser.parse_args()
    machine = tables.start(given.jobs if given.jobs > 1 else given.cores)
    clips = choose(given.samples, given.clips, given.only)
    if not clips:
        return
    rows, run = [], partial(measure, frames=given.frames)
    if given.jobs > 1:
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(given.jobs, context, initializer=_begin, initargs=(clips[0], cores))
        results = pool.map(run, clips)
    else:
        tables.warm_up(fit.observe_file(str(clips[0][1]), OPTIONS.input), OPTIONS)
        results = map(partial(run, stages=tables.Stages()), clips)
    for row in results:
        rows.append(row)
        print(tables.markdown(COLUMNS, [row]).splitlines()[-1], flush=True)
    text = "\n".join([tables.markdown(COLUMNS, rows), "", *summary(rows)])
    print(f"\n{text}")
    tables.save(given.out, machine, text, rows)


if __name__ == "__main__":
    main()
