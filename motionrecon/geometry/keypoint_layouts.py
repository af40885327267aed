"""The orders in which pose estimators and data sets write a person's points, by name.

Several layouts have one number of points; which of them a file has is decided by its limbs
(``data/formats/keypoint_layout_choice.py``) or said with ``--layout``.
"""

from __future__ import annotations

from typing import NamedTuple

from motionrecon.geometry.keypoints import BODY25, COCO17, HALPE26, MEDIAPIPE19


class Layout(NamedTuple):
    """One order of points: its name, the number of points a person, and {index: canonical name} of those used."""

    name: str
    count: int
    points: dict[int, str]


COCO18 = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye", "left_eye",
    "right_ear", "left_ear",
)  # fmt: skip
H36M17 = (
    "pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "chest", "neck",
    "head", "head_top", "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist",
)  # fmt: skip
# "" stands for points that no body of ours has: the upper end of the neck, where BODY_25's neck lies between shoulders.
MPII16 = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "neck", "", "head_top",
    "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
)  # fmt: skip
MPI15 = (
    "head_top", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "chest",
)  # fmt: skip
BODY25B = (*COCO17, "", "head_top", "left_toe", "left_small_toe", "left_heel", "right_toe", "right_small_toe",
           "right_heel")  # fmt: skip
CROWDPOSE14 = (
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "head_top", "neck",
)  # fmt: skip
LSP14 = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist", "right_elbow",
    "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "neck", "head_top",
)  # fmt: skip
AIC14 = (
    "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist", "right_hip",
    "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "head_top", "neck",
)  # fmt: skip
# The body joints of SMPL, SMPL-H and SMPL-X; its pelvis lies above the hips' middle, its head joint under the skull.
SMPL22 = (
    "", "left_hip", "right_hip", "", "left_knee", "right_knee", "", "left_ankle", "right_ankle", "", "left_ball",
    "right_ball", "neck", "", "", "", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
    "right_wrist",
)  # fmt: skip
COCO_FEET23 = (*COCO17, "left_toe", "left_small_toe", "left_heel", "right_toe", "right_small_toe", "right_heel")


def _layout(name: str, count: int, names: tuple[str, ...]) -> Layout:
    return Layout(name, count, {i: point for i, point in enumerate(names) if point})


# The usual one of each number of points first.
LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        _layout("crowdpose14", 14, CROWDPOSE14),
        _layout("lsp14", 14, LSP14),
        _layout("aic14", 14, AIC14),
        _layout("mpi15", 15, MPI15),
        _layout("mpii16", 16, MPII16),
        _layout("coco17", 17, COCO17),
        _layout("h36m17", 17, H36M17),
        _layout("coco18", 18, COCO18),
        _layout("smpl22", 22, SMPL22),
        _layout("smpl24", 24, SMPL22),
        _layout("body25", 25, BODY25),
        _layout("body25b", 25, BODY25B),
        _layout("halpe26", 26, HALPE26),
        Layout("mediapipe33", 33, MEDIAPIPE19),
        _layout("wholebody133", 133, COCO_FEET23),
        _layout("halpe136", 136, HALPE26),
    )
}


def of_count(count: int) -> list[Layout]:
    """Return the layouts with so many points, the usual one first."""
    return [layout for layout in LAYOUTS.values() if layout.count == count]
