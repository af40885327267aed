"""AMASS archives: joint rotations of SMPL-H, SMPL or SMPL-X and the root's place, at a stated rate.

The rotations need no body model: they turn a standard skeleton in SMPL's rest pose. The lengths of this person's
limbs would need one (``betas`` are coefficients of a model that is not in the file), so the given stature scales the
skeleton, or else the stature that puts its feet on the floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from motionrecon.data import axes, sequence
from motionrecon.errors import DataError
from motionrecon.types import Sequence

_JOINTS = 22  # of the body; hands and face follow them
_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
_STATURE = 1.70  # m, of the person whose rest pose these offsets are
# Offsets in the rest pose in m, to a centimetre or less: x to the left, y up, z to the front; right sides mirror left
# ones. Against AIST++, whose joints were measured by nine cameras, they miss 2 to 5 cm.
_LEFT = {
    1: (0.069, -0.091, -0.006), 4: (0.036, -0.379, -0.007), 7: (-0.015, -0.398, -0.043), 10: (0.026, -0.052, 0.121),
    13: (0.080, 0.120, -0.036), 16: (0.094, 0.032, -0.009), 18: (0.257, -0.013, -0.024), 20: (0.252, 0.008, -0.003),
}  # fmt: skip
_MIDDLE = {
    0: (0.0, -0.223, 0.028), 3: (0.0, 0.109, -0.027), 6: (0.0, 0.135, 0.001), 9: (0.0, 0.053, 0.025),
    12: (0.0, 0.214, -0.043), 15: (0.0, 0.065, 0.051),
}  # fmt: skip
_HEAD_TOP = (0.0, 0.180, 0.0)  # from the head joint
_SOLE = {7: 0.075, 8: 0.075, 10: 0.020, 11: 0.020}  # m from ankles and toe bases down to the floor
_POINTS = {
    "left_hip": 1, "right_hip": 2, "left_knee": 4, "right_knee": 5, "left_ankle": 7, "right_ankle": 8, "left_ball": 10,
    "right_ball": 11, "neck": 12, "left_shoulder": 16, "right_shoulder": 17, "left_elbow": 18, "right_elbow": 19,
    "left_wrist": 20, "right_wrist": 21,
}  # fmt: skip
_RATES = ("mocap_framerate", "mocap_frame_rate", "fps", "framerate", "frame_rate")
_STANDING = 10  # percentile of frames that are lowest over the floor: feet on it
_LIKELY = (0.8, 1.2)  # statures of 1.36 to 2.04 m; anything else says that the floor is not at 0
_ASSUMED_FPS = 30.0


def accepts(arrays: Mapping[str, np.ndarray]) -> bool:
    """Tell whether an archive holds joint rotations and a root: AMASS's keys, or those of its SMPL-X release."""
    return "trans" in arrays and ("poses" in arrays or {"root_orient", "pose_body"} <= arrays.keys())


def read(
    path: Path, arrays: Mapping[str, np.ndarray], *, fps: float | None = None, height: float | None = None
) -> Sequence:
    """Build a Sequence from an archive's arrays.

    Args:
      path: the file, for its stem and messages.
      arrays: what it holds.
      fps: Hz, instead of the file's.
      height: stature in m; None: what puts the feet on the floor at 0, if that is likely.

    Returns:
      Sequence with ``keypoints3d`` m, z up.

    Raises:
      DataError: arrays that are not (T, 3 joints) and (T, 3), or not finite.
    """
    turns, trans = _rotations(path, arrays), np.asarray(arrays["trans"], float)
    if trans.shape != (len(turns), 3) or not np.isfinite(trans).all():
        raise DataError(f"{path}: trans has shape {trans.shape}, ({len(turns)}, 3) of finite numbers expected")
    warnings: list[str] = []
    rate = fps or next((float(np.ravel(arrays[key])[0]) for key in _RATES if key in arrays), None)
    if rate is None:
        rate = _ASSUMED_FPS
        warnings.append(f"The file does not state its frame rate; {rate:g} Hz assumed (give --source-fps).")
    places, head_top = _pose(turns)
    names = (*_POINTS, "pelvis", "head_top")
    body = np.concatenate([
        places[:, list(_POINTS.values())], places[:, [1, 2]].mean(axis=1, keepdims=True), head_top[:, None]
    ], axis=1)  # fmt: skip
    scale = _scale(names, places, body, trans) if height is None else height / _STATURE
    how = "given" if height is not None else "the one that puts its feet on the floor" if scale else "a guess"
    scale = scale or 1.0
    warnings.append(
        f"The file holds rotations, and lengths only for a body model that is not in it; a standard skeleton of "
        f"{scale * _STATURE:.2f} m is used, {how}" + ("." if height is not None else "; give --height.")
    )
    points = sequence.Points(
        "amass", names, names, trans[:, None] + scale * body, rate, "z", unit=1.0, warnings=tuple(warnings)
    )
    return sequence.to_sequence(path, points)


def _rotations(path: Path, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the body joints' local rotations (T, 22, 3, 3)."""
    if "poses" in arrays:
        poses = np.asarray(arrays["poses"])
    else:
        poses = np.concatenate([np.asarray(arrays[k]).reshape(len(arrays["trans"]), -1)
                                for k in ("root_orient", "pose_body")], axis=1)  # fmt: skip
    width = 3 * _JOINTS
    if poses.ndim == 3 and poses.shape[2] == 3:
        poses = poses.reshape(len(poses), -1)
    if poses.ndim != 2 or poses.shape[1] < width or poses.shape[1] % 3 or poses.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: poses have shape {poses.shape}, (frames, {width} or more) rotation vectors are expected"
        )
    poses = poses[:, :width].astype(float)
    if not np.isfinite(poses).all():
        raise DataError(f"{path}: its poses hold numbers that are not finite; export it again")
    return Rotation.from_rotvec(poses.reshape(-1, 3)).as_matrix().reshape(len(poses), _JOINTS, 3, 3)


def _offsets() -> np.ndarray:
    """Return (22, 3) m, each joint from its parent in the rest pose."""
    offsets = np.zeros((_JOINTS, 3))
    for joint, offset in (_MIDDLE | _LEFT).items():
        offsets[joint] = offset
    for joint in _LEFT:
        offsets[joint + 1] = offsets[joint] * [-1.0, 1.0, 1.0]
    return offsets


def _pose(turns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the standard skeleton's joints (T, 22, 3) m and the top of its head (T, 3), from the root's place."""
    offsets, world = _offsets(), turns.copy()
    places = np.zeros(turns.shape[:3])
    places[:, 0] = offsets[0]  # SMPL turns about the pelvis, whose place in the rest pose stays
    for joint, parent in enumerate(_PARENTS[1:], start=1):
        places[:, joint] = places[:, parent] + world[:, parent] @ offsets[joint]
        world[:, joint] = world[:, parent] @ turns[:, joint]
    return places, places[:, 15] + world[:, 15] @ np.array(_HEAD_TOP)


def _scale(names: tuple[str, ...], places: np.ndarray, body: np.ndarray, trans: np.ndarray) -> float | None:
    """Return the scale that puts the lowest sole on a floor at height 0; None where no person is so large."""
    up = axes.guess_up(names, body, "z")[0][2]
    lowest = np.min([places[:, joint] @ up - sole for joint, sole in _SOLE.items()], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = float(np.nanpercentile(-(trans @ up) / lowest, _STANDING))
    return scale if _LIKELY[0] < scale < _LIKELY[1] else None
