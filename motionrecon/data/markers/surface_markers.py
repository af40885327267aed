"""Joint centres under surface markers: poses, bone lengths and marker places fitted together over the clip."""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.data.markers import marker_calibration, marker_poses
from motionrecon.data.markers.marker_body import JOINTS, NODES, PARENTS, MarkerBody, Poses, positions, visible
from motionrecon.data.markers.marker_sets import Labelled
from motionrecon.data.markers.marker_start import first_poses, nearest

_WIDE, _NARROW = 0.15, 0.05  # m: markers this far off count a quarter, before and after the body is known
_ROUNDS = 4
_SAMPLE = 200  # frames that the body is calibrated from
_KNOWN = 0.003  # m, spread of a place that a static trial gave
_FAR, _FEW = 1.5, 20  # places this many spreads off the guess are looked at, in this many frames
_OUTLIER = 0.25  # markers of less weight are taken for wrong ones
_OUTPUTS = tuple(n for n in NODES if n not in ("pelvis", "spine", "chest"))


@dataclasses.dataclass(frozen=True)
class StaticTrial:
    """What a static trial gives: node offsets (N, 3) m, and places (3,) m by normalized label."""

    offsets: np.ndarray
    places: dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class JointCentres:
    """What lies under the markers.

    Attributes:
      names: K canonical names.
      positions: (T, K, 3) m, in the markers' axes.
      seen: (T, K) whether enough markers tell the point.
      body: bone lengths and marker places.
      error: m, median distance of the markers from the body.
      wrong: (T, M) markers that were there and left out.
      moved: (M,) how far each marker's place is from its guess, in its own spread.
    """

    names: tuple[str, ...]
    positions: np.ndarray
    seen: np.ndarray
    body: MarkerBody
    error: float
    wrong: np.ndarray
    moved: np.ndarray


def joint_centres(found: Labelled, markers: np.ndarray, static: StaticTrial | None = None) -> JointCentres:
    """Find joint centres from surface markers.

    Args:
      found: M markers and their places.
      markers: (T, M, 3) m, NaN where missing, right-handed axes of any direction.
      static: lengths and places that a static trial gave; they hold, places it lacks are found here.

    Returns:
      The joint centres. Gaps, swapped and ghost markers are weighed down.
    """
    guess, poses, _ = first_poses(found, markers)
    spread = np.array([p.spread for p in found.places])
    options = marker_calibration.CalibrationOptions()
    if static is not None:
        options, places = marker_calibration.KNOWN, guess.places.copy()
        for m, label in enumerate(found.labels):
            if label in static.places:
                places[m], spread[m] = static.places[label], _KNOWN
        guess = dataclasses.replace(guess, offsets=static.offsets, places=places)
    pick = np.unique(np.linspace(0, len(markers) - 1, min(_SAMPLE, len(markers))).round().astype(int))
    body, chosen = guess, markers[pick]
    sample, held = marker_poses.solve_poses(body, chosen, poses[pick], _WIDE)
    for i in range(_ROUNDS):
        body = marker_calibration.calibrate(body, guess, spread, sample, chosen, held, options)
        sample, held = marker_poses.solve_poses(body, chosen, sample, _WIDE if i == 0 else _NARROW)
    poses, _ = marker_poses.solve_poses(body, markers, poses, _WIDE)
    poses, weight = marker_poses.solve_poses(body, markers, _restarted(body, markers, poses), _NARROW)
    moved = np.sqrt(np.mean(((body.places - guess.places) / spread) ** 2, axis=-1))
    return _told(body, poses, markers, weight, moved)


def mirrored(found: Labelled, markers: np.ndarray, under: JointCentres) -> bool:
    """Tell whether the mirror image of the markers fits the body much better, as where left and right are exchanged."""
    if np.quantile(under.moved, 0.9) < _FAR:
        return False
    pick = np.unique(np.linspace(0, len(markers) - 1, min(_FEW, len(markers))).round().astype(int))
    other = joint_centres(found, markers[pick] * np.array([1.0, -1.0, 1.0]))
    return bool(np.mean(other.moved) < 0.7 * np.mean(under.moved))


def _restarted(body: MarkerBody, markers: np.ndarray, poses: Poses) -> Poses:
    """Start frames in which most markers are off, or missing, from the nearest good frame's pose."""
    seen = visible(markers)
    error = np.linalg.norm(positions(body, poses)[2] - markers, axis=-1)
    off = np.sum(seen & (np.nan_to_num(error) > _NARROW), axis=1)
    good = np.flatnonzero((off < 0.2 * seen.sum(axis=1)) & (seen.sum(axis=1) > 0.6 * len(body.segment)))
    if not len(good):
        return poses
    near = nearest(good, len(markers))
    at = near != np.arange(len(markers))
    root, turns, slack = poses.root.copy(), poses.turns.copy(), poses.slack.copy()
    turns[at], slack[at] = poses.turns[near[at]], poses.slack[near[at]]
    shift = np.where(seen[..., None], markers - positions(body, Poses(root, turns, slack))[2], np.nan)
    move = np.nan_to_num(_median(shift[at]))
    root[at] = root[at] + move
    return Poses(root, turns, slack)


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median over markers (T, 3) of (T, M, 3), 0 where a frame has none."""
    if not len(values):
        return np.zeros((0, 3))
    empty = ~np.any(np.isfinite(values), axis=1)
    return np.nanmedian(np.where(empty[:, None], 0.0, values), axis=1)


def _told(body: MarkerBody, poses: Poses, markers: np.ndarray, weight: np.ndarray, moved: np.ndarray) -> JointCentres:
    nodes, _, points = positions(body, poses)
    there = visible(markers)
    good = weight > _OUTLIER
    seen = []
    for name in _OUTPUTS:
        n = NODES.index(name)
        parent = good[:, body.segment == PARENTS[n]].sum(axis=1)
        own = good[:, body.segment == n].sum(axis=1) if n < JOINTS else np.zeros_like(parent)
        at = good[:, body.at == n].sum(axis=1)
        if name.endswith(("ball", "heel", "top")):
            seen.append((at >= 1) & (parent >= 1))
        elif name.endswith(("hip", "shoulder")):
            seen.append((parent >= 2) | ((parent >= 1) & (own + at >= 2)))
        elif name == "neck":
            seen.append(parent >= 2)
        else:
            seen.append((parent + own >= 2) & ((at >= 1) | ((parent >= 1) & (own >= 1))))
    error = np.linalg.norm(points - markers, axis=-1)
    return JointCentres(
        _OUTPUTS,
        nodes[:, [NODES.index(n) for n in _OUTPUTS]],
        np.stack(seen, axis=1),
        body,
        float(np.median(error[there & good])) if (there & good).any() else 0.0,
        there & ~good,
        moved,
    )
