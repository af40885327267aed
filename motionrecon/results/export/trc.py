"""``motion.trc``: joint positions as markers for OpenSim, y up, in metres, tab separated.

OpenSim's world has x forward, y up, z to the right: (x, y, z) here becomes (x, z, -y) there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.geometry import world
from motionrecon.geometry.world import Frame
from motionrecon.jobs.atomic_file import replaced
from motionrecon.types import FitResult


def marker_positions(result: FitResult) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names (M,) and places (T, M, 3) m of the joints and of the observed keypoints that are not joints."""
    joints = result.motion.skeleton.names
    extra = [i for i, name in enumerate(result.sites.names) if name not in joints]
    names = (*joints, *(result.sites.names[i] for i in extra))
    return names, np.concatenate([result.rollout.joint_pos, np.asarray(result.rollout.keypoints)[:, extra]], axis=1)


def write_trc(result: FitResult, path: str | Path, frame: Frame = "recording") -> Path:
    """Write the simulated motion as a TRC file under a temporary name, then rename it.

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
    names, points = marker_positions(result)
    points = world.to_recording(world.seen_from(result.world, frame), points)
    fps, frames = float(result.motion.fps), len(points)
    values = np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1).reshape(frames, -1)
    time = float(result.observation.start_time) + np.arange(frames) / fps
    rate = f"{fps:g}"
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{frames}\t{len(names)}\tm\t{rate}\t1\t{frames}",
        "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{i + 1}" for i in range(len(names)) for axis in "XYZ"),
        "",
    ]
    for i, row in enumerate(values):
        lines.append(f"{i + 1}\t{time[i]:.6f}\t" + "\t".join(f"{v:.6f}" for v in row))
    with replaced(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
    return path
