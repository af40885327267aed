"""Drawn videos with exact 3D truth through the real detector: physics beside its start, filters and plain PnP.

    python benchmarks/synthetic.py [--motions walk,run] [--views side,front] [--cameras known,guessed] [--out FILE]

Methods: physics; its kinematic start; that start after a Gaussian of two frames; the detector's own per-frame result
(its landmarks brought to the person's leg length, turned onto the viewing ray and placed by PnP); that after the
same Gaussian. Errors are over the truth's joint centres and toes that the detector also has. The stature is given.

A guessed camera has a world of its own: before MPJPE-G and WA are measured the truth is carried into it by one
heading and one horizontal shift, so that both cameras stand in the same place and look the same way; a wrong camera
height, pitch or focal length still counts. Foot skate is measured on the keypoints ankle, heel and toe of every method
where the truth's feet stand; penetration on the body's contact points, which PnP does not have.
Videos are drawn once and kept in ``--videos`` (default: the system's folder for temporary files).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import tables

from motionrecon import metrics
from motionrecon.config import Config, InputOptions, PersonOptions
from motionrecon.data.formats import camera_files
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.errors import MotionReconError
from motionrecon.fitting import fit
from motionrecon.fitting.initialize.video import pnp
from motionrecon.geometry import camera as cameras
from motionrecon.geometry import skeleton
from motionrecon.types import Camera, FitResult, Observation

HEIGHT = 1.75
METHODS = ("physics", "kinematic", "smoothed", "pnp", "pnp smoothed")
METRICS = (
    ("mpjpe_g_mm", "MPJPE-G mm", ".1f"), ("mpjpe_wa_mm", "WA mm", ".1f"), ("mpjpe_mm", "MPJPE mm", ".1f"),
    ("mpjpe_pa_mm", "PA mm", ".1f"), ("accel_m_per_s2", "accel. error m/s^2", ".2f"),
    ("reprojection_px", "reprojection px", ".1f"), ("skate_percent", "skate %", ".1f"),
    ("penetration_mm", "penetration mm", ".1f"),
)  # fmt: skip
COLUMNS = (("camera", "camera", ""), ("motion", "motion", ""), ("view", "view", ""), ("method", "method", ""), *METRICS)
FEET = tuple(tuple(f"{side}_{part}" for part in ("ankle", "heel", "toe")) for side in ("left", "right"))


def draw(key: str, folder: Path) -> Path:
    """Return the video of a sequence, drawn where it is not there yet, with its camera file beside it."""
    path = folder / f"{key.replace('/', '_')}.mp4"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.mp4")
        sequence = synthetic_clips.render(key, part, HEIGHT)
        camera_files.write_camera(sequence.observation.camera, path.with_suffix(".toml"))
        part.replace(path)
    return path


def heading(camera: Camera) -> tuple[float, np.ndarray]:
    """Return where a camera looks, as an angle about the vertical (rad), and where it stands (3,) m."""
    rotation = np.asarray(camera.rotation)
    return float(np.arctan2(rotation[2, 1], rotation[2, 0])), -rotation.T @ np.asarray(camera.translation)


def into_world_of(points: np.ndarray, true: Camera, found: Camera) -> np.ndarray:
    """Carry (..., 3) points by the heading and horizontal shift that take one camera to the other; heights stay."""
    (from_angle, from_eye), (to_angle, to_eye) = heading(true), heading(found)
    c, s = np.cos(to_angle - from_angle), np.sin(to_angle - from_angle)
    flat = np.array([1.0, 1.0, 0.0])
    return (points - flat * from_eye) @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]]) + flat * to_eye


def pnp_points(seen: Observation) -> np.ndarray:
    """Return the detector's landmarks (T, K, 3) m placed in the world frame by frame."""
    names, confidence, base = seen.names, np.asarray(seen.confidence), skeleton.template(HEIGHT)
    hips = [names.index("left_hip"), names.index("right_hip")]
    flat = cameras.undistort(seen.camera, seen.keypoints2d)
    toward = np.concatenate([flat[:, hips].mean(axis=1), np.ones((len(flat), 1))], axis=-1)
    turn = pnp.ray_rotations(toward / np.linalg.norm(toward, axis=-1, keepdims=True))
    landmarks = np.asarray(seen.landmarks3d)
    landmarks = landmarks - landmarks[:, hips].mean(axis=1, keepdims=True)
    leg = -float(sum(base.offsets[base.names.index(f"left_{part}"), 2] for part in ("knee", "ankle")))
    relative = pnp.landmark_scale(landmarks, names, confidence, leg) * landmarks @ np.swapaxes(turn, 1, 2)
    local = relative + pnp.solve_translation(relative, flat, confidence)[:, None]
    rotation = np.asarray(seen.camera.rotation)
    return (local - np.asarray(seen.camera.translation)) @ rotation


def truth_of(key: str, seen: Observation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return true points (T, K, 3) m in the world of the fitted camera, which count (K,), planted feet (T, 2)."""
    moved = synthetic_clips.motion(key.split("/")[0], HEIGHT)
    first = round(float(seen.start_time) * synthetic_clips.FPS)
    frames = slice(first, first + len(seen.confidence))
    true = synthetic_clips.view_camera(moved, key.split("/")[1])
    known = [name if name in synthetic_clips.TRUTH_NAMES else "pelvis" for name in seen.names]
    points = into_world_of(synthetic_clips.positions(moved, tuple(known), HEIGHT)[frames], true, seen.camera)
    feet = np.stack([synthetic_clips.positions(moved, foot, HEIGHT)[frames] for foot in FEET], axis=1)
    counts = np.array([name in synthetic_clips.TRUTH_NAMES for name in seen.names])
    return points, counts, metrics.foot_contacts(feet, float(seen.fps))


def measure(key: str, camera: str, result: FitResult) -> list[dict]:
    """Return one row a method."""
    seen, fps = result.observation, float(result.observation.fps)
    truth, counts, planted = truth_of(key, seen)
    mask = np.broadcast_to(counts, truth.shape[:2])
    measured = metrics.summarize(result)["methods"]
    plain, kinematic = pnp_points(seen), np.asarray(result.kinematic_keypoints)
    sigma = 2.0 * fps / 30.0
    points = dict(
        zip(
            METHODS,
            (np.asarray(result.rollout.keypoints), kinematic, metrics.gaussian_smooth(kinematic, sigma), plain,
             metrics.gaussian_smooth(plain, sigma)),
            strict=True,
        )
    )  # fmt: skip
    index = np.array([[seen.names.index(name) for name in foot] for foot in FEET])
    rows = []
    for method, found in points.items():
        rows.append({
            "camera": camera, "motion": key.split("/")[0], "view": key.split("/")[1], "method": method,
            "mpjpe_g_mm": metrics.mpjpe_g(found, truth, mask),
            "mpjpe_wa_mm": metrics.mpjpe_wa(found, truth, mask),
            "mpjpe_mm": metrics.mpjpe(found, truth, seen.names, mask),
            "mpjpe_pa_mm": metrics.mpjpe_pa(found, truth, mask),
            "accel_m_per_s2": metrics.accel_error(found, truth, fps, mask),
            "reprojection_px": metrics.mpjpe_2d_px(found, np.asarray(seen.keypoints2d), seen.camera, seen.confidence),
            "skate_percent": metrics.foot_skate_percent(found[:, index], planted, fps),
            "penetration_mm": measured.get(method, {}).get("penetration_mm"),
            "seconds": result.seconds if method == "physics" else None,
        })  # fmt: skip
    return rows


def means(rows: list[dict]) -> list[dict]:
    """Return mean rows over the motions: by camera, view and method, then by camera and method."""
    out = []
    for camera in dict.fromkeys(row["camera"] for row in rows):
        for view in (*dict.fromkeys(row["view"] for row in rows), "all"):
            for method in METHODS:
                own = [r for r in rows if (r["camera"], r["method"]) == (camera, method) and view in (r["view"], "all")]
                if own:
                    mean = {k: _mean([r[k] for r in own]) for k, *_ in METRICS}
                    out.append({"camera": camera, "motion": "mean", "view": view, "method": method, **mean})
    return out


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def losses(rows: list[dict]) -> list[str]:
    """Say where physics does not beat its kinematic start."""
    lines = []
    cases = {(r["camera"], r["motion"], r["view"], r["method"]): r for r in rows}
    for camera in dict.fromkeys(row["camera"] for row in rows):
        for key, label, _ in METRICS:
            pairs = [
                (case, row[key], cases[(*case[:3], "kinematic")][key])
                for case, row in cases.items()
                if case[0] == camera and case[3] == "physics" and row[key] is not None
            ]
            worse = [(f"{case[1]}/{case[2]}", a - b) for case, a, b in pairs if a > b]
            if worse:
                named = ", ".join(f"{name} +{gap:.2g}" for name, gap in sorted(worse, key=lambda w: -w[1])[:6])
                lines.append(
                    f"physics does not beat its start, {camera} camera, {label}: {len(worse)} of {len(pairs)}; {named}"
                    + (" ..." if len(worse) > 6 else "")
                )
    return lines or ["physics beats its start everywhere"]


def goals(mean_rows: list[dict]) -> list[str]:
    """Return what was asked of the known camera, and whether it holds."""
    lines = []
    by = {(r["view"], r["method"]): r for r in mean_rows if r["camera"] == "known"}
    for view in synthetic_clips.VIEWS:
        if (view, "physics") in by:
            row, side = by[view, "physics"], view in ("side", "oblique")
            start = by[view, "kinematic"]["mpjpe_mm"]
            lines += [
                tables.goal(f"{view}: MPJPE against the kinematic start's", row["mpjpe_mm"], round(start, 2), " mm"),
                tables.goal(f"{view}: MPJPE", row["mpjpe_mm"], 50.0 if side else 85.0, " mm"),
                tables.goal(f"{view}: skate", row["skate_percent"], 3.0 if side else 15.0, " %"),
                tables.goal(f"{view}: penetration", row["penetration_mm"], 10.0, " mm"),
            ]
    return lines


def main() -> None:
    """Run the table."""
    parser = tables.parser("Drawn videos with exact truth: every motion, view and camera.")
    parser.add_argument("--motions", default=",".join(synthetic_clips.MOTIONS))
    parser.add_argument("--views", default=",".join(synthetic_clips.VIEWS))
    parser.add_argument("--cameras", default="known,guessed")
    parser.add_argument("--videos", type=Path, default=Path(tempfile.gettempdir()) / "motionrecon-synthetic")
    given = parser.parse_args()
    machine = tables.start(given.cores)
    rows = []
    for key in (f"{m}/{v}" for m in given.motions.split(",") for v in given.views.split(",")):
        path = draw(key, given.videos)
        for camera in given.cameras.split(","):
            file = str(path.with_suffix(".toml")) if camera == "known" else None
            try:
                result = fit.fit_file(str(path), Config(input=InputOptions(camera=file), person=PersonOptions(HEIGHT)))
            except MotionReconError as error:
                print(f"failed: {key}, {camera} camera: {error}", flush=True)
                continue
            own = measure(key, camera, result)
            print("\n".join(tables.markdown(COLUMNS, own).splitlines()[0 if not rows else 2 :]), flush=True)
            rows += own
    mean_rows = means(rows)
    text = "\n".join([tables.markdown(COLUMNS, rows + mean_rows), "", *losses(rows), "", *goals(mean_rows)])
    print("\n" + "\n".join([tables.markdown(COLUMNS, mean_rows), "", *losses(rows), "", *goals(mean_rows)]))
    tables.save(given.out, machine, text, rows + mean_rows)


if __name__ == "__main__":
    main()
