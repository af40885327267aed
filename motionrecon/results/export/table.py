"""``motion.csv``: one row a frame for spreadsheets: time, joint positions, torques, force and its place per foot.

Axes of the recording's world or of the fitted one (x, y, z up), m, N, N m; torques in the joint's own axes, as in
``motion.npz``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.biomechanics.foot_loads import foot_loads
from motionrecon.geometry import world
from motionrecon.geometry.world import Frame
from motionrecon.jobs.atomic_file import replaced
from motionrecon.types import FitResult

_FEET = ("left", "right")


def columns(result: FitResult, frame: Frame = "recording") -> tuple[list[str], np.ndarray]:
    """Return the header and the values (T, columns); names end in axis and unit ("left_knee_torque_y_Nm")."""
    roll, names = result.rollout, result.motion.skeleton.names
    force, pressure = foot_loads(
        np.asarray(roll.contact_pos, dtype=float), np.asarray(roll.contact_force, dtype=float), result.contact_names
    )
    there, frames = world.seen_from(result.world, frame), len(np.asarray(roll.joint_pos))
    header = ["time_s"]
    blocks = [float(result.observation.start_time) + np.arange(frames)[:, None] / float(result.motion.fps)]
    for kind, unit, labels, values in (
        ("position", "m", names, world.to_recording(there, roll.joint_pos)),
        ("torque", "Nm", names[1:], roll.torque),
        ("ground_force", "N", _FEET, world.turned_to_recording(there, force)),
        ("center_of_pressure", "m", _FEET, world.to_recording(there, pressure)),
        ("center_of_mass", "m", ("body",), world.to_recording(there, roll.com)[:, None]),
    ):
        header += [f"{label}_{kind}_{axis}_{unit}" for label in labels for axis in "xyz"]
        blocks.append(np.asarray(values).reshape(frames, -1))
    return header, np.concatenate(blocks, axis=1)


def write_csv(result: FitResult, path: str | Path, frame: Frame = "recording") -> Path:
    """Write ``columns`` as CSV under a temporary name, then rename it.

    Args:
      result: a fit.
      path: the file to write; its folder exists.
      frame: "recording" for the world of the input, "world" for the fitted one with its ground at 0.

    Returns:
      The path.

    Raises:
      OSError: the folder is read-only or full; nothing is left behind.
    """
    path = Path(path)
    header, values = columns(result, frame)
    with replaced(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.write(",".join(header) + "\n")
        stream.writelines(",".join(f"{v:.6g}" for v in row) + "\n" for row in values)
    return path
