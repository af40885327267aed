"""C3D as laboratories write it: every machine, contradictions between header, parameters and length, damage."""

import ezc3d
import numpy as np
import pytest

from motionrecon.data.formats import c3d, c3d_file
from motionrecon.errors import DataError
from tests.fixtures import c3d_files
from tests.fixtures.c3d_files import DEC, INTEL, MIPS

_NAMES = (
    "pelvis", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_ball",
)  # fmt: skip
_LABELS = [
    "PELO", "LFEP", "RFEP", "LFEO", "RFEO", "LTIO", "RTIO", "LCLO", "RCLO", "LHUO", "RHUO", "LRAO", "RRAO", "LTOE"
]  # fmt: skip


@pytest.fixture
def points(walking):
    """(30, 14, 3) m with a gap."""
    made = walking(names=_NAMES)
    made[5:8, 3] = np.nan
    return made


def _analog(frames, per_frame=4, channels=6):
    return np.arange(frames * per_frame * channels).reshape(-1, channels) % 900 * 0.5


@pytest.mark.parametrize("processor", [INTEL, DEC, MIPS])
@pytest.mark.parametrize("integer", [True, False])
@pytest.mark.parametrize("analog", [True, False])
def test_every_machine(tmp_path, points, processor, integer, analog):
    path, samples = tmp_path / "a.c3d", _analog(len(points)) if analog else None
    c3d_files.write(path, points, _LABELS, processor=processor, integer=integer, analog=samples)
    found = c3d_file.read(path)
    np.testing.assert_allclose(found.points / 1000, points, atol=3e-5)  # NaN where NaN
    assert found.labels == _LABELS and found.rate == 100.0 and not found.warnings
    if samples is not None:
        np.testing.assert_allclose(found.analog, samples, atol=1e-4)
        assert found.analog_rate == 400.0 and found.per_frame == 4
    if processor != MIPS:  # which ezc3d does not read
        theirs = ezc3d.c3d(str(path))["data"]["points"][:3].transpose(2, 1, 0)
        np.testing.assert_allclose(found.points, theirs, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"header_scale": 7.0, "integer": True}, None),
        ({"header_scale": -7.0, "integer": True}, None),
        ({"header_scale": 7.0}, None),
        ({"header_analog": 0}, "contradict"),
        ({"header_analog": 11}, "contradict"),
        ({"more": {"ANALOG:USED": 0}}, None),
        ({"more": {"ANALOG:RATE": 0.0}}, None),
        ({"more": {"POINT:USED": 9}}, "contradict"),
        ({"more": {"POINT:RATE": None}}, None),
        ({"more": {"POINT:SCALE": None}}, None),
        ({"more": {"POINT:FRAMES": 7}}, None),
        ({"more": {"TRIAL:ACTUAL_START_FIELD": np.array([1, 0]), "TRIAL:ACTUAL_END_FIELD": np.array([900, 0])}}, "900"),
        ({"more": {"TRIAL:ACTUAL_START_FIELD": np.array([11, 0]), "TRIAL:ACTUAL_END_FIELD": np.array([40, 0])}}, None),
        ({"twice": ("POINT:LABELS", "ANALOG:USED", "POINT:RATE")}, None),
        ({"labels_in": 5}, None),
    ],
)
def test_contradictions(tmp_path, points, options, said):
    path = tmp_path / "a.c3d"
    c3d_files.write(path, points, _LABELS, analog=_analog(len(points)), **options)
    found = c3d_file.read(path)
    np.testing.assert_allclose(found.points / 1000, points, atol=3e-5)
    assert found.labels == _LABELS and found.rate == 100.0
    assert (said is None and not found.warnings) or said in " ".join(found.warnings)


def test_unit_that_cannot_be_right_is_guessed(tmp_path, points):
    c3d_files.write(tmp_path / "a.c3d", points, _LABELS, unit="m")
    found = c3d.read(tmp_path / "a.c3d")
    k = found.observation.names.index("left_hip")
    np.testing.assert_allclose(found.observation.keypoints3d[:, k], points[:, 1], atol=1e-4)
    assert "cannot be right" in " ".join(found.warnings)


def test_points_without_labels(tmp_path, points):
    c3d_files.write(tmp_path / "a.c3d", points, _LABELS[:12])
    found = c3d.read(tmp_path / "a.c3d")
    assert len(found.observation.names) == 12 and "2 of 14 points have no label" in found.warnings[0]
    c3d_files.write(tmp_path / "b.c3d", points, [])
    with pytest.raises(DataError, match=r"b\.c3d: its 14 points have no labels"):
        c3d.read(tmp_path / "b.c3d")


@pytest.mark.parametrize(
    ("frames", "options", "message"),
    [
        (30, {"more": {"POINT:RATE": None}, "rate": 0.0}, "--source-fps"),
        (0, {}, "no frames"),
        (30, {"keep": 0}, "no points"),
        (30, {"missing": True}, "marked as missing"),
    ],
)
def test_files_without_a_motion(tmp_path, points, frames, options, message):
    options = dict(options)
    values = points[:frames, : options.pop("keep", None)]
    values = np.full_like(values, np.nan) if options.pop("missing", False) else values
    c3d_files.write(tmp_path / "a.c3d", values, _LABELS, **options)
    with pytest.raises(DataError, match=message):
        c3d.read(tmp_path / "a.c3d")


def test_truncated(tmp_path, points):
    path = tmp_path / "a.c3d"
    c3d_files.write(path, points, _LABELS)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(DataError, match=r"30 frames announced, 2[0-9] there"):
        c3d.read(path)


def test_damage_ends_in_one_line(tmp_path, points):
    """Whatever bytes are wrong, the file is read or refused; never another exception."""
    good, path = tmp_path / "a.c3d", tmp_path / "b.c3d"
    c3d_files.write(good, points, _LABELS, analog=_analog(len(points)), integer=True)
    content, random = np.frombuffer(good.read_bytes(), np.uint8), np.random.default_rng(3)
    refused = 0
    for _ in range(300):
        bad = content.copy()
        where = random.integers(0, 2600 if random.random() < 0.8 else len(bad), random.integers(1, 12))
        bad[where] = random.integers(0, 256, len(where))
        path.write_bytes(bad[: random.integers(1, len(bad) + 1)].tobytes() if random.random() < 0.2 else bad.tobytes())
        try:
            c3d.read(path)
        except DataError as error:
            refused += 1
            assert "\n" not in str(error) and "b.c3d" in str(error)
    assert refused > 30
