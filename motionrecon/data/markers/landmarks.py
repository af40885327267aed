"""Where bony landmarks and marker sites lie on the body: the guess that a recording corrects.

Frames are those of the template in its rest pose (T-pose, facing +x, left is +y, arms along y, palms forward when
the arms hang), so that a lateral epicondyle lies above the elbow. Offsets are for a stature of 1.70 m, markers of
14 mm included. The pelvis frame is level in the plane of the iliac spines (Harrington et al. 2007).
"""

from __future__ import annotations

import dataclasses

REFERENCE_STATURE = 1.70  # m

SEGMENTS = {
    "pelvis": "pelvis", "waist": "spine", "trunk": "chest", "head": "neck",
    **{f"{s}_{segment}": f"{s}_{joint}" for s in ("left", "right") for segment, joint in (
        ("thigh", "hip"), ("shank", "knee"), ("foot", "ankle"), ("upper_arm", "shoulder"), ("forearm", "elbow"))},
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Place:
    """A guessed place on the body.

    Attributes:
      segment: a key of ``SEGMENTS``.
      at: the joint or end point the offset counts from.
      offset: (x, y, z) m in the segment's frame for a stature of 1.70 m.
      spread: (x, y, z) m, how far the true place may be from the guess (one standard deviation).
    """

    segment: str
    at: str
    offset: tuple[float, float, float]
    spread: tuple[float, float, float]


_BONE, _SOFT, _CLUSTER = 0.012, 0.025, 0.08  # m: a palpable bone, a described place, anywhere on the segment

# Left side and middle; (segment, at, offset, spread).
_PLACES = {
    "left_asis": ("pelvis", "pelvis", (0.046, 0.120, 0.083), _BONE),
    "left_psis": ("pelvis", "pelvis", (-0.105, 0.045, 0.083), _SOFT),
    "sacrum": ("pelvis", "pelvis", (-0.105, 0.0, 0.083), _BONE),
    "left_iliac_crest": ("pelvis", "pelvis", (0.0, 0.145, 0.130), _SOFT),
    "left_waist": ("pelvis", "pelvis", (-0.02, 0.150, 0.090), _SOFT),
    "left_hip_centre": ("pelvis", "left_hip", (0.0, 0.0, 0.0), 0.004),
    "left_trochanter": ("left_thigh", "left_hip", (0.0, 0.075, 0.0), _SOFT),
    "left_thigh": ("left_thigh", "left_hip", (0.02, 0.07, -0.22), _CLUSTER),
    "left_knee_lateral": ("left_thigh", "left_knee", (0.0, 0.060, 0.0), _BONE),
    "left_knee_medial": ("left_thigh", "left_knee", (0.0, -0.060, 0.0), _BONE),
    "left_patella": ("left_thigh", "left_knee", (0.055, 0.0, 0.01), _SOFT),
    "left_fibula_head": ("left_shank", "left_knee", (-0.02, 0.045, -0.05), _SOFT),
    "left_tibial_tuberosity": ("left_shank", "left_knee", (0.05, 0.0, -0.07), _SOFT),
    "left_shank": ("left_shank", "left_knee", (0.02, 0.045, -0.20), _CLUSTER),
    "left_ankle_lateral": ("left_shank", "left_ankle", (-0.008, 0.045, 0.0), _BONE),
    "left_ankle_medial": ("left_shank", "left_ankle", (0.008, -0.045, 0.0), _BONE),
    "left_heel": ("left_foot", "left_heel", (-0.010, 0.0, 0.005), _SOFT),
    "left_toe2": ("left_foot", "left_ball", (0.0, 0.0, 0.010), _SOFT),
    "left_toe1": ("left_foot", "left_ball", (0.01, -0.035, 0.005), _SOFT),
    "left_toe5": ("left_foot", "left_ball", (-0.02, 0.045, 0.0), _SOFT),
    "left_toe_tip": ("left_foot", "left_ball", (0.055, -0.01, 0.0), _SOFT),
    "left_foot": ("left_foot", "left_ankle", (0.06, 0.0, -0.01), _CLUSTER),
    "left_acromion": ("trunk", "left_shoulder", (0.0, 0.0, 0.055), _SOFT),
    "left_shoulder_front": ("trunk", "left_shoulder", (0.045, -0.02, 0.02), 0.05),
    "left_shoulder_back": ("trunk", "left_shoulder", (-0.055, -0.03, 0.0), 0.05),
    "left_scapula": ("trunk", "neck", (-0.11, 0.09, -0.09), _CLUSTER),
    "left_upper_arm": ("left_upper_arm", "left_shoulder", (0.0, 0.14, 0.045), _CLUSTER),
    "left_elbow_lateral": ("left_upper_arm", "left_elbow", (0.0, 0.0, 0.047), _BONE),
    "left_elbow_medial": ("left_upper_arm", "left_elbow", (0.0, 0.0, -0.047), _BONE),
    "left_elbow_back": ("left_upper_arm", "left_elbow", (-0.04, 0.0, 0.0), _SOFT),
    "left_forearm": ("left_forearm", "left_elbow", (0.0, 0.13, 0.03), _CLUSTER),
    "left_wrist_radial": ("left_forearm", "left_wrist", (0.022, 0.0, 0.022), _SOFT),
    "left_wrist_ulnar": ("left_forearm", "left_wrist", (-0.022, 0.0, -0.022), _SOFT),
    "left_wrist_back": ("left_forearm", "left_wrist", (-0.018, 0.0, 0.018), _SOFT),
    "c7": ("trunk", "neck", (-0.070, 0.0, 0.020), _SOFT),
    "t2": ("trunk", "neck", (-0.085, 0.0, -0.02), _SOFT),
    "t7": ("trunk", "neck", (-0.100, 0.0, -0.15), 0.04),
    "t10": ("trunk", "neck", (-0.105, 0.0, -0.21), 0.04),
    "clavicle": ("trunk", "neck", (0.066, 0.0, -0.040), _SOFT),
    "left_clavicle": ("trunk", "neck", (0.060, 0.04, -0.035), _SOFT),
    "sternum": ("trunk", "neck", (0.100, 0.0, -0.18), 0.04),
    "chest": ("trunk", "neck", (0.085, 0.0, -0.11), 0.04),
    "l1": ("waist", "spine", (-0.10, 0.0, 0.07), _CLUSTER),
    "l3": ("waist", "spine", (-0.10, 0.0, 0.02), _CLUSTER),
    "l5": ("pelvis", "pelvis", (-0.110, 0.0, 0.110), _SOFT),
    "left_head_front": ("head", "head_top", (0.070, 0.065, -0.075), _SOFT),
    "left_head_back": ("head", "head_top", (-0.090, 0.065, -0.085), _SOFT),
    "left_head_side": ("head", "head_top", (0.0, 0.085, -0.110), _SOFT),
    "head_front": ("head", "head_top", (0.095, 0.0, -0.075), _SOFT),
    "head_back": ("head", "head_top", (-0.110, 0.0, -0.085), _SOFT),
    "head_top": ("head", "head_top", (0.0, 0.0, 0.010), _BONE),
}  # fmt: skip


def _mirrored(name: str) -> str:
    return name.replace("left_", "right_", 1)


LANDMARKS: dict[str, Place] = {}
for _name, (_segment, _at, _offset, _spread) in _PLACES.items():
    LANDMARKS[_name] = Place(_segment, _at, _offset, (_spread,) * 3)
    if _name.startswith("left_"):
        _x, _y, _z = _offset
        LANDMARKS[_mirrored(_name)] = Place(_mirrored(_segment), _mirrored(_at), (_x, -_y, _z), (_spread,) * 3)
