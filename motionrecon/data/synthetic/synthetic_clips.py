"""The data set ``synthetic``: motions from our own equations, seen by cameras placed around them, with exact truth.

Keys are "motion/view", for example "walk/side". Feet stand still on z = 0 while planted, flight is ballistic, and
the body's weight rests where the feet can carry it.
"""

from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path

import numpy as np

from motionrecon.data.synthetic import actions, choreography, gait, mannequin
from motionrecon.errors import InputError
from motionrecon.geometry import camera as cameras
from motionrecon.geometry import skeleton as skeletons
from motionrecon.geometry.keypoints import MOCAP18
from motionrecon.render.video_writer import VideoWriter
from motionrecon.types import Camera, Motion, Observation, Sequence, Truth

FPS = 30.0
MOTIONS = {"walk": 3.0, "run": 2.5, "turn": 4.0, "squat": 3.5, "jump": 3.0, "kick": 3.2, "wave": 3.5}  # s
VIEWS = {"side": 90.0, "oblique": 45.0, "front": 0.0, "back": 180.0}  # degrees from the front, to the person's left
SIZE, FOCAL, CAMERA_HEIGHT, DISTANCE = (1280, 720), 1000.0, 1.45, 5.0  # px, px, m, m
TRUTH_NAMES = (
    "pelvis", "neck", "head_top", "left_hip", "left_knee", "left_ankle", "left_ball", "left_toe", "right_hip",
    "right_knee", "right_ankle", "right_ball", "right_toe", "left_shoulder", "left_elbow", "left_wrist",
    "right_shoulder", "right_elbow", "right_wrist",
)  # fmt: skip


def keys() -> list[str]:
    """List the sequences, "motion/view"."""
    return [f"{m}/{v}" for m in MOTIONS for v in VIEWS]


def motion(name: str, height: float = 1.75, seed: int = 0) -> Motion:
    """Make one motion on ``skeleton.template(height)`` at 30 Hz, starting near the origin and facing +x.

    Args:
      name: one of ``MOTIONS``.
      height: stature, m.
      seed: varies speed and extent; 0 is the standard form.

    Returns:
      A Motion in a world whose ground is z = 0.

    Raises:
      InputError: unknown name or a stature that is not a person's.
    """
    plan, start, stop = planned(name, height, seed)
    skeleton = skeletons.template(height)
    result = choreography.embody(skeleton, plan, height, start, stop, FPS)
    shift = np.array([*np.asarray(result.root_pos)[0, :2], 0.0])
    return Motion(skeleton, FPS, np.asarray(result.root_pos) - shift, np.asarray(result.quats))


def planned(name: str, height: float = 1.75, seed: int = 0) -> tuple[choreography.Plan, float, float]:
    """Return the plan of a motion, and from which to which of its times (s) it is read; arguments as ``motion``."""
    if name not in MOTIONS:
        raise InputError(f"synthetic motion {name!r} is unknown; choose one of {', '.join(MOTIONS)}")
    if not 0.5 < height < 2.5:
        raise InputError(f"height {height} m is not a person's; give it in metres, for example 1.75")
    seconds = MOTIONS[name]
    rng = np.random.default_rng(seed) if seed else _Still()
    if name in ("walk", "run", "turn"):
        plan, start = _gait(name, height, seconds, rng)
        return plan, start, start + seconds
    return getattr(actions, name)(height, seconds, rng), 0.0, seconds


class _Still:
    """Stands in for the random generator of the standard form."""

    def uniform(self, low: float, high: float) -> float:
        return 0.5 * (low + high)


def _gait(name, height, seconds, rng):
    style = gait.RUN if name == "run" else gait.WALK
    pace = 1.0 + 0.06 * rng.uniform(-1, 1)
    style = dataclasses.replace(style, step=style.step * pace)
    path = gait.straight
    if name == "turn":
        style = dataclasses.replace(style, step=0.75 * style.step, width=0.10)
        path = gait.curve(0.80, 2.3 * style.step * height + 0.35, math.radians(150.0))
    return gait.plan(style, path, height, seconds)


def view_camera(motion: Motion, view: str) -> Camera:
    """Place the camera of a view 5 m from the middle of a motion's path, 1.45 m high.

    Raises:
      InputError: unknown view.
    """
    return camera_around(np.asarray(motion.root_pos), view)


def camera_around(path: np.ndarray, view: str) -> Camera:
    """Place the camera of a view around a path (T, 3) m of somebody who starts facing +x.

    Raises:
      InputError: unknown view.
    """
    if view not in VIEWS:
        raise InputError(f"camera view {view!r} is unknown; choose one of {', '.join(VIEWS)}")
    middle = 0.5 * (path.min(0) + path.max(0))
    angle = math.radians(VIEWS[view])
    towards, across = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
    flat = path[:, :2] - middle[:2]
    # Long paths ask for more distance: 3.6 m to the nearest point, and the whole path inside the picture.
    wide = (np.abs(flat @ across) + 0.55) * FOCAL / (0.5 * SIZE[0]) + flat @ towards
    distance = max(DISTANCE, 3.6 + float((flat @ towards).max()), float(wide.max()))
    eye = np.array([*(middle[:2] + distance * towards), CAMERA_HEIGHT])
    target = np.array([middle[0], middle[1], 0.5 * 1.75])
    intrinsics = np.array([[FOCAL, 0, SIZE[0] / 2], [0, FOCAL, SIZE[1] / 2], [0, 0, 1.0]])
    return cameras.look_at(eye, target, intrinsics, SIZE)


def positions(motion: Motion, names: tuple[str, ...], height: float) -> np.ndarray:
    """Return (T, K, 3) m, world, of named keypoints on the template of the given stature."""
    pos, rot = skeletons.clip_poses(motion.skeleton, motion.root_pos, motion.quats)
    return skeletons.clip_sites(skeletons.template_sites(names, height), pos, rot)


def load(key: str, height: float = 1.75, seed: int = 0) -> Sequence:
    """Load one sequence.

    Args:
      key: "motion/view", one of ``keys()``.
      height: stature, m.
      seed: see ``motion``.

    Returns:
      A Sequence: exact 3D and projected 2D keypoints (MOCAP18), the camera, the truth at the same points and at
      ``TRUTH_NAMES`` (joint centres, toes, crown), the motion itself, and the stature.

    Raises:
      InputError: unknown key.
    """
    name, _, view = key.partition("/")
    if key not in keys():
        raise InputError(f"synthetic sequence {key!r} is unknown; choose one of {', '.join(keys())}")
    moved = motion(name, height, seed)
    camera = view_camera(moved, view)
    points = positions(moved, MOCAP18, height)
    observation = Observation(
        fps=FPS, names=MOCAP18, layout="synthetic", confidence=np.ones(points.shape[:2]),
        keypoints2d=cameras.project_clip(camera, points), keypoints3d=points, camera=camera,
    )  # fmt: skip
    reference = Truth(TRUTH_NAMES, positions(moved, TRUTH_NAMES, height), FPS)
    return Sequence(key, observation, points, reference, camera, motion=moved, height=height)


def _camera_of(sequence: Sequence) -> Camera:
    camera = sequence.observation.camera
    assert camera is not None, "synthetic sequences have a camera"
    return camera


def write_truth(sequence: Sequence, path: str | Path) -> None:
    """Write truth as npz: ``names``, ``positions`` (T, K, 3) m, ``fps``, ``height`` m, and the camera's arrays."""
    camera, reference = _camera_of(sequence), sequence.reference
    assert reference is not None, "synthetic sequences know the truth"
    target = Path(path)
    temporary = target.with_name(target.name + ".part.npz")
    np.savez_compressed(
        temporary,
        names=np.array(reference.names),
        positions=np.asarray(reference.positions).astype(np.float32),
        fps=sequence.observation.fps,
        height=sequence.height,
        camera_size=np.array(camera.size),
        camera_intrinsics=camera.intrinsics,
        camera_distortion=camera.distortion,
        camera_rotation=camera.rotation,
        camera_translation=camera.translation,
    )
    os.replace(temporary, target)


def render(key: str, path: str | Path, height: float = 1.75, seed: int = 0) -> Sequence:
    """Write the drawn video of a sequence (1280x720, 30 Hz) and return the sequence.

    Raises:
      InputError: unknown key.
      MotionReconError: the video cannot be written.
    """
    sequence = load(key, height, seed)
    camera = _camera_of(sequence)
    assert sequence.motion is not None, "synthetic sequences have a motion"
    with VideoWriter(path, FPS, camera.size, quality=23, threads=1) as writer:
        for frame in mannequin.frames(sequence.motion, camera, mannequin.Look(seed=seed), height):
            writer.write(frame)
    return sequence
