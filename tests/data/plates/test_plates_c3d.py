"""Force plates in C3D files: types 1 to 4 from known forces, beside ezc3d's own computation, and damaged files."""

import struct

import ezc3d
import numpy as np
import pytest

from motionrecon.data import axes
from motionrecon.data.plates import plates_c3d, plates_load
from motionrecon.errors import DataError
from tests.fixtures import plate_files

_ORIGINS = {1: (0.0, 0.0, 0.0), 2: (0.004, -0.002, -0.04), 3: (0.12, 0.2, -0.035), 4: (0.001, 0.003, -0.05)}
_CAL = np.diag([1.1, 0.9, 2.0, 1.0, 1.2, 0.8]) + 0.03 * np.arange(36).reshape(6, 6) / 36


def _write(path, kind, **more):
    time, force, where = plate_files.steps()
    origin = np.array(_ORIGINS[kind])
    values = plate_files.channels(kind, force, where, origin)
    plate_files.write_c3d(path, kind, values, origin, cal=_CAL if kind == 4 else None, **more)
    return time, force, where


def _agree(found, time, force, where, newtons=0.05, meters=2e-4):
    np.testing.assert_allclose(found.time, time, atol=1e-9)
    np.testing.assert_allclose(found.force[:, 0], force, atol=newtons)
    on = force[:, 2] > 50
    np.testing.assert_allclose(found.center_of_pressure[on, 0], where[on], atol=meters)


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_known_forces_come_back(tmp_path, kind):
    path = tmp_path / "a.c3d"
    truth = _write(path, kind, unit="mm" if kind == 1 else "Nmm")
    if kind == 3:  # sensors' forces alone: no moment is stored
        truth = _write(path, kind, unit="N")
    _agree(plates_c3d.read(path), *truth)
    assert plates_c3d.holds_plates(path)


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_ezc3d_computes_the_same(tmp_path, kind):
    path = tmp_path / "a.c3d"
    _write(path, kind, unit="mm")
    found = plates_c3d.read(path)
    theirs = ezc3d.c3d(str(path), extract_forceplat_data=True)["data"]["platform"][0]
    np.testing.assert_allclose(found.force[:, 0], -theirs["force"].T, atol=0.05)  # theirs is the push on the plate
    on = found.force[:, 0, 2] > 50
    np.testing.assert_allclose(found.center_of_pressure[on, 0], theirs["center_of_pressure"].T[on] / 1000, atol=1e-5)


@pytest.mark.parametrize("kind", [2, 3, 4])
def test_two_plates_that_lie_differently(tmp_path, kind):
    _write(tmp_path / "a.c3d", kind, unit="mm")
    file = ezc3d.c3d(str(tmp_path / "a.c3d"))
    group, count = file["parameters"]["FORCE_PLATFORM"], file["data"]["analogs"].shape[1]
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    first, origin = group["CORNERS"]["value"][:, :, 0], group["ORIGIN"]["value"][:, 0]
    group["CORNERS"]["value"] = np.stack([first, turn @ first + [[900.0], [50.0], [200.0]]], axis=-1)
    group["ORIGIN"]["value"] = np.stack([origin, origin * [0.5, 1.5, 2.0]], axis=-1)
    group["CHANNEL"]["value"] = np.stack([np.arange(1, count + 1), np.arange(count + 1, 2 * count + 1)], axis=-1)
    group["CAL_MATRIX"]["value"] = np.stack([group["CAL_MATRIX"]["value"][..., 0], np.eye(6)], axis=-1)
    group["USED"]["value"], group["TYPE"]["value"] = [2], [kind, kind]
    for name in ("LABELS", "DESCRIPTIONS", "UNITS"):
        file["parameters"]["ANALOG"][name]["value"] *= 2
    file["parameters"]["ANALOG"]["LABELS"]["value"] = [f"c{i}" for i in range(2 * count)]
    file["data"]["analogs"] = np.concatenate([file["data"]["analogs"], 0.7 * file["data"]["analogs"]], axis=1)
    for name in ("SCALE", "OFFSET"):
        file["parameters"]["ANALOG"][name]["value"] = np.tile(file["parameters"]["ANALOG"][name]["value"], 2)
    del file["data"]["meta_points"]
    file.write(str(tmp_path / "b.c3d"))
    found = plates_c3d.read(tmp_path / "b.c3d")
    for plate, theirs in enumerate(ezc3d.c3d(str(tmp_path / "b.c3d"), extract_forceplat_data=True)["data"]["platform"]):
        sign = np.sign(found.force[:, plate, 2].sum() * theirs["force"][2].sum())
        np.testing.assert_allclose(found.force[:, plate], sign * theirs["force"].T, atol=0.05)
        on = found.force[:, plate, 2] > 50
        where = theirs["center_of_pressure"].T[on] / 1000
        np.testing.assert_allclose(found.center_of_pressure[on, plate], where, atol=1e-5)
    assert on.any()


def test_reaction_instead_of_push_and_an_origin_of_the_other_sign(tmp_path):
    time, force, where = plate_files.steps()
    origin = np.array(_ORIGINS[2])
    values = plate_files.channels(2, force, where, origin)
    plate_files.write_c3d(tmp_path / "a.c3d", 2, -values, -origin)
    _agree(plates_c3d.read(tmp_path / "a.c3d"), time, force, where)


@pytest.mark.parametrize(("unit", "sentences"), [("Nm", 0), ("N.mm", 0), ("V", 1), ("", 1)])
def test_units_of_moments(tmp_path, unit, sentences):
    truth = _write(tmp_path / "a.c3d", 2, unit=unit)
    found = plates_c3d.read(tmp_path / "a.c3d")
    _agree(found, *truth)
    assert len(found.warnings) == sentences


def test_moments_in_newton_meters_without_a_unit_are_recognised(tmp_path):
    time, force, where = plate_files.steps()
    origin = np.array(_ORIGINS[2])
    values = plate_files.channels(2, force, where, origin)
    values[:, 3:] /= 1000.0  # written times 1000 below
    plate_files.write_c3d(tmp_path / "a.c3d", 2, values, origin, unit="volts")
    found = plates_c3d.read(tmp_path / "a.c3d")
    _agree(found, time, force, where)
    assert "1 m" in found.warnings[0]


def test_baseline_over_the_frames_of_zero(tmp_path):
    time, force, where = plate_files.steps()
    origin = np.array(_ORIGINS[2])
    values = plate_files.channels(2, force, where, origin) + np.array([3.0, -5.0, 20.0, 1.0, 2.0, 0.5])
    plate_files.write_c3d(tmp_path / "a.c3d", 2, values, origin, zero=(1, 4))  # the foot comes in frame 6
    _agree(plates_c3d.read(tmp_path / "a.c3d"), time, force, where)
    plate_files.write_c3d(tmp_path / "b.c3d", 2, values, origin, zero=(1, 0))
    assert plates_c3d.read(tmp_path / "b.c3d").force[0, 0, 2] == pytest.approx(20.0, abs=1e-3)


@pytest.mark.parametrize("unsigned", [False, True])
def test_integer_files(tmp_path, unsigned):
    truth = _write(tmp_path / "a.c3d", 2)
    _as_integers(tmp_path / "a.c3d", tmp_path / "b.c3d", unsigned)
    _agree(plates_c3d.read(tmp_path / "b.c3d"), *truth, newtons=0.1, meters=2e-3)


def test_axes_of_the_recording(tmp_path):
    time, force, where = _write(tmp_path / "a.c3d", 2)
    found = plates_load.read(tmp_path / "a.c3d", axes.Z_UP[[1, 0, 2]] * [[1], [-1], [1]])
    _agree(found, time, *(v[:, [1, 0, 2]] * [1, -1, 1] for v in (force, where)))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda p: p["FORCE_PLATFORM"]["USED"].update(value=[0]), "has no force plates"),
        (lambda p: p["FORCE_PLATFORM"]["TYPE"].update(value=[7]), "is of type 7"),
        (lambda p: p["FORCE_PLATFORM"]["CHANNEL"].update(value=np.arange(4, 10)[:, None]), "names channel 9"),
        (lambda p: p["FORCE_PLATFORM"]["CORNERS"].update(value=np.zeros((3, 4, 1))), "corners without area"),
        (lambda p: p["FORCE_PLATFORM"]["USED"].update(value=[2]), "plate 2"),
    ],
)
def test_damaged_groups_are_told_in_one_line(tmp_path, change, word):
    _write(tmp_path / "a.c3d", 2)
    file = ezc3d.c3d(str(tmp_path / "a.c3d"))
    change(file["parameters"])
    del file["data"]["meta_points"]
    file.write(str(tmp_path / "b.c3d"))
    with pytest.raises(DataError, match=word) as told:
        plates_c3d.read(tmp_path / "b.c3d")
    assert "b.c3d" in str(told.value) and "\n" not in str(told.value)


def test_without_the_group(tmp_path):
    _write(tmp_path / "a.c3d", 2)
    content = (tmp_path / "a.c3d").read_bytes()
    (tmp_path / "a.c3d").write_bytes(content.replace(b"FORCE_PLATFORM", b"FORCE_PLATFARM"))
    assert not plates_c3d.holds_plates(tmp_path / "a.c3d")
    with pytest.raises(DataError, match="has no force plates"):
        plates_c3d.read(tmp_path / "a.c3d")


def _as_integers(source, target, unsigned):
    """Rewrite a floating-point file as one of 16-bit integers with an analog SCALE and OFFSET."""
    file = ezc3d.c3d(str(source))
    analogs, p = file["data"]["analogs"][0].T, file["parameters"]
    scale, offset = np.array([0.05] * 3 + [10.0] * 3), 40000 if unsigned else 2000
    p["ANALOG"]["SCALE"]["value"] = list(scale)
    p["ANALOG"]["GEN_SCALE"]["value"] = [1.0]
    file.add_parameter("ANALOG", "FORMAT", ["UNSIGNED" if unsigned else "SIGNED"])
    del file["data"]["meta_points"]
    file["data"]["analogs"] = np.zeros_like(file["data"]["analogs"])
    file.write(str(target))
    raw = bytearray(target.read_bytes())
    for name, code, value in ((b"SCALE", "<f", [1.0]), (b"OFFSET", "<H", [offset] * 6)):
        where = raw.index(name, raw.index(b"POINT" if name == b"SCALE" else b"ANALOG")) + len(name) + 3
        for i, number in enumerate(value):  # after the next entry's offset and the type: dimensions, then the numbers
            struct.pack_into(code, raw, where + 1 + raw[where] + i * struct.calcsize(code), number)
    struct.pack_into("<f", raw, 12, 1.0)
    start = (struct.unpack_from("<H", raw, 16)[0] - 1) * 512
    counts = np.round(analogs / scale).astype(int) + offset
    frames = len(counts) // plate_files.PER_FRAME
    block = np.zeros((frames, 4 + 6 * plate_files.PER_FRAME), "<u2")
    block[:, 4:] = counts.reshape(frames, -1) % 65536
    target.write_bytes(bytes(raw[:start]) + block.tobytes())
