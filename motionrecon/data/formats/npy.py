"""Single NumPy arrays: FreeMoCap's 3D skeletons, and points (T, K, 3) of anybody whose order is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.data.formats import keypoint_sequence, point_array
from motionrecon.errors import DataError
from motionrecon.geometry import keypoint_layouts
from motionrecon.types import Sequence

_MEDIAPIPE = 33
# FreeMoCap's counts: MediaPipe's body, then hands (2 x 21), then the face (468 or 478).
_BODY_FIRST = (_MEDIAPIPE + 42, _MEDIAPIPE + 42 + 468, _MEDIAPIPE + 42 + 478)
_ASSUMED_FPS = 30.0


def read(
    path: str | Path, *, fps: float | None = None, size: tuple[int, int] | None = None, layout: str | None = None
) -> Sequence:
    """Read an array of points.

    Args:
      path: the .npy file.
      fps: Hz; 30 is assumed where nobody says it.
      size: (width, height) px of the image of 2D keypoints.
      layout: name of the points' order.

    Returns:
      Sequence with ``keypoints3d`` m, or, where the third number is a confidence, ``keypoints2d`` px.

    Raises:
      DataError: no array of numbers (T, K, 3), or an order that is not known.
    """
    path = Path(path)
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        reason = "holds Python objects" if "pickle" in str(error) else str(error).splitlines()[0][:100]
        raise DataError(f"{path}: cannot be read as an array of numbers ({reason}); save it with numpy.save") from None
    if values.ndim == 4:
        raise DataError(f"{path}: holds {values.shape[0]} cameras or people; give the 3D points, or those of one")
    if values.ndim != 3 or values.shape[2] != 3 or values.dtype.kind not in "fiu":
        raise DataError(f"{path}: has shape {values.shape}, numbers (frames, points, 3) are expected; save those")
    values, warnings = values.astype(float), []
    if fps is None:
        warnings.append(f"The file does not state its frame rate; {_ASSUMED_FPS:g} Hz assumed (give --source-fps).")
    rate = fps or _ASSUMED_FPS
    if layout is None and values.shape[1] in _BODY_FIRST:
        values, layout = values[:, :_MEDIAPIPE], "mediapipe33"
    if _is_2d(values):
        tracked = keypoint_sequence.TrackedKeypoints(values, rate, size, None, tuple(warnings), source="npy")
        return keypoint_sequence.to_sequence(path, tracked, layout)
    if layout is not None and keypoint_layouts.LAYOUTS[layout].count != values.shape[1]:
        raise DataError(
            f"{path}: has {values.shape[1]} points, --layout {layout} has {keypoint_layouts.LAYOUTS[layout].count}"
        )
    return point_array.ordered(path, "npy", values, rate, warnings, layout)


def _is_2d(values: np.ndarray) -> bool:
    """Tell whether the third number is a confidence from 0 to 1 beside pixels."""
    seen = values[np.isfinite(values).all(axis=-1)]
    if not len(seen):
        return False
    third = seen[:, 2]
    return bool(third.min() >= 0 and third.max() <= 1 and np.percentile(np.abs(seen[:, :2]), 90) > 16)
