"""Which axes a joint's angles turn about: sequences, signs and zeros after the ISB's recommendations.

Segment frames are the ISB's (X forward, Y up or from the far end of a limb to the near one, Z to the right) in
Wu et al., "ISB recommendation ... part I: ankle, hip, and spine" (J. Biomech. 35, 2002) and "part II: shoulder, elbow,
wrist and hand" (J. Biomech. 38, 2005); the knee after Grood and Suntay (J. Biomech. Eng. 105, 1983), the pelvis in the
room after Baker, "Pelvic angles" (Gait & Posture 13, 2001). Left joints are mirrored in the sagittal plane and then
treated as right ones, so that a sign means the same on both sides.

The frames are fixed to the links by the rest pose, a T-pose with straight legs, flat feet, palms down and thumbs
forward: all angles are zero there but the shoulder's elevation and the forearm's pronation, which are 90 degrees.
"""

from __future__ import annotations

import dataclasses

import numpy as np

# Columns are the segment's X, Y, Z in its link's axes (x forward, y left, z up), for segments of the middle and right.
UPRIGHT = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
UPPER_ARM = np.eye(3)  # stretched out to the right: Y from the elbow to the shoulder is y, Z up
FOREARM = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # Z to the thumb, X out of the palm: pronated
MIRROR = np.diag([1.0, -1.0, 1.0])  # left to right in link axes


@dataclasses.dataclass(frozen=True)
class JointAxes:
    """A joint coordinate system.

    Attributes:
      name: what its angles are called by ("left_hip").
      joint: the skeleton's joint whose link moves.
      base: the joint whose link it moves in; "" its parent; "world" the room.
      sequence: the intrinsic sequence of turns about the moving ISB axes ("ZXY").
      angles: what each turn is called.
      signs: +1 where the angle is the right-hand turn about the ISB axis, -1 where it is the opposite.
      proximal, distal: (3, 3) ISB axes of the two segments as columns in their links' axes, right side.
      loaded: whether the joint's torque acts between just these two segments, so that it has moments.
    """

    name: str
    joint: str
    sequence: str
    angles: tuple[str, str, str]
    signs: tuple[int, int, int]
    base: str = ""
    proximal: np.ndarray = dataclasses.field(default_factory=lambda: UPRIGHT)
    distal: np.ndarray = dataclasses.field(default_factory=lambda: UPRIGHT)
    loaded: bool = True

    @property
    def mirrored(self) -> bool:
        """Whether the joint is of the left side."""
        return self.name.startswith("left_")

    @property
    def angle_names(self) -> tuple[str, ...]:
        """The names of its three angles ("left_hip_flexion"), in the order of the sequence."""
        return tuple(f"{self.name}_{angle}" for angle in self.angles)

    @property
    def proper_euler(self) -> bool:
        """Whether first and third axis coincide where the middle angle is zero, as in a hanging arm."""
        return self.sequence[0] == self.sequence[2]


_BEND = (("flexion", "right_bend", "left_rotation"), (-1, 1, 1))
_TURN = ("rotation", "obliquity", "tilt")


def _limb(side: str) -> tuple[JointAxes, ...]:
    leg = ("flexion", "adduction", "internal_rotation")
    return (
        JointAxes(f"{side}_hip", f"{side}_hip", "ZXY", leg, (1, 1, 1)),
        JointAxes(f"{side}_knee", f"{side}_knee", "ZXY", leg, (-1, 1, 1)),
        JointAxes(
            f"{side}_ankle", f"{side}_ankle", "ZXY", ("dorsiflexion", "inversion", "internal_rotation"), (1, 1, 1)
        ),
        JointAxes(
            f"{side}_shoulder", f"{side}_shoulder", "YXY", ("elevation_plane", "elevation", "internal_rotation"),
            (1, -1, 1), distal=UPPER_ARM,
        ),
        JointAxes(
            f"{side}_elbow", f"{side}_elbow", "ZXY", ("flexion", "adduction", "pronation"), (1, 1, 1),
            proximal=UPPER_ARM, distal=FOREARM,
        ),
    )  # fmt: skip


ALL = (
    JointAxes("pelvis", "pelvis", "YXZ", _TURN, (1, 1, -1), base="world", loaded=False),
    JointAxes("trunk", "chest", "ZXY", *_BEND, base="pelvis", loaded=False),
    *(JointAxes(name, name, "ZXY", *_BEND) for name in ("spine", "chest", "neck")),
    *_limb("left"),
    *_limb("right"),
)


def of_skeleton(names: tuple[str, ...]) -> tuple[JointAxes, ...]:
    """Return the joint coordinate systems of the joints that a skeleton has, by name; other joints have none.

    Args:
      names: J joint names, the root first; a system in the world needs its joint to be the root.
    """
    known = set(names)

    def there(axes: JointAxes) -> bool:
        if axes.joint not in known:
            return False
        return axes.joint == names[0] if axes.base == "world" else axes.base in ("", *known) and axes.joint != names[0]

    return tuple(axes for axes in ALL if there(axes))


def between_segments(axes: JointAxes, rotation: np.ndarray) -> np.ndarray:
    """Turn a link's rotation in its base into that of the distal in the proximal ISB frame, as of a right joint.

    Args:
      axes: the joint coordinate system.
      rotation: (..., 3, 3) child's axes to base's axes.

    Returns:
      (..., 3, 3) R = P^T M L M D, with M the mirror of left joints.
    """
    seen = MIRROR @ rotation @ MIRROR if axes.mirrored else rotation
    return axes.proximal.T @ seen @ axes.distal


def in_distal_frame(axes: JointAxes, turning: np.ndarray) -> np.ndarray:
    """Express torques or angular velocities of a link (..., 3), in its axes, in the distal ISB frame of a right joint.

    A mirror turns such a vector into -M v, because it stands for a sense of turning.
    """
    seen = -(turning @ MIRROR) if axes.mirrored else turning
    return seen @ axes.distal
