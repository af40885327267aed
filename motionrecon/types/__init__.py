"""Every record that travels between modules: fields, shapes, units and nothing else.

Letters in shapes: T frames, J joints (root first), A = J - 1 actuated joints, K keypoints, C contact
points, V = 6 + 3 A velocity coordinates. SI units; world frame z up, right-handed, ground at z = 0;
quaternions ``(w, x, y, z)``. Arrays are JAX or NumPy arrays; missing observations have confidence 0 and
finite placeholder values, never NaN.
"""

from motionrecon.types.body import PDGains, Sites, Skeleton, Soles
from motionrecon.types.clip import Camera, Film, FilmView, Observation, Recording, Sequence, Truth
from motionrecon.types.fit import (
    FitResult,
    FitStatus,
    KinematicStart,
    StepInfo,
    UnsupportedInterval,
    Window,
    WindowReport,
)
from motionrecon.types.motion import SAME_WORLD, ControlTrajectory, Motion, Rollout, SimState, WorldTransform
from motionrecon.types.record import Array

__all__ = [
    "SAME_WORLD",
    "Array",
    "Camera",
    "ControlTrajectory",
    "Film",
    "FilmView",
    "FitResult",
    "FitStatus",
    "KinematicStart",
    "Motion",
    "Observation",
    "PDGains",
    "Recording",
    "Rollout",
    "Sequence",
    "SimState",
    "Sites",
    "Skeleton",
    "Soles",
    "StepInfo",
    "Truth",
    "UnsupportedInterval",
    "Window",
    "WindowReport",
    "WorldTransform",
]
