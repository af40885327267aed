"""One person in an image: the pose found, the square cut out around it, and who is meant when there are several.

Decides how a square is placed (1.5 body extents around the landmarks), scaled (to a fixed side, so that small
people reach the detector enlarged) and mapped back to pixels of the whole image.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from motionrecon.errors import InputError

_TORSO = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
_SAME = 0.25  # of the extent: torso centres closer than this belong to one person


@dataclasses.dataclass(frozen=True)
class PersonPose:
    """Landmarks of one person in one image.

    Attributes:
      pixels: (P, 2) px.
      confidence: (P,) in 0..1.
      landmarks3d: (P, 3) m, hip-centred, camera axes; or None.
      torso: (2,) px, the middle of shoulders and hips.
      extent: px, the longer side of the box around the landmarks.
    """

    pixels: np.ndarray
    confidence: np.ndarray
    landmarks3d: np.ndarray | None
    torso: np.ndarray
    extent: float


class Square(NamedTuple):
    """A square of an image, px: left and top edge (may lie outside the image) and side."""

    x: int
    y: int
    side: int


def make_pose(
    names: Sequence[str], pixels: np.ndarray, confidence: np.ndarray, landmarks3d: np.ndarray | None = None
) -> PersonPose:
    """Return the pose of the points ``names`` with its torso and extent worked out."""
    torso = pixels[[names.index(name) for name in _TORSO]].mean(axis=0)
    box = np.ptp(pixels, axis=0)
    return PersonPose(pixels, confidence, landmarks3d, torso, float(max(box.max(), 1.0)))


def square_around(pose: PersonPose, margin: float) -> Square:
    """Return the square of ``margin`` extents around the middle of the pose's box."""
    middle = 0.5 * (pose.pixels.min(axis=0) + pose.pixels.max(axis=0))
    side = max(round(margin * pose.extent), 16)
    return Square(round(middle[0] - side / 2), round(middle[1] - side / 2), side)


def cut_out(image: np.ndarray, square: Square, side: int) -> np.ndarray:
    """Return the square of the image (H, W, 3) as (side, side, 3); black where it lies outside the image."""
    height, width = image.shape[:2]
    left, top = max(0, -square.x), max(0, -square.y)
    right, bottom = max(0, square.x + square.side - width), max(0, square.y + square.side - height)
    part = image[max(0, square.y) : square.y + square.side, max(0, square.x) : square.x + square.side]
    if part.size == 0:
        return np.zeros((side, side, 3), np.uint8)
    if left or top or right or bottom:
        part = cv2.copyMakeBorder(part, top, bottom, left, right, cv2.BORDER_CONSTANT)
    method = cv2.INTER_AREA if square.side > side else cv2.INTER_CUBIC
    return cv2.resize(part, (side, side), interpolation=method)


def to_image(pose: PersonPose, square: Square, side: int) -> PersonPose:
    """Map a pose found in ``cut_out(image, square, side)`` back to pixels of the image."""
    scale = square.side / side
    corner = np.array([square.x, square.y], float)
    return dataclasses.replace(
        pose, pixels=corner + scale * pose.pixels, torso=corner + scale * pose.torso, extent=scale * pose.extent
    )


def tiles(size: tuple[int, int], share: float) -> list[Square]:
    """Cover an image (width, height) with half-overlapping squares of ``share`` of its shorter side."""
    side = max(round(share * min(size)), 16)

    def starts(length: int) -> list[int]:
        count = max(int(np.ceil((length - side) / (0.5 * side))), 0) + 1
        return [round(s) for s in np.linspace(0, max(length - side, 0), count)]

    return [Square(x, y, side) for y in starts(size[1]) for x in starts(size[0])]


def cut_by(pose: PersonPose, square: Square, size: tuple[int, int]) -> bool:
    """Whether the pose reaches over an edge of the square behind which the image goes on: found only in part."""
    low, high = pose.pixels.min(axis=0), pose.pixels.max(axis=0)
    slack = 0.02 * square.side
    return bool(
        (square.x > 0 and low[0] < square.x - slack)
        or (square.y > 0 and low[1] < square.y - slack)
        or (square.x + square.side < size[0] and high[0] > square.x + square.side + slack)
        or (square.y + square.side < size[1] and high[1] > square.y + square.side + slack)
    )


def without(image: np.ndarray, poses: Sequence[PersonPose]) -> np.ndarray:
    """Return the image with the boxes of ``poses`` painted grey, so that a detector sees who else is there."""
    painted = image.copy()
    for pose in poses:
        slack = 0.04 * pose.extent
        x0, y0 = np.maximum(pose.pixels.min(axis=0) - slack, 0).astype(int)
        x1, y1 = np.maximum(pose.pixels.max(axis=0) + slack, 0).astype(int)
        painted[y0:y1, x0:x1] = 110
    return painted


def distinct(poses: Sequence[PersonPose]) -> list[PersonPose]:
    """Keep one pose a person, the most confident, sorted from left to right."""
    kept: list[PersonPose] = []
    for pose in sorted(poses, key=lambda p: -float(p.confidence.mean())):
        if all(np.linalg.norm(pose.torso - k.torso) > _SAME * max(pose.extent, k.extent) for k in kept):
            kept.append(pose)
    return sorted(kept, key=lambda p: float(p.torso[0]))


def check_person(person: str | int) -> None:
    """Raise InputError unless ``person`` is "largest" or a number from 1 (the leftmost)."""
    if person != "largest" and not (isinstance(person, int) and not isinstance(person, bool) and person >= 1):
        raise InputError(f'--person {person}: give "largest" or a number, 1 for the leftmost person')


def choose(poses: Sequence[PersonPose], person: str | int, last: PersonPose | None) -> PersonPose | None:
    """Return the person meant among ``poses`` (left to right), or None when not among them.

    The one followed so far (``last``) wins if someone is near where it was; else the largest, or the n-th from the
    left where nobody has been followed yet.
    """
    if not poses:
        return None
    if last is not None:
        nearest = min(poses, key=lambda p: float(np.linalg.norm(p.torso - last.torso)))
        if np.linalg.norm(nearest.torso - last.torso) < last.extent:
            return nearest
    if person == "largest":
        return max(poses, key=lambda p: p.extent)
    if last is None and int(person) <= len(poses):
        return poses[int(person) - 1]
    return None
