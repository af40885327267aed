"""NumPy archives: 3D joint positions by name, this package's own result, or 2D keypoints.

Accepted: ``positions`` | ``keypoints3d`` | ``joint_positions`` (T, K, 3) with ``names`` | ``joint_names`` and
``fps``; a result's ``motion.npz``; ``keypoints`` (T, K, 3) of x, y, confidence with ``fps``, ``width``,
``height`` and, unless K and the limbs name the layout, ``names``; AMASS's joint rotations. Nothing is ever unpickled.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from motionrecon.data import sequence
from motionrecon.data.formats import amass, keypoint_sequence, point_array
from motionrecon.errors import DataError
from motionrecon.geometry import rotations, skeleton
from motionrecon.geometry.keypoints import CANONICAL, MOCAP18
from motionrecon.types import Sequence

_POSITIONS = ("positions", "keypoints3d", "joint_positions")


def read(
    path: str | Path,
    *,
    fps: float | None = None,
    size: tuple[int, int] | None = None,
    layout: str | None = None,
    height: float | None = None,
) -> Sequence:
    """Read a NumPy archive.

    Args:
      path: the .npz file.
      fps: Hz, instead of the file's own; 30 is assumed where neither is there.
      size: (width, height) px of the image of 2D keypoints, where the file lacks them.
      layout: name of the points' order, where the file has no names.
      height: stature in m, for archives of joint rotations (AMASS).

    Returns:
      Sequence with ``keypoints3d`` m, z up, or with ``keypoints2d`` px.

    Raises:
      DataError: not an archive of plain arrays, none of the accepted keys, or shapes that do not match.
    """
    path = Path(path)
    arrays = _load(path)
    warnings: list[str] = []
    if amass.accepts(arrays):
        return amass.read(path, arrays, fps=fps, height=height)
    rate = fps or _scalar(path, arrays, "fps")
    if rate is None:
        rate = 30.0
        warnings.append("The file does not state its frame rate; 30 Hz assumed (give --source-fps).")
    if {"joint_positions", "joint_quaternions", "joint_names"} <= arrays.keys():
        return _own_result(path, arrays, rate)
    key = next((k for k in _POSITIONS if k in arrays), None)
    if key is not None:
        return _positions(path, key, arrays, rate, warnings, layout)
    if "keypoints" in arrays:
        width, height = (_scalar(path, arrays, k) for k in ("width", "height"))
        if size is None and width and height:
            size = (int(width), int(height))
        names = _names(arrays)
        tracked = keypoint_sequence.TrackedKeypoints(arrays["keypoints"], rate, size, names, tuple(warnings))
        return keypoint_sequence.to_sequence(path, tracked, layout)
    held = ", ".join(arrays) or "nothing"
    raise DataError(
        f"{path}: holds {held}; accepted are positions, keypoints3d or joint_positions (T, K, 3) with names and fps, "
        "keypoints (T, K, 3) of x, y, confidence with fps, width and height, or AMASS's poses and trans"
    )


def unnamed(path: str | Path) -> bool:
    """Tell whether a file holds points without names, so that their order counts; raises DataError as ``read`` does."""
    arrays = _load(Path(path))
    plain = not amass.accepts(arrays) and "joint_names" not in arrays
    return plain and _names(arrays) is None


def _load(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not hasattr(archive, "files"):
                raise DataError(f"{path}: is a single array; save it with numpy.savez and names")
            return {key: archive[key] for key in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = str(error).splitlines()[0] if str(error) else "truncated"
        if "pickle" in reason:
            reason = "not an archive, or one of Python objects"
        raise DataError(
            f"{path}: cannot be read as a NumPy archive of plain arrays ({reason[:100]}); save it with numpy.savez"
        ) from None


def _scalar(path: Path, arrays: dict[str, np.ndarray], key: str) -> float | None:
    if key not in arrays:
        return None
    try:
        return float(np.ravel(arrays[key])[0])
    except (ValueError, TypeError, IndexError):
        raise DataError(f"{path}: {key} is not a number; save it again") from None


def _names(arrays: dict[str, np.ndarray], *keys: str) -> tuple[str, ...] | None:
    key = next((k for k in keys or ("names", "joint_names", "keypoint_names") if k in arrays), None)
    if key is None:
        return None
    return tuple(n.decode() if isinstance(n, bytes) else str(n) for n in np.ravel(arrays[key]).tolist())


def _points(path: Path, key: str, array: np.ndarray) -> np.ndarray:
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: {key} has shape {array.shape} and type {array.dtype}, expected are numbers (T, K, 3); save those"
        )
    return array.astype(float)


def _positions(
    path: Path, key: str, arrays: dict[str, np.ndarray], fps: float, warnings: list[str], layout: str | None
) -> Sequence:
    values = _points(path, key, arrays[key])
    labels = _names(arrays)
    if labels is None:
        return point_array.ordered(path, "npz", values, fps, warnings, layout)
    return point_array.named(path, "npz", labels, values, fps, warnings)


def _own_result(path: Path, arrays: dict[str, np.ndarray], fps: float) -> Sequence:
    """Read a ``motion.npz``: its joints, the simulated keypoints, and the tips of limbs where no keypoint is.

    The tips (head top, wrists, toe bases) sit as on the template of the same stature.
    """
    positions = _points(path, "joint_positions", arrays["joint_positions"])
    labels, quaternions = _names(arrays, "joint_names") or (), np.asarray(arrays["joint_quaternions"], dtype=float)
    if labels != skeleton.JOINT_NAMES or quaternions.shape != (*positions.shape[:2], 4):
        raise DataError(f"{path}: its joints are not those of this version's skeleton; fit the clip again")
    height = _scalar(path, arrays, "body_height")
    if height is None:
        leg = np.diff(positions[0, [labels.index(f"left_{j}") for j in ("hip", "knee", "ankle")]], axis=0)
        height = float(np.linalg.norm(leg, axis=-1).sum()) / (0.245 + 0.246)
    world = [jnp.asarray(quaternions[:, 0])]
    for joint, parent in enumerate(skeleton.PARENTS[1:], start=1):
        world.append(rotations.mul(world[parent], jnp.asarray(quaternions[:, joint])))
    sites = skeleton.template_sites(MOCAP18, height)
    placed = np.asarray(skeleton.site_positions(sites, jnp.asarray(positions), jnp.stack(world, axis=1)))
    values = {name: placed[:, k] for k, name in enumerate(MOCAP18)}
    values |= {name: positions[:, k] for k, name in enumerate(labels) if name in values}
    names = _names(arrays, "keypoint_names") or ()
    if "keypoint_positions" in arrays:
        seen = _points(path, "keypoint_positions", arrays["keypoint_positions"])
        if seen.shape[:2] != (len(positions), len(names)):
            raise DataError(
                f"{path}: has {seen.shape[1]} keypoints and {len(names)} names for them; fit the clip again"
            )
        values |= {name: seen[:, k] for k, name in enumerate(names) if name in CANONICAL}
    stacked = np.stack(list(values.values()), axis=1)
    points = sequence.Points("motionrecon", tuple(values), tuple(values), stacked, fps, "z", 1.0, True)
    return sequence.to_sequence(path, points)
