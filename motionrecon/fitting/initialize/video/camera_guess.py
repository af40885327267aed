"""The camera a clip is explained with: as given, or a guess whose pitch and height the fit then finds.

A focal length cannot be told from one walking person (freed together with the pitch it stays where it was put),
so an unknown one stays at a stated field of view; the roll of an unknown camera stays 0.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from jaxtyping import Float

from motionrecon.errors import InputError
from motionrecon.geometry import camera as cameras
from motionrecon.types import Camera, Observation

HEIGHT = 1.4  # m, of a camera of unknown pose: held or on a tripod


@dataclasses.dataclass(frozen=True)
class AssumedCamera:
    """A camera, whether its pose is to be estimated (pitch and height), and what was guessed."""

    camera: Camera
    pose_free: bool
    warnings: tuple[str, ...] = ()


def assume(
    observation: Observation,
    camera: Camera | None,
    intrinsics: Float[np.ndarray, "3 3"] | None,
    size: tuple[int, int] | None,
    fov: float | None = None,
) -> AssumedCamera:
    """Take the known camera, or place a level one 1.4 m above the ground with given or guessed intrinsics.

    Args:
      observation: for its own camera and the extent of its keypoints.
      camera: known camera, or None.
      intrinsics: (3, 3) px of a camera of unknown pose, or None.
      size: (width, height) px of the image, or None.
      fov: rad, of the longer side; None: a guess where the focal length is unknown.

    Returns:
      The camera, whether its pose is free, and warnings in plain words.

    Raises:
      InputError: a field of view beside a camera that says its own.
    """
    camera = camera if camera is not None else observation.camera
    if fov is not None and (camera is not None or intrinsics is not None):
        raise InputError("the field of view is known from the camera given with the input; leave out --fov")
    if camera is not None:
        return AssumedCamera(camera, pose_free=False)
    notes = []
    if size is None and intrinsics is not None:
        size = (round(2 * float(intrinsics[0][2])), round(2 * float(intrinsics[1][2])))
    if size is None:
        seen = np.asarray(observation.keypoints2d)[np.asarray(observation.confidence) > 0.3]
        width, height = np.percentile(seen, 99.5, axis=0) + np.percentile(seen, 0.5, axis=0)
        size = (max(math.ceil(width), 64), max(math.ceil(height), 64))
        notes.append(
            f"The image size is unknown; {size[0]} x {size[1]} px is guessed from the keypoints: give --image-size."
        )
    if intrinsics is None and fov is None:
        fov = cameras.DEFAULT_FOV
        intrinsics = cameras.intrinsics_from_fov(size, fov)
        notes.append(
            f"The focal length is unknown; {intrinsics[0, 0]:.0f} px ({math.degrees(fov):.0f} degrees) is a guess, "
            "and the distance and the travel towards the camera scale with it: give --camera or --fov."
        )
    else:
        intrinsics = intrinsics if intrinsics is not None else cameras.intrinsics_from_fov(size, fov)
        notes.append(
            "The camera's pose is unknown; its pitch and height are estimated from the person, its roll is taken as 0."
        )
    return AssumedCamera(cameras.level(0.0, HEIGHT, intrinsics, size), pose_free=True, warnings=tuple(notes))
