"""Footfalls of a kinematic motion: stretches in which a foot carries weight and neither rises nor speeds up.

Nothing is assumed about the ground: a foot on a stair stands as well as one on the floor, and one on a treadmill's belt
travels at the belt's velocity. That a foot carries weight is read from the zero-moment point, which lies under it.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Bool, Float

from motionrecon.fitting.initialize.mocap.sole_calibration import sole_points
from motionrecon.fitting.initialize.support.net_load import NetLoad
from motionrecon.types import Motion, Soles

# When a foot stands.
CARRIES = 0.15  # m, the zero-moment point is at most so far from the line from heel to toe
LOADED = 0.5  # body weights, least net vertical force
SINKING = 0.5  # m/s, fastest vertical motion of the foot's lower end
STEADY = 0.4  # m/s, how far its velocity may be from the footfall's median
SECONDS = 0.1  # s, shortest footfall; a runner's last 0.15 s


@dataclasses.dataclass(frozen=True)
class Footfall:
    """Frames [start, stop) in which a foot (0 left, 1 right) stands ``height`` m up and travels at ``velocity`` m/s."""

    foot: int
    start: int
    stop: int
    height: float
    velocity: tuple[float, float]


def runs(mask: Bool[np.ndarray, " T"]) -> list[slice]:
    """Return the runs of true frames of (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(mask).astype(int), [0]])))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _distance(
    point: Float[np.ndarray, "T 2"], heel: Float[np.ndarray, "T 2"], toe: Float[np.ndarray, "T 2"]
) -> Float[np.ndarray, " T"]:
    """Return distances (T,) m of points (T, 2) from segments heel-toe (T, 2)."""
    along = toe - heel
    share = np.sum((point - heel) * along, axis=1) / np.maximum(np.sum(along**2, axis=1), 1e-9)
    return np.linalg.norm(point - heel - np.clip(share, 0.0, 1.0)[:, None] * along, axis=1)


def find_footfalls(motion: Motion, soles: Soles, load: NetLoad) -> list[Footfall]:
    """Find the footfalls of both feet.

    Args:
      motion: T of at least 2 frames.
      soles: heels and toes.
      load: the net load of that motion.

    Returns:
      Footfalls by foot and time.
    """
    fps = float(motion.fps)
    ends = sole_points(motion, soles)  # (T, foot, end, 3)
    velocity = np.gradient(ends, 1.0 / fps, axis=0)
    out = []
    for foot in (0, 1):
        low = ends[:, foot, :, 2].argmin(axis=1)
        every = np.arange(len(low))
        place, speed = ends[every, foot, low], velocity[every, foot, low]
        near = _distance(load.point, ends[:, foot, 0, :2], ends[:, foot, 1, :2]) < CARRIES
        stands = near & (load.weight > LOADED) & (np.abs(speed[:, 2]) < SINKING)
        for run in runs(stands):
            usual = np.median(speed[run, :2], axis=0)
            steady = np.linalg.norm(speed[run, :2] - usual, axis=1) < STEADY
            if steady.sum() >= SECONDS * fps:
                frames = run.start + np.flatnonzero(steady)
                height = float(np.median(place[frames, 2]))
                x, y = np.median(speed[frames, :2], axis=0)
                out.append(Footfall(foot, int(frames[0]), int(frames[-1]) + 1, height, (float(x), float(y))))
    return out
