"""Force plates of OpenSim's force files and NumPy archives, and what is refused in one line."""

import numpy as np
import pytest

from motionrecon.data import axes
from motionrecon.data.formats import opensim_table
from motionrecon.data.plates import plates_load, plates_mot, plates_npz
from motionrecon.errors import DataError
from tests.fixtures import plate_files


@pytest.fixture
def two():
    """Two plates: a step, and one of nobody."""
    time, force, where = plate_files.steps()
    return time, np.stack([force, 0 * force], axis=1), np.stack([where, 0 * where], axis=1)


@pytest.mark.parametrize("unit", [1.0, 1000.0])
def test_mot_comes_back_with_z_up(tmp_path, two, unit):
    time, force, where = two
    plate_files.write_mot(tmp_path / "a.mot", time, force, where, unit)
    found = plates_load.read(tmp_path / "a.mot")
    np.testing.assert_allclose(found.time, time, atol=1e-6)
    np.testing.assert_allclose(found.force, force, atol=1e-6)
    on = force[..., 2] > 50
    np.testing.assert_allclose(found.center_of_pressure[on], where[on], atol=1e-6)
    assert bool(found.warnings) == (unit != 1.0)
    assert not found.center_of_pressure[~(force[..., 2] >= 5.0)].any()


def test_mot_follows_a_recording_that_is_turned_otherwise(tmp_path, two):
    plate_files.write_mot(tmp_path / "a.mot", *two)
    found = plates_load.read(tmp_path / "a.mot", axes.Y_UP)  # OpenSim's z becomes x, its x becomes y
    np.testing.assert_allclose(found.force, two[1][..., [1, 0, 2]] * [-1, 1, 1], atol=1e-6)


def test_npz_comes_back(tmp_path, two):
    time, force, where = two
    force = force.copy()
    force[3, 1] = np.nan
    np.savez(tmp_path / "a.npz", time=time, force=force, cop=where)
    found = plates_npz.read(tmp_path / "a.npz")
    np.testing.assert_array_equal(found.force, np.nan_to_num(force))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda t, f, w: (t, 0 * f, w), "no force at all"),
        (lambda t, f, w: (t, f / 700, w), "give forces on the body in newtons"),
        (lambda t, f, w: (t, -f, w), "give forces on the body in newtons"),
        (lambda t, f, w: (t, 1000 * f, w), "give forces on the body in newtons"),
        (lambda t, f, w: (t, f, 5000 * w), "give metres"),
        (lambda t, f, w: (t[:-9], f, w), "do not fit together"),
        (lambda t, f, w: (t[::-1], f, w), "increasing"),
        (lambda t, f, w: (t, f[..., :2], w), "do not fit together"),
    ],
)
def test_impossible_plates_are_refused(tmp_path, two, change, word):
    time, force, where = change(*two)
    np.savez(tmp_path / "a.npz", time=time, force=force, cop=where)
    with pytest.raises(DataError, match=word) as told:
        plates_npz.read(tmp_path / "a.npz")
    assert "a.npz" in str(told.value) and "\n" not in str(told.value)


def test_files_that_are_something_else(tmp_path, two):
    plate_files.write_mot(tmp_path / "a.mot", *two)
    text = (tmp_path / "a.mot").read_text()
    cases = {
        "no force columns": text.replace("_v", "_q"),
        "no point of application": text.replace("_px", "_qx"),
        "is not an OpenSim table": text.replace("endheader", "end"),
        "columns": text + "1 2 3\n",
        "no number": text.replace("0.00000000", "zero", 1),
        "is empty": " ",
    }
    for word, content in cases.items():
        (tmp_path / "b.mot").write_text(content)
        with pytest.raises(DataError, match=word):
            plates_mot.read(tmp_path / "b.mot")
    np.savez(tmp_path / "c.npz", positions=np.zeros((4, 2, 3)))
    (tmp_path / "d.npz").write_bytes(b"no archive")
    (tmp_path / "e.txt").write_text("")
    for name, word in (
        ("c.npz", "no time and no force and no cop"),
        ("d.npz", "cannot be read"),
        ("e.txt", "unknown kind"),
    ):
        with pytest.raises(DataError, match=word):
            plates_load.read(tmp_path / name)


def test_table_by_name(tmp_path):
    (tmp_path / "a.sto").write_text("x\nendheader\ntime b c\n0 1 2\n\n0.5 3 4\n")
    table = opensim_table.read(tmp_path / "a.sto")
    assert table.column("c").tolist() == [2.0, 4.0] and table.names == ("time", "b", "c")
