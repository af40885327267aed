"""Canonical keypoint names and the layouts other tools use, mapped to them.

A loader turns its source's order into canonical names once; everything behind it goes by name. ``ankle`` is
the joint centre, ``ball`` the toe base (metatarsal joint), ``toe`` the tip of the big toe, ``heel`` the back
of the foot, ``hand`` the knuckles or hand centre.
"""

from __future__ import annotations

_PAIRED = (
    "eye", "ear", "shoulder", "elbow", "wrist", "hand", "thumb", "index", "pinky",
    "hip", "knee", "ankle", "heel", "ball", "toe", "small_toe",
)  # fmt: skip
CANONICAL: tuple[str, ...] = (
    "pelvis", "spine", "chest", "neck", "head", "head_top", "nose",
    *(f"{side}_{name}" for name in _PAIRED for side in ("left", "right")),
)  # fmt: skip

MOCAP18 = (
    "pelvis", "chest", "neck", "head_top",
    "left_hip", "left_knee", "left_ankle", "left_ball", "right_hip", "right_knee", "right_ankle", "right_ball",
    "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist",
)  # fmt: skip

COCO17 = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip

HALPE26 = (
    *COCO17, "head_top", "neck", "pelvis", "left_toe", "right_toe", "left_small_toe", "right_small_toe",
    "left_heel", "right_heel",
)  # fmt: skip

BODY25 = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear", "left_toe", "left_small_toe", "left_heel",
    "right_toe", "right_small_toe", "right_heel",
)  # fmt: skip

# The 19 of MediaPipe's 33 landmarks that are used, by index.
MEDIAPIPE19 = {
    0: "nose", 7: "left_ear", 8: "right_ear", 11: "left_shoulder", 12: "right_shoulder", 13: "left_elbow",
    14: "right_elbow", 15: "left_wrist", 16: "right_wrist", 23: "left_hip", 24: "right_hip", 25: "left_knee",
    26: "right_knee", 27: "left_ankle", 28: "right_ankle", 29: "left_heel", 30: "right_heel", 31: "left_toe",
    32: "right_toe",
}  # fmt: skip


def mirror(name: str) -> str:
    """Return the name of the point on the other side of the body; the same name for points on the middle."""
    if name.startswith("left_"):
        return "right_" + name[5:]
    if name.startswith("right_"):
        return "left_" + name[6:]
    return name
