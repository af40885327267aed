"""From what a detector saw of one person to a kinematic start: a motion, a body, contacts and a camera.

One least-squares problem over the whole clip (terms in ``video_terms``), solved in three stages: poses and path
with a Huber loss and no contacts; then bone lengths, an unknown camera's pitch and height, and contacts found
from pixel rays; then Geman-McClure with contacts estimated again from the fit.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float

from motionrecon.config import STATURE
from motionrecon.errors import DetectionError, FitError, InputError
from motionrecon.fitting.initialize.level import sole_corners, vertical_shift
from motionrecon.fitting.initialize.video import video_body, video_problem
from motionrecon.fitting.initialize.video.banded_gauss_newton import minimize
from motionrecon.fitting.initialize.video.camera_guess import assume
from motionrecon.fitting.initialize.video.video_points import State, place_clip
from motionrecon.fitting.initialize.video.video_problem import Problem
from motionrecon.fitting.initialize.video.video_terms import view
from motionrecon.geometry.skeleton import DEFAULT_HEIGHT, JOINT_NAMES
from motionrecon.types import Camera, KinematicStart, Motion, Observation

NEEDED = ("left_shoulder", "right_shoulder", "left_hip", "right_hip", "left_knee", "right_knee")
SLOW, FAST = 12.0, 35.0  # m/s^2, acceleration scale of walking and of fast motion
STEPS = (10, 12, 8)  # most Gauss-Newton steps of the three stages (the third is done twice)
TOLERANCE = 3e-3  # a stage ends when a step lowers the loss by less than this share


def _checked(observation: Observation, height: float | None) -> None:
    if observation.keypoints2d is None:
        raise InputError("no 2D keypoints in the observation; give a video or 2D keypoints")
    missing = [name for name in NEEDED if name not in observation.names]
    if missing:
        raise InputError(f"the {observation.layout} keypoints lack {', '.join(missing)}; the start needs them")
    if height is not None and not STATURE[0] <= height <= STATURE[1]:
        raise InputError(f"a stature of {height:g} m is not a person's; give --height in metres")
    if len(observation.confidence) < 3:
        raise InputError(f"only {len(observation.confidence)} frames; at least 3 are needed to see a motion")
    if not (np.asarray(observation.confidence) > 0).any():
        raise DetectionError("the keypoints are all missing (confidence 0); nobody was found")


def _acceleration_scale(problem: Problem, state: State, fps: float) -> float:
    """Choose the acceleration scale: twice the root mean square acceleration of the first fit, 12 to 35 m/s^2.

    The first fit is made with the loose scale; walking moves its joints with 4-6 m/s^2 rms, running 12-20.
    """
    points = place_clip(problem.raw_body, state).at[:, : len(JOINT_NAMES)]
    acceleration = np.diff(points, 2, axis=0) * fps**2
    return float(np.clip(2.0 * np.sqrt(np.mean(np.sum(acceleration**2, axis=-1))), SLOW, FAST))


def _solve(problem: Problem, state: State, fps: float) -> tuple[State, Float[np.ndarray, "T 4"]]:
    """Run the three stages; returns the state and contacts (T, 4)."""

    def run(state, stage, contact, count, scale):
        frames, weights = problem.stage(stage, scale, contact)
        state, progress = minimize(problem.body, frames, weights, state, steps=count, tolerance=TOLERANCE)
        if not np.isfinite(progress.last):
            raise FitError("the kinematic fit is not finite; check the keypoints for jumps")
        return state

    state = run(state, "a", np.zeros((len(state.root), 4)), STEPS[0], FAST)
    scale = _acceleration_scale(problem, state, fps)
    state = run(state, "b", problem.contacts(state, first=True), STEPS[1], scale)
    contact = np.zeros((len(state.root), 4))
    for _ in range(2):
        contact = problem.contacts(state, first=False)
        state = run(state, "c", contact, STEPS[2], scale)
    return state, contact


def _view_warnings(motion: Motion, axes: Float[np.ndarray, "T 3"], height: float | None) -> list[str]:
    notes = []
    if height is None:
        notes.append(f"The stature is unknown; {DEFAULT_HEIGHT:.2f} m is a guess and sets the scale: give --height.")
    w, x, y, z = np.moveaxis(np.asarray(motion.quats)[:, 0], -1, 0)
    forward = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)], axis=-1)
    along = np.abs(np.sum(forward * axes, axis=-1))
    if np.mean(along > np.cos(np.radians(35.0))) > 0.5:
        notes.append(
            "The person is mostly seen from the front or the back: depth, step length and arm swing are weak there."
        )
    return notes


def start_from_video(
    observation: Observation,
    *,
    height: float | None = None,
    camera: Camera | None = None,
    intrinsics: Float[np.ndarray, "3 3"] | None = None,
    size: tuple[int, int] | None = None,
    fov: float | None = None,
    sole_thickness: float = 0.0,
) -> KinematicStart:
    """Find the motion, body and contacts that explain 2D keypoints over a whole clip.

    Args:
      observation: ``keypoints2d`` (T, K, 2) px with confidence, and ``landmarks3d`` where the detector has them.
      height: stature, m; None takes ``skeleton.DEFAULT_HEIGHT`` and says so.
      camera: known camera in a world with the ground at z = 0; else the observation's own; else pitch and height
        are estimated.
      intrinsics: (3, 3) px of a camera of unknown pose.
      size: (width, height) px of the image where no camera is known.
      fov: rad, field of view of the image's longer side where no camera is known; None: a stated guess.
      sole_thickness: m, how much thicker the soles are than the usual ones.

    Returns:
      The KinematicStart; ``observation.camera`` is the camera as known or estimated.

    Raises:
      InputError: too few frames, needed points missing, an impossible stature.
      DetectionError: every keypoint is missing.
      FitError: the fit is not finite.
    """
    _checked(observation, height)
    stature = height if height is not None else DEFAULT_HEIGHT
    assumed = assume(observation, camera, intrinsics, size, fov)
    problem, state = video_problem.pose_problem(observation, assumed, stature, sole_thickness)
    state, contact = _solve(problem, state, observation.fps)
    weights = problem.weights
    skeleton, sites, soles = video_body.scaled(problem.raw_body, state.shared[: video_body.FIXED], observation.names)
    motion = Motion(skeleton, observation.fps, state.root, state.quats)
    corners = sole_corners(motion, soles)[..., 2].reshape(len(state.root), -1)
    shift = vertical_shift(corners.min(axis=1), contact.max(axis=1), observation.fps)
    motion = dataclasses.replace(motion, root_pos=state.root + shift[:, None] * np.array([0.0, 0.0, 1.0]))
    rotation, eye = (np.asarray(x) for x in view(weights, state.shared * np.asarray(weights.free)))
    camera = dataclasses.replace(assumed.camera, rotation=rotation, translation=-rotation @ eye)
    toward = motion.root_pos - eye
    axes = toward / np.linalg.norm(toward, axis=-1, keepdims=True)
    in_camera = dataclasses.replace(observation, camera=camera, keypoints3d=None)
    notes = (*assumed.warnings, *problem.warnings, *_view_warnings(motion, axes, height))
    return KinematicStart(
        motion=motion, sites=sites, observation=in_camera, soles=soles, planted=contact.reshape(-1, 2, 2),
        height=stature, depth_axes=axes, warnings=notes,
    )  # fmt: skip
