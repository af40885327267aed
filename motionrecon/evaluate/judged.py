"""Bring a result and the truth into one world and to the same points, so that they can be measured.

The world: mocap is compared in the levelled world of its kinematic start, which the start itself tells, video with a
known camera in the data set's, video with a guessed camera in that camera's. The points: of 3D and 2D keypoints the
observed ones; of a film the joint centres of the body itself, because a detector's landmarks are not the data set's
joints.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from motionrecon.data import truth
from motionrecon.geometry import camera as cameras
from motionrecon.geometry import skeleton as skeletons
from motionrecon.geometry import world as worlds
from motionrecon.types import SAME_WORLD, Camera, FitResult, KinematicStart, Motion, Sequence, Sites, WorldTransform

_FEET = tuple(f"{side}_{part}" for side in ("left", "right") for part in ("ankle", "heel", "ball", "toe"))


@dataclasses.dataclass(frozen=True)
class World:
    """Where the data set's world stands in that of a result.

    Attributes:
      transform: from the data set's world to the result's.
      camera: the data set's camera in the result's world, or None.
    """

    transform: WorldTransform
    camera: Camera | None

    def carry(self, points: np.ndarray) -> np.ndarray:
        """Carry points (..., 3) m of the data set's world into the result's."""
        return worlds.to_fitted(self.transform, points)


def world(clip: Sequence, observed: Sequence, start: KinematicStart) -> World:
    """Find the world of a start's results.

    Args:
      clip: with the camera, as the data set has it.
      observed: of ``observed.observed``.
      start: made from ``observed``.
    """
    camera = clip.camera
    if observed.observation.keypoints3d is not None:
        return _moved(start.world, camera)
    guess = start.observation.camera
    if camera is None or guess is None or np.allclose(guess.rotation, camera.rotation, atol=1e-9):
        return World(SAME_WORLD, camera)
    return _beside(camera, guess)


def _moved(transform: WorldTransform, camera: Camera | None) -> World:
    return World(transform, None if camera is None else worlds.camera_in_fitted(transform, camera))


def _beside(camera: Camera, guess: Camera) -> World:
    """Move the truth so that the true camera stands above the same spot and looks the same way as the guessed one."""
    (true_yaw, true_eye), (yaw, eye) = _heading(camera), _heading(guess)
    c, s = np.cos(yaw - true_yaw), np.sin(yaw - true_yaw)
    rotation = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    return _moved(WorldTransform(rotation, (eye - rotation @ true_eye) * np.array([1.0, 1.0, 0.0])), camera)


def _heading(camera: Camera) -> tuple[float, np.ndarray]:
    rotation = np.asarray(camera.rotation)
    return float(np.arctan2(rotation[2, 1], rotation[2, 0])), -rotation.T @ np.asarray(camera.translation)


def judged(
    result: FitResult, clip: Sequence, observed: Sequence, where: World, joints: tuple[str, ...] | None
) -> FitResult:
    """Return a result to be measured against the truth, in the image too (the truth's own pixels).

    Args:
      result: of a fit.
      clip: with the truth.
      observed: of ``observed.observed``.
      where: of ``world``.
      joints: the joint set of a film's evaluation; None: the observed points.
    """
    if joints is None:
        positions = where.carry(np.asarray(observed.truth))
    else:
        result = _on_joints(result, joints)
        assert clip.reference is not None and clip.film is not None, "a film is evaluated where its truth is known"
        positions = where.carry(truth.at_frames(result.observation, clip.reference, clip.film.start_time))
    finite = np.asarray(np.isfinite(positions).all(axis=-1))
    observation = result.observation
    changes: dict[str, Any] = {"keypoints2d": None}
    if where.camera is not None:
        pixels = cameras.project_clip(where.camera, np.where(finite[..., None], positions, 0.0))
        camera = observation.camera if observation.keypoints3d is None else where.camera
        weight = np.where(finite, np.maximum(np.asarray(observation.confidence), 1e-6), 0.0)
        changes = {"keypoints2d": pixels, "camera": camera, "confidence": weight}
    return dataclasses.replace(result, truth=positions, observation=dataclasses.replace(observation, **changes))


def _on_joints(result: FitResult, joints: tuple[str, ...]) -> FitResult:
    """Return the result with the joint set (and the feet that were observed) in place of the observed points."""
    names = (*joints, *(n for n in _FEET if n in result.observation.names and n not in joints))
    sites = _sites(result, names)
    observation = dataclasses.replace(
        result.observation, names=names, confidence=np.ones((len(result.observation.confidence), len(names))),
        keypoints2d=None, landmarks3d=None,
    )  # fmt: skip
    rollout = dataclasses.replace(result.rollout, keypoints=_carried(result.motion, sites))
    return dataclasses.replace(
        result, observation=observation, rollout=rollout, sites=sites,
        kinematic_keypoints=_carried(result.kinematic, sites), truth=None,
    )  # fmt: skip


def _sites(result: FitResult, names: tuple[str, ...]) -> Sites:
    """Place names on the body: at its joints, else where the observed point sits, else as on an average person."""
    average = skeletons.template_sites(names, result.height)
    link, offset = np.array(average.link), np.array(average.offset)
    for i, name in enumerate(names):
        if name not in result.motion.skeleton.names and name in result.sites.names:
            j = result.sites.names.index(name)
            link[i], offset[i] = np.asarray(result.sites.link)[j], np.asarray(result.sites.offset)[j]
    return Sites(names, link, offset)


def _carried(motion: Motion, sites: Sites) -> np.ndarray:
    return skeletons.clip_sites(sites, *skeletons.clip_poses(motion.skeleton, motion.root_pos, motion.quats))
