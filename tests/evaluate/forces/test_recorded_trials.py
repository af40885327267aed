"""Real trials with force plates, measured without a fit and pinned to another program's numbers for the same files."""

import dataclasses

import numpy as np
import pytest

from motionrecon.data.plates import plate_trials
from motionrecon.evaluate.forces import (
    body_mass,
    force_measures,
    kinematic_baseline,
    moment_measures,
    plates_on_feet,
    trial_input,
)
from motionrecon.evaluate.forces.force_measures import MethodForces
from motionrecon.evaluate.forces.time_series import at_times

pytestmark = pytest.mark.dataset

# Trial: end of the comparison s, and for left and right RMSE in % of body weight, % of range, and r of the
# vertical, fore-aft and medio-lateral force; then r of the left foot's share in double support.
MASSES = {"walk_oc1": 62.9, "squat_oc": 60.1, "walk_gait2392": 72.6}
PINNED = {
    "walk_oc1": (
        1.28,
        (
            ((16.74, 15.15, 0.911), (5.71, 14.31, 0.866), (3.02, 32.52, 0.680)),
            ((16.32, 13.68, 0.916), (6.92, 14.73, 0.856), (3.34, 26.93, 0.665)),
        ),
        0.806,
    ),
    "walk_gait2392": (
        2.5,
        (
            ((10.10, 8.88, 0.968), (5.01, 14.81, 0.913), (2.57, 21.73, 0.774)),
            ((11.06, 9.79, 0.961), (4.23, 12.13, 0.949), (2.55, 23.52, 0.717)),
        ),
        0.912,
    ),
}


@pytest.fixture
def trial(samples, request):
    """A trial by name."""
    folder = samples / "forces"
    if not (folder / f"{request.param}.plates.npz").exists():
        pytest.skip(f"no {request.param} with force plates in {folder}")
    found = next(t for t in plate_trials.find(folder)[0] if t.name == request.param)
    options = plate_trials.TrialOptions(height=1.7, mass=MASSES[request.param])
    return dataclasses.replace(found, options=options)


def _feet(given, span):
    soles = given.points.soles()
    return plates_on_feet.on_feet(given.plates, given.points.time, soles.mean(axis=2), span)


def _axes(points):
    move = points.of("pelvis")[-1] - points.of("pelvis")[0]
    ahead = np.array([move[0], move[1], 0.0]) / np.linalg.norm(move[:2])
    return force_measures.directions(ahead, np.cross([0.0, 0.0, 1.0], ahead))


@pytest.mark.parametrize("trial", PINNED, indirect=True)
def test_double_differentiated_walks(trial):
    given = trial_input.read(trial_input.ForceTask(trial, "unused"))
    end, feet_pinned, share = PINNED[trial.name]
    feet = _feet(given, (0.0, end))
    force = at_times(given.points.time, kinematic_baseline.forces(given.points, given.mass), feet.time)
    found = force_measures.measures(
        MethodForces(force), feet, np.zeros(len(feet.time), bool), _axes(given.points), given.mass * 9.81
    )
    for side, rows in zip(("left", "right"), feet_pinned, strict=True):
        for component, (percent, span, r) in zip(force_measures.COMPONENTS, rows, strict=True):
            score = found["feet"][side][component]
            assert score["rmse_percent_bw"] == pytest.approx(percent, abs=0.06)
            assert score["rmse_percent_range"] == pytest.approx(span, abs=0.2)
            assert score["r"] == pytest.approx(r, abs=0.004)
    assert found["double_support"]["r"] == pytest.approx(share, abs=0.004)


@pytest.mark.parametrize("trial", MASSES, indirect=True)
def test_mass_from_the_plates(trial):
    given = trial_input.read(trial_input.ForceTask(trial, "unused"))
    span = float(given.points.time[0]), float(given.points.time[-1])
    mass, _ = body_mass.from_plates(given.points, given.plates, span)
    assert mass == pytest.approx(MASSES[trial.name], rel=0.02)


@pytest.mark.parametrize("trial", ["walk_gait2392"], indirect=True)
def test_inverse_dynamics_beside_opensim(trial):
    """OpenSim's own inverse dynamics of the same walk; its hip centres lie elsewhere, so the hip agrees less."""
    given = trial_input.read(trial_input.ForceTask(trial, "unused"))
    feet = _feet(given, (0.0, 2.4))
    left = _axes(given.points)["ml"]
    ours = moment_measures.from_plates(given.points, feet, given.mass, left)
    theirs = moment_measures.from_opensim(trial.moments)
    for joint, least in (("ankle", 0.99), ("knee", 0.95), ("hip", 0.7)):
        for foot, side in enumerate(("left", "right")):
            first, last = theirs[side, joint][0][[0, -1]]
            on = (feet.force[:, foot, 2] > 20) & (feet.time > first) & (feet.time < last)
            a, b = (np.interp(feet.time[on], *m[side, joint]) for m in (ours, theirs))
            assert np.corrcoef(a, b)[0, 1] > least
