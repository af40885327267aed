"""How a person's body lies in the picture: upright, head down as in a film that is upside down, or sideways.

A film that is upside down shows arms that hang towards the hips, and above the shoulders in the picture; who stands on
the hands or hangs by the knees has the wrists below the shoulders.
"""

from __future__ import annotations

import enum

import numpy as np

_SURE = 0.3  # confidence from which a point counts
_MOST = 0.5  # share of the frames in which a body is head down
_NEARLY_ALL = 0.9  # share of the frames in which it lies sideways: who lies down has stood before
_FLAT = 2.0  # how many times as far across the picture as down it
_HEADS = (("head_top",), ("nose",), ("left_ear", "right_ear"), ("head",))


class Attitude(enum.Enum):
    """How most frames show the body."""

    UPRIGHT = "upright"
    UPSIDE_DOWN = "upside down, arms hanging"
    HEAD_DOWN = "head down"
    HEAD_LEFT = "head to the left"
    HEAD_RIGHT = "head to the right"


def attitude(names: tuple[str, ...], pixels: np.ndarray, confidence: np.ndarray) -> Attitude:
    """Return how a person lies in the picture in most frames; upright where it cannot be told.

    Args:
      names: K canonical keypoint names.
      pixels: (T, K, 2) px, y down.
      confidence: (T, K), 0 = missing.
    """
    seen = np.where((np.asarray(confidence) >= _SURE)[..., None], np.asarray(pixels, float), np.nan)

    def middle(*wanted: str) -> np.ndarray:
        columns = [names.index(name) for name in wanted if name in names]
        if len(columns) < len(wanted):
            return np.full((len(seen), 2), np.nan)
        return seen[:, columns].mean(axis=1)

    head = np.full((len(seen), 2), np.nan)
    for wanted in _HEADS:
        head = np.where(np.isfinite(head), head, middle(*wanted))
    shoulder, hip, wrist, ankle = (middle(f"left_{j}", f"right_{j}") for j in ("shoulder", "hip", "wrist", "ankle"))
    chain = np.stack([head, shoulder, hip, ankle], axis=1)
    chain = chain[np.isfinite(chain).all(axis=(1, 2))]
    if len(chain) < 0.5 * len(seen) or not len(chain):
        return Attitude.UPRIGHT
    down = np.all(np.diff(chain[..., 1], axis=1) < 0, axis=1)
    if down.mean() > _MOST:
        arms = wrist[:, 1] < shoulder[:, 1]
        told = np.isfinite(wrist[:, 1] + shoulder[:, 1])
        hanging = told.any() and arms[told].mean() > _MOST
        return Attitude.UPSIDE_DOWN if hanging else Attitude.HEAD_DOWN
    steps, length = np.diff(chain[..., 0], axis=1), np.abs(chain[:, 3] - chain[:, 0])
    flat = length[:, 0] > _FLAT * length[:, 1]
    for sign, found in ((1, Attitude.HEAD_LEFT), (-1, Attitude.HEAD_RIGHT)):
        if np.mean(flat & np.all(sign * steps > 0, axis=1)) > _NEARLY_ALL:
            return found
    return Attitude.UPRIGHT
