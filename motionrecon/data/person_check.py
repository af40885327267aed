"""Whether observed 3D keypoints are a person on level ground: measured before a fit, each with value, limit and remedy.

A fit bends anything into a person, so a wrong unit, a mirrored axis or a flight of stairs gives a result that looks
like one. What can be measured on the keypoints alone is measured here; what carries the body beside the ground (a
seat, a box, a belt) is told by ``fitting.initialize.support`` from the kinematic start.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.data import standing_heights

# Fractions of stature (Winter; the skeleton template's)
_PARTS = {("hip", "knee"): 0.245, ("knee", "ankle"): 0.246, ("shoulder", "elbow"): 0.165, ("elbow", "wrist"): 0.150}
_BONES = (*_PARTS, ("ankle", "ball"), ("ankle", "toe"))


@dataclasses.dataclass(frozen=True)
class PersonCheckOptions:
    """Limits.

    Attributes:
      least_height, most_height: m, of a person whose height is not given.
      height: share by which the body may differ from a height that is given.
      alike: share by which left and right limbs may differ.
      constant: share of its median by which a bone may vary (10th to 90th percentile).
      straight: way from shoulders over hips to knees, over the straight way, when stretched.
      headstand: share of frames with shoulders under hips under ankles.
      lying: share of frames without an upright trunk, of a person who...
      travels: m, ...moves so far all the same.
      mirrored: mean sine of the angle by which the hips' line is turned against the feet's direction.
      level: m, between the heights on which feet stand; less than the lowest stairs have.
      tiptoe: m, more where only ankles are known, which rise on tiptoe.
      climbs: share of those heights' spread that a plane explains on a slope.
    """

    least_height: float = 0.9
    most_height: float = 2.3
    height: float = 0.25
    alike: float = 0.25
    constant: float = 0.3
    straight: float = 1.6
    headstand: float = 0.8
    lying: float = 0.95
    travels: float = 1.0
    mirrored: float = 0.5
    level: float = 0.15
    tiptoe: float = 0.08
    climbs: float = 0.7


@dataclasses.dataclass(frozen=True)
class Finding:
    """One check.

    Attributes:
      check: its name, in words.
      value: what was measured, in ``unit``.
      limit: what it is measured against, in words.
      passed: False where it fails.
      sentence: what was found, and where it fails what to do about it.
      fatal: whether a failure makes the input no person on level ground; otherwise it is a warning.
    """

    check: str
    value: float
    limit: str
    passed: bool
    sentence: str
    fatal: bool = True


@dataclasses.dataclass(frozen=True)
class _Body:
    """Keypoints with missing ones as NaN, and middles of both sides."""

    names: tuple[str, ...]
    points: np.ndarray
    fps: float

    def at(self, name: str) -> np.ndarray | None:
        """Return (T, 3) of a keypoint or, for a bare name, of the middle of its two sides; None where there is none."""
        if name in self.names:
            return self.points[:, self.names.index(name)]
        sides = [side + name for side in ("left_", "right_")]
        if all(s in self.names for s in sides):
            return 0.5 * (self.points[:, self.names.index(sides[0])] + self.points[:, self.names.index(sides[1])])
        return None

    def bone(self, side: str, bone: tuple[str, str]) -> np.ndarray:
        """Return the lengths (T',) m of a bone where both ends are seen; empty where one is not known."""
        ends = [self.at(side + name) for name in bone]
        if ends[0] is None or ends[1] is None:
            return np.zeros(0)
        length = np.linalg.norm(ends[0] - ends[1], axis=-1)
        return length[np.isfinite(length)]


def check_person(
    names: tuple[str, ...],
    keypoints3d: np.ndarray,
    confidence: np.ndarray,
    fps: float,
    *,
    height: float | None = None,
    options: PersonCheckOptions = PersonCheckOptions(),
) -> list[Finding]:
    """Check that keypoints are a person on level ground.

    Args:
      names: K canonical keypoint names.
      keypoints3d: (T, K, 3) m, z up.
      confidence: (T, K), 0 = missing.
      fps: Hz.
      height: stature in m as the user gives it, or None.
      options: limits.

    Returns:
      One finding a check that the known points allow.
    """
    seen = np.asarray(confidence) > 0
    body = _Body(tuple(names), np.where(seen[..., None], np.asarray(keypoints3d, dtype=float), np.nan), float(fps))
    checks = (_alike, _constant, _hips_between, _head_up, _lying, _mirrored, _ground)
    found = [_stature(body, height, options), *(check(body, options) for check in checks)]
    return [finding for finding in found if finding is not None]


def _stature(body: _Body, height: float | None, options: PersonCheckOptions) -> Finding | None:
    total, share = 0.0, 0.0
    for bone, part in _PARTS.items():
        sizes = [np.median(size) for side in ("left_", "right_") if len(size := body.bone(side, bone))]
        if sizes:
            total, share = total + float(np.mean(sizes)), share + part
    if share == 0.0:
        return None
    value = total / share
    low, high = options.least_height, options.most_height
    if height is not None:
        low, high = height * (1 - options.height), height * (1 + options.height)
    passed = low <= value <= high
    said = f"The limbs are those of a person of {value:.2f} m."
    remedy = (
        f" That is not within {low:.2f} to {high:.2f} m: the file's unit of length is not what was assumed; convert it "
        "to metres, or say the person's stature with --height."
    )
    return Finding("stature", value, f"{low:.2f} to {high:.2f} m", passed, said + ("" if passed else remedy))


def _alike(body: _Body, options: PersonCheckOptions) -> Finding | None:
    ratios = {}
    for bone in _PARTS:
        sides = [body.bone(side, bone) for side in ("left_", "right_")]
        if all(len(s) for s in sides):
            left, right = (float(np.median(s)) for s in sides)
            ratios[bone] = max(left, right) / max(min(left, right), 1e-6) - 1.0
    if not ratios:
        return None
    worst = max(ratios, key=lambda b: ratios[b])
    passed = ratios[worst] <= options.alike
    said = f"Left and right limbs differ by at most {ratios[worst]:.0%} ({worst[0]} to {worst[1]})."
    remedy = " A person's do not: one of these points is not what its name says; correct the names."
    said += "" if passed else remedy
    return Finding("left and right alike", ratios[worst], f"{options.alike:.0%}", passed, said)


def _constant(body: _Body, options: PersonCheckOptions) -> Finding | None:
    spread = {}
    for side in ("left_", "right_"):
        for bone in _BONES:
            size = body.bone(side, bone)
            if len(size) > 4:
                low, usual, high = np.percentile(size, [10, 50, 90])
                spread[side, bone] = float((high - low) / max(usual, 0.1))
    if not spread:
        return None
    worst = max(spread, key=lambda b: spread[b])
    passed = spread[worst] <= options.constant
    bone = f"{worst[0].rstrip('_')} {worst[1][0]} to {worst[1][1]}"
    said = f"Bones keep their lengths within {spread[worst]:.0%} ({bone})."
    remedy = (
        " A person's do not change: points are exchanged, lost or of two people; correct or leave out those frames."
    )
    return Finding(
        "constant bones", spread[worst], f"{options.constant:.0%}", passed, said + ("" if passed else remedy)
    )


def _hips_between(body: _Body, options: PersonCheckOptions) -> Finding | None:
    hip, knee, shoulder = body.at("hip"), body.at("knee"), body.at("shoulder")
    if hip is None or knee is None or shoulder is None:
        return None
    way = np.linalg.norm(hip - knee, axis=-1) + np.linalg.norm(hip - shoulder, axis=-1)
    ratio = way / np.maximum(np.linalg.norm(shoulder - knee, axis=-1), 1e-6)
    ratio = ratio[np.isfinite(ratio)]
    if not len(ratio):
        return None
    value = float(np.percentile(ratio, 10))
    passed = value <= options.straight
    said = f"The way from shoulders over hips to knees is {value:.2f} times the straight one when stretched."
    remedy = " Hips lie between shoulders and knees: two of these points bear each other's names; correct them."
    return Finding("hips between", value, f"{options.straight:.1f}", passed, said + ("" if passed else remedy))


def _head_up(body: _Body, options: PersonCheckOptions) -> Finding | None:
    shoulder, hip, ankle = body.at("shoulder"), body.at("hip"), body.at("ankle")
    if shoulder is None or hip is None or ankle is None:
        return None
    seen = np.isfinite(shoulder + hip + ankle).all(axis=-1)
    if not seen.any():
        return None
    value = float(np.mean((shoulder[seen, 2] < hip[seen, 2]) & (hip[seen, 2] < ankle[seen, 2])))
    passed = value < options.headstand
    said = f"The body is upside down in {value:.0%} of the frames."
    remedy = " The file's vertical axis points down, or its axes are exchanged; turn the file so that z (or y) is up."
    return Finding("head up", value, f"under {options.headstand:.0%}", passed, said + ("" if passed else remedy))


def _lying(body: _Body, options: PersonCheckOptions) -> Finding | None:
    shoulder, hip = body.at("shoulder"), body.at("hip")
    if shoulder is None or hip is None:
        return None
    trunk = shoulder - hip
    slope = np.abs(trunk[:, 2]) / np.maximum(np.linalg.norm(trunk, axis=-1), 1e-6)
    seen = np.isfinite(slope)
    if not seen.any():
        return None
    value = float(np.mean(slope[seen] < 0.5))
    away = np.linalg.norm(hip[seen] - hip[seen][0], axis=-1).max()
    moves = bool(away > options.travels)
    passed = value < options.lying
    said = f"The trunk is nearer to level than to upright in {value:.0%} of the frames"
    if passed:
        said += "."
    elif moves:
        said += (
            f", and yet the body travels {away:.1f} m: the file's axes are exchanged; turn it so that z (or y) is up."
        )
    else:
        said += ": a person who lies, or a file whose axes are exchanged; turn it so that z (or y) is up if so."
    return Finding("upright", value, f"under {options.lying:.0%}", passed, said, fatal=moves)


def _mirrored(body: _Body, options: PersonCheckOptions) -> Finding | None:
    shoulder, hip, ankle = body.at("shoulder"), body.at("hip"), body.at("ankle")
    knee = body.at("knee")
    if shoulder is None or hip is None or ankle is None or knee is None or "left_hip" not in body.names:
        return None
    front = body.at("toe") if body.at("toe") is not None else body.at("ball")
    up = shoulder - ankle
    ahead = 2.0 * knee - hip - ankle if front is None else front - ankle  # knees bend forward
    across = body.points[:, body.names.index("left_hip")] - body.points[:, body.names.index("right_hip")]
    left = np.cross(up, ahead)
    size = np.linalg.norm(left, axis=-1) * np.linalg.norm(across, axis=-1)
    along = np.sum(left * across, axis=-1)
    seen = np.isfinite(along)
    if not seen.any() or size[seen].sum() < 1e-9:
        return None
    value = float(along[seen].sum() / size[seen].sum())  # frames count by how clearly they tell
    passed = value > -options.mirrored
    where = f"to the {'left' if value > 0 else 'right'} of where {'knees' if front is None else 'feet'} point"
    said = f"The left hip lies {where} (cosine {value:.2f})."
    remedy = " The recording is mirrored, or left and right are exchanged: correct the names or the sign of one axis."
    return Finding("not mirrored", value, f"over -{options.mirrored:.1f}", passed, said + ("" if passed else remedy))


def _ground(body: _Body, options: PersonCheckOptions) -> Finding | None:
    found = standing_heights.footfalls(body.names, body.points, body.fps)
    if not found:
        return None
    heights = [f.place[2] for f in found]
    value = max(heights) - min(heights)
    levels = standing_heights.levels(heights)
    limit = options.level + (0.0 if {"left_ball", "left_toe"} & set(body.names) else options.tiptoe)
    passed = value <= limit
    uneven = len(levels) > 2
    if not passed and len(levels) == 1:
        uneven = len(found) > 3 and standing_heights.straightness(found) > options.climbs
    if passed:
        said = f"Feet stand on heights that lie {value:.2f} m apart."
    elif len(levels) > 2:
        said = f"Feet stand at different heights, {', '.join(f'{h:.2f}' for h in levels[:6])} m: stairs or a slope."
    elif uneven:
        said = f"Feet stand at heights that change steadily by {value:.2f} m: a slope, or a floor that is not level."
    else:
        said = (
            f"Feet stand at heights {value:.2f} m apart: a step or a box, on which forces are not those of the floor."
        )
    if not passed and uneven:
        said += (
            " The ground of the simulation is one level plane; give a part of the recording on level ground with "
            "--time-range, or turn the file so that its floor is level."
        )
    return Finding("level ground", value, f"{limit:.2f} m", passed, said, fatal=uneven)
