"""Names in Human3.6M: joints, subjects, cameras, the actions under their several spellings, and the protocols.

The official files, VideoPose3D and 3d-pose-baseline spell two actions differently (``TakingPhoto``/``Photo``,
``WalkDog``/``WalkingDog``) and number the second take with a blank or an underscore. Here a take is written as the
paper's table does: ``TakingPhoto_1``.
"""

from __future__ import annotations

import re

from motionrecon.errors import InputError
from motionrecon.option_records import suggestion

SUBJECTS = ("S1", "S5", "S6", "S7", "S8", "S9", "S11")
CAMERAS = ("54138969", "55011271", "58860488", "60457274")
ACTIONS = (
    "Directions", "Discussion", "Eating", "Greeting", "Phoning", "Posing", "Purchases", "Sitting", "SittingDown",
    "Smoking", "TakingPhoto", "Waiting", "Walking", "WalkDog", "WalkTogether",
)  # fmt: skip
_SPELLINGS = {
    "photo": "TakingPhoto", "takingphotos": "TakingPhoto", "walkingdog": "WalkDog", "discussions": "Discussion",
    "walkingtogether": "WalkTogether", "walktogether": "WalkTogether",
}  # fmt: skip
_KNOWN = {action.lower(): action for action in ACTIONS} | _SPELLINGS
IN_DOMAIN = ("Walking", "WalkTogether")  # the actions the paper's optimizers were trained on

# The 32 joints of the official files: index -> canonical name. The others repeat a joint (11, 16, 20, 24, 28) or are
# fingers and end points that no body of ours has.
JOINTS = 32
POINTS = {
    0: "pelvis", 12: "chest", 13: "neck", 14: "head", 15: "head_top", 6: "left_hip", 7: "left_knee", 8: "left_ankle",
    9: "left_ball", 1: "right_hip", 2: "right_knee", 3: "right_ankle", 4: "right_ball", 17: "left_shoulder",
    18: "left_elbow", 19: "left_wrist", 25: "right_shoulder", 26: "right_elbow", 27: "right_wrist",
}  # fmt: skip
# The 17 of them on which the field measures (VideoPose3D's choice of the 32): without the toe bases.
KEPT17 = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)
H36M17 = tuple(POINTS[i] for i in KEPT17)

# Table 6 of the paper: subject, take, camera; source frames 400-599.
MOCAP = (
    ("S11", "Phoning", "55011271"), ("S11", "Posing_1", "58860488"), ("S11", "Purchases", "60457274"),
    ("S11", "SittingDown_1", "54138969"), ("S11", "Smoking_1", "54138969"), ("S11", "TakingPhoto_1", "54138969"),
    ("S11", "Waiting_1", "58860488"), ("S11", "WalkDog", "58860488"), ("S11", "WalkTogether", "55011271"),
    ("S11", "Walking_1", "55011271"), ("S9", "Greeting_1", "54138969"), ("S9", "Phoning_1", "54138969"),
    ("S9", "Purchases", "60457274"), ("S9", "SittingDown", "55011271"), ("S9", "Smoking", "60457274"),
    ("S9", "TakingPhoto", "60457274"), ("S9", "Waiting", "60457274"), ("S9", "WalkDog_1", "54138969"),
    ("S9", "WalkTogether_1", "55011271"), ("S9", "Walking", "58860488"),
)  # fmt: skip
MOCAP_FRAMES = (399, 599)  # 400-599 counted from 1
VIDEO_SUBJECTS, VIDEO_CAMERA = ("S9", "S11"), "60457274"
VIDEO_ACTIONS = (
    "Directions", "Discussion", "Greeting", "Posing", "Purchases", "TakingPhoto", "Waiting", "Walking", "WalkDog",
    "WalkTogether",
)  # fmt: skip
CORRUPT = (("S11", "Directions"),)  # its film breaks off, so that 2D, 3D and film do not belong together


def take(stem: str) -> tuple[str, str]:
    """Return the action and the take ("Posing", "Posing_1") of a file's or dictionary's name.

    Raises:
      InputError: no action of Human3.6M.
    """
    match = re.fullmatch(r"([A-Za-z]+)(?:[ _\-]+(\d+))?", stem.strip())
    action = _KNOWN.get(match[1].lower()) if match else None
    if match is None or action is None:
        raise InputError(
            f'"{stem}" is no action of Human3.6M{suggestion(stem, ACTIONS)}; its actions are {", ".join(ACTIONS)}'
        )
    return action, f"{action}_{match[2]}" if match[2] else action


def subject(name: str) -> str:
    """Return "S9" for "S9", "s9" or "9"; raises InputError where Human3.6M has no such subject."""
    found = "S" + name.strip().upper().removeprefix("S")
    if found not in SUBJECTS:
        raise InputError(f'"{name}" is no subject of Human3.6M; its subjects with poses are {", ".join(SUBJECTS)}')
    return found


def group(action: str) -> str:
    """Return "in domain" for the actions the paper trained on, else "out of domain"."""
    return "in domain" if action in IN_DOMAIN else "out of domain"
