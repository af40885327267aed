"""The body that carries the markers: the 14-joint tree, end points of its limbs, and where each marker sits.

``FK``: node n at p[n] = p[parent] + R[parent] (o[n] + s[n]), marker m at p[at] + R[segment] l[m]. The shoulders' slack
s is the girdle's motion over the ribs, which the tree's fixed shoulders cannot show.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.data.markers.landmarks import REFERENCE_STATURE, SEGMENTS, Place
from motionrecon.geometry import skeleton

ENDS = ("left_wrist", "right_wrist", "left_ball", "right_ball", "left_heel", "right_heel", "head_top")
NODES = skeleton.JOINT_NAMES + ENDS
JOINTS = len(skeleton.JOINT_NAMES)
SHOULDERS = (NODES.index("left_shoulder"), NODES.index("right_shoulder"))


@dataclasses.dataclass(frozen=True)
class MarkerBody:
    """A person with markers on.

    Attributes:
      offsets: (N, 3) m, nodes in their parents' frames.
      segment: (M,) joint whose frame carries each marker.
      at: (M,) node each marker's place counts from.
      places: (M, 3) m in the segment's frame.
    """

    offsets: np.ndarray
    segment: np.ndarray
    at: np.ndarray
    places: np.ndarray


@dataclasses.dataclass(frozen=True)
class Poses:
    """Poses of T frames: root (T, 3) m, local rotation matrices (T, J, 3, 3), shoulders' slack (T, 2, 3) m."""

    root: np.ndarray
    turns: np.ndarray
    slack: np.ndarray

    def __getitem__(self, frames) -> Poses:
        """Return the poses of some frames."""
        return Poses(self.root[frames], self.turns[frames], self.slack[frames])


def _parents() -> tuple[int, ...]:
    carrier = {"wrist": "elbow", "ball": "ankle", "heel": "ankle"}
    ends = [NODES.index(f"{n.split('_')[0]}_{carrier[n.split('_')[1]]}") for n in ENDS[:-1]]
    return (*skeleton.PARENTS, *ends, NODES.index("neck"))


PARENTS = _parents()


def average_body(height: float, places: tuple[Place, ...]) -> MarkerBody:
    """Build the average body of a stature (m) with markers at their guessed places."""
    ends = skeleton.template_sites(ENDS, height)
    offsets = np.concatenate([np.asarray(skeleton.template(height).offsets), np.asarray(ends.offset)])
    return MarkerBody(
        offsets,
        np.array([NODES.index(SEGMENTS[p.segment]) for p in places]),
        np.array([NODES.index(p.at) for p in places]),
        np.array([p.offset for p in places]) * height / REFERENCE_STATURE,
    )


def visible(markers: np.ndarray) -> np.ndarray:
    """Return (T, M) bool, where markers (T, M, 3) are not missing."""
    return np.asarray(np.all(np.isfinite(markers), axis=-1))


def positions(body: MarkerBody, poses: Poses) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return nodes (T, N, 3) m, joint frames (T, J, 3, 3) and markers (T, M, 3) m in the recording's axes."""
    nodes = np.empty((len(poses.root), len(NODES), 3))
    frames = poses.turns.copy()
    nodes[:, 0] = poses.root
    for n in range(1, len(NODES)):
        p = PARENTS[n]
        offset = np.broadcast_to(body.offsets[n], poses.root.shape)
        if n in SHOULDERS:
            offset = offset + poses.slack[:, SHOULDERS.index(n)]
        nodes[:, n] = nodes[:, p] + np.einsum("tij,tj->ti", frames[:, p], offset)
        if n < JOINTS:
            frames[:, n] = frames[:, p] @ frames[:, n]
    carried = np.einsum("tmij,mj->tmi", frames[:, body.segment], body.places)
    return nodes, frames, nodes[:, body.at] + carried
