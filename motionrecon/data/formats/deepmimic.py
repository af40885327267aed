"""DeepMimic motion text (JSON): root and joint rotations of its 15-link humanoid, y up, metres, facing +x.

Rows hold a duration, the root's position and wxyz orientation, quaternions of ball joints and angles of hinges
(about z). Link sizes are those of DeepMimic's ``humanoid3d`` character (Peng et al. 2018).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.spatial.transform import Rotation

from motionrecon.data import sequence
from motionrecon.errors import DataError
from motionrecon.types import Sequence

# joint: (parent, first column, number of columns, offset in the parent's frame in m); a ball joint has four
# columns, a hinge one.
_JOINTS = {
    "chest": ("root", 8, 4, (0.0, 0.236, 0.0)),
    "neck": ("chest", 12, 4, (0.0, 0.224, 0.0)),
    "right_hip": ("root", 16, 4, (0.0, 0.0, 0.085)),
    "right_knee": ("right_hip", 20, 1, (0.0, -0.4215, 0.0)),
    "right_ankle": ("right_knee", 21, 4, (0.0, -0.4099, 0.0)),
    "right_shoulder": ("chest", 25, 4, (-0.024, 0.2435, 0.183)),
    "right_elbow": ("right_shoulder", 29, 1, (0.0, -0.2748, 0.0)),
    "left_hip": ("root", 30, 4, (0.0, 0.0, -0.085)),
    "left_knee": ("left_hip", 34, 1, (0.0, -0.4215, 0.0)),
    "left_ankle": ("left_knee", 35, 4, (0.0, -0.4099, 0.0)),
    "left_shoulder": ("chest", 39, 4, (-0.024, 0.2435, -0.183)),
    "left_elbow": ("left_shoulder", 43, 1, (0.0, -0.2748, 0.0)),
}
_COLUMNS = 44
# The toe base lies 11.5 cm from the ankle, at the height of the foot box's centre; the head is a ball of 20.5 cm.
_TIPS = {
    "head_top": ("neck", (0.0, 0.277, 0.0)),
    "left_wrist": ("left_elbow", (0.0, -0.2589, 0.0)),
    "right_wrist": ("right_elbow", (0.0, -0.2589, 0.0)),
    "left_ball": ("left_ankle", (0.1128, -0.0225, 0.0)),
    "right_ball": ("right_ankle", (0.1128, -0.0225, 0.0)),
}


def accepts(content: object) -> bool:
    """Tell whether parsed JSON looks like a DeepMimic motion."""
    return isinstance(content, dict) and isinstance(content.get("Frames"), list)


def read(path: str | Path, *, fps: float | None = None) -> Sequence:
    """Read a DeepMimic motion file.

    Args:
      path: the .txt or .json file.
      fps: Hz, instead of the file's frame durations.

    Returns:
      Sequence with 18 ``keypoints3d`` m, z up, x forward.

    Raises:
      DataError: not such a file, rows of another length, or values that are not finite.
    """
    path = Path(path)
    try:
        content = json.loads(sequence.read_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: is not valid JSON ({error}); export it again") from None
    if not accepts(content):
        raise DataError(f"{path}: is not a DeepMimic motion ('Frames' expected); give a file with 'Frames'")
    rows = content["Frames"]
    bad = next((i for i, row in enumerate(rows) if not isinstance(row, list) or len(row) != _COLUMNS), None)
    if bad is not None:
        raise DataError(
            f"{path}: frame {bad} does not hold the {_COLUMNS} numbers of DeepMimic's humanoid3d; export it again"
        )
    try:
        motion = np.array(rows, dtype=float).reshape(-1, _COLUMNS)
    except (TypeError, ValueError):
        raise DataError(f"{path}: a frame holds something that is no number; export it again") from None
    if len(motion) < 2:
        raise DataError(f"{path}: holds {len(motion)} frame(s), a motion needs at least 2; give a longer clip")
    if not np.isfinite(motion).all():
        raise DataError(f"{path}: a frame holds a value that is not finite; export it again")
    steps = motion[:-1, 0]  # the last row's duration is 0
    if not (steps > 0).all():
        raise DataError(f"{path}: a frame lasts {steps.min():g} s; correct the first number of each frame")
    names, positions = _forward_kinematics(path, motion)
    warnings: tuple[str, ...] = ()
    step = float(np.median(steps))
    if fps is None and np.ptp(steps) > 1e-3 * step:
        positions = _even(positions, steps, step)
        warnings = (
            f"Frames last {steps.min():g} to {steps.max():g} s; they were resampled evenly to {1 / step:g} Hz.",
        )
    rate = fps or 1.0 / step
    rate = float(round(rate)) if abs(rate - round(rate)) < 1e-3 * rate else rate
    points = sequence.Points("deepmimic", names, names, positions, rate, "x forward y", 1.0, True, warnings)
    return sequence.to_sequence(path, points)


def _even(positions: np.ndarray, steps: np.ndarray, step: float) -> np.ndarray:
    """Interpolate (T, K, 3) with uneven durations (T - 1,) s at even times ``step`` apart."""
    times = np.concatenate([[0.0], np.cumsum(steps)])
    return make_interp_spline(times, positions, k=min(3, len(times) - 1))(np.arange(0.0, times[-1] + 1e-9, step))


def _unit(path: Path, quaternions: np.ndarray) -> Rotation:
    """Turn (T, 4) wxyz, not quite of unit length, into rotations."""
    if (np.linalg.norm(quaternions, axis=1) < 1e-6).any():
        raise DataError(f"{path}: a quaternion is zero; export it again")
    return Rotation.from_quat(quaternions[:, [1, 2, 3, 0]])  # normalises


def _forward_kinematics(path: Path, motion: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Return K canonical names and positions (T, K, 3) in the file's axes, given rows (T, 44)."""
    rotation = {"root": _unit(path, motion[:, 4:8])}
    position = {"root": motion[:, 1:4]}
    for joint, (parent, column, width, offset) in _JOINTS.items():
        values = motion[:, column : column + width]
        local = _unit(path, values) if width == 4 else Rotation.from_euler("z", values)
        position[joint] = position[parent] + rotation[parent].apply(offset)
        rotation[joint] = rotation[parent] * local
    for name, (parent, offset) in _TIPS.items():
        position[name] = position[parent] + rotation[parent].apply(offset)
    position = {"pelvis": position.pop("root"), **position}
    return tuple(position), np.stack(list(position.values()), axis=1)
