"""Bone lengths and marker places from many poses: with the poses held, everything is linear.

A marker is p = root + sum over its branch of R[parent] (o + s) + R[segment] l, so offsets o and places l solve one
ridge system. The ridge is the guess with its spread: sigma^2 / (spread^2 n), where sigma is what skin moves over bone
and n the number of independent looks that a clip gives (neighbouring frames err alike).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.data.markers.marker_body import NODES, PARENTS, SHOULDERS, MarkerBody, Poses, positions
from motionrecon.geometry import keypoints


@dataclasses.dataclass(frozen=True)
class CalibrationOptions:
    """What is believed of the guess.

    Attributes:
      skin: m, motion of skin over bone.
      looks: independent looks a clip gives.
      length: m, spread of a long bone's length around the first measurement.
      aside: m, spread of a long bone's direction in its parent's frame.
      trunk: m, spread of spine, chest, neck and shoulders.
      hip: m, spread of the hip centres around the regression.
      end: m, spread of balls, heels and the head's axis.
      head: m, spread of the head's height over the neck.
      symmetry: m, difference between left and right.
    """

    skin: float = 0.01
    looks: float = 10.0
    length: float = 0.04
    aside: float = 0.008
    trunk: float = 0.03
    hip: float = 0.012
    end: float = 0.02
    head: float = 0.06
    symmetry: float = 0.008


# Lengths that a static trial measured.
KNOWN = CalibrationOptions(length=0.003, aside=0.003, trunk=0.006, hip=0.003, end=0.004, head=0.006, symmetry=1.0)


def calibrate(
    body: MarkerBody, guess: MarkerBody, spread: np.ndarray, poses: Poses, markers: np.ndarray, weight: np.ndarray,
    options: CalibrationOptions = CalibrationOptions(),
) -> MarkerBody:  # fmt: skip
    """Solve for node offsets and marker places.

    Args:
      body: gives the segments.
      guess: what the ridge pulls to.
      spread: (M, 3) m, of the markers' places.
      poses: of T frames.
      markers: (T, M, 3) m, anything where the weight is 0.
      weight: (T, M) in 0..1.
      options: spreads.

    Returns:
      The body with new offsets and places.
    """
    nodes, count = len(NODES), len(body.segment)
    frames = positions(body, poses)[1]
    size = 3 * (nodes + count)
    a, b = np.zeros((size, size)), np.zeros(size)
    for m in range(count):
        w = weight[:, m] / len(weight)
        branch, target = [], np.where(w[:, None] > 0, markers[:, m] - poses.root, 0.0)
        n = int(body.at[m])
        while n > 0:
            branch.append((n, frames[:, PARENTS[n]]))
            if n in SHOULDERS:
                target = target - np.einsum("tij,tj->ti", branch[-1][1], poses.slack[:, SHOULDERS.index(n)])
            n = PARENTS[n]
        branch.append((nodes + m, frames[:, body.segment[m]]))
        for i, left in branch:
            b[3 * i : 3 * i + 3] += np.einsum("t,tij,ti->j", w, left, target)
            for j, right in branch:
                a[3 * i : 3 * i + 3, 3 * j : 3 * j + 3] += np.einsum("t,tij,tik->jk", w, left, right)
    scale = options.skin**2 / options.looks
    prior = scale / _spreads(spread, options).ravel() ** 2
    start = np.concatenate([guess.offsets, guess.places]).ravel()
    x = np.linalg.solve(a + np.diag(prior) + _coupling(size, scale / options.symmetry**2), b + prior * start)
    x = x.reshape(-1, 3)
    x[0] = 0.0
    return dataclasses.replace(body, offsets=x[:nodes], places=x[nodes:])


def _spreads(spread: np.ndarray, options: CalibrationOptions) -> np.ndarray:
    """Return (N + M, 3) m, how far each number may be from its guess."""
    out = np.full((len(NODES) + len(spread), 3), options.trunk)
    along = {"knee": 2, "ankle": 2, "elbow": 1, "wrist": 1}
    for i, name in enumerate(NODES):
        part = name.split("_")[-1]
        if part in along:
            out[i] = options.aside
            out[i, along[part]] = options.length
        elif part == "hip":
            out[i] = options.hip
        elif part in ("ball", "heel", "top"):
            out[i] = options.end
            out[i, 2] = options.head if part == "top" else options.end
    out[len(NODES) :] = spread
    return out


def _coupling(size: int, pull: float) -> np.ndarray:
    """Return the pull (size, size) of left offsets to the mirror image of right ones."""
    out = np.zeros((size, size))
    for i, name in enumerate(NODES):
        if name.startswith("left_"):
            j = NODES.index(keypoints.mirror(name))
            for axis, sign in enumerate((1.0, -1.0, 1.0)):
                row = np.zeros(size)
                row[3 * i + axis], row[3 * j + axis] = 1.0, -sign
                out += pull * np.outer(row, row)
    return out
