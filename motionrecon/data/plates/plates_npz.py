"""Force plates of a NumPy archive: ``time`` (S,) s, ``force`` (S, P, 3) N on the body, ``cop`` (S, P, 3) m, z up."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from motionrecon.data.plates import force_plates
from motionrecon.data.plates.force_plates import ForcePlates
from motionrecon.errors import DataError

_KEYS = ("time", "force", "cop")


def read(path: str | Path, rotation: np.ndarray | None = None) -> ForcePlates:
    """Read an archive of plates.

    Args:
      path: the file.
      rotation: (3, 3) from its axes to the world (z up); None: its z is up.

    Raises:
      DataError: not an archive of plain arrays, an array is missing, or what ``force_plates.checked`` says.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [key for key in _KEYS if key not in archive]
            if missing:
                raise DataError(f"{path}: holds no {' and no '.join(missing)}; force plates are time, force and cop")
            time, force, where = (archive[key].astype(float) for key in _KEYS)
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        reason = (str(error).splitlines() or ["truncated"])[0]
        raise DataError(
            f"{path}: cannot be read as a NumPy archive of force plates ({reason[:100]}); save it with numpy.savez"
        ) from None
    if rotation is not None and force.shape[-1:] == where.shape[-1:] == (3,):
        force, where = force @ rotation.T, where @ rotation.T
    return force_plates.checked(path, time, force, where)
