"""What is said about frames and points of a recording that are no motion (``glitches``)."""

from __future__ import annotations

import numpy as np


def is_still(values: np.ndarray, still: float) -> bool:
    """Tell whether nothing in (T, K, 3) m moves by more than ``still`` m from frame to frame."""
    return not (np.abs(np.diff(values, axis=0)) > still).any()


def pieces(
    filled: np.ndarray, gap: np.ndarray, begin: int, end: int, fps: float, first: int, still: float
) -> list[str]:
    """Say that of (T, K, 3) m, whose frame 0 is number ``first``, only [begin, end) are used, without the ``gap`` (T,).

    What is left out is called a rest pose where nothing moves by more than ``still`` m.
    """
    said = []
    if gap.any():
        where = frames(first + np.flatnonzero(gap))
        said.append(f"The whole body jumps away and back in {where}; left out as a gap.")
    for a, b, at in ((0, begin, begin - 1), (end, len(filled), end - 1)):
        if a == b:
            continue
        if is_still(filled[a:b], still):
            into = first + b if a == 0 else None
            how = "jumps to the motion" if a == 0 else "the motion jumps to"
            said.append(rest_pose(first + a, first + b, how, into))
            continue
        size = np.median(np.linalg.norm(filled[at + 1] - filled[at], axis=-1))
        said.append(
            f"The whole body jumps by {size:.2f} m from frame {first + at} to {first + at + 1}: of all pieces only the "
            f"longest is used, frames {first + begin} to {first + end - 1} ({(end - begin) / fps:.2f} s); cut the file "
            "there to fit another one."
        )
    return said


def frames(numbers: np.ndarray) -> str:
    """Return "frame 3" or "frames 3 to 5, 9" of sorted frame numbers."""
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    parts = [f"{r[0]} to {r[-1]}" if len(r) > 1 else f"{r[0]}" for r in runs[:5]]
    return ("frames " if len(numbers) > 1 else "frame ") + ", ".join(parts) + (", ..." if len(runs) > 5 else "")


def rest_pose(start: int, stop: int, how: str, into: int | None) -> str:
    """Say that frames [start, stop) are a rest pose, before frame ``into`` or behind the motion."""
    one = stop - start == 1
    which = f"Frame {start} is" if one else f"Frames {start} to {stop - 1} are"
    end = f"that {how}" if into is None else f"that {how} in frame {into}"
    return f"{which} a rest pose {end}; {'it was' if one else 'they were'} dropped."


def zeros(names: tuple[str, ...], zero: np.ndarray) -> str:
    """Say which points are exactly zero, and in which frames, given (T, K) true where."""
    at, points = np.flatnonzero(zero.any(axis=1)), np.flatnonzero(zero.any(axis=0))
    which = "All points" if len(points) == len(names) else ", ".join(names[k].replace("_", " ") for k in points[:5])
    more = ", ..." if len(points) > 5 and len(points) < len(names) else ""
    return f"{which}{more}: exactly 0, 0, 0 in {frames(at)}, which was taken as not seen."
