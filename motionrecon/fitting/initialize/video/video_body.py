"""The body that is fitted to a video: the template skeleton with nine free bone scales and the detector's points.

Decides which lengths scale together (left = right), how high a detector's foot points lie over the sole, and
which points of the body enter the acceleration and contact terms whatever the detector sees.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from motionrecon.geometry import skeleton
from motionrecon.types import Array, Sites, Skeleton, Soles

GROUPS = ("trunk", "hip_width", "shoulder_width", "thigh", "shin", "foot", "upper_arm", "forearm", "head")
FIXED = len(GROUPS)  # group index of lengths that never scale
FEET = ("left_heel", "left_toe", "right_heel", "right_toe")
ENDS = ("left_wrist", "right_wrist", "head")
TOE_BEYOND = 0.02  # m, the sole reaches this far past the toe landmark
HALF_WIDTH = 0.035  # m, of the sole


@dataclasses.dataclass(frozen=True)
class LandmarkHeights:
    """Height of a detector's foot landmarks over the sole of a standing foot, m."""

    heel: float = 0.030
    toe: float = 0.030
    ankle: float = 0.080


# MediaPipe, in true stance from the side: heel 41-60, toe 38-56, ankle 98-115 mm; annotated layouts lie lower. The
# toe is where the sources agree: 34-38 mm on a person in shoes, 31 mm on the bundled drawn one.
MEDIAPIPE_HEIGHTS = LandmarkHeights(heel=0.045, toe=0.035, ankle=0.105)


def landmark_heights(layout: str) -> LandmarkHeights:
    """Return the foot landmark heights of a layout ("mediapipe33", "coco17", ...)."""
    return MEDIAPIPE_HEIGHTS if layout.startswith("mediapipe") else LandmarkHeights()


class Body(NamedTuple):
    """Constants of the fitted body, as arrays; P = J + 7 + K points: joints, feet, ends, observed keypoints.

    Attributes:
      offsets: (J, 3) m, unscaled joint offsets.
      offset_group: (J, 3) int, scale group of each component.
      link: (P - J,) int, joint that carries each site.
      site: (P - J, 3) m, unscaled site offsets.
      site_group: (P - J, 3) int.
      floor: (4,) m, height over the ground of ``FEET`` in stance.
    """

    offsets: Array
    offset_group: Array
    link: Array
    site: Array
    site_group: Array
    floor: Array


_JOINT_GROUPS = {
    "spine": "trunk", "chest": "trunk", "neck": "trunk", "hip": "hip_width", "knee": "thigh", "ankle": "shin",
    "elbow": "upper_arm",
}  # fmt: skip
_SITE_GROUPS = {"knee": "shin", "ankle": "foot", "elbow": "forearm", "neck": "head", "chest": "trunk"}


def _group(name: str | None) -> int:
    return GROUPS.index(name) if name else FIXED


def build(names: tuple[str, ...], height: float, heights: LandmarkHeights, sole_thickness: float = 0.0) -> Body:
    """Place the observed keypoints, the feet and the limb ends on the template.

    Args:
      names: K canonical names; unknown names ("") become unused points at the pelvis.
      height: stature, m.
      heights: of the detector's foot landmarks over the usual sole.
      sole_thickness: m, how much thicker the soles are.

    Returns:
      The Body.
    """
    base = skeleton.template(height)
    group = np.full((len(base.names), 3), FIXED)
    for j, name in enumerate(base.names):
        bare = name.removeprefix("left_").removeprefix("right_")
        group[j] = _group(_JOINT_GROUPS.get(bare))
        if bare == "shoulder":
            group[j] = (FIXED, _group("shoulder_width"), _group("trunk"))
    every = FEET + ENDS + tuple(name or "pelvis" for name in names)
    sites = skeleton.template_sites(every, height)
    link, offset = np.array(sites.link), np.array(sites.offset)
    site_group = np.full((len(every), 3), FIXED)
    sole = skeleton.SOLE * height
    over = dataclasses.asdict(heights)
    for i, name in enumerate(every):
        bare = name.removeprefix("left_").removeprefix("right_")
        if bare == "ankle":  # a landmark that sits on the shin, above the joint
            link[i] = base.parents[link[i]]
            offset[i] = base.offsets[base.names.index(name)] + np.array([0.0, 0.0, over["ankle"] - sole])
        elif bare in ("toe", "small_toe", "ball", "heel"):
            offset[i, 2] = over["heel" if bare == "heel" else "toe"] - sole
        carrier = base.names[link[i]].removeprefix("left_").removeprefix("right_")
        site_group[i] = _group(_SITE_GROUPS.get(carrier))
        if carrier == "ankle":
            site_group[i, 2] = FIXED
    floor = np.array([heights.heel, heights.toe] * 2) + sole_thickness
    return Body(np.asarray(base.offsets), group, link, offset, site_group, floor)


def scaled(body: Body, log_scales: Float[np.ndarray, " 9"], names: tuple[str, ...]) -> tuple[Skeleton, Sites, Soles]:
    """Return the person's skeleton, keypoint sites and soles for (9,) log bone scales."""
    scale = np.append(np.exp(np.asarray(log_scales)), 1.0)
    base = skeleton.template()
    person = Skeleton(base.names, base.parents, body.offsets * scale[body.offset_group], base.symmetry)
    site = body.site * scale[body.site_group]
    first = len(FEET) + len(ENDS)
    count = len(names)
    sites = Sites(tuple(names), body.link[first : first + count].astype(np.int32), site[first : first + count])
    down = np.stack([np.zeros(4), np.zeros(4), body.floor], axis=-1)
    under = (site[: len(FEET)] - down).reshape(2, 2, 3)
    ahead = np.array([TOE_BEYOND, 0.0, 0.0])
    middle = np.array([1.0, 0.0, 1.0])  # soles are symmetric about the ankle's fore-aft plane
    return (
        person,
        sites,
        skeleton.flat_soles(under[:, 0] * middle, under[:, 1] * middle + ahead, np.full(2, HALF_WIDTH)),
    )
