"""Performance profiles (the paper's eq. 3, Beiranvand et al. 2018) and how often each method is first.

m_ps = (f_ps - f*_p) / (f^w_p - f*_p), r_ps = m_ps / min_s m_ps, and rho_s(t) is the share of problems with r_ps <= t.
The worst value f^w cancels in r, so excess losses f - f* are compared. Excess losses below `FLOOR` count as `FLOOR`:
without it r is undefined where a method hits the minimum, and differences of rounding would decide. Ties share a win:
each of the tied methods is first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

FLOOR = 1e-12
Values = Mapping[Any, Mapping[str, float | None]]


def ratios(values: Values, methods: Sequence[str], floor: float = FLOOR) -> np.ndarray:
    """Return r (P, S): how many times each method's excess loss is the best one's.

    Args:
      values: excess loss by problem and method; None or absent where there is none.
      methods: S names.
      floor: lowest excess loss that is told apart.

    Returns:
      (P, S) ratios >= 1, +inf where a method has no finite value.
    """
    excess = np.array([[_number(row.get(name)) for name in methods] for row in values.values()], float)
    if not len(excess):
        return np.zeros((0, len(methods)))
    excess = np.maximum(excess, floor)
    best = excess.min(axis=1, keepdims=True)
    return np.where(np.isfinite(excess), excess / np.where(np.isfinite(best), best, 1), np.inf)


def _number(value: float | None) -> float:
    return np.inf if value is None else value


def rho(ratio: np.ndarray, threshold: float) -> np.ndarray:
    """Return the paper's rho (S,): share of problems on which each method is within a factor ``threshold`` of best."""
    if not len(ratio):
        return np.full(ratio.shape[1], np.nan)
    return np.mean(ratio <= threshold * (1 + 1e-9), axis=0)


def curve(ratio: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return rho (T, S) at thresholds (T,)."""
    return np.stack([rho(ratio, t) for t in thresholds])
