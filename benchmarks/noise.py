"""Noisy motion capture: how much closer to the clean truth physics comes than the best Gaussian filter.

    python benchmarks/noise.py [--clips 07_01_walk 08_04] [--seeds 0 1 2] [--frames N]

20 mm of Gaussian noise per axis on every keypoint and frame at 30 Hz, and 10 % of them displaced by 200 mm in a random
direction. The filter is given every advantage: its width (0.5 to 6 frames, with and without a 5-frame median before
it) is the one that comes closest to the truth, which nobody knows outside a benchmark.

The floor: the fit levels what it is given by a floor plane of its own, found in the noisy keypoints. The result says
how it moved the world; that is undone, and every method is compared with the truth in the recording's own frame. A
wrong floor therefore counts against physics.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import tables
from scipy import ndimage

from motionrecon import metrics
from motionrecon.config import Config, InputOptions
from motionrecon.fitting import fit
from motionrecon.geometry import world

OPTIONS = Config(input=InputOptions(fps=30.0))
SIGMA, OUTLIERS, JUMP = 0.020, 0.10, 0.200  # m, share, m
WIDTHS = np.arange(0.5, 6.01, 0.5)  # frames
GOAL = 25.0  # percent
COLUMNS = (
    ("clip", "clip", ""), ("seed", "seed", ""), ("raw_mm", "noisy mm", ".1f"), ("gauss_mm", "Gaussian mm", ".1f"),
    ("gauss_sigma", "sigma frames", ".1f"), ("median_mm", "median + Gaussian mm", ".1f"),
    ("median_sigma", "sigma frames", ".1f"), ("kinematic_mm", "kinematic mm", ".1f"),
    ("physics_mm", "physics mm", ".1f"),
    ("gain_percent", "gain over best filter %", ".0f"), ("kinematic_gain_percent", "kinematic gain %", ".0f"),
    ("max_mm", "worst frame mm", ".0f"), ("skate_percent", "skate %", ".1f"), ("fell", "fell", ""),
)  # fmt: skip


def spoil(points: np.ndarray, seed: int) -> np.ndarray:
    """Return (T, K, 3) points with noise and outliers."""
    rng = np.random.default_rng(seed)
    noisy = points + SIGMA * rng.normal(size=points.shape)
    away = rng.normal(size=points.shape)
    away *= JUMP / np.linalg.norm(away, axis=-1, keepdims=True)
    return noisy + away * (rng.random(points.shape[:2]) < OUTLIERS)[..., None]


def best_filter(points: np.ndarray, truth: np.ndarray, confidence: np.ndarray) -> tuple[float, float]:
    """Return the least error (mm) over the filter's widths, and that width (frames)."""
    errors = [metrics.mpjpe_g(metrics.gaussian_smooth(points, w), truth, confidence) for w in WIDTHS]
    return float(min(errors)), float(WIDTHS[int(np.argmin(errors))])


def measure(name: str, clean, seed: int) -> dict:
    """Spoil, filter and fit one clip."""
    seen = clean.observation
    truth, confidence = np.asarray(seen.keypoints3d), np.asarray(seen.confidence)
    noisy = spoil(truth, seed)
    spoiled = dataclasses.replace(clean, observation=dataclasses.replace(seen, keypoints3d=noisy))
    result = fit.fit_sequence(spoiled, OPTIONS)
    physics, kinematic = (
        world.to_recording(result.world, p) for p in (result.rollout.keypoints, result.kinematic_keypoints)
    )
    gauss, width = best_filter(noisy, truth, confidence)
    median = ndimage.median_filter(noisy, size=(5, 1, 1), mode="nearest")
    robust, robust_width = best_filter(median, truth, confidence)
    off = tables.frame_errors(physics, truth, confidence)
    best = min(gauss, robust)
    errors = [metrics.mpjpe_g(p, truth, confidence) for p in (noisy, kinematic, physics)]
    return {
        "clip": name, "seed": seed, "frames": len(truth), "raw_mm": errors[0], "gauss_mm": gauss, "gauss_sigma": width,
        "median_mm": robust, "median_sigma": robust_width, "kinematic_mm": errors[1], "physics_mm": errors[2],
        "gain_percent": 100.0 * (1.0 - errors[2] / best), "kinematic_gain_percent": 100.0 * (1.0 - errors[1] / best),
        "max_mm": float(off.max()), "fell": bool(off.max() > tables.FALL_MM),
        "skate_percent": metrics.summarize(result)["methods"]["physics"]["foot_skate_percent"],
        "optimize_s": result.seconds["optimize"],
    }  # fmt: skip


def mean_row(name: str, rows: list[dict]) -> dict:
    """Return the mean of a clip's rows; a fall in any of them is a fall."""
    mean = {k: float(np.mean([r[k] for r in rows])) for k in rows[0] if k not in ("clip", "seed", "fell")}
    return {"clip": name, "seed": "mean", **mean, "fell": any(r["fell"] for r in rows)}


def main() -> None:
    """Run the table."""
    parser = tables.parser("Physics against the best filter on noisy motion capture.")
    parser.add_argument("--clips", nargs="+", default=["07_01_walk", "08_04"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--frames", type=int, help="fit the first N frames only")
    given = parser.parse_args()
    machine = tables.start(given.cores)
    rows, means, lines = [], [], []
    for name in given.clips:
        path = given.samples / "mocap" / "cmu" / f"{name}.bvh"
        if not tables.present(path):
            continue
        clean = tables.first_frames(fit.observe_file(str(path), OPTIONS.input), given.frames)
        own = []
        for seed in given.seeds:
            own.append(measure(name, clean, seed))
            print(tables.markdown(COLUMNS, own[-1:]).splitlines()[-1], flush=True)
        rows, means = rows + own, [*means, mean_row(name, own)]
        gain = means[-1]["gain_percent"]
        word = "met" if gain >= GOAL else "NOT met"
        lines.append(f"{word}: {name}: {gain:.0f} % closer than the best filter (at least {GOAL:g} %)")
        lines.append(tables.goal(f"{name} falls", sum(row["fell"] for row in own), 0))
    text = "\n".join([tables.markdown(COLUMNS, rows + means), "", *lines])
    print(f"\n{text}")
    tables.save(given.out, machine, text, rows + means)


if __name__ == "__main__":
    main()
