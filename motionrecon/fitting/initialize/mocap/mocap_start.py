"""The kinematic start from 3D keypoints: floor, body, poses, soles, in that order; composes the stages only."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float

from motionrecon.config import STATURE
from motionrecon.errors import DataError
from motionrecon.fitting.initialize.mocap import calibrate, ground, inverse_kinematics, keypoint_noise, sole_calibration
from motionrecon.geometry import world
from motionrecon.geometry.joint_frames import joint_frames
from motionrecon.geometry.pose_guess import guess_pose
from motionrecon.geometry.skeleton import template_soles
from motionrecon.types import KinematicStart, Motion, Observation, Sites, Skeleton

# Gauss-Newton iterations allowed
FIRST_ITERATIONS = 15  # from the closed-form guess
ROUND_ITERATIONS = 4  # after each calibration
LAST_ITERATIONS = 12  # with the soles on the floor


def _check(observation: Observation, height: float | None) -> None:
    if observation.keypoints3d is None:
        raise DataError("A start from motion capture needs 3D keypoints, but this observation has none.")
    points, weight = np.asarray(observation.keypoints3d), np.asarray(observation.confidence)
    if points.shape != (*weight.shape, 3) or weight.shape[1] != len(observation.names):
        raise DataError(f"3D keypoints {points.shape} do not match confidence {weight.shape} and "
                        f"{len(observation.names)} names; expected (frames, keypoints, 3).")  # fmt: skip
    if not np.isfinite(points).all() or not np.isfinite(weight).all():
        raise DataError("3D keypoints hold NaN; mark missing points by confidence 0.")
    if (weight > 0).sum(axis=0).max(initial=0) < 2:
        raise DataError("No keypoint is seen in two frames or more, so there is no motion to fit.")
    if height is not None and not STATURE[0] <= height <= STATURE[1]:
        raise DataError(f"A height of {height:g} m is not a person's; give --height in metres, for example 1.75.")
    spread = np.ptp(points[weight > 0], axis=0).max()
    if spread < 0.2:
        raise DataError(f"All 3D keypoints lie within {1000 * spread:.0f} mm; the file's unit is not what was assumed.")


def _fit_body(
    skeleton: Skeleton,
    sites: Sites,
    points: Float[np.ndarray, "T K 3"],
    weight: Float[np.ndarray, "T K"],
    height: float,
) -> tuple[Skeleton, Sites, Float[np.ndarray, "T 3"], Float[np.ndarray, "T J 4"]]:
    """Alternate poses and calibration; returns skeleton, sites, root positions and rotations."""
    average, soles = (skeleton, sites), template_soles(height)
    pos, quats = guess_pose(points, skeleton, sites)
    for i in range(calibrate.ROUNDS + 1):
        problem = inverse_kinematics.build_problem(skeleton, sites, points, weight, soles, None)
        count = ROUND_ITERATIONS if i else FIRST_ITERATIONS
        pos, quats, _ = inverse_kinematics.solve_poses(problem, skeleton, pos, quats, count)
        if i < calibrate.ROUNDS:
            skeleton, sites = calibrate.calibrate(skeleton, sites, average, pos, quats, points, weight)
    return skeleton, sites, pos, quats


def start_from_keypoints3d(
    observation: Observation, *, height: float | None = None, sole_thickness: float = 0.0
) -> KinematicStart:
    """Find the person, the floor and the motion behind 3D keypoints.

    Args:
      observation: ``keypoints3d`` (T, K, 3) m, z up, with ``confidence`` (0 = missing).
      height: stature in m; None takes it from the bone lengths.
      sole_thickness: m, how much thicker the soles are than the usual ones.

    Returns:
      A KinematicStart in a world whose floor is z = 0; ``world`` leads there. Its observation holds the
      keypoints as given (levelled, not smoothed); on noisy input their confidence is lowered where they lie far from
      the start.

    Raises:
      DataError: no or malformed 3D keypoints, or an impossible height.
    """
    _check(observation, height)
    confidence = np.asarray(observation.confidence, dtype=float)
    raw = keypoint_noise.fill_gaps(observation.keypoints3d, confidence)
    noise = keypoint_noise.measure_noise(raw, confidence, observation.names)
    points = keypoint_noise.smooth_keypoints(raw, noise)
    lengths = calibrate.bone_lengths(points, confidence, observation.names)
    stature, warnings = calibrate.default_height(height, lengths)
    level = ground.fit_ground(observation, points, stature, sole_thickness)
    points, raw = world.to_fitted(level.world, points), world.to_fitted(level.world, raw)
    skeleton, sites = calibrate.measured_body(lengths, stature, observation.names)
    skeleton, sites, pos, quats = _fit_body(skeleton, sites, points, confidence, stature)
    motion = Motion(skeleton, observation.fps, pos, quats)
    soles = sole_calibration.calibrate_soles(motion, sites, observation, stature, sole_thickness)
    pull = sole_calibration.attraction(observation, points, sole_thickness)
    shown = sole_calibration.front_observed(observation).all()
    floor = inverse_kinematics.FLOOR if shown else inverse_kinematics.FLOOR_UNSEEN
    problem = inverse_kinematics.build_problem(skeleton, sites, points, confidence, soles, pull, floor)
    pos, quats, _ = inverse_kinematics.solve_poses(problem, skeleton, pos, quats, LAST_ITERATIONS)
    motion = Motion(skeleton, observation.fps, pos, quats)
    if noise.has_outliers:
        joint_pos, joint_rot = joint_frames(skeleton, pos, quats)
        link = np.asarray(sites.link)
        start = joint_pos[:, link] + np.sum(joint_rot[:, link] * np.asarray(sites.offset)[:, None, :], axis=-1)
        confidence = keypoint_noise.robust_confidence(raw, start, confidence, noise)
    confidence = _without_toe_tips(observation.names, confidence)
    return KinematicStart(
        motion=motion,
        sites=sites,
        observation=dataclasses.replace(observation, keypoints3d=raw, confidence=confidence),
        soles=soles,
        planted=sole_calibration.planted(motion, soles),
        height=stature,
        warnings=(*warnings, *_remarks(level, noise, observation)),
        world=level.world,
    )


def _without_toe_tips(names: tuple[str, ...], confidence: Float[np.ndarray, "T K"]) -> Float[np.ndarray, "T K"]:
    """Clear toe tips (T, K) where the toe base is known: the body's foot is one piece and cannot bend its toes."""
    bent = [n.endswith("_toe") and n.replace("_toe", "_ball") in names for n in names]
    return np.where(np.array(bent), 0.0, confidence)


_PARTS = {
    "trunk": ("spine", "chest", "neck", "left_shoulder", "right_shoulder"),
    "head": ("head", "head_top", "nose", "left_eye", "right_eye", "left_ear", "right_ear"),
    **{f"{s} {part}": tuple(f"{s}_{n}" for n in names) for s in ("left", "right") for part, names in (
        ("arm", ("elbow", "wrist", "hand")), ("leg", ("knee", "ankle")))},
}  # fmt: skip


def _unseen(observation: Observation) -> list[str]:
    """Return a sentence that names parts of the body of which no point was ever observed."""
    best = np.asarray(observation.confidence).max(axis=0)
    seen = {n for n, w in zip(observation.names, best, strict=True) if w > 0}
    parts = [part for part, names in _PARTS.items() if not seen & set(names)]
    if not parts:
        return []
    return [f"Not observed: {', '.join(parts)}. The result guesses them (trunk and head upright, arms hanging)."]


def _remarks(level: ground.GroundFit, noise: keypoint_noise.Noise, observation: Observation) -> list[str]:
    out = _unseen(observation)
    if level.slope_deg > 3.0:
        out.append(
            f"The floor was tilted by {level.slope_deg:.1f} degrees and has been levelled; check the vertical axis."
        )
    if level.footfalls == 0:
        out.append("No foot was seen standing, so the floor is a guess from the lowest points.")
    if noise.noisy:
        found = f"{1000 * noise.sigma:.0f} mm noise" + (", with outliers" if noise.has_outliers else "")
        out.append(f"The keypoints are noisy ({found}); the start comes from smoothed ones.")
    if not sole_calibration.front_observed(observation).all():
        out.append("No toes were observed; the soles are those of an average foot, drawn to the floor in stance.")
    return out
