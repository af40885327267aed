"""How the error in the world spreads over a clip's frames: percentile, worst, drift, falls."""

from __future__ import annotations

import numpy as np

from motionrecon.metrics.accuracy import as_mask

FALL_MM = 300.0  # a frame whose points are further off on average has lost the person
_MM = 1000.0


def frame_errors_mm(predicted: np.ndarray, reference: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Return each frame's mean distance over visible points, mm; frames that show none are left out.

    Args:
      predicted: (T, K, 3) m, world.
      reference: (T, K, 3) m, world.
      mask: (T, K), or None for all points.

    Returns:
      (F,) mm, F frames that show a point.
    """
    visible = as_mask(mask, predicted.shape[:2])
    distance = np.where(visible, _MM * np.linalg.norm(predicted - reference, axis=-1), 0.0)
    count = visible.sum(axis=1)
    return distance.sum(axis=1)[count > 0] / count[count > 0]


def spread(errors: np.ndarray) -> dict[str, float | None]:
    """Return 95th percentile, maximum, the means of the three thirds (mm) and the share of frames fallen (percent).

    A fall is a frame whose mean error exceeds ``FALL_MM``. A third without a frame, and everything without any, is
    None.

    Args:
      errors: (F,) mm, of ``frame_errors_mm``.
    """
    names = ("first", "middle", "last")
    thirds = {
        f"mpjpe_g_{name}_third_mm": float(part.mean()) if len(part) else None
        for name, part in zip(names, np.array_split(errors, 3), strict=True)
    }
    if not len(errors):
        return {"mpjpe_g_p95_mm": None, "mpjpe_g_max_mm": None, **thirds, "fallen_percent": None}
    return {
        "mpjpe_g_p95_mm": float(np.percentile(errors, 95)),
        "mpjpe_g_max_mm": float(errors.max()),
        **thirds,
        "fallen_percent": float(100.0 * (errors > FALL_MM).mean()),
    }
