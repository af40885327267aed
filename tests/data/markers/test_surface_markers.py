"""Joint centres under markers of a person whose joints are known: gaps, swapped markers, ghosts, static trials."""

import dataclasses

import numpy as np
import pytest

from motionrecon.data.markers import marker_sets
from motionrecon.data.markers.marker_body import JOINTS
from motionrecon.data.markers.marker_calibration import calibrate
from motionrecon.data.markers.marker_poses import PoseOptions, _cost, _equations, _moved, solve_poses
from motionrecon.data.markers.marker_start import first_poses
from motionrecon.data.markers.surface_markers import StaticTrial, joint_centres


def _fit(made, static=None):
    found = marker_sets.recognize(made.labels)
    assert found is not None
    return found, joint_centres(found, made.markers[:, list(found.columns)], static)


def _errors(under, made):
    return {n: np.linalg.norm(under.positions[:, under.names.index(n)] - made.joints[n], axis=-1) for n in made.joints}


@pytest.mark.parametrize("seed", [0, 1])
def test_joints_are_found_within_marker_placement(recording, seed):
    made = recording(seed)
    _, under = _fit(made)
    errors = _errors(under, made)
    assert {n: round(1000 * e.mean()) for n, e in errors.items() if e.mean() > 0.020} == {}
    assert np.median(np.concatenate(list(errors.values()))) < 0.012
    assert under.error < 0.004 and not under.wrong.any() and under.seen.mean() > 0.85


def test_gaps_swaps_and_ghosts_do_not_pull(recording):
    made = recording()
    clean = _fit(made)[1]
    bad = dataclasses.replace(made, markers=made.markers.copy())
    left, right = bad.column("LKNE"), bad.column("RKNE")
    bad.markers[20:26, [left, right]] = bad.markers[20:26, [right, left]]  # swapped
    bad.markers[30:36, bad.column("RANK")] += (0.1, 0.2, 0.25)  # a ghost
    bad.markers[10:18, bad.column("LASI")] = np.nan
    bad.markers[40:50, [bad.column("LTHI"), bad.column("LTOE")]] = np.nan
    found, under = _fit(bad)
    error = np.linalg.norm(under.positions - clean.positions, axis=-1)[under.seen]
    assert np.quantile(error, 0.99) < 0.02 and error.max() < 0.06
    told = {(made.labels[found.columns[m]], int(t)) for t, m in np.argwhere(under.wrong)}
    assert {("LKNE", 22), ("RKNE", 22), ("RANK", 32)} <= told
    assert under.wrong.mean() < 0.03
    ball = under.names.index("left_ball")
    assert not under.seen[40:50, ball].any() and under.seen[:40, ball].all()


def test_any_direction_of_axes(recording):
    made = recording(frames=20)
    turn = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    straight = _fit(made)[1].positions
    turned = _fit(dataclasses.replace(made, markers=made.markers @ turn.T))[1].positions
    np.testing.assert_allclose(turned @ turn, straight, atol=2e-3)


def test_a_static_trial_gives_what_the_motion_lacks(recording):
    """Knees twice as broad as usual: lateral markers alone mislead, medial ones of a static trial tell."""
    standing, moving = recording(medial=True), recording(medial=True)
    for made in (standing, moving):
        for side, sign in (("left", "L"), ("right", "R")):
            for label in ("KNE", "KNM"):
                m = made.column(sign + label)
                made.markers[:, m] += 0.5 * (made.markers[:, m] - made.joints[f"{side}_knee"])
    keep = [i for i, n in enumerate(moving.labels) if n not in ("LKNM", "RKNM", "LANM", "RANM")]
    moving = dataclasses.replace(moving, labels=[moving.labels[i] for i in keep], markers=moving.markers[:, keep])
    found, learned = _fit(standing)
    static = StaticTrial(learned.body.offsets, dict(zip(found.labels, learned.body.places, strict=True)))
    alone, helped = _fit(moving)[1], _fit(moving, static)[1]
    knees = [
        float(np.mean([_errors(u, moving)[f"{s}_knee"].mean() for s in ("left", "right")])) for u in (alone, helped)
    ]
    assert knees[1] < 0.6 * knees[0] and knees[1] < 0.015


def test_legs_alone(recording):
    made = recording(frames=30)
    legs = [i for i, n in enumerate(made.labels) if n[1:] in ("ASI", "PSI", "THI", "KNE", "TIB", "ANK", "HEE", "TOE")]
    made = dataclasses.replace(made, labels=[made.labels[i] for i in legs], markers=made.markers[:, legs])
    under = _fit(made)[1]
    seen = {n for n, s in zip(under.names, under.seen.T, strict=True) if s.any()}
    assert seen == {f"{s}_{n}" for s in ("left", "right") for n in ("hip", "knee", "ankle", "heel", "ball")}
    errors = _errors(under, made)
    assert max(errors[n].mean() for n in seen & errors.keys()) < 0.025


def test_right_sides_are_the_gradient_of_the_cost(recording):
    made = recording(frames=3)
    found = marker_sets.recognize(made.labels)
    markers = made.markers[:, list(found.columns)]
    body, poses, _ = first_poses(found, markers)
    rng = np.random.default_rng(2)
    size = 3 + 3 * JOINTS + 6
    poses = _moved(poses, 0.05 * rng.standard_normal((3, size)))
    guess = _moved(poses, 0.1 * rng.standard_normal((3, size)))
    seen, options = np.ones(markers.shape[:2], bool), PoseOptions()
    right = _equations(body, markers, seen, poses, guess, 0.1, options)[1]
    for n in range(size):
        step = np.zeros((3, size))
        step[:, n] = 1e-6
        up, down = (_cost(body, markers, seen, _moved(poses, s), guess, 0.1, options) for s in (step, -step))
        np.testing.assert_allclose(-0.5 * (up - down) / 2e-6, right[:, n], rtol=1e-4, atol=1e-7)


def test_calibration_finds_a_longer_shank(recording):
    made = recording()
    found = marker_sets.recognize(made.labels)
    markers = made.markers[:, list(found.columns)]
    under = joint_centres(found, markers)
    poses, weight = solve_poses(under.body, markers, first_poses(found, markers)[1], 0.1)
    short = dataclasses.replace(
        under.body, offsets=under.body.offsets * np.where(np.arange(21) == 5, 0.95, 1.0)[:, None]
    )
    spread = np.array([p.spread for p in found.places])
    again = calibrate(short, short, spread, poses, markers, weight)
    before, after = (np.abs(b.offsets[5] - under.body.offsets[5]).max() for b in (short, again))
    assert after < 0.5 * before
