"""Units and axes of 3D sources: what one source unit is in metres, which axis is up, and how to turn to z up.

Formats seldom state either. Both are guessed from the body itself: legs of people are 0.7 to 1.0 m long, and
shoulders are mostly above ankles. Every guess comes back with a sentence for the user.
"""

from __future__ import annotations

import numpy as np

CMU_UNIT = 0.0254 / 0.45  # the CMU motion capture database: inches divided by 0.45
UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254, "inch/0.45 (CMU)": CMU_UNIT}
LEG = 0.491 * 1.70  # thigh and shin of an average adult, m (Winter: 0.245 and 0.246 of stature)
ARM = 0.315 * 1.70  # upper arm and forearm, in this package's skeleton template

# Proper rotations to x forward, y left, z up. A character of a y-up format looks along +z with its left at +x
# (BVH, ASF, AIST++), so +z becomes forward; the biomechanics convention looks along +x with its right at +z.
Z_UP = np.eye(3)
Y_UP = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
Y_UP_X_FORWARD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
_X_UP = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
_DOWN = (np.diag([-1.0, -1.0, 1.0]), np.diag([-1.0, -1.0, 1.0]), np.diag([1.0, -1.0, -1.0]))


def _chain_length(names: tuple[str, ...], positions: np.ndarray, chain: tuple[str, ...]) -> float | None:
    """Return the median length of a limb in source units over frames and both sides, or None if a joint is missing."""
    sides = []
    for side in ("left_", "right_"):
        joints = [side + name for name in chain]
        if all(j in names for j in joints):
            points = positions[:, [names.index(j) for j in joints]]
            sides.append(np.linalg.norm(np.diff(points, axis=1), axis=-1).sum(axis=1))
    if not sides or not np.isfinite(sides).any():
        return None
    return float(np.nanmedian(np.concatenate(sides)))


def guess_unit(names: tuple[str, ...], positions: np.ndarray) -> tuple[float, str, str]:
    """Guess the source's length unit from the length of legs (or arms).

    Args:
      names: K canonical keypoint names.
      positions: (T, K, 3) in source units; NaN where missing.

    Returns:
      Metres per source unit, the unit's name, and a sentence that says what was assumed and why.
    """
    length, usual, limb = _chain_length(names, positions, ("hip", "knee", "ankle")), LEG, "leg"
    if length is None:
        length, usual, limb = _chain_length(names, positions, ("shoulder", "elbow", "wrist")), ARM, "arm"
    if not length:
        return 1.0, "m", "The unit of length is not stated and no limb is complete; metres assumed."
    name = min(UNITS, key=lambda u: abs(np.log(length * UNITS[u] / usual)))
    scale, ratio = UNITS[name], length * UNITS[name] / usual
    if not 0.6 < ratio < 1.35:
        scale = usual / length
        return (
            scale,
            "unknown",
            (f"The unit of length is not stated and fits none known; scaled so that the {limb} is {usual:.2f} m long."),
        )
    sentence = f"The unit of length is not stated; {name} assumed, which makes the {limb} {length * scale:.2f} m long."
    return scale, name, sentence


def believable_unit(names: tuple[str, ...], positions: np.ndarray, unit: float) -> tuple[float | None, str | None]:
    """Return the stated unit, or None and a sentence where it makes legs that no person has.

    Args:
      names: K canonical keypoint names.
      positions: (T, K, 3) in source units; NaN where missing.
      unit: m, as stated.
    """
    leg = _chain_length(names, positions, ("hip", "knee", "ankle"))
    if leg is None or 0.15 < leg * unit < 2.0:
        return unit, None
    return None, f"The file's unit cannot be right: it makes the leg {leg * unit:.3g} m long."


def guess_up(names: tuple[str, ...], positions: np.ndarray, default: str) -> tuple[np.ndarray, str | None]:
    """Guess which source axis is up from where shoulders lie relative to ankles.

    Args:
      names: K canonical keypoint names.
      positions: (T, K, 3) in any unit; NaN where missing.
      default: "y", "z" or "x forward y" (y up, biomechanics), what the format usually means; it stands unless
        the body contradicts it clearly (somebody lying down does not).

    Returns:
      (3, 3) proper rotation from source axes to z up, and a sentence if it is not the default's, else None.
    """
    usual = {"y": Y_UP, "z": Z_UP, "x forward y": Y_UP_X_FORWARD}[default]
    low = [i for i, n in enumerate(names) if n in ("left_ankle", "right_ankle", "left_knee", "right_knee")]
    high = [i for i, n in enumerate(names) if n in ("neck", "left_shoulder", "right_shoulder", "head_top", "nose")]
    if not low or not high:
        return usual, None
    with np.errstate(invalid="ignore"):
        trunk = np.mean(positions[:, high], axis=1) - np.mean(positions[:, low], axis=1)
        trunk = trunk / np.linalg.norm(trunk, axis=-1, keepdims=True)
    trunk = trunk[np.isfinite(trunk).all(axis=-1)]
    if not len(trunk):
        return usual, None
    mean = trunk.mean(axis=0)
    axis = int(np.argmax(np.abs(mean)))
    if abs(mean[axis]) < 0.8 or (usual @ mean)[2] > 0.3:
        return usual, None
    rotation = (_X_UP, Y_UP, Z_UP)[axis] @ (np.eye(3) if mean[axis] > 0 else _DOWN[axis])
    sign = "" if mean[axis] > 0 else "-"
    return rotation, f"The body stands along the file's {sign}{'xyz'[axis]} axis, so that axis is taken as up."
