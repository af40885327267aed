"""Dances and floor work of AIST++ (3D joints), each from several slightly different starts: median and worst.

    python benchmarks/aist.py [--cases gJS d06 d04 "d04 whole"] [--starts 3] [--frames N]

The first 120 frames at 30 Hz, and the whole of d04 (288). Floor work is chaotic, so each case is fitted from
kinematic starts that differ by seeded noise of 0.1 mm in the root's place and 1e-4 rad in every joint's rotation.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import tables

from motionrecon.config import Config, InputOptions
from motionrecon.fitting import fit
from motionrecon.geometry.rotations import exp, mul
from motionrecon.types import KinematicStart

OPTIONS = Config(input=InputOptions(fps=30.0))
D04 = "gBR_sBM_cAll_d04_mBR2_ch08"
CASES = {  # file, frames, most mm of the median
    "gJS": ("gJS_sFM_cAll_d02_mJS4_ch09", 120, 10.0),
    "d06": ("gBR_sBM_cAll_d06_mBR2_ch06", 120, 10.0),
    "d04": (D04, 120, 45.0),
    "d04 whole": (D04, None, None),
}
PLACE, TURN = 1e-4, 1e-4  # m, rad
COLUMNS = (
    ("case", "case", ""), ("frames", "frames", "d"), ("ik_mm", "IK mm", ".1f"), ("median_mm", "median mm", ".1f"),
    ("worst_mm", "worst mm", ".1f"), ("each", "each start mm", ""), ("max_mm", "worst frame mm", ".0f"),
    ("falls", "falls", "d"), ("optimize_s", "optimise s", ".1f"), ("retried", "shooting + ladder of windows", ""),
)  # fmt: skip


def nearby(start: KinematicStart, seed: int) -> KinematicStart:
    """Return a kinematic start a little off the one given."""
    rng = np.random.default_rng(seed)
    motion = start.motion
    quats = np.asarray(motion.quats)
    turned = np.asarray(mul(quats, exp(TURN * rng.normal(size=(*quats.shape[:-1], 3)))))
    moved = np.asarray(motion.root_pos) + PLACE * rng.normal(size=np.shape(motion.root_pos))
    return dataclasses.replace(start, motion=dataclasses.replace(motion, root_pos=moved, quats=turned))


def measure(name: str, sequence, starts: int) -> dict:
    """Fit one case from several starts."""
    first = fit.kinematic_start(sequence, OPTIONS)
    runs = []
    for seed in range(starts):
        runs.append(tables.mocap_numbers(fit.fit_sequence(sequence, OPTIONS, start=nearby(first, seed))))
        print(f"  {name}, start {seed}: {runs[-1]['physics_mm']:.1f} mm, fell: {runs[-1]['fell']}", flush=True)
    errors = [run["physics_mm"] for run in runs]
    return {
        "case": name,
        "frames": runs[0]["frames"],
        "ik_mm": runs[0]["ik_mm"],
        "median_mm": float(np.median(errors)),
        "worst_mm": max(errors),
        "each": ", ".join(f"{e:.1f}" for e in errors),
        "max_mm": max(run["max_mm"] for run in runs),
        "falls": sum(run["fell"] for run in runs),
        "optimize_s": float(np.mean([run["optimize_s"] for run in runs])),
        "retried": ", ".join(retried(r["windows"]) for r in runs),
        "runs": runs,
    }


def retried(windows: dict) -> str:
    """Return how many windows were kept from multiple shooting and from the ladder, of how many."""
    return f"{windows.get('shooting', 0)} + {windows.get('ladder', 0)} of {sum(windows.values())}"


def main() -> None:
    """Run the table."""
    parser = tables.parser("AIST++ dances from several starts.")
    parser.add_argument("--cases", nargs="+", choices=tuple(CASES), default=list(CASES))
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--frames", type=int, help="fit the first N frames only")
    given = parser.parse_args()
    machine = tables.start(given.cores)
    rows, lines = [], []
    for name in given.cases:
        file, frames, limit = CASES[name]
        path = given.samples / "aistpp" / "annotation" / "keypoints3d" / f"{file}.pkl"
        if not tables.present(path):
            continue
        whole = fit.observe_file(str(path), OPTIONS.input)
        if not rows:
            tables.warm_up(whole, OPTIONS)
        row = measure(name, tables.first_frames(whole, given.frames or frames), given.starts)
        rows.append(row)
        if limit is not None:
            lines.append(tables.goal(f"{name} median", row["median_mm"], limit, " mm"))
        lines.append(tables.goal(f"{name} falls of {given.starts}", row["falls"], 0))
    text = "\n".join([tables.markdown(COLUMNS, rows), "", *lines])
    print(f"\n{text}")
    tables.save(given.out, machine, text, rows)


if __name__ == "__main__":
    main()
