"""Forces under filmed people: of drawn films against their truth, of real films for plausibility.

    python benchmarks/film_forces.py [--motions walk,turn] [--views side,oblique] [--films walk cam03 "two cam01"]
                                     [--sets "" "com_velocity=1,pose=0.02"] [--out FILE]

Each of ``--sets`` changes weights of the loss by name; nothing changes none. A film is read and its start is found once
for all of them. Drawn films have a known camera and stature, and the generator knows the force of the ground
(``data.synthetic_forces``): RMSE and correlation of the vertical force, net and of the single foot (gait only), all
means over a frame, unfiltered. Forces are in body weights (BW).

A flight is a frame with less than 5 % of the body weight on the ground; in drawn films only where the truth has more.
The mean is over whole strides, over the clip where there is none. Of the filtered vertical force in the stances seen
whole, humps: in how many the first and the last third rise over the least of the middle third, and peaks: how many a
stance has, both by 5 % of the body weight. Change is the RMS change between frames.
"""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tables
import video as real
from scipy.signal import find_peaks

from motionrecon import biomechanics, metrics
from motionrecon.biomechanics.gait_events import body_weight
from motionrecon.config import Config, InputOptions, PersonOptions
from motionrecon.data import truth
from motionrecon.data.formats import camera_files
from motionrecon.data.synthetic import synthetic_clips, synthetic_forces
from motionrecon.errors import MotionReconError
from motionrecon.fitting import fit
from motionrecon.types import FitResult, Truth

FILMS = {  # film, calibration
    "walk": ("sports2d/walk_single_crop.mp4", None),
    "cam03": ("pose2sim/cam03.mp4", None),
    "two cam01": ("pose2sim_two/cam01.mp4", None),
}
HEIGHT = 1.75  # m, of the drawn person
FLIGHT = HUMP = 0.05  # BW
_FIT = (
    ("flights", "flights", "d"), ("mean", "mean BW", ".3f"), ("peak", "peak BW", ".2f"), ("humps", "humps", ""),
    ("peaks", "peaks a stance", ".1f"), ("change", "change %BW", ".1f"),
)  # fmt: skip
_OFF = (("skate", "skate %", ".1f"), ("px", "px", ".2f"))
DRAWN = (
    ("set", "set", ""), ("clip", "clip", ""), ("rmse", "net RMSE %BW", ".1f"), ("range", "% of range", ".1f"),
    ("r", "r", ".2f"), ("foot_rmse", "foot RMSE %BW", ".1f"), ("foot_range", "% of range", ".1f"),
    ("foot_r", "r", ".2f"), *_FIT, ("true_peak", "true peak BW", ".2f"), ("mpjpe", "MPJPE mm", ".2f"),
    ("start_mpjpe", "start's", ".2f"), ("mpjpe_g", "MPJPE-G mm", ".1f"), ("accel", "accel. error", ".2f"), *_OFF,
)  # fmt: skip
REAL = (
    ("set", "set", ""), ("clip", "clip", ""), ("frames", "frames", "d"), *_FIT, ("upright", "upright", ""),
    ("lowest", "lowest hips / start's", ".2f"), *_OFF, ("start_px", "start's px", ".2f"), ("optimize_s", "s", ".1f"),
)  # fmt: skip


def draw(key: str, folder: Path) -> Path:
    """Return the film of a drawn clip, drawn where it is not there yet, with its camera file beside it."""
    path = folder / f"{key.replace('/', '_')}.mp4"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.mp4")
        sequence = synthetic_clips.render(key, part, HEIGHT)
        camera_files.write_camera(sequence.observation.camera, path.with_suffix(".toml"))
        part.replace(path)
    return path


def stances(found: biomechanics.Biomechanics, weight: float) -> dict[str, Any]:
    """Count the stances with a valley between two humps, and the peaks of each; those seen whole, of gait only."""
    valleys, peaks = [], []
    for foot in (0, 1):
        contacts = found.contacts[foot]
        for start, stop, whole in zip(contacts.start, contacts.stop, contacts.landed & contacts.left, strict=True):
            if whole and found.steps:
                inside = (found.load_time >= start) & (found.load_time <= stop)
                force = found.force_filtered[inside, foot, 2] / weight
                early, middle, late = np.array_split(force, 3)
                valleys.append(min(early.max(), late.max()) - middle.min() > HUMP)
                peaks.append(len(find_peaks(np.pad(force, 1), prominence=HUMP)[0]))
    return {"humps": f"{sum(valleys)} of {len(valleys)}", "peaks": float(np.mean(peaks)) if peaks else None}


def forces(result: FitResult, true: np.ndarray | None = None) -> tuple[dict[str, Any], np.ndarray]:
    """Return what one sees without a truth, and the vertical force of each foot (T, 2) BW."""
    found = biomechanics.analyze(result)
    weight = body_weight(float(result.mass))
    feet = found.force[..., 2] / weight
    # what hands or knees carry belongs to the net force, too
    net = np.asarray(result.rollout.contact_force)[..., 2].sum(axis=1) / weight
    strides = [net[(found.load_time >= s.start) & (found.load_time < s.stop)].mean() for s in found.strides]
    flying = net < FLIGHT if true is None else (net < FLIGHT) & (true >= FLIGHT)
    return {
        "flights": int(flying.sum()), "mean": float(np.mean(strides)) if strides else float(net.mean()),
        "strides": len(strides), "peak": float(net.max()), **stances(found, weight),
        "change": 100.0 * float(np.sqrt(np.mean(np.diff(net) ** 2))), "net": net.tolist(), "feet": feet.tolist(),
    }, feet  # fmt: skip


def against(found: np.ndarray, true: np.ndarray, prefix: str = "") -> dict[str, float | None]:
    """Return RMSE in percent of the body weight and of the truth's range, and the correlation."""
    rmse = 100.0 * float(np.sqrt(np.mean((found - true) ** 2)))
    span = float(np.ptp(true))
    if span < FLIGHT:  # the truth does not change
        return {f"{prefix}rmse": rmse, f"{prefix}range": None, f"{prefix}r": None}
    r = float(np.corrcoef(found.ravel(), true.ravel())[0, 1])
    return {f"{prefix}rmse": rmse, f"{prefix}range": rmse / span, f"{prefix}r": r}


def drawn_row(key: str, result: FitResult) -> dict[str, Any]:
    """Measure the fit of a drawn film."""
    net, each = synthetic_forces.ground_force(key.split("/")[0], HEIGHT)
    first = round(float(result.observation.start_time) * synthetic_clips.FPS)
    frames = slice(first, first + len(result.observation.confidence) - 1)  # the last force only repeats
    true = net[frames, 2]
    row, feet = forces(_without_last(result), true)
    row |= {"clip": key, "true_peak": float(true.max()), **against(np.asarray(row["net"]), true)}
    if each is not None:
        row |= against(feet, each[frames, :, 2], "foot_")
    moved = synthetic_clips.motion(key.split("/")[0], HEIGHT)
    names = synthetic_clips.TRUTH_NAMES
    positions = synthetic_clips.positions(moved, names, HEIGHT)
    known = truth.at_frames(result.observation, Truth(names, positions, synthetic_clips.FPS))
    methods = metrics.summarize(dataclasses.replace(result, truth=known))["methods"]
    physics = methods["physics"]
    return row | {
        "mpjpe": physics["mpjpe_mm"], "start_mpjpe": methods["kinematic"]["mpjpe_mm"],
        "mpjpe_g": physics["mpjpe_g_mm"], "accel": physics["accel_error_m_per_s2"],
        "skate": physics["foot_skate_percent"], "px": physics["mpjpe_2d_px"],
        "optimize_s": result.seconds["optimize"],
    }  # fmt: skip


def _without_last(result: FitResult) -> FitResult:
    """Leave out the last frame's forces; angles and events are not used past it."""
    roll, motion = result.rollout, result.motion
    parts = ("joint_pos", "keypoints", "com", "torque", "contact_pos", "contact_force")
    cut = {n: getattr(roll, n)[:-1] for n in parts}
    states = {n: getattr(roll.states, n)[:-1] for n in ("position", "quats", "velocity")}
    return dataclasses.replace(
        result,
        rollout=dataclasses.replace(roll, states=dataclasses.replace(roll.states, **states), **cut),
        motion=dataclasses.replace(motion, root_pos=motion.root_pos[:-1], quats=motion.quats[:-1]),
    )


def real_row(name: str, result: FitResult) -> dict[str, Any]:
    """Measure the fit of a real film."""
    row, _ = forces(_without_last(result))
    seen = real.numbers(name, result)
    kept = {k: seen[k] for k in ("frames", "upright", "lowest", "skate", "optimize_s")}
    return row | kept | {"clip": name, "px": seen["physics_px"], "start_px": seen["kinematic_px"]}


def parse(text: str) -> dict[str, float]:
    """Read "com_velocity=1,pose=0.02"."""
    return {name: float(value) for name, value in (part.split("=") for part in text.split(",") if part)}


def fits(path: Path, options: Config, sets: list[str]):
    """Yield a film's fit with each set of weights; detector and start run once."""
    sequence = fit.observe_file(str(path), options.input, options.detector)
    start = fit.kinematic_start(sequence, options)
    for text in sets:
        changed = dataclasses.replace(options, weights=parse(text) or None)
        try:
            yield text or "defaults", fit.fit_sequence(sequence, changed, start=start)
        except MotionReconError as error:
            print(f"failed: {path.name}, {text}: {error}", flush=True)


def means(rows: list[dict]) -> list[dict]:
    """Return the mean row of each set over the drawn films."""
    out = []
    for text in dict.fromkeys(row["set"] for row in rows):
        own = [row for row in rows if row["set"] == text]
        mean: dict[str, Any] = {"set": text, "clip": "mean"}
        for key, *_ in DRAWN[2:]:
            known = [r[key] for r in own if isinstance(r.get(key), (int, float))]
            if known:
                mean[key] = sum(known) if key == "flights" else float(np.mean(known))
        out.append(mean)
    return out


def goals(rows: list[dict]) -> list[str]:
    """Return what is asked of the last set, and whether it holds."""
    lines = []
    for row in (r for r in rows if r["set"] == rows[-1]["set"]):
        lines.append(tables.goal(f"{row['clip']}: flights", row["flights"], 0))
        lines.append(tables.goal(f"{row['clip']}: mean off the body weight", 100 * abs(row["mean"] - 1), 3.0, " %"))
    return lines


def main() -> None:
    """Run the tables."""
    parser = tables.parser("Forces of drawn films against truth, of real films for plausibility.")
    parser.add_argument("--motions", default="walk,turn")
    parser.add_argument("--views", default="side,oblique")
    parser.add_argument("--films", nargs="*", choices=tuple(FILMS), default=list(FILMS))
    parser.add_argument("--sets", nargs="+", default=[""], help='weights to change, such as "com_velocity=1,pose=0.02"')
    parser.add_argument("--videos", type=Path, default=Path(tempfile.gettempdir()) / "motionrecon-synthetic")
    given = parser.parse_args()
    machine = tables.start(given.cores)
    ours: list[dict] = []
    for key in (f"{m}/{v}" for m in given.motions.split(",") if m for v in given.views.split(",")):
        path = draw(key, given.videos)
        options = Config(input=InputOptions(camera=str(path.with_suffix(".toml"))), person=PersonOptions(HEIGHT))
        for text, result in fits(path, options, given.sets):
            ours.append({"set": text, **drawn_row(key, result)})
            print("\n".join(tables.markdown(DRAWN, ours[-1:]).splitlines()[0 if len(ours) == 1 else 2 :]), flush=True)
    shown: list[dict] = []
    for name in given.films:
        film, calibration = (None if p is None else given.samples / "video" / p for p in FILMS[name])
        if not all(tables.present(p) for p in (film, calibration) if p is not None):
            continue
        for text, result in fits(film, Config(input=InputOptions(camera=calibration and str(calibration))), given.sets):
            shown.append({"set": text, **real_row(name, result)})
            print("\n".join(tables.markdown(REAL, shown[-1:]).splitlines()[0 if len(shown) == 1 else 2 :]), flush=True)
    parts = [tables.markdown(DRAWN, ours + means(ours))] if ours else []
    parts += [tables.markdown(REAL, shown)] if shown else []
    text = "\n\n".join([*parts, "\n".join(goals(shown) if shown else [])])
    print(f"\n{text}")
    tables.save(given.out, machine, text, ours + shown)


if __name__ == "__main__":
    main()
