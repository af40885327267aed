"""The person's mass from the plates, where they carry the whole person: sum F_z over sum (g + a_z).

Over whole strides or while somebody stands the second sum is the time times g: the mean force over g. The centre of
mass' acceleration from the recording corrects for what a few steps leave over.
"""

from __future__ import annotations

import numpy as np

from motionrecon.data.plates.force_plates import ForcePlates
from motionrecon.errors import InputError
from motionrecon.evaluate.forces import plates_on_feet, segment_masses
from motionrecon.evaluate.forces.kinematic_baseline import CUTOFF, GRAVITY
from motionrecon.evaluate.forces.recorded_points import RecordedPoints
from motionrecon.evaluate.forces.time_series import acceleration, at_times, low_pass

_LEAST = 0.3  # s on plates alone
_PERSON = (10.0, 400.0)  # kg


def from_plates(points: RecordedPoints, plates: ForcePlates, span: tuple[float, float]) -> tuple[float, str]:
    """Return the mass in kg and a sentence about how it was found.

    Args:
      points: of the recording.
      plates: its plates.
      span: s, plates' clock, that counts.

    Raises:
      InputError: plates never carry the whole person for 0.3 s together, the recording has no points for a centre of
        mass, or the mass is nobody's.
    """
    if not segment_masses.has_center_of_mass(points):
        raise InputError("its mass cannot be told from the plates without hips and shoulders; give mass in trials.toml")
    soles = points.soles()
    middle = soles.mean(axis=2)
    feet = plates_on_feet.on_feet(plates, points.time, middle, span)
    lowest = soles[..., 2].min(axis=2)
    air = plates_on_feet.in_the_air(points.time, lowest, middle, points.rate, feet.time)
    whole = plates_on_feet.whole_load(feet, air)
    seconds = whole.sum() / plates_on_feet.GRID
    if seconds < _LEAST:
        raise InputError(
            f"the plates carry the whole person for {seconds:.2f} s only, too little for the mass; give mass in "
            "trials.toml or with --mass"
        )
    gained = acceleration(low_pass(segment_masses.center_of_mass(points), points.rate, CUTOFF), points.rate)
    pull = at_times(points.time, gained[:, 2], feet.time)[whole] + GRAVITY
    mass = float(feet.force[whole].sum(axis=1)[:, 2].sum() / np.maximum(pull.sum(), 1e-9))
    if not _PERSON[0] <= mass <= _PERSON[1]:
        raise InputError(f"the plates weigh {mass:.0f} kg, which is no person; give mass in trials.toml or with --mass")
    return mass, f"Mass from the plates: {mass:.1f} kg, over {seconds:.1f} s in which they carry the whole person."
