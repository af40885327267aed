"""The forms in which people have Human3.6M, each read to (T, 32 or 17, 3) m in the world, z up, 50 Hz.

- official CDF: ``S9/MyPoseFeatures/D3_Positions/Walking 1.cdf``, variable ``Pose`` (1, T, 96), mm, and ``D2_Positions``
- VideoPose3D: ``data_3d_h36m.npz`` ({subject: {take: (T, 32, 3) m}}) and ``data_2d_h36m_*.npz``
- HDF5 of 3d-pose-baseline: ``S9/MyPoses/3D_positions/Walking_1.h5``, ``3D_positions`` (96, T), mm

h36m-fetch's ``annot.h5`` holds every fifth frame of a rescaled person in camera axes; it is refused, because a motion
at 10 Hz in no common world cannot be fitted.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from motionrecon.data.datasets import h36m_names
from motionrecon.data.formats import safe_pickle
from motionrecon.errors import DataError, InputError

_MM = 1e-3
FILES_3D = ("data_3d_h36m.npz", "data_3d_h36m_sample.npz")


class Recording(NamedTuple):
    """One take of one subject: where its 3D comes from, and how it is read there ((T, J, 3) m)."""

    subject: str
    action: str
    take: str
    path: Path
    read: Callable[[], np.ndarray]


def read_cdf(path: Path, dimensions: int = 3) -> np.ndarray:
    """Read the ``Pose`` of an official CDF file: (T, 32, 3) mm, or (T, 32, 2) px.

    Raises:
      DataError: missing, truncated, no CDF, or of another content.
    """
    import cdflib  # needed for this form only

    if not path.is_file():
        raise DataError(f"{path}: no such file; check the download")
    _check_whole(path)
    try:
        content = cdflib.CDF(str(path))
        names = [*content.cdf_info().zVariables, *content.cdf_info().rVariables]
        values = np.asarray(content.varget("Pose"), float) if "Pose" in names else None
    except Exception as error:  # a broken file can raise anything
        reason = " ".join(str(error).replace(str(path), "it").split()) or type(error).__name__
        raise DataError(f"{path}: is not a readable CDF file ({reason[:120]}); copy or download it again") from None
    if values is None:
        raise DataError(f"{path}: holds {', '.join(names) or 'nothing'}, no variable Pose; give Human3.6M's own file")
    return _shaped(values, dimensions, path)


def _check_whole(path: Path) -> None:
    """Raise DataError where a CDF file is shorter than it says itself: its reader would take zeros for what is lost."""
    content = path.read_bytes()
    newer = content[:4] == b"\xcd\xf3\x00\x01"  # version 3 has 8-byte offsets, version 2 has 4
    if content[4:8] != b"\x00\x00\xff\xff" or not (newer or content[:2] == b"\xcd\xf2"):
        return  # no CDF, or a packed one: its reader says so
    form, at, end = (">q", 20, 36) if newer else (">i", 16, 20)
    try:
        place = struct.unpack_from(form, content, at)[0]
        size = struct.unpack_from(form, content, place + end)[0]
    except struct.error:
        size = len(content) + 1
    if len(content) < size:
        raise DataError(
            f"{path}: is not a readable CDF file (it breaks off after {len(content)} bytes); copy or download it again"
        )


def read_h5(path: Path) -> np.ndarray:
    """Read (T, 32, 3) m from an HDF5 file of 3d-pose-baseline.

    Raises:
      DataError: missing, truncated, no HDF5, or of another content.
    """
    import h5py  # needed for this form only

    if not path.is_file():
        raise DataError(f"{path}: no such file; check the download")
    try:
        with h5py.File(path, "r") as file:
            names = list(file)
            values = np.asarray(file["3D_positions"], float) if "3D_positions" in file else None
    except Exception as error:
        raise DataError(f"{path}: is not a readable HDF5 file ({error}); copy or download it again") from None
    if values is None:
        hint = " (h36m-fetch's annot.h5 holds every fifth frame only)" if "pose" in names else ""
        raise DataError(f"{path}: holds {', '.join(names)}, no 3D_positions{hint}; give 3d-pose-baseline's file")
    if values.ndim != 2 or values.shape[0] != 3 * h36m_names.JOINTS:
        raise DataError(f"{path}: 3D_positions has shape {values.shape}, (96, frames) expected; download it again")
    return _MM * np.ascontiguousarray(values.T).reshape(-1, h36m_names.JOINTS, 3)


def _shaped(values: np.ndarray, dimensions: int, path: Path) -> np.ndarray:
    width = h36m_names.JOINTS * dimensions
    values = values[0] if values.ndim == 3 and values.shape[0] == 1 else values
    if values.ndim != 2 or values.shape[1] != width or not len(values):
        raise DataError(f"{path}: Pose has shape {values.shape}, (1, frames, {width}) expected; download it again")
    return values.reshape(len(values), h36m_names.JOINTS, dimensions)


def _take_of(array: object, where: str) -> np.ndarray:
    values = np.asarray(array)
    if values.ndim != 3 or values.shape[1] not in (32, 17) or values.shape[2] != 3 or values.dtype.kind not in "fiu":
        raise DataError(f"{where}: has shape {values.shape}, (frames, 32 or 17, 3) expected; make the file again")
    return values.astype(float)


def _folders(root: Path, inner: str, suffix: str) -> Iterator[tuple[str, str, str, Path]]:
    """Yield subject, action, take and path of files ``S*/<inner>/<take><suffix>``."""
    for name in h36m_names.SUBJECTS:
        for path in sorted((root / name).glob(f"{inner}/*{suffix}")):
            try:
                yield name, *h36m_names.take(path.name.removesuffix(suffix)), path
            except InputError:
                continue  # not a take: official folders hold whole-subject files too


def cdf_recordings(root: Path) -> list[Recording]:
    """List the takes of the official layout."""

    def reader(path: Path) -> Callable[[], np.ndarray]:
        return lambda: _MM * read_cdf(path)

    found = _folders(root, "MyPoseFeatures/D3_Positions", ".cdf")
    return [Recording(name, action, take, path, reader(path)) for name, action, take, path in found]


def h5_recordings(root: Path) -> list[Recording]:
    """List the takes of 3d-pose-baseline's layout."""

    def reader(path: Path) -> Callable[[], np.ndarray]:
        return lambda: read_h5(path)

    found = [*_folders(root, "MyPoses/3D_positions", ".h5"), *_folders(root / "h36m", "MyPoses/3D_positions", ".h5")]
    return [Recording(name, action, take, path, reader(path)) for name, action, take, path in found]


def npz_recordings(path: Path) -> list[Recording]:
    """List the takes of VideoPose3D's 3D file; those under names that Human3.6M does not have are left out.

    Raises:
      DataError: missing, truncated, or of another content.
    """
    content = safe_pickle.nested(safe_pickle.load_npz(path), "positions_3d", path)
    found, unknown = [], []
    for name, takes in content.items():
        if not isinstance(takes, dict):
            raise DataError(f"{path}: {name} holds {type(takes).__name__}, a dict of takes expected; make it again")
        for stem, array in takes.items():
            try:
                subject, (action, take) = h36m_names.subject(str(name)), h36m_names.take(str(stem))
            except InputError as error:
                unknown.append(str(error))
                continue

            def read(array: object = array, where: str = f"{path}, {name}/{stem}") -> np.ndarray:
                return _take_of(array, where)

            found.append(Recording(subject, action, take, path, read))
    if unknown and not found:
        raise DataError(f"{path}: {unknown[0]}")
    return found


def strange_names(root: Path) -> list[str]:
    """Return CDF and HDF5 files where takes should lie whose names are no take's: renamed, or of another data set."""
    places = ("MyPoseFeatures/D3_Positions/*.cdf", "MyPoses/3D_positions/*.h5")
    found = []
    for path in (p for name in h36m_names.SUBJECTS for place in places for p in sorted((root / name).glob(place))):
        try:
            h36m_names.take(path.stem)
        except InputError:
            found.append(path.relative_to(root).as_posix())
    return found


def read_npz_2d(path: Path, subject: str, take: str, camera: str) -> np.ndarray | None:
    """Read (T, J, 2) px of one camera from VideoPose3D's 2D file; None where it lacks the take.

    Raises:
      DataError: truncated, or of another content.
    """
    content = safe_pickle.nested(safe_pickle.load_npz(path), "positions_2d", path)
    takes = content.get(subject, {})
    stem = next((s for s in takes if h36m_names.take(str(s))[1] == take), None)
    if stem is None:
        return None
    views = takes[stem]
    index = h36m_names.CAMERAS.index(camera)
    if len(views) <= index:
        raise DataError(f"{path}: {subject}/{stem} has {len(views)} cameras, 4 expected; make it again")
    values = np.asarray(views[index], float)
    if values.ndim != 3 or values.shape[1:] not in ((32, 2), (17, 2)):
        raise DataError(f"{path}: {subject}/{stem} has shape {values.shape}, (frames, 17, 2) expected; make it again")
    return values
