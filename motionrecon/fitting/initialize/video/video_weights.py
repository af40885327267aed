"""Scales of the video fit's terms, the one place of their defaults, and the priors of poses and bones they make."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from motionrecon.fitting.initialize.video.video_points import J
from motionrecon.geometry import skeleton

# Scales (standard deviations) of the terms; measured on walks, runs and real clips.
PIXEL = 0.012  # of 2D points, as a share of the person's height in the image
REACH = 3.0  # where the 2D loss bends, in its scale
ACROSS, ALONG = 0.08, 0.25  # m, of hip-centred 3D landmarks across and along the viewing ray
LANDMARK = 0.3  # weight of landmarks
TURN_ACCEL = 60.0  # rad/s^2, of local rotations
POSE = 2.0  # weight of the pose prior
HINGE = 0.1  # rad, of knees and elbows bent the wrong way
SWING = 0.26  # rad, of the arms' swing against the legs' (``swing_prior``)
LEAN, TILT = 0.10, 0.20  # rad, mean of the trunk and of the pelvis
BALANCE = 0.05  # m, of the centre of mass beside the middle of the supporting feet, every frame
SLIP = 0.08  # m/s, of planted feet
HEIGHT, SINK = 0.015, 0.015  # m, of planted feet over and in the ground
EARLY_CONTACT = 0.3  # weight of planted feet in the second stage
# log bone scales; of the legs 3 %, the scatter of sitting height over stature
LEG, TRUNK, ARM, FOOT, OTHER = 0.03, 0.06, 0.06, 0.08, 0.10
BONES = 0.3  # weight of the bones' prior per frame
PITCH, CAMERA_HEIGHT = 0.25, 0.5  # rad and m, of an unknown camera

ARMS_PER_LEGS = 0.7  # swing of the arms against the legs
# Standard deviations of rotation vectors in the parent's axes at rest, rad; 0 = free.
_POSE = {
    "spine": (0.2, 0.2, 0.2), "chest": (0.2, 0.2, 0.2), "neck": (0.4, 0.4, 0.4),
    "hip": (0.25, 0.0, 0.3), "knee": (0.08, 0.0, 0.08), "ankle": (0.15, 0.4, 0.25),
    "shoulder": (0.6, 1.0, 0.6), "elbow": (0.1, 0.1, 0.0),
}  # fmt: skip


def pose_prior() -> tuple[Float[np.ndarray, "J 3"], Float[np.ndarray, "J 4"], Float[np.ndarray, "J 3"]]:
    """Return inverse scales (J, 3), rest quaternions (J, 4) (arms hang) and signed hinge weights (J, 3)."""
    scale, rest, hinge = np.zeros((J, 3)), np.tile([1.0, 0.0, 0.0, 0.0], (J, 1)), np.zeros((J, 3))
    for j, name in enumerate(skeleton.JOINT_NAMES[1:], start=1):
        side, bare = (1.0 if name.startswith("left") else -1.0), name.split("_")[-1]
        sd = np.array(_POSE[bare])
        scale[j] = np.where(sd > 0, np.sqrt(POSE) / np.where(sd > 0, sd, 1.0), 0.0)
        if bare == "shoulder":
            rest[j] = np.array([1.0, -side, 0.0, 0.0]) / np.sqrt(2.0)
        elif bare == "knee":
            hinge[j, 1] = 1.0 / HINGE
        elif bare == "elbow":
            hinge[j, 2] = -side / HINGE
    return scale, rest, hinge


def shared_scales(frames: int) -> Float[np.ndarray, " m"]:
    """Return inverse scales (m,) of the shared unknowns for a clip of so many frames."""
    bones = [TRUNK, OTHER, OTHER, LEG, LEG, FOOT]
    bones += [ARM, OTHER, OTHER]
    return np.array([np.sqrt(BONES * frames) / sd for sd in bones] + [1 / PITCH, 1 / CAMERA_HEIGHT])


def swing_prior() -> Float[np.ndarray, "J 3"]:
    """Return the row (J, 3), 1/rad, that gives the arms' swing plus its share of the legs' from rotation vectors.

    From the front or the back a hanging arm looks alike swung or still. The ground can turn a person about the
    vertical only a little, so arms answer the legs: in 19 captured walks and 3 runs (CMU subjects 2, 7, 8 and 9) the
    difference of the shoulders' flexion is -0.7 times that of the hips (correlation -0.9), with 0.26 rad left over.
    """
    row, at = np.zeros((J, 3)), skeleton.JOINT_NAMES.index
    for side, sign in (("left", 1.0), ("right", -1.0)):
        row[at(f"{side}_shoulder"), 1] = sign / SWING
        row[at(f"{side}_hip"), 1] = sign * ARMS_PER_LEGS / SWING
    return row
