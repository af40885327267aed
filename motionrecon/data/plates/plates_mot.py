"""Force plates of an OpenSim force file (MOT): columns ``..._vx, _vy, _vz`` (N) with ``..._px, _py, _pz`` (m), y up."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.data import axes
from motionrecon.data.formats import opensim_table
from motionrecon.data.plates import force_plates
from motionrecon.data.plates.force_plates import ForcePlates
from motionrecon.errors import DataError

_SURELY_LOADED = 50.0  # N
_MILLIMETERS = 20.0  # a median distance above this is no metre


def read(path: str | Path) -> ForcePlates:
    """Read an OpenSim force file.

    Args:
      path: the file.

    Returns:
      Plates in the world x, -z, y of OpenSim's axes, in the order of the file's columns.

    Raises:
      DataError: not an OpenSim table, no force columns, forces without points, or what ``force_plates.checked`` says.
    """
    path = Path(path)
    table = opensim_table.read(path)
    bases = [name[:-3] for name in table.names if name.endswith("_vx")]
    bases = [base for base in bases if all(f"{base}_v{c}" in table.names for c in "yz")]
    if not bases:
        raise DataError(
            f"{path}: has no force columns (such as ground_force_vx, _vy, _vz) among "
            f"{', '.join(table.names[:6])}, ...; give OpenSim's external forces, not a motion"
        )
    for base in bases:
        if not all(f"{base}_p{c}" in table.names for c in "xyz"):
            raise DataError(f"{path}: {base} has no point of application ({base}_px, _py, _pz); export it with points")
    force, where = (
        np.stack([np.stack([table.column(f"{b}_{kind}{c}") for c in "xyz"], axis=-1) for b in bases], axis=1)
        for kind in "vp"
    )
    force, where = force @ axes.Y_UP_X_FORWARD.T, where @ axes.Y_UP_X_FORWARD.T
    on, warnings = force[..., 2] > _SURELY_LOADED, ()
    if on.any() and np.median(np.abs(where[on])) > _MILLIMETERS:
        where = where / 1000.0
        warnings = ("The plates' points are taken for millimetres.",)
    return force_plates.checked(path, table.values[:, 0], force, where, warnings)
