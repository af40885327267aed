"""Which layout a person's points have: their number, and whether the limbs they make are a person's.

Of the right layout both thighs are alike, an arm is shorter than a leg, the neck lies between the shoulders; a wrong
one joins an ear to a wrist. Lengths are compared over the whole clip, so that one foreshortened frame does not matter.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.errors import DataError
from motionrecon.geometry import keypoint_layouts
from motionrecon.geometry.keypoint_layouts import Layout

# What a person's lengths are to each other, and by which factor films and people differ (natural logarithm):
# (length, length, expected ratio, spread). Winter's segments; the spread is wide because pictures foreshorten.
_RATIOS = (
    ("left_thigh", "right_thigh", 1.0, 0.30),
    ("left_shin", "right_shin", 1.0, 0.30),
    ("left_upper_arm", "right_upper_arm", 1.0, 0.40),
    ("left_forearm", "right_forearm", 1.0, 0.40),
    ("left_thigh", "left_shin", 1.0, 0.35),
    ("right_thigh", "right_shin", 1.0, 0.35),
    ("left_upper_arm", "left_forearm", 1.1, 0.45),
    ("right_upper_arm", "right_forearm", 1.1, 0.45),
    ("left_trunk", "left_thigh", 1.25, 0.45),
    ("right_trunk", "right_thigh", 1.25, 0.45),
    ("left_upper_arm", "left_trunk", 0.60, 0.50),
    ("right_upper_arm", "right_trunk", 0.60, 0.50),
    ("spine", "left_trunk", 1.0, 0.40),
    ("left_face", "left_upper_arm", 0.7, 0.60),
    ("right_face", "right_upper_arm", 0.7, 0.60),
    ("crown", "left_upper_arm", 0.9, 0.60),
)
# A foot is much shorter than a shin, eyes are closer than shoulders, the neck is not far from the shoulders' middle:
# (length, length, largest ratio).
_LIMITS = (
    ("left_foot", "left_shin", 0.9),
    ("right_foot", "right_shin", 0.9),
    ("left_heel", "left_shin", 0.5),
    ("right_heel", "right_shin", 0.5),
    ("eyes", "left_upper_arm", 0.5),
    ("neck_off", "left_upper_arm", 0.6),
    ("pelvis_off", "left_thigh", 0.4),
)
# A limb is this much of the whole figure at most, curled up or with the legs out of the picture.
_REACH = {"thigh": 0.42, "shin": 0.42, "upper_arm": 0.36, "forearm": 0.33, "trunk": 0.60}
_CHAINS = {"thigh": ("hip", "knee"), "shin": ("knee", "ankle"), "upper_arm": ("shoulder", "elbow"),
           "forearm": ("elbow", "wrist"), "trunk": ("shoulder", "hip"), "foot": ("ankle", "toe"),
           "heel": ("ankle", "heel")}  # fmt: skip
_LIMBS = ("thigh", "shin", "upper_arm", "forearm", "trunk")
_WORST = 9.0  # one impossible limb counts no more than this: half the body may be out of the picture
_FITS = (
    1.6  # mean penalty up to which points are a person: dancers on the floor reach 1.3, 98 % of random orders exceed it
)
_CLEARLY = 0.8  # a penalty that is larger by this is another order's
_LONGER = 1.2  # a wrong layout joins what is far apart: its limbs are 1.3 to 3 times as long in all
_ENOUGH = 4  # comparisons without which nothing can be said
_MOST = 3000  # frames looked at


def candidates(path: Path, count: int, asked: str | None = None) -> list[Layout]:
    """Return the layouts with so many points, or the one asked for.

    Raises:
      DataError: there is none, or the one asked for has another number of points.
    """
    known = keypoint_layouts.of_count(count)
    if asked is not None:
        layout = keypoint_layouts.LAYOUTS[asked]
        if layout.count != count:
            fitting = " or ".join(k.name for k in known) or "none that is known"
            raise DataError(
                f"{path}: has {count} keypoints a person, --layout {asked} has {layout.count}; fitting is {fitting}"
            )
        return [layout]
    if not known:
        listed = ", ".join(f"{k.count} ({k.name})" for k in keypoint_layouts.LAYOUTS.values())
        raise DataError(
            f"{path}: {count} keypoints a person are of no known layout; export one of {listed}, or add 'names'"
        )
    return known


def choose(path: Path, points: np.ndarray, asked: str | None = None) -> Layout:
    """Return the layout of a person's points.

    Args:
      path: the file, for messages.
      points: (T, K, 2) px or (T, K, 3) any unit; NaN where missing.
      asked: the layout's name, where the user says it.

    Raises:
      DataError: what ``candidates`` raises; none of them makes a person, or more than one does.
    """
    count = points.shape[1]
    known = candidates(path, count, asked)
    if asked is not None:
        return known[0]
    names = " or ".join(k.name for k in known)
    scores = {layout.name: penalty(points, layout) for layout in known}
    best = min(known, key=lambda k: scores[k.name][0])
    if max(compared for _, compared in scores.values()) < _ENOUGH:
        if len(known) == 1:
            return known[0]
        raise DataError(f"{path}: too little is seen to tell {names} apart by their limbs; say it with --layout NAME")
    persons = [k for k in known if scores[k.name][0] < min(_FITS, scores[best.name][0] + _CLEARLY)]
    if not persons:
        raise DataError(
            f"{path}: its {count} points make no person as {names}; check that they are of one person and in that "
            "order, or say the order with --layout NAME"
        )
    found = min(persons, key=lambda k: sum(_longer(points, k, other) for other in persons))
    if any(_longer(points, other, found) < _LONGER for other in persons if other is not found):
        raise DataError(f"{path}: its {count} points may be {names}; say which with --layout NAME")
    return found


def doubt(points: np.ndarray, layout: Layout) -> list[str]:
    """Return a sentence where the points (T, K, D) make no person in the layout that the user says, else none."""
    cost, compared = penalty(points, layout)
    if compared < _ENOUGH or cost <= _FITS:
        return []
    return [f"The points make no person as {layout.name}, the layout given: limbs have impossible lengths."]


def _longer(points: np.ndarray, one: Layout, other: Layout) -> float:
    """Return how many times as long all limbs are in one layout as in the other (those that both have)."""
    ours, theirs = (_lengths(points[:: max(1, len(points) // _MOST)], layout) for layout in (one, other))
    both = [name for name in ours if name in theirs and name.split("_", 1)[-1] in _LIMBS]
    return sum(ours[n] for n in both) / max(sum(theirs[n] for n in both), 1e-12) if both else 1.0


def penalty(points: np.ndarray, layout: Layout) -> tuple[float, int]:
    """Return how little the points (T, K, D) make a person in a layout (0: perfectly), and by how many comparisons."""
    points = points[:: max(1, len(points) // _MOST)]
    lengths = _lengths(points, layout)
    costs, figure = [], _figure(points)
    for limb, most in _REACH.items():
        for side in ("left_", "right_"):
            if side + limb in lengths and figure > 0:
                excess = np.log(lengths[side + limb] / (most * figure)) / 0.15
                costs.append(min(max(excess, 0.0) ** 2, _WORST))
    for one, other, expected, spread in _RATIOS:
        if one in lengths and other in lengths:
            costs.append(min((np.log(lengths[one] / (lengths[other] * expected)) / spread) ** 2, _WORST))
    for one, other, most in _LIMITS:
        if one in lengths and other in lengths:
            costs.append(min((max(np.log(lengths[one] / (lengths[other] * most)), 0.0) / 0.3) ** 2, _WORST))
    return (float(np.mean(costs)) if costs else 0.0), len(costs)


def _figure(points: np.ndarray) -> float:
    """Return the diagonal of the box around all points, the 80th percentile over frames; 0 where nothing is seen."""
    seen = points[np.isfinite(points).all(axis=-1).sum(axis=1) >= 2]
    if not len(seen):
        return 0.0
    return float(np.percentile(np.linalg.norm(np.nanmax(seen, axis=1) - np.nanmin(seen, axis=1), axis=-1), 80))


def _lengths(points: np.ndarray, layout: Layout) -> dict[str, float]:
    """Return lengths by name: the 80th percentile over frames, near what is seen from the side."""
    index = {name: i for i, name in layout.points.items()}

    def at(*names: str) -> np.ndarray | None:
        if not all(name in index for name in names):
            return None
        return points[:, [index[name] for name in names]].mean(axis=1)

    pairs: dict[str, tuple[np.ndarray | None, np.ndarray | None]] = {}
    for side in ("left_", "right_"):
        for limb, (start, end) in _CHAINS.items():
            pairs[side + limb] = at(side + start), at(side + end)
        pairs[side + "face"] = at(side + "shoulder"), at(side + "ear")
    shoulders, hips = at("left_shoulder", "right_shoulder"), at("left_hip", "right_hip")
    pairs |= {
        "eyes": (at("left_eye"), at("right_eye")), "spine": (at("neck"), at("pelvis")),
        "crown": (at("head_top"), shoulders), "neck_off": (at("neck"), shoulders), "pelvis_off": (at("pelvis"), hips),
    }  # fmt: skip
    found = {}
    for name, (one, other) in pairs.items():
        if one is None or other is None:
            continue
        length = np.linalg.norm(one - other, axis=-1)
        length = length[np.isfinite(length)]
        if len(length) and np.percentile(length, 80) > 0:
            found[name] = float(np.percentile(length, 80))
    return found
