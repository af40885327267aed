"""Set the feet on the floor: a slow vertical correction of the root, so that physics does not start inside it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from motionrecon.geometry import skeleton
from motionrecon.types import Motion, Soles

DEPTH = 0.003  # m inside the floor: enough for the contact model to carry weight
SECONDS = 0.13  # width of the curve


def sole_corners(motion: Motion, soles: Soles) -> Float[np.ndarray, "T 2 4 3"]:
    """Return the corners of both soles in the world: (T, 2 feet, 4, 3) m, heel left/right then ball left/right."""
    pos, rot = skeleton.clip_poses(motion.skeleton, motion.root_pos, motion.quats)
    out = []
    for foot, name in enumerate(("left_ankle", "right_ankle")):
        j = motion.skeleton.names.index(name)
        side = float(soles.half_width[foot]) * np.asarray(soles.across)[foot]
        local = np.stack([p + s * side for p in (soles.heel[foot], soles.ball[foot]) for s in (1.0, -1.0)])
        out.append(pos[:, j, None] + local @ np.swapaxes(rot[:, j], -1, -2))
    return np.stack(out, axis=1)


def vertical_shift(
    lowest: Float[np.ndarray, " T"], standing: Float[np.ndarray, " T"], fps: float
) -> Float[np.ndarray, " T"]:
    """Return the slow curve (T,) m to add to the root's height.

    Args:
      lowest: (T,) m, height of the lowest foot point.
      standing: (T,) 0..1, how surely a foot stands.
      fps: Hz.

    Returns:
      A Gaussian-weighted mean of what each standing frame asks for; zero where nothing ever stands.
    """
    sure = np.flatnonzero(standing > 0.5)
    if not len(sure):
        return np.zeros(len(lowest))
    wanted = np.interp(np.arange(len(lowest)), sure, -DEPTH - lowest[sure])
    weight = np.where(standing > 0.5, 1.0, 0.05)
    sigma = SECONDS * fps
    total = gaussian_filter1d(weight * wanted, sigma, mode="nearest")
    return total / gaussian_filter1d(weight, sigma, mode="nearest")
