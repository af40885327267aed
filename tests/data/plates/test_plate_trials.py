"""Which recordings and plates of a folder belong together, and what trials.toml says of them."""

import pytest

from motionrecon.data.plates import plate_trials
from motionrecon.errors import ConfigError, InputError
from tests.fixtures import plate_files


def _touch(folder, *names):
    for name in names:
        (folder / name).write_text("")


def test_pairs_of_a_folder(tmp_path):
    _touch(tmp_path, "a.joints.npz", "a.plates.npz", "a.id.sto", "b.trc", "b_grf.mot", "b.mot", "c.bvh", "c.mot",
           "d.trc", "e.plates.npz", "notes.txt", "f.npz", "f_forces.mot")  # fmt: skip
    _, force, where = plate_files.steps()
    plate_files.write_c3d(tmp_path / "g.c3d", 2, plate_files.channels(2, force, where, where[0] * 0), where[0] * 0)
    trials, alone = plate_trials.find(tmp_path)
    assert {t.name: (t.recording.name, t.plates.name) for t in trials} == {
        "a": ("a.joints.npz", "a.plates.npz"), "b": ("b.trc", "b_grf.mot"), "c": ("c.bvh", "c.mot"),
        "f": ("f.npz", "f_forces.mot"), "g": ("g.c3d", "g.c3d"),
    }  # fmt: skip
    assert trials[0].moments == tmp_path / "a.id.sto" and trials[1].moments is None
    assert (
        len(alone) == 2
        and "d.trc: has no force plates" in alone[0]
        and "e.plates.npz: force plates without" in alone[1]
    )
    assert [t.name for t in plate_trials.find(tmp_path / "b.trc")[0]] == ["b"]


def test_options_of_trials(tmp_path):
    _touch(tmp_path, "a.trc", "a.mot", "b.trc", "b.mot")
    (tmp_path / "trials.toml").write_text("[a]\nheight = 1.68\ntime_range = [1.25, 2]\noffset = -0.1\nbelt = 1\n")
    first, second = plate_trials.find(tmp_path)[0]
    assert first.options == plate_trials.TrialOptions(1.68, None, (1.25, 2.0), -0.1, 1.0)
    assert second.options == plate_trials.TrialOptions()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[aa]\nmass = 70", 'did you mean "a"'),
        ("[a]\nweight = 70", "unknown key"),
        ("[a]\nmass = 'much'", "is not a number"),
        ("a = 3", "write \\[a\\]"),
        ("[a", "cannot be read as TOML"),
    ],
)
def test_wrong_options_are_one_line(tmp_path, text, word):
    _touch(tmp_path, "a.trc", "a.mot")
    (tmp_path / "trials.toml").write_text(text)
    with pytest.raises(ConfigError, match=word) as told:
        plate_trials.find(tmp_path)
    assert "trials.toml" in str(told.value) and "\n" not in str(told.value)


def test_nothing_to_compare(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        plate_trials.find(tmp_path / "absent")
    with pytest.raises(InputError, match="holds no recording with force plates"):
        plate_trials.find(tmp_path)
    _touch(tmp_path, "a.plates.npz")
    with pytest.raises(InputError, match="force plates without a recording"):
        plate_trials.find(tmp_path)
    _touch(tmp_path, "a.trc.txt", "b.trc")
    with pytest.raises(InputError, match=r"b\.trc: has no force plates beside it"):
        plate_trials.find(tmp_path / "b.trc")
    with pytest.raises(InputError, match="is no recording"):
        plate_trials.find(tmp_path / "a.trc.txt")
