"""Scales of the video fit's terms, the one place of their defaults, and the priors of poses and bones they make."""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.fitting.initialize.video.video_points import J
from motionrecon.geometry import skeleton


@dataclasses.dataclass(frozen=True)
class VideoWeights:
    """Scales (standard deviations) of the terms; measured on walks, runs and real clips.

    Attributes:
      pixel: of 2D points, as a share of the person's height in the image.
      reach: where the 2D loss bends, in its scale.
      across, along: m, of hip-centred 3D landmarks across and along the viewing ray; landmark: their weight.
      turn_accel: rad/s^2, of local rotations.
      pose: weight of the pose prior. hinge: rad, of knees and elbows bent the wrong way.
      swing: rad, of the arms' swing against the legs' (``swing_prior``).
      lean, tilt: rad, mean of the trunk and of the pelvis.
      balance: m, of the centre of mass beside the middle of the supporting feet, every frame.
      slip: m/s, height and sink: m, of planted feet. early_contact: their weight in the second stage.
      leg, trunk, arm, foot, other: log bone scales (leg: 3 %, the scatter of sitting height over stature); bones:
        weight of their prior per frame.
      pitch: rad, and camera_height: m, of an unknown camera.
    """

    pixel: float = 0.012
    reach: float = 3.0
    across: float = 0.08
    along: float = 0.25
    landmark: float = 0.3
    turn_accel: float = 60.0
    pose: float = 2.0
    hinge: float = 0.1
    swing: float = 0.26
    lean: float = 0.10
    tilt: float = 0.20
    balance: float = 0.05
    slip: float = 0.08
    height: float = 0.015
    sink: float = 0.015
    early_contact: float = 0.3
    leg: float = 0.03
    trunk: float = 0.06
    arm: float = 0.06
    foot: float = 0.08
    other: float = 0.10
    bones: float = 0.3
    pitch: float = 0.25
    camera_height: float = 0.5


ARMS_PER_LEGS = 0.7  # swing of the arms against the legs
# Standard deviations of rotation vectors in the parent's axes at rest, rad; 0 = free.
_POSE = {
    "spine": (0.2, 0.2, 0.2), "chest": (0.2, 0.2, 0.2), "neck": (0.4, 0.4, 0.4),
    "hip": (0.25, 0.0, 0.3), "knee": (0.08, 0.0, 0.08), "ankle": (0.15, 0.4, 0.25),
    "shoulder": (0.6, 1.0, 0.6), "elbow": (0.1, 0.1, 0.0),
}  # fmt: skip


def pose_prior(weights: VideoWeights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inverse scales (J, 3), rest quaternions (J, 4) (arms hang) and signed hinge weights (J, 3)."""
    scale, rest, hinge = np.zeros((J, 3)), np.tile([1.0, 0.0, 0.0, 0.0], (J, 1)), np.zeros((J, 3))
    for j, name in enumerate(skeleton.JOINT_NAMES[1:], start=1):
        side, bare = (1.0 if name.startswith("left") else -1.0), name.split("_")[-1]
        sd = np.array(_POSE[bare])
        scale[j] = np.where(sd > 0, np.sqrt(weights.pose) / np.where(sd > 0, sd, 1.0), 0.0)
        if bare == "shoulder":
            rest[j] = np.array([1.0, -side, 0.0, 0.0]) / np.sqrt(2.0)
        elif bare == "knee":
            hinge[j, 1] = 1.0 / weights.hinge
        elif bare == "elbow":
            hinge[j, 2] = -side / weights.hinge
    return scale, rest, hinge


def shared_scales(weights: VideoWeights, frames: int) -> np.ndarray:
    """Return inverse scales (m,) of the shared unknowns for a clip of so many frames."""
    bones = [weights.trunk, weights.other, weights.other, weights.leg, weights.leg, weights.foot]
    bones += [weights.arm, weights.other, weights.other]
    return np.array(
        [np.sqrt(weights.bones * frames) / sd for sd in bones] + [1 / weights.pitch, 1 / weights.camera_height]
    )


def swing_prior(weights: VideoWeights) -> np.ndarray:
    """Return the row (J, 3), 1/rad, that gives the arms' swing plus its share of the legs' from rotation vectors.

    From the front or the back a hanging arm looks alike swung or still. The ground can turn a person about the
    vertical only a little, so arms answer the legs: in 19 captured walks and 3 runs (CMU subjects 2, 7, 8 and 9) the
    difference of the shoulders' flexion is -0.7 times that of the hips (correlation -0.9), with 0.26 rad left over.
    """
    row, at = np.zeros((J, 3)), skeleton.JOINT_NAMES.index
    for side, sign in (("left", 1.0), ("right", -1.0)):
        row[at(f"{side}_shoulder"), 1] = sign / weights.swing
        row[at(f"{side}_hip"), 1] = sign * ARMS_PER_LEGS / weights.swing
    return row
