"""3D points of tools that name them, or keep them in a known order, to a ``Sequence``: what NPZ, NPY and CSV share."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.data import preprocess, sequence
from motionrecon.data.formats import joint_names, keypoint_layout_choice, rig_names
from motionrecon.errors import DataError
from motionrecon.geometry import keypoint_layouts
from motionrecon.geometry.keypoints import MOCAP18
from motionrecon.types import Observation, Sequence


def named(
    path: Path, source: str, labels: tuple[str, ...], values: np.ndarray, fps: float, warnings: list[str]
) -> Sequence:
    """Build a Sequence from named points.

    Args:
      path: the file, for its stem and messages.
      source: the format.
      labels: K names: canonical, of markers and joints, or of an animation rig.
      values: (T, K, 3) in any unit, z up unless the body says otherwise; NaN where missing.
      fps: Hz.
      warnings: sentences so far.

    Raises:
      DataError: names that do not match, too few known ones, and what ``sequence.to_sequence`` says.
    """
    if len(labels) != values.shape[1]:
        raise DataError(f"{path}: has {len(labels)} names for {values.shape[1]} points; give as many of both")
    rig = rig_names.map_rig(labels)
    names, origin, picked = joint_names.pick_markers(labels, values)
    if len(rig) > len(names):  # foreign names: an animation rig's rather than markers'
        names, origin = tuple(rig), tuple(labels[i] for i in rig.values())
        picked = values[:, list(rig.values())]
    used = {label for group in origin for label in group.split(" + ")}
    unused = [label for label in labels if label not in used]
    if unused:
        warnings = [*warnings, f"Points not used ({len(unused)}): {', '.join(unused[:12])}."]
    points = sequence.Points(source, names, origin, picked, fps, "z", warnings=tuple(warnings))
    return sequence.to_sequence(path, points)


def ordered(
    path: Path, source: str, values: np.ndarray, fps: float, warnings: list[str], layout: str | None = None
) -> Sequence:
    """Build a Sequence from points without names, by their number and the limbs they make.

    Args:
      path: the file.
      source: the format.
      values: as in ``named``.
      fps: Hz.
      warnings: sentences so far.
      layout: name of the order, where the user says it.

    Raises:
      DataError: no known order, or not clearly one; and what ``named`` raises.
    """
    count = values.shape[1]
    if layout is None and not keypoint_layouts.of_count(count):
        raise DataError(f"{path}: has no names for its {count} points; add an array 'names'")
    sequence.check_rate(path, fps)
    finite = np.asarray(np.isfinite(values).all(axis=-1))
    filled = np.where(finite[..., None], values, 0.0)
    raw = Observation(fps, tuple(map(str, range(count))), source, finite.astype(float), keypoints3d=filled)
    preprocess.check(raw, path)
    if layout is None and count == len(MOCAP18):  # this package's own order
        points = dict(enumerate(MOCAP18))
    else:
        seen = np.where(finite[..., None], values, np.nan)
        points = keypoint_layout_choice.choose(path, seen, layout).points
    names = tuple(points.values())
    said = f"The points are not named; the order {', '.join(names[:4])}, ... is assumed."
    return named(path, source, names, values[:, list(points)], fps, [*warnings, said])
