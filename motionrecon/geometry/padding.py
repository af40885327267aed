"""The few clip lengths that are compiled for.

Whatever runs in JAX on a whole clip is padded to one of a few lengths, so that no clip costs a new compilation.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from motionrecon.types import Array

_LENGTHS = (64, 128, 256, 384, 512, 768, 1024)


def padded_length(frames: int) -> int:
    """Return the length a clip is padded to, so that few distinct shapes are ever compiled."""
    return next((n for n in _LENGTHS if n >= frames), -(-frames // 512) * 512)


def pad_frames(values: Array, mode: Literal["edge", "constant"] = "edge") -> np.ndarray:
    """Pad (t, ...) to (``padded_length``, ...), repeating the last frame, or with zeros for ``mode="constant"``."""
    values = np.asarray(values)
    extra = padded_length(len(values)) - len(values)
    return np.pad(values, [(0, extra)] + [(0, 0)] * (values.ndim - 1), mode=mode)
