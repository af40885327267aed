"""``biomechanics.csv``: one row a frame for spreadsheets: joint angles, moments, powers, forces under the feet, events.

Column names end in the unit. Angles and events are at ``time_s``, all else at ``load_time_s``, half a frame later.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from motionrecon import biomechanics
from motionrecon.biomechanics import Biomechanics
from motionrecon.biomechanics.gait_cycle import SIDES
from motionrecon.geometry import world
from motionrecon.geometry.world import Frame
from motionrecon.jobs.atomic_file import replaced
from motionrecon.types import SAME_WORLD, FitResult, WorldTransform


def _marks(time: np.ndarray, events: np.ndarray) -> np.ndarray:
    """Return (T,) 1 in the frame nearest to each event, else 0."""
    marks = np.zeros(len(time))
    for when in events:
        marks[np.argmin(np.abs(time - when))] = 1.0
    return marks


def columns(found: Biomechanics, there: WorldTransform = SAME_WORLD) -> tuple[list[str], np.ndarray]:
    """Return the header and the values (T, columns); names end in the unit ("left_hip_flexion_deg").

    Forces and centres of pressure are in the recording's world of the transform ``there``.
    """
    loads, per_kg = found.loads, 1.0 / found.mass
    header = ["time_s", "load_time_s", *(f"{name}_deg" for name in found.angle_names)]
    blocks = [found.time[:, None], found.load_time[:, None], found.angles]
    for kind, unit, names, values in (
        ("moment", "Nm", loads.moment_names, loads.moments),
        ("moment", "Nm_per_kg", loads.moment_names, loads.moments * per_kg),
        ("power", "W", loads.power_names, loads.powers),
        ("power", "W_per_kg", loads.power_names, loads.powers * per_kg),
    ):
        header += [f"{name}_{kind}_{unit}" for name in names]
        blocks.append(values)
    for kind, unit, values in (
        ("ground_force", "N", world.turned_to_recording(there, found.force)),
        ("ground_force_filtered", "N", world.turned_to_recording(there, found.force_filtered)),
        ("center_of_pressure", "m", world.to_recording(there, found.pressure)),
    ):
        header += [f"{side}_{kind}_{axis}_{unit}" for side in SIDES for axis in "xyz"]
        blocks.append(values.reshape(len(values), -1))
    for kind, events in (("heel_strike", found.heel_strikes), ("toe_off", found.toe_offs)):
        header += [f"{side}_{kind}" for side in SIDES]
        blocks += [_marks(found.time, events[foot])[:, None] for foot in (0, 1)]
    return header, np.concatenate(blocks, axis=1)


def write_biomechanics(result: FitResult, path: str | Path, frame: Frame = "recording") -> Path:
    """Write ``columns`` as CSV under a temporary name, then rename it.

    Args:
      result: a fit.
      path: the file to write; its folder exists.
      frame: of forces and centres of pressure: "recording" for the world of the input, "world" for the fitted one.

    Returns:
      The path.

    Raises:
      OSError: the folder is read-only or full; nothing is left behind.
    """
    path = Path(path)
    header, values = columns(biomechanics.analyze(result), world.seen_from(result.world, frame))
    with replaced(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([f"{v:.6g}" for v in row] for row in values)
    return path
