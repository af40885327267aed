"""The floor of a motion capture clip: a plane under the feet where they stand, and the world levelled to it.

Feet stand where they are slow and low. All kinds of foot points share one plane, each kind at its own
height over it; a footfall counts once, however long it lasts. The slope has a ridge: across a straight walk
the feet span 20 cm only, and the height difference between a left and a right marker would tilt the floor by 7 degrees.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Bool, Float

from motionrecon.types import Array, Observation, WorldTransform

# Height over the floor in stance as a fraction of stature, and how surely it is known (1 sigma, m).
_STANDING = {
    "ball": (0.009, 0.008), "toe": (0.009, 0.010), "small_toe": (0.007, 0.010), "heel": (0.012, 0.012),
    "ankle": (0.039, 0.020),
}  # fmt: skip
# Least height over the floor of points on a body that lies, kneels or stands on its hands; fractions of stature.
_CLEARANCE = {
    "ankle": 0.025, "wrist": 0.018, "knee": 0.025, "elbow": 0.015, "hip": 0.04, "shoulder": 0.03, "pelvis": 0.04,
    "chest": 0.03, "neck": 0.02, "nose": 0.0, "hand": 0.0, "ball": 0.0, "toe": 0.0, "heel": 0.0, "small_toe": 0.0,
}  # fmt: skip


# How the floor is fitted.
STANDING_SPEED = 0.35  # m/s, below which a foot point may stand
STANDING_BAND = 0.04  # m, how far over the lowest slow points of its kind a standing point may be
SCATTER = 0.006  # m, standard deviation of a footfall's height
SLOPE = 0.012  # rad, standard deviation of the floor's slope (the ridge)
SIDE = 0.01  # m, standard deviation of the height difference between left and right points of a kind
ROUNDS = 4  # times the standing points are chosen anew over the fitted plane
ENVELOPE = 2.0  # percent of frames in which a point may be lower over the floor than a body part can be


@dataclasses.dataclass(frozen=True)
class GroundFit:
    """The floor that was found.

    Attributes:
      world: the move into the levelled world, whose floor is z = 0.
      slope_deg: tilt that was taken out, degrees.
      footfalls: how many footfalls the plane rests on.
    """

    world: WorldTransform
    slope_deg: float
    footfalls: int


def _speed(points: Float[np.ndarray, "T 3"], fps: float) -> Float[np.ndarray, " T"]:
    return np.linalg.norm(np.gradient(points, axis=0), axis=-1) * fps if len(points) > 1 else np.zeros(len(points))


def _runs(stand: Bool[np.ndarray, " T"]) -> Float[np.ndarray, " T"]:
    """Return 1 / length of the run of true frames each frame belongs to, 0 elsewhere."""
    weight = np.zeros(len(stand))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], stand.astype(int), [0]])))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        weight[start:stop] = 1.0 / (stop - start)
    return weight


def _solve_plane(
    kinds, center: Float[np.ndarray, " 3"], height: float, thickness: float
) -> tuple[Float[np.ndarray, " 3"], float]:
    """Fit z = a + b x + c y + height of the kind +- side; returns (a, b, c) and the number of footfalls."""
    names = sorted({kind for kind, *_ in kinds})
    size = 3 + 2 * len(names)
    normal, right, count = np.zeros((size, size)), np.zeros(size), 0.0
    for kind, side, points, weight in kinds:
        i = names.index(kind)
        used = weight > 0
        rows = np.zeros((used.sum(), size))
        rows[:, 0], rows[:, 1:3] = 1.0, points[used, :2] - center[:2]
        rows[:, 3 + i], rows[:, 3 + len(names) + i] = 1.0, side
        w = weight[used] / SCATTER**2
        normal += rows.T @ (w[:, None] * rows)
        right += rows.T @ (w * points[used, 2])
        count += weight.sum()
    for i, kind in enumerate(names):
        share, sigma = _STANDING[kind]
        normal[3 + i, 3 + i] += sigma**-2
        right[3 + i] += (share * height + thickness) * sigma**-2
        normal[3 + len(names) + i, 3 + len(names) + i] += SIDE**-2
    normal[[1, 2], [1, 2]] += SLOPE**-2
    return np.linalg.solve(normal, right)[:3], count


def _standing(
    points: Float[np.ndarray, "T 3"],
    seen: Bool[np.ndarray, " T"],
    slow: Bool[np.ndarray, " T"],
    over: Float[np.ndarray, " T"],
    band: float,
) -> Bool[np.ndarray, " T"]:
    """Choose frames in which a point is slow and within ``band`` over its lowest slow heights."""
    pool = seen & slow if (seen & slow).sum() >= 3 else seen
    if not pool.any():
        return np.zeros(len(points), dtype=bool)
    low = np.percentile(over[pool], 5.0)
    return pool & (over < low + band) & (over > low - band)


def fit_ground(
    observation: Observation, points: Float[Array, "T K 3"], height: float, thickness: float = 0.0
) -> GroundFit:
    """Fit the floor and return the move that makes it z = 0.

    Args:
      observation: names, rate and confidence.
      points: (T, K, 3) m, its keypoints without gaps, z roughly up.
      height: stature, m (gives the height of ankles and toes over the floor).
      thickness: m, of soles beyond the usual ones.

    Returns:
      A GroundFit; the point of the plane under the middle of the clip keeps its x and y.
    """
    points, seen = np.asarray(points), np.asarray(observation.confidence) > 0
    center = points[seen].mean(axis=0) if seen.any() else points.mean(axis=(0, 1))
    tracks = [
        (kind, 1.0 if name.startswith("left") else -1.0, k)
        for k, name in enumerate(observation.names)
        if name.startswith(("left_", "right_")) and (kind := name.split("_", 1)[1]) in _STANDING and seen[:, k].any()
    ]
    if not tracks:  # nothing of the feet: the lowest point of all is the floor
        low = np.percentile(points[..., 2][seen], 1.0) if seen.any() else 0.0
        return GroundFit(WorldTransform(np.eye(3), np.array([0.0, 0.0, -low])), 0.0, 0)
    plane = np.zeros(3)
    for _ in range(ROUNDS):
        kinds = []
        for kind, side, k in tracks:
            over = points[:, k, 2] - (points[:, k, :2] - center[:2]) @ plane[1:]
            slow = _speed(points[:, k], observation.fps) < STANDING_SPEED
            stand = _standing(points[:, k], seen[:, k], slow, over, STANDING_BAND)
            kinds.append((kind, side, points[:, k], _runs(stand)))
        plane, count = _solve_plane(_lowest(kinds, center, plane), center, height, thickness)
    plane[0] -= _too_high(observation.names, points, seen, plane, center, height)
    normal = np.array([-plane[1], -plane[2], 1.0])
    normal /= np.linalg.norm(normal)
    axis = np.cross(normal, [0.0, 0.0, 1.0])
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    rotation = np.eye(3) + k + k @ k / (1.0 + normal[2])
    under = np.array([center[0], center[1], plane[0]])
    target = np.array([center[0], center[1], 0.0])
    world = WorldTransform(rotation, target - rotation @ under)
    return GroundFit(world, float(np.degrees(np.arccos(normal[2]))), round(count))


def _too_high(
    names,
    points: Float[np.ndarray, "T K 3"],
    seen: Bool[np.ndarray, "T K"],
    plane: Float[np.ndarray, " 3"],
    center: Float[np.ndarray, " 3"],
    height: float,
) -> float:
    """Return how far, m, the plane cuts into the body: in floor work feet seldom stand, but hands and shins lie."""
    over = points[..., 2] - plane[0] - (points[..., :2] - center[:2]) @ plane[1:]
    cuts = [
        _CLEARANCE[kind] * height - np.percentile(over[seen[:, k], k], ENVELOPE)
        for k, name in enumerate(names)
        if (kind := name.removeprefix("left_").removeprefix("right_")) in _CLEARANCE and seen[:, k].any()
    ]
    return max([0.0, *cuts])


def _lowest(kinds, center: Float[np.ndarray, " 3"], plane: Float[np.ndarray, " 3"]):
    """Drop a side whose lowest points stay clearly over the other side's: that foot never stood."""
    level = {}
    for kind, side, points, weight in kinds:
        if (weight > 0).any():
            over = points[:, 2] - (points[:, :2] - center[:2]) @ plane[1:]
            level[kind, side] = np.average(over, weights=weight)
    keep = []
    for kind, side, points, weight in kinds:
        other = level.get((kind, -side))
        if (kind, side) in level and (other is None or level[kind, side] < other + STANDING_BAND):
            keep.append((kind, side, points, weight))
    return keep
