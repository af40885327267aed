"""The kinds of input, and all that a fit does differently for each: decided once, held in one table."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping

import numpy as np

from motionrecon.fitting.initialize.mocap.mocap_start import start_from_keypoints3d
from motionrecon.fitting.initialize.video.video_start import start_from_video
from motionrecon.fitting.objective_terms import LossWeights
from motionrecon.fitting.window_attempts import LadderOptions
from motionrecon.geometry.joint_frames import joint_frames
from motionrecon.models.trajectory.gauss_newton import GaussNewtonOptions
from motionrecon.types import KinematicStart, Sequence

NOISY = 0.010  # m; clean clips lie 1-8 mm from their kinematic start, 10 mm of noise an axis 15 mm


class Kind(enum.Enum):
    """What was observed; whether 3D keypoints are noisy shows once their kinematic start is known."""

    MOCAP = "3D keypoints"
    NOISY_MOCAP = "noisy 3D keypoints"
    KEYPOINTS2D = "2D keypoints"
    FILM = "film"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a fit does with one kind of input.

    Attributes:
      start: finds the kinematic start of a clip from the stature in m or None, by how much the soles are thicker than
        usual (m), and the field of view of an unknown camera in rad or None.
      weights: of the loss, where none are given.
      ladder: what is done about windows that stay off.
      gauss_newton: of each window.
      through_camera: a camera stands between person and keypoints: its pose, its motion and depth count.
      judges_support: whether what carries the body is judged; a film's depths are too rough.
    """

    start: Callable[[Sequence, float | None, float, float | None], KinematicStart]
    weights: LossWeights
    ladder: LadderOptions
    gauss_newton: GaussNewtonOptions
    through_camera: bool
    judges_support: bool


def _mocap_start(clip: Sequence, height: float | None, sole_thickness: float, fov: float | None) -> KinematicStart:
    return start_from_keypoints3d(clip.observation, height=height, sole_thickness=sole_thickness)


def _camera_start(clip: Sequence, height: float | None, sole_thickness: float, fov: float | None) -> KinematicStart:
    return start_from_video(
        clip.observation, height=height, intrinsics=clip.intrinsics, size=clip.image_size, fov=fov,
        sole_thickness=sole_thickness,
    )  # fmt: skip


# Clean 3D keypoints count most, and every newton that the motion does not show has a price: the centre of mass'
# velocity, feet that swing clear of the floor, torques that change at once (docs/experiments.md).
_MOCAP = Settings(
    start=_mocap_start,
    weights=LossWeights(
        keypoints=800.0, planted=1.0, clearance=1000.0, com_velocity=5.0, pose=0.02, control=1e-4,
        control_rate=0.3,
    ),
    ladder=LadderOptions(),
    gauss_newton=GaussNewtonOptions(),
    through_camera=False,
    judges_support=True,
)  # fmt: skip
# Noisy ones need the smooth start's velocities, planted feet and restraint of changing controls, or the simulation
# follows the noise.
_NOISY_MOCAP = dataclasses.replace(_MOCAP, weights=LossWeights(planted=1.0, control_rate=0.1))
# A film's force has less of a price, because its motion is centimetres off; so is its kinematic start from what any
# body can do: only a fall is worth another try there.
_CAMERA = Settings(
    start=_camera_start,
    weights=LossWeights(planted=1.0, com_velocity=1.0, control_rate=0.3),
    ladder=LadderOptions(first=False, good_mm=30.0, accept_mm=60.0, redo_mm=80.0),
    gauss_newton=GaussNewtonOptions(iterations=8),
    through_camera=True,
    judges_support=False,
)
SETTINGS = {Kind.MOCAP: _MOCAP, Kind.NOISY_MOCAP: _NOISY_MOCAP, Kind.KEYPOINTS2D: _CAMERA, Kind.FILM: _CAMERA}


def kind_of(clip: Sequence) -> Kind:
    """Return the kind of a clip as it was read; 3D keypoints pass for clean until ``refined``."""
    if clip.observation.keypoints3d is not None:
        return Kind.MOCAP
    return Kind.KEYPOINTS2D if clip.film is None else Kind.FILM


def refined(kind: Kind, start: KinematicStart) -> Kind:
    """Return the kind once the kinematic start is known, which tells noisy 3D keypoints from clean ones."""
    if kind is Kind.MOCAP and observation_noise(start) > NOISY:
        return Kind.NOISY_MOCAP
    return kind


def kinematic_start(
    clip: Sequence, height: float | None, *, sole_thickness: float = 0.0, fov: float | None = None
) -> KinematicStart:
    """Find the kinematic start of a clip by its kind; arguments as of ``Settings.start``."""
    return SETTINGS[kind_of(clip)].start(clip, height, sole_thickness, fov)


def loss_weights(given: LossWeights | Mapping[str, float] | None, kind: Kind) -> LossWeights:
    """Return the kind's weights with those given by name on top; or the weights given whole."""
    if isinstance(given, LossWeights):
        return given
    return dataclasses.replace(SETTINGS[kind].weights, **(given or {}))


def observation_noise(start: KinematicStart) -> float:
    """Return the mean distance in m of observed 3D keypoints from the kinematic start."""
    observation, motion, link = start.observation, start.motion, np.asarray(start.sites.link)
    where, turn = joint_frames(motion.skeleton, np.asarray(motion.root_pos), np.asarray(motion.quats))
    sites = where[:, link] + np.sum(turn[:, link] * np.asarray(start.sites.offset)[:, None, :], axis=-1)
    weight = np.asarray(observation.confidence, float)
    off = np.linalg.norm(np.asarray(observation.keypoints3d) - sites, axis=-1)
    return float(np.sum(off * weight) / max(np.sum(weight), 1e-9))
