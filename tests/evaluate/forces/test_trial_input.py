"""Recording and plates on one clock: offsets, belts, the person, and what is refused in one line."""

import dataclasses

import numpy as np
import pytest

from motionrecon.config import Config
from motionrecon.data.plates import plate_trials
from motionrecon.data.plates.plate_trials import TrialOptions
from motionrecon.errors import ConfigError, InputError
from motionrecon.evaluate.forces import trial_input
from motionrecon.evaluate.forces.trial_input import ForceTask
from tests.fixtures import plate_files, standing_points
from tests.fixtures.standing_points import POSE

WEIGHT = 70.0 * 9.81


def _write(folder, *, seconds=2.0, start=0.0, force=WEIGHT, first=None):
    """A person who stands: NPZ (or, with ``first``, a TRC whose time begins there) with two plates beside it."""
    points = standing_points.breathing()
    if first is None:
        np.savez(folder / "a.npz", names=np.array(points.names), positions=points.positions, fps=100.0)
    else:
        _write_trc(folder / "a.trc", points, first)
    time = start + np.arange(int(1000 * seconds)) / 1000.0
    loads = np.zeros((len(time), 2, 3))
    loads[..., 2] = force / 2
    where = np.tile(np.stack([POSE[f"{s}_ankle"] * [1, 1, 0] for s in ("left", "right")]), (len(time), 1, 1))
    plate_files.write_mot(folder / "a.mot", time, loads, where)


def _write_trc(path, points, first):
    heads = "\t\t\t".join(points.names)
    rows = ["\t".join([str(i + 1), f"{first + i / 100:.4f}", *(f"{v:.6f}" for v in frame.ravel())])
            for i, frame in enumerate(points.positions[..., [0, 2, 1]] * [1, 1, -1])]  # fmt: skip
    head = f"PathFileType\t4\t(X/Y/Z)\t{path.name}\nDataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\n"
    head += f"100\t100\t{len(rows)}\t{len(points.names)}\tm\nFrame#\tTime\t{heads}\n\t\tX1\tY1\tZ1\n"
    path.write_text(head + "\n".join(rows) + "\n")


def _read(folder, options=None, fit=None):
    trial = plate_trials.find(folder)[0][0]
    if options is not None:
        trial = dataclasses.replace(trial, options=options)
    return trial_input.read(ForceTask(trial, str(folder / "out"), fit or Config()))


def test_mass_and_height_are_guessed_and_said(tmp_path):
    _write(tmp_path)
    found = _read(tmp_path)
    assert found.mass == pytest.approx(70.0, rel=1e-3) and found.fit.person.mass == found.mass
    assert any("Mass from the plates: 70.0 kg" in w for w in found.warnings)
    assert any("stature is estimated" in w for w in found.warnings)
    told = _read(tmp_path, TrialOptions(height=1.75, mass=72.0, time_range=(0.5, 1.5)))
    assert told.mass == 72.0 and told.fit.person.height == 1.75 and told.fit.input.time_range == (0.5, 1.5)
    assert not told.warnings


def test_a_trc_counts_from_its_own_first_time(tmp_path):
    _write(tmp_path, first=3.2, start=3.2)
    found = _read(tmp_path)
    assert found.offset == pytest.approx(3.2) and found.points.time[0] == pytest.approx(3.2)
    np.testing.assert_allclose(found.points.of("left_hip")[0], POSE["left_hip"], atol=1e-5)  # y up came back to z up
    assert found.plates.force[:, :, 2].min() > 300.0


def test_belt_carries_recording_and_plates_along(tmp_path):
    _write(tmp_path)
    found = _read(tmp_path, TrialOptions(mass=70.0, belt=1.2))
    assert np.ptp(found.points.of("left_hip")[:, 0]) == pytest.approx(1.2 * 1.99)
    assert np.ptp(found.plates.center_of_pressure[:, 0, 0]) == pytest.approx(1.2 * 1.999)


@pytest.mark.parametrize(
    ("more", "options", "error", "word"),
    [
        ({"start": 5.0}, None, InputError, "less than 0.3 s in common; give offset"),
        ({"seconds": 0.2}, None, InputError, "less than 0.3 s in common"),
        ({"force": 100.0}, TrialOptions(time_range=(5.0, 6.0)), InputError, "lies outside the clip"),
        ({}, TrialOptions(mass=900.0), ConfigError, "person.mass 900"),
        ({"force": 62.0, "seconds": 1.0}, None, InputError, "no person"),
    ],
)
def test_what_does_not_belong_together(tmp_path, more, options, error, word):
    _write(tmp_path, **more)
    with pytest.raises(error, match=word) as told:
        _read(tmp_path, options)
    assert "\n" not in str(told.value) and str(tmp_path) in str(told.value)


def test_a_c3d_brings_its_own_plates(tmp_path):
    time, force, where = plate_files.steps(200)
    points, origin = standing_points.breathing(), np.array([0.0, 0.0, -0.04])
    values = plate_files.channels(2, force, where, origin)
    plate_files.write_c3d(tmp_path / "a.c3d", 2, values, origin, points=points.positions, labels=points.names)
    found = _read(tmp_path, TrialOptions(height=1.75, mass=70.0))
    assert not found.warnings and found.offset == 0.0
    np.testing.assert_allclose(found.points.of("left_heel")[7], POSE["left_heel"], atol=1e-6)
    np.testing.assert_allclose(found.plates.force[:, 0], force, atol=0.05)
    np.testing.assert_allclose(found.plates.time, time, atol=1e-9)


def test_plates_that_end_before_the_recording(tmp_path):
    _write(tmp_path, seconds=1.2)
    assert any("measured 1.20 s of the 1.99 s recording" in w for w in _read(tmp_path).warnings)
