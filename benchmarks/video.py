"""Real videos: does the simulated person stay up, how far off in the picture, how long does it take.

    python benchmarks/video.py [--cases walk cam03 "cam03 calibrated"] [--seconds S] [--out FOLDER]

Each video is fitted twice: the first time compiles, the second is timed, detector included (its cache is set aside).
Reprojection compares with the detections, in px. The person is upright while the hips stay above 0.7 of their height in
the kinematic start. With ``--out`` every result folder is kept there, overlay and report included, to be looked at.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import tables

from motionrecon import metrics
from motionrecon.config import Config, InputOptions
from motionrecon.data import video
from motionrecon.errors import MotionReconError
from motionrecon.fitting import fit
from motionrecon.metrics import frame_errors
from motionrecon.results import result_folder
from motionrecon.types import FitResult

CASES = {  # film, calibration
    "walk": ("sports2d/walk_single_crop.mp4", None),
    "cam03": ("pose2sim/cam03.mp4", None),
    "cam03 calibrated": ("pose2sim/cam03.mp4", "pose2sim/Calib_qualisys.toml"),
}
UPRIGHT = 0.7
STAGES = (  # of the timed fit, in their order, with what is written afterwards
    ("case", "case", ""), ("clip_s", "clip s", ".2f"),
    *((key, name, ".2f") for key, name in (
        ("read_s", "read, detect"), ("initialize_s", "kinematic start"), ("compile_s", "prepare"),
        ("optimize_s", "optimise"), ("measure_s", "read back"), ("total_s", "sum"), ("write_s", "write results"),
    )),
    ("aside", "sum without optimising / clip", ".2f"), ("times_clip", "sum / clip", ".2f"),
)  # fmt: skip
COLUMNS = (
    ("case", "case", ""), ("frames", "frames", "d"), ("upright", "upright to the end", ""),
    ("lowest", "lowest hips / start's", ".2f"), ("physics_px", "physics px", ".1f"),
    ("kinematic_px", "kinematic px", ".1f"),
    ("ratio", "ratio", ".2f"), ("skate", "skate %", ".1f"), ("kinematic_skate", "kinematic skate %", ".1f"),
    ("penetration", "penetration mm", ".1f"), ("kinematic_penetration", "kinematic penetration mm", ".1f"),
    ("detect_s", "detect s", ".1f"), ("start_s", "start s", ".1f"), ("optimize_s", "optimise s", ".1f"),
    ("total_s", "total s", ".1f"), ("times_clip", "total / clip", ".1f"),
    ("retried", "shooting + ladder of windows", ""),
)  # fmt: skip


def numbers(name: str, result: FitResult) -> dict:
    """Measure a fit of a video."""
    methods = metrics.summarize(result)["methods"]
    physics, kinematic = methods["physics"], methods["kinematic"]
    height, wanted = (np.asarray(m.root_pos)[:, 2] for m in (result.motion, result.kinematic))
    lowest = float((height / wanted).min())
    apart = frame_errors.frame_errors_mm(
        np.asarray(result.rollout.keypoints), np.asarray(result.kinematic_keypoints), np.ones(1)
    )
    clip = len(height) / float(result.observation.fps)
    spent, used = result.seconds, [w.method for w in result.windows]
    total = sum(spent.values())
    return {
        "case": name, "frames": len(height), "clip_s": clip, "lowest": lowest,
        "upright": "yes" if lowest > UPRIGHT and apart.max() < frame_errors.FALL_MM else "NO",
        "worst_mm_from_start": float(apart.max()),
        "physics_px": physics["mpjpe_2d_px"], "kinematic_px": kinematic["mpjpe_2d_px"],
        "ratio": physics["mpjpe_2d_px"] / kinematic["mpjpe_2d_px"],
        "skate": physics["foot_skate_percent"], "kinematic_skate": kinematic["foot_skate_percent"],
        "penetration": physics["penetration_mm"], "kinematic_penetration": kinematic["penetration_mm"],
        "detect_s": spent.get("read", 0.0) + spent.get("detect", 0.0),
        "start_s": spent["initialize"] + spent["compile"], "optimize_s": spent["optimize"], "total_s": total,
        "initialize_s": spent["initialize"], "compile_s": spent["compile"], "measure_s": spent.get("measure", 0.0),
        "read_s": spent.get("read", 0.0) + spent.get("detect", 0.0), "aside": (total - spent["optimize"]) / clip,
        "retried": f"{used.count('shooting')} + {used.count('ladder')} of {len(used)}",
        "times_clip": total / clip, "seconds": spent, "warnings": result.warnings,
    }  # fmt: skip


def fit_twice(path: Path, options: Config) -> FitResult:
    """Fit a video and then again, everything compiled, the detections of the first time out of reach."""
    fit.fit_file(str(path), options)
    before = os.environ.get("MOTIONRECON_CACHE")
    with tempfile.TemporaryDirectory(prefix="motionrecon-video-") as empty:
        os.environ["MOTIONRECON_CACHE"] = empty
        try:
            return fit.fit_file(str(path), options)
        finally:
            os.environ.pop("MOTIONRECON_CACHE")
            if before is not None:
                os.environ["MOTIONRECON_CACHE"] = before


def keep(result: FitResult, path: Path, folder: Path) -> None:
    """Write the result folder with its overlay."""
    seen = result.observation
    times = seen.start_time + np.arange(len(seen.confidence)) / float(seen.fps)
    assert result.film is not None, "it was fitted to a film"
    frames = (image for _, image in video.read_frames(path, times, view=result.film.view))
    result_folder.write_results(result, folder, frames=frames, overwrite=True)
    print(f"look at {folder / 'overlay.mp4'} and {folder / 'report.html'}", flush=True)


def goals(row: dict) -> list[str]:
    """Return what was asked of a video, and whether it holds."""
    name = row["case"]
    return [
        f"{'met' if row['upright'] == 'yes' else 'NOT met'}: {name}: upright to the end",
        tables.goal(f"{name}: reprojection over the kinematic start's", row["ratio"], 1.3),
        tables.goal(f"{name}: foot skate", row["skate"], 3.0, " %"),
        tables.goal(f"{name}: penetration", row["penetration"], 10.0, " mm"),
        tables.goal(f"{name}: computing over the clip's length", row["times_clip"], 3.0),
    ]


def main() -> None:
    """Run the table."""
    parser = tables.parser("Real videos: upright, reprojection, contact, speed.")
    parser.add_argument("--cases", nargs="+", choices=tuple(CASES), default=list(CASES))
    parser.add_argument("--seconds", type=float, help="fit the first S seconds only")
    given = parser.parse_args()
    machine = tables.start(given.cores)
    rows = []
    for name in given.cases:
        film, calibration = (None if p is None else given.samples / "video" / p for p in CASES[name])
        if not all(tables.present(p) for p in (film, calibration) if p is not None):
            continue
        part = None if given.seconds is None else (0.0, given.seconds)
        options = Config(input=InputOptions(time_range=part, camera=calibration and str(calibration)))
        try:
            result = fit_twice(film, options)
        except MotionReconError as error:
            rows.append({"case": name, "upright": f"failed: {error}"})
            continue
        rows.append(numbers(name, result))
        print(tables.markdown(COLUMNS, rows[-1:]).splitlines()[-1], flush=True)
        if given.out is not None:
            began = time.perf_counter()
            keep(result, film, given.out / name.replace(" ", "_"))
            rows[-1]["write_s"] = time.perf_counter() - began
    lines = [line for row in rows if "frames" in row for line in goals(row)]
    stages = tables.markdown(STAGES, [row for row in rows if "frames" in row])
    text = "\n".join([tables.markdown(COLUMNS, rows), "", stages, "", *lines])
    print(f"\n{text}")
    tables.save(given.out and given.out / "video.json", machine, text, rows)


if __name__ == "__main__":
    main()
