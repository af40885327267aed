"""Pickles and object arrays of data sets, read by an unpickler that can build NumPy arrays and nothing else.

Decides what a data file may contain: plain containers, numbers, text and arrays. Anything else is refused before it
runs.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from motionrecon.errors import DataError


def _latin1(text: str, encoding: str = "latin1") -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"encoding {encoding}")
    return text.encode("latin1")


def _frombuffer(buffer: bytes, dtype: np.dtype, shape: tuple[int, ...], order: str) -> np.ndarray:
    return np.frombuffer(buffer, dtype=dtype).reshape(shape, order=order)  # type: ignore[call-overload]


# (module within numpy.core, name) -> what is called instead.
_ALLOWED = {
    ("multiarray", "_reconstruct"): np.zeros(1).__reduce__()[0],
    ("multiarray", "scalar"): np.float64(0).__reduce__()[0],
    ("numeric", "_frombuffer"): _frombuffer,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _latin1,
}


class _ArrayUnpickler(pickle.Unpickler):
    """Builds plain containers and NumPy arrays; refuses every other global."""

    def find_class(self, module: str, name: str) -> object:
        short = module.removeprefix("numpy.core.").removeprefix("numpy._core.")
        found = _ALLOWED.get((short, name))
        if found is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not a NumPy array")
        return found


def load_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Load a pickled dict of NumPy arrays without running anything else.

    Raises:
      DataError: unreadable, truncated, or holding anything but arrays.
    """
    path = Path(path)
    try:
        content = _ArrayUnpickler(io.BytesIO(path.read_bytes())).load()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except Exception as error:  # a broken pickle can raise anything
        raise DataError(f"{path}: is not a pickle of plain NumPy arrays ({error}); download it again") from None
    if not isinstance(content, dict):
        raise DataError(
            f"{path}: is a pickle of {type(content).__name__}; AIST++ files hold a dict of arrays; download it again"
        )
    return content


def load_npz(path: str | Path) -> dict[str, Any]:
    """Load an NPZ whose entries may be pickled containers of arrays (as VideoPose3D's are), without running code.

    Returns:
      {name: array}, or the container itself where an entry is an object array of no dimensions.

    Raises:
      DataError: missing, truncated, no NPZ, or holding anything but arrays and plain containers.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy"): _entry(archive.read(name)) for name in archive.namelist()}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except Exception as error:  # a broken archive or pickle can raise anything
        raise DataError(f"{path}: is not an NPZ of plain arrays ({error}); download it again") from None


def _entry(content: bytes) -> Any:
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    _, _, dtype = read(file)
    if not dtype.hasobject:
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
    array = _ArrayUnpickler(file).load()
    return array.item() if isinstance(array, np.ndarray) and array.ndim == 0 else array


def nested(content: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    """Return the dict ``name`` of an NPZ's content.

    Raises:
      DataError: it is not there or no dict.
    """
    found = content.get(name)
    if not isinstance(found, dict):
        listed = ", ".join(content) or "nothing"
        raise DataError(f"{path}: holds {listed}; a dict '{name}' as VideoPose3D writes it is needed")
    return found
