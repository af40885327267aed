"""From a marker file's labels and trajectories to joint centres in the file's unit and axes, and what to tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from motionrecon.data import axes
from motionrecon.data.markers import marker_sets
from motionrecon.data.markers.marker_body import visible
from motionrecon.data.markers.surface_markers import JointCentres, StaticTrial, joint_centres, mirrored
from motionrecon.errors import DataError

MAX_RATE = 100.0  # Hz: faster recordings are thinned to this rate or a little above
_MAX_ERROR, _MAX_WRONG = 0.03, 0.3  # m and share of the markers; more is another set, or no person
_OFTEN = 0.02  # share of frames from which a left-out marker is told
# Which lateral landmarks stand in for joint centres while the unit is guessed.
_STAND_INS = {"asis": "hip", "knee_lateral": "knee", "ankle_lateral": "ankle"}


@dataclasses.dataclass(frozen=True)
class MarkerOptions:
    """How surface markers are read.

    Attributes:
      markers: TOML file of a marker set; None: one of the standard sets where one is recognized.
      static: what a static trial gave.
      learning: the file is a static trial itself, so surface markers are expected.
    """

    markers: str | Path | None = None
    static: StaticTrial | None = None
    learning: bool = False

    @property
    def asked(self) -> bool:
        """Whether the user says that the file holds surface markers."""
        return self.markers is not None or self.static is not None or self.learning


@dataclasses.dataclass(frozen=True)
class MarkerPoints:
    """Joint centres of a marker file.

    Attributes:
      names: K canonical names.
      positions: (T', K, 3) in the file's unit and axes, NaN where too few markers tell the point.
      fps: Hz, of the positions.
      used: indices of the labels that were used.
      sentences: for the user.
      learned: what the recording gives as a static trial.
    """

    names: tuple[str, ...]
    positions: np.ndarray
    fps: float
    used: tuple[int, ...]
    sentences: tuple[str, ...]
    learned: StaticTrial


def points_under_markers(
    path: Path,
    labels: Sequence[str],
    positions: np.ndarray,
    fps: float,
    unit: float | None,
    centres: Sequence[str],
    options: MarkerOptions,
) -> MarkerPoints | None:
    """Find joint centres where a file holds surface markers and not already joint centres.

    Args:
      path: the file, for messages.
      labels: M labels.
      positions: (T, M, 3), NaN where missing.
      fps: Hz.
      unit: metres per file unit; None: guessed.
      centres: the labels that would be taken for hips, knees and ankles (six where all are there).
      options: a set of the user's, a static trial.

    Returns:
      The joint centres, or None where no set is recognized or the file has joint centres of its own.

    Raises:
      DataError: the user's set does not fit the file, or the person cannot be found from the markers.
    """
    sets = [marker_sets.read_file(options.markers)] if options.markers is not None else None
    recorded = np.any(np.all(np.isfinite(positions), axis=-1), axis=0)
    found = marker_sets.recognize([n if r else "" for n, r in zip(labels, recorded, strict=True)], sets)
    if found is None:
        if not options.asked:
            return None
        listed = ", ".join(labels[:12]) + (", ..." if len(labels) > 12 else "")
        raise DataError(
            f"{path}: its markers are not those of {options.markers or 'a standard set'}: the pelvis (front spines, "
            f"and back ones or sacrum), both thighs and both shanks are needed; its labels are {listed}; describe them "
            "in a TOML file and give it with --markers"
        )
    marked = {labels[i] for i in found.columns}
    if not options.asked and len(centres) == 6 and not marked & set(centres):
        return None
    step = max(1, int(fps // MAX_RATE))
    markers = positions[::step, list(found.columns)]
    scale = unit if unit is not None else _guessed_unit(found, markers)
    under = joint_centres(found, scale * markers, options.static)
    _check(path, found, scale * markers, under)
    centred = np.where(under.seen[..., None], under.positions / scale, np.nan)
    learned = StaticTrial(under.body.offsets, dict(zip(found.labels, under.body.places, strict=True)))
    used = (*found.columns, *found.unused)
    return MarkerPoints(under.names, centred, fps / step, used, _sentences(found, labels, under), learned)


def _check(path: Path, found: marker_sets.Labelled, markers: np.ndarray, under: JointCentres) -> None:
    """Refuse markers that lie on no body."""
    share = under.wrong.sum() / max(visible(markers).sum(), 1)
    if under.error > _MAX_ERROR or share > _MAX_WRONG:
        raise DataError(
            f"{path}: its markers do not lie on a body as {found.name} says ({100 * share:.0f} % are more than 50 mm "
            f"off, the others {1000 * under.error:.0f} mm); check left and right, the unit and mirrored axes, or "
            "describe the markers in a TOML file and give it with --markers"
        )
    if mirrored(found, markers, under):
        raise DataError(
            f"{path}: its markers lie on a body only in the mirror; check left and right of the labels, and axes that "
            "were exchanged or turned round in the export"
        )


def _guessed_unit(found: marker_sets.Labelled, markers: np.ndarray) -> float:
    """Return metres per file unit from the length of the marked legs."""
    names, columns = [], []
    for side in ("left_", "right_"):
        for role, joint in _STAND_INS.items():
            if side + role in found.roles:
                names.append(side + joint)
                columns.append(found.roles.index(side + role))
    return axes.guess_unit(tuple(names), markers[:, columns])[0]


def _sentences(found: marker_sets.Labelled, labels: Sequence[str], under: JointCentres) -> tuple[str, ...]:
    out = [
        f"Surface markers recognized: {found.name}, {len(found.columns)} markers. Joint centres were fitted under them "
        f"(markers {1000 * under.error:.0f} mm off in the middle)."
    ]
    wrong = under.wrong.mean(axis=0)
    often = [f"{labels[found.columns[m]]} ({100 * wrong[m]:.0f} %)" for m in np.argsort(-wrong) if wrong[m] > _OFTEN]
    if often:
        out.append(f"Markers left out in part of the frames, off the body or swapped: {', '.join(often[:8])}.")
    if found.unused:
        out.append(f"Markers of the set that no segment carries: {', '.join(labels[i] for i in found.unused)}.")
    return tuple(out)
