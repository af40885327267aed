"""The gate before the fit: what was observed must be a person on level ground, the right way up.

A finding that makes a fit senseless ends it with a sentence that says what to do; any other becomes a warning. 3D
keypoints are judged by ``data.person_check``: their floor once the kinematic start has levelled it, the rest before.
"""

from __future__ import annotations

import numpy as np

from motionrecon.data.person_check import check_person
from motionrecon.data.person_findings import Finding
from motionrecon.errors import InputError
from motionrecon.fitting.initialize.mocap.mocap_start import unseen_parts
from motionrecon.types import KinematicStart, Observation, Sequence

_GROUND = "level ground"  # the check that needs a levelled floor
_OVER = 0.8  # share of frames with the body upside down, from which a picture is: a handstand lasts less
_EXCHANGED = 0.15  # share of frames; legs that pass each other in a side view look exchanged for one frame a step
_LEAST = 5  # frames that show the parts that tell


def before_start(clip: Sequence, height: float | None, name: str, *, turned: bool = False) -> list[str]:
    """Judge what was observed before anything is made of it.

    Args:
      clip: as it was read.
      height: stature in m as the user gives it, or None.
      name: of the input, for messages.
      turned: the user says how the picture is turned, which is believed.

    Returns:
      Sentences to warn with.

    Raises:
      InputError: this is no person, or one upside down.
    """
    seen = clip.observation
    if seen.keypoints3d is None:
        if not turned:
            _the_right_way_up(seen, name)
        return [*unseen_parts(seen), *_sides_kept(seen)]
    return _told([f for f in _findings(seen, height) if f.check != _GROUND], name)


def after_start(start: KinematicStart, name: str) -> list[str]:
    """Judge the ground under 3D keypoints, once it is levelled; arguments and errors as ``before_start``."""
    if start.observation.keypoints3d is None:
        return []
    return _told([f for f in _findings(start.observation, None) if f.check == _GROUND], name)


def _findings(seen: Observation, height: float | None) -> list[Finding]:
    points, confidence = np.asarray(seen.keypoints3d), np.asarray(seen.confidence)
    if points.shape != (*confidence.shape, 3) or not np.isfinite(points).all():
        return []  # the kinematic start says what is wrong with it
    return check_person(seen.names, points, confidence, float(seen.fps), height=height)


def _told(findings: list[Finding], name: str) -> list[str]:
    failed = [f for f in findings if not f.passed]
    fatal = [f.sentence for f in failed if f.fatal]
    if fatal:
        raise InputError(f"{name}: {' '.join(fatal)}")
    return [f.sentence for f in failed]


def _the_right_way_up(seen: Observation, name: str) -> None:
    """Refuse a picture of a person upside down, unless a camera with its pose says that it is so."""
    if seen.keypoints2d is None or seen.camera is not None:
        return
    share = upside_down(seen)
    if share is not None and share > _OVER:
        raise InputError(
            f"{name}: the person stands on the head in {share:.0%} of the frames: the picture is upside down. Turn it "
            "(a film: --rotate 180, or --rotate 0 if it is right; 2D keypoints: x to width - x, y to height - y); "
            "where the person really does, give the camera's pose with --camera."
        )


def upside_down(seen: Observation) -> float | None:
    """Return the share of frames in which shoulders lie under hips and hips under ankles in the picture.

    Returns:
      0..1 of the frames that show them; None where fewer than five do.
    """
    heights = []
    for part in ("shoulder", "hip", "ankle"):
        sides = [seen.names.index(f"{s}_{part}") for s in ("left", "right") if f"{s}_{part}" in seen.names]
        if not sides:
            return None
        known = np.asarray(seen.confidence)[:, sides] > 0
        down = np.where(known, np.asarray(seen.keypoints2d)[:, sides, 1], 0.0).sum(axis=1)
        heights.append(np.where(known.any(axis=1), down / np.maximum(known.sum(axis=1), 1), np.nan))
    shoulder, hip, ankle = heights
    shown = np.isfinite(shoulder + hip + ankle)
    if shown.sum() < _LEAST:
        return None
    return float(np.mean((shoulder > hip)[shown] & (hip > ankle)[shown]))


def _sides_kept(seen: Observation) -> list[str]:
    """Return a sentence where 2D keypoints of left and right change places from frame to frame."""
    share = sides_exchanged(seen)
    if share is None or share <= _EXCHANGED:
        return []
    return [
        f"Left and right are exchanged from one frame to the next in {share:.0%} of the frames: the body is wrong "
        "there; correct the names of both sides."
    ]


def sides_exchanged(seen: Observation) -> float | None:
    """Return the share of steps from frame to frame that are half as long, or less, with left and right exchanged.

    Returns:
      0..1 of the steps that show both sides of a limb; None where fewer than five do.
    """
    parts = ("hip", "knee", "ankle", "elbow", "wrist")
    known = [p for p in parts if f"left_{p}" in seen.names and f"right_{p}" in seen.names]
    index = np.array([[seen.names.index(f"{side}_{p}") for p in known] for side in ("left", "right")], dtype=int)
    if not index.size:
        return None
    points = np.asarray(seen.keypoints2d)[:, index]  # (T, 2, P, 2)
    shown = np.all(np.asarray(seen.confidence)[:, index] > 0, axis=1)
    both = np.logical_and(shown[1:], shown[:-1])
    as_named = np.linalg.norm(points[1:] - points[:-1], axis=-1).sum(axis=1)
    exchanged = np.linalg.norm(points[1:, ::-1] - points[:-1], axis=-1).sum(axis=1)
    steps = both.any(axis=1)
    if steps.sum() < _LEAST:
        return None
    named, other = (np.where(both, way, 0.0).sum(axis=1)[steps] for way in (as_named, exchanged))
    return float(np.mean(other < 0.5 * named))
