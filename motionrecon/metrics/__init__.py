"""How good a motion is: position errors, smoothness, ground contact, and the table that sets methods side by side.

Everything is plain NumPy on world positions (z up, ground z = 0). A function returns None where its value is
not defined (no visible point, too few frames), so that "unknown" never looks like a number.
"""

from motionrecon.metrics.accuracy import mpjpe, mpjpe_2d_px, mpjpe_chunks, mpjpe_g, mpjpe_pa, mpjpe_wa, rte_percent
from motionrecon.metrics.baseline import gaussian_smooth
from motionrecon.metrics.ground import (
    ContactRule,
    float_mm,
    foot_contacts,
    foot_skate_percent,
    foot_sliding_mm,
    penetration_mm,
)
from motionrecon.metrics.smoothness import accel_error, jitter, tv
from motionrecon.metrics.summary import FORMAT_VERSION, METHODS, measure_keypoints, summarize

__all__ = [
    "FORMAT_VERSION",
    "METHODS",
    "ContactRule",
    "accel_error",
    "float_mm",
    "foot_contacts",
    "foot_skate_percent",
    "foot_sliding_mm",
    "gaussian_smooth",
    "jitter",
    "measure_keypoints",
    "mpjpe",
    "mpjpe_2d_px",
    "mpjpe_chunks",
    "mpjpe_g",
    "mpjpe_pa",
    "mpjpe_wa",
    "penetration_mm",
    "rte_percent",
    "summarize",
    "tv",
]
