"""Force plates that a C3D file holds itself: its FORCE_PLATFORM group over its analog channels, types 1 to 4."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from motionrecon.data.formats import c3d_file
from motionrecon.data.formats.c3d_file import C3DFile
from motionrecon.data.formats.c3d_parameters import Parameters
from motionrecon.data.plates import force_plates, plate_channels
from motionrecon.data.plates.force_plates import ForcePlates
from motionrecon.errors import DataError

_LENGTHS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254}
_OUTSIDE = 1.5  # half widths of a plate; a centre of pressure farther off says that the unit is another


class _Group(NamedTuple):
    """The FORCE_PLATFORM group, the channels' units, and the samples (S, A) at ``rate`` Hz, ``per_frame`` a frame."""

    used: int
    numbers: dict[str, np.ndarray | None]
    units: list[str]
    point_unit: str
    samples: np.ndarray
    rate: float
    per_frame: int


def holds_plates(path: str | Path) -> bool:
    """Tell whether a C3D file declares force plates; raises DataError where it is no C3D file."""
    return bool(_used(c3d_file.read_parameters(Path(path))))


def read(path: str | Path, rotation: np.ndarray | None = None) -> ForcePlates:
    """Read the plates of a C3D file.

    Args:
      path: the file.
      rotation: (3, 3) from the file's axes to the world (z up); None: the file's z is up.

    Returns:
      Plates in the world, time from the file's first frame.

    Raises:
      DataError: no FORCE_PLATFORM group, a plate type that is not known, channels that are not there, or what
        ``force_plates.checked`` says.
    """
    path = Path(path)
    group = _group(c3d_file.read(path))
    if not group.used:
        raise DataError(f"{path}: has no force plates (FORCE_PLATFORM:USED); give its plates as NAME.mot beside it")
    if not len(group.samples):
        raise DataError(f"{path}: declares force plates but holds no analog samples; export it with analog data")
    turn = np.eye(3) if rotation is None else rotation
    forces, places, warnings = [], [], []
    for plate in range(group.used):
        force, where = _plate(path, group, plate, turn, warnings)
        forces.append(force)
        places.append(where)
    time = np.arange(len(group.samples)) / group.rate
    stacked = np.stack(forces, axis=1), np.stack(places, axis=1)
    return force_plates.checked(path, time, *stacked, tuple(dict.fromkeys(warnings)))


def _used(parameters: Parameters) -> int:
    return max(int(parameters.number("FORCE_PLATFORM:USED") or 0), 0)


def _group(file: C3DFile) -> _Group:
    names = ("TYPE", "CHANNEL", "CORNERS", "ORIGIN", "ZERO", "CAL_MATRIX")
    numbers = {name: file.parameters.numbers(f"FORCE_PLATFORM:{name}") for name in names}
    units, points = ([text.lower() for text in file.parameters.joined(key)] for key in ("ANALOG:UNITS", "POINT:UNITS"))
    return _Group(_used(file.parameters), numbers, units, (points or ["mm"])[0], file.analog, file.analog_rate,
                  file.per_frame)  # fmt: skip


def _entry(path: Path, group: _Group, name: str, plate: int, size: int) -> np.ndarray:
    """Return one plate's numbers of a parameter, at least ``size`` of them."""
    found = group.numbers[name]
    own = None if found is None else found.reshape(-1, found.shape[-1] if found.ndim > 1 else size)
    if name in ("CORNERS", "CAL_MATRIX") and found is not None:
        own = found.reshape(-1, size) if found.size % size == 0 else None
    if own is None or plate >= len(own) or own.shape[1] < size:
        raise DataError(f"{path}: FORCE_PLATFORM:{name} says nothing of plate {plate + 1}; export the file again")
    return own[plate]


def _plate(path: Path, group: _Group, plate: int, turn: np.ndarray, warnings: list) -> tuple[np.ndarray, np.ndarray]:
    """Return one plate's force on the body (S, 3) N and its centre of pressure (S, 3) m in the world."""
    kinds = group.numbers["TYPE"]
    kind = int(kinds.ravel()[plate]) if kinds is not None and plate < kinds.size else 0
    if kind not in plate_channels.CHANNELS:
        raise DataError(f"{path}: plate {plate + 1} is of type {kind}, known are 1 to 4; give its plates as NAME.mot")
    unit = _LENGTHS.get(group.point_unit[:2].strip(), 0.001)
    corners = _entry(path, group, "CORNERS", plate, 12).reshape(4, 3) * unit
    origin = _entry(path, group, "ORIGIN", plate, 3)[:3] * unit
    count = plate_channels.CHANNELS[kind]
    index = _entry(path, group, "CHANNEL", plate, count)[:count].astype(int) - 1
    if index.min() < 0 or index.max() >= group.samples.shape[1]:
        raise DataError(
            f"{path}: plate {plate + 1} names channel {index.max() + 1}, the file has {group.samples.shape[1]}; "
            "export it again"
        )
    raw = _above_baseline(group, group.samples[:, index])
    if kind == 4 and group.numbers["CAL_MATRIX"] is not None:
        raw = raw @ _entry(path, group, "CAL_MATRIX", plate, 36).reshape(6, 6)
    try:
        frame = plate_channels.plate_frame(corners)
    except ValueError:
        raise DataError(f"{path}: plate {plate + 1} has corners without area; export the file again") from None
    half = np.abs((corners - corners.mean(axis=0)) @ frame)[:, :2].max(axis=0)
    scaled = _in_meters(raw, kind, group, int(index[3]), unit, origin, half, warnings)
    force, inside = plate_channels.wrench(kind, scaled, origin)
    where = corners.mean(axis=0) + inside @ frame[:, :2].T
    force, where = force @ frame.T @ turn.T, where @ turn.T
    return (force if force[:, 2].sum() > 0 else -force), where  # on the body, whichever way it was stored


def _above_baseline(group: _Group, raw: np.ndarray) -> np.ndarray:
    """Subtract each channel's mean over FORCE_PLATFORM:ZERO, a range of 3D frames from 1; (0, 0), (1, 0): none."""
    zero = group.numbers["ZERO"]
    if zero is None or zero.size < 2:
        return raw
    first, last = (int(v) for v in zero.ravel()[:2])
    if not 1 <= first <= last:
        return raw
    return raw - raw[(first - 1) * group.per_frame : last * group.per_frame].mean(axis=0)


def _in_meters(
    raw: np.ndarray,
    kind: int,
    group: _Group,
    index: int,
    unit: float,
    origin: np.ndarray,
    half: np.ndarray,
    warnings: list,
) -> np.ndarray:
    """Bring moments (type 1: the centre of pressure) to N m (m), by the channel's unit or by where it puts the load."""
    if kind == 3:
        return raw
    said = (group.units[index] if index < len(group.units) else "").replace(".", "").replace("*", "").replace(" ", "")
    known = _LENGTHS.get(said if kind == 1 else said.removeprefix("n"))
    if known is None:  # nothing readable: the unit of the points, unless that puts the load beside the plate
        choices = list(dict.fromkeys([unit, 1.0, 0.001]))
        far = [_far(raw, kind, scale, origin, half) for scale in choices]
        known = choices[int(np.argmin(far))]
        warnings.append(
            f"The plates' moments name no unit; N times {known:g} m was taken, which puts the load on them."
        )
    return raw * np.concatenate([np.ones(3), np.full(raw.shape[1] - 3, known)])


def _far(raw: np.ndarray, kind: int, scale: float, origin: np.ndarray, half: np.ndarray) -> float:
    """Return the share of loaded samples that a unit puts off the plate, and a little for those near its middle."""
    scaled = raw * np.concatenate([np.ones(3), np.full(raw.shape[1] - 3, scale)])
    force, inside = plate_channels.wrench(kind, scaled, origin)
    on = np.abs(force[:, 2]) > 50.0
    if not on.any():
        return 0.0
    reach = np.abs(inside[on]) / half
    return float((reach > _OUTSIDE).any(axis=1).mean() + 1e-3 * (reach < 1e-2).all(axis=1).mean())
