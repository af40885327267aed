"""One door for the files of force plates: OpenSim MOT, C3D, NPZ."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.data import axes
from motionrecon.data.plates import force_plates, plates_c3d, plates_mot, plates_npz
from motionrecon.data.plates.force_plates import ForcePlates
from motionrecon.errors import DataError


def of_recording(path: str | Path, rotation: np.ndarray | None = None) -> ForcePlates | None:
    """Read the force plates that a recording holds itself.

    Args:
      path: the recording; of its kinds only C3D holds plates.
      rotation: (3, 3) from its axes to its world (``Sequence.recording.rotation``); None: z is up.

    Returns:
      Plates, z up, their time from the recording's first frame; None where it holds none.

    Raises:
      DataError: it declares plates that cannot be read.
    """
    path = Path(path)
    if not path.is_file() or path.suffix.lower() != ".c3d" or not plates_c3d.holds_plates(path):
        return None
    return plates_c3d.read(path, rotation)


def read(path: str | Path, rotation: np.ndarray | None = None) -> ForcePlates:
    """Read the force plates of a trial into the world of its recording.

    Args:
      path: .mot (OpenSim, y up), .c3d or .npz (the recording's own axes).
      rotation: (3, 3) from the recording's axes to its world (``Sequence.recording.rotation``); None: z is up.

    Returns:
      Plates, z up.

    Raises:
      DataError: unknown kind, or what its reader says.
    """
    path = Path(path)
    turn = np.eye(3) if rotation is None else np.asarray(rotation, float)
    suffix = path.suffix.lower()
    if suffix == ".c3d":
        return plates_c3d.read(path, turn)
    if suffix == ".npz":
        return plates_npz.read(path, turn)
    if suffix in (".mot", ".sto"):
        found = plates_mot.read(path)
        y_up = np.allclose(turn[2], [0.0, 1.0, 0.0])  # the recording's axes are OpenSim's, perhaps turned otherwise
        return force_plates.turned(found, turn @ axes.Y_UP_X_FORWARD.T) if y_up else found
    raise DataError(f"{path}: is of an unknown kind; force plates are read from .mot (OpenSim), .c3d and .npz")
