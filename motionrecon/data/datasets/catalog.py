"""The data sets by name, and where each is looked for under the data root.

The root is ``--data-root``, else ``MOTIONRECON_DATA``. A data set may be the root itself or lie up to three folders
below it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from motionrecon.errors import DataError, InputError
from motionrecon.option_records import suggestion

NAMES = {
    "synthetic": "motions from equations with exact truth, films drawn on demand; needs no download",
    "h36m": "Human3.6M: CDF folders, VideoPose3D NPZ or 3d-pose-baseline HDF5",
    "aist": "AIST++ annotations, with cameras and films where present",
    "mocap": "any folder of BVH, AMC, C3D, TRC or NPZ motion capture",
}
_ENVIRONMENT = "MOTIONRECON_DATA"
_DEPTH = 3


def data_root(given: str | Path | None) -> Path | None:
    """Return the data root: as given, else from the environment; None where neither names one.

    Raises:
      InputError: it does not exist.
    """
    name = given or os.environ.get(_ENVIRONMENT)
    if not name:
        return None
    if not Path(name).exists():
        word = "--data-root" if given else _ENVIRONMENT
        raise InputError(f"{word} {name}: no such folder; check the path")
    return Path(name)


def known(name: str) -> str:
    """Return ``name``; raises InputError where there is no such data set."""
    if name not in NAMES:
        raise InputError(f"--dataset {name}: choose one of {', '.join(NAMES)}{suggestion(name, NAMES)}")
    return name


def open_dataset(name: str, root: Path | None = None, form: str | None = None):
    """Open a data set.

    Args:
      name: one of ``NAMES``.
      root: data root (``data_root``); the data set is it or lies below it.
      form: of Human3.6M only, see ``h36m.H36M``.

    Returns:
      A ``dataset.Dataset``.

    Raises:
      InputError: unknown name.
      DataError: it is not there.
    """
    known(name)
    if name == "synthetic":
        from motionrecon.data.datasets.synthetic_dataset import Synthetic

        return Synthetic()
    if root is None:
        raise DataError(
            f"{name}: not found: no data root is given; name its folder with --data-root or {_ENVIRONMENT}, or use "
            "--dataset synthetic, which needs none"
        )
    if name == "mocap":
        from motionrecon.data.datasets.mocap_folder import MocapFolder

        return MocapFolder(root)
    if name == "h36m":
        from motionrecon.data.datasets.h36m import H36M

        return H36M(root if root.is_file() else _below(root, H36M.found_in, name), form)
    from motionrecon.data.datasets.aist_dataset import AIST

    return AIST(_below(root, AIST.found_in, name))


def _below(root: Path, accepts, name: str) -> Path:
    for folder in _folders(root, _DEPTH):
        if accepts(folder):
            return folder
    raise DataError(f"{root}: {name} not found in it or below ({NAMES[name]}); check --data-root")


def _folders(root: Path, depth: int) -> Iterator[Path]:
    """Yield a folder and those below it, the shallow ones first."""
    level = [root]
    for _ in range(depth + 1):
        yield from level
        level = [p for folder in level if folder.is_dir() for p in sorted(folder.iterdir()) if _visible(p)]


def _visible(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")
