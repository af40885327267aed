"""AIST++ 3D keypoints (Li et al. 2021): pickled COCO-17 joints at 60 Hz, y up, in units of about a centimetre.

Their floor does not lie at y = 0; it is estimated for each sequence from the lowest ankles, drawn towards what all
sequences share.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.data import axes, preprocess, sequence
from motionrecon.data.formats.safe_pickle import load_arrays
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import COCO17
from motionrecon.types import Observation, Recording, Sequence

FPS = 60.0
UNIT = 0.01  # m
ROTATION = axes.Y_UP_X_FORWARD  # as AIST++ cameras are turned too; who faces camera c01 (+z in the file) faces -y
# Floor height in file units: the 3rd percentile of ankle heights less the ankle's height over the sole, combined
# with the height measured over several sequences (tripod feet, hands lying flat), as two Gaussians.
ANKLE_HEIGHT, ANKLE_SIGMA = 8.0, 2.0
FLOOR_PRIOR, FLOOR_SIGMA = 64.0, 4.0


def floor_height(keypoints: np.ndarray) -> float:
    """Estimate the floor's y in file units from keypoints (T, 17, 3) in file units."""
    ankles = keypoints[:, [COCO17.index("left_ankle"), COCO17.index("right_ankle")], 1]
    measured = np.nanpercentile(ankles, 3) - ANKLE_HEIGHT
    weight, prior = ANKLE_SIGMA**-2, FLOOR_SIGMA**-2
    return float((weight * measured + prior * FLOOR_PRIOR) / (weight + prior))


def read(path: str | Path, *, fps: float | None = None) -> Sequence:
    """Read an AIST++ ``keypoints3d`` file.

    Args:
      path: the .pkl file.
      fps: Hz, instead of 60.

    Returns:
      Sequence with 17 ``keypoints3d`` m, z up, floor at z = 0. Its ``meta`` also holds "floor" (the floor's y in
      file units): x_world = scale * rotation @ x_file + offset with "scale", "rotation" and "offset". A camera of
      the data set sees these points only after the same offset was taken off them.

    Raises:
      DataError: not such a pickle, or keypoints of another shape.
    """
    path = Path(path)
    content = load_arrays(path)
    key = "keypoints3d_optim" if "keypoints3d_optim" in content else "keypoints3d"
    if key not in content:
        keys = ", ".join(str(k) for k in content) or "nothing"
        raise DataError(f"{path}: holds {keys}; an AIST++ keypoints3d file with 'keypoints3d_optim' is needed")
    values = np.asarray(content[key])
    if values.ndim != 3 or values.shape[1:] != (17, 3) or values.dtype.kind not in "fiu":
        raise DataError(f"{path}: {key} has shape {values.shape}, (frames, 17, 3) expected; download it again")
    values = values.astype(float)
    confidence = np.isfinite(values).all(axis=-1).astype(float)
    if not (confidence[:, -2:] > 0).any():
        raise DataError(f"{path}: the ankles are missing in every frame; check the file")
    floor = floor_height(values)
    offset = np.array([0.0, 0.0, -UNIT * floor])
    world = UNIT * values @ ROTATION.T + offset
    rate = fps or FPS
    sequence.check_rate(path, rate)
    observation = Observation(
        fps=rate,
        names=COCO17,
        layout="coco17",
        confidence=confidence,
        keypoints3d=preprocess.fill_missing(world, confidence),
    )
    preprocess.check(observation, path)
    recording = Recording(str(path), rate, "cm", {name: name for name in COCO17}, UNIT, ROTATION, offset)
    return Sequence(
        path.stem, observation, recording=recording, floor=f"{floor:.1f} cm above the files' origin (estimated)",
        warnings=(f"The floor was estimated at {floor:.1f} cm above the file's origin.",),
    )  # fmt: skip
