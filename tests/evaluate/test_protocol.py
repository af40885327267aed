"""What is asked for: names and ranges are checked, and only what decides a row is in the mark."""

import dataclasses

import pytest

from motionrecon import config
from motionrecon.data.datasets.dataset import Clip
from motionrecon.errors import ConfigError, InputError
from motionrecon.evaluate import protocol
from motionrecon.evaluate.protocol import Protocol

CLIPS = [Clip(f"S{s}/{a}/c1", f"S{s}", a, "c1") for s in (9, 11) for a in ("Walking", "Posing", "Waiting")]


def test_optimizers_by_name():
    assert protocol.method_names("gauss-newton, bfgs,bfgs") == ("gauss_newton", "bfgs")
    assert protocol.method_names("kinematic,adam") == ("adam",)
    with pytest.raises(ConfigError, match=r"--optimizer .*newtn"):
        protocol.method_names("gauss-newtn")
    with pytest.raises(ConfigError, match="name at least one"):
        protocol.method_names("kinematic,")


def test_choosing_clips():
    assert len(protocol.choose(CLIPS, subjects=("S9",))) == 3
    assert [c.key for c in protocol.choose(CLIPS, actions=("Posing",), limit=1)] == ["S9/Posing/c1"]
    assert len(protocol.choose(CLIPS, patterns=("S9/W*",))) == 2
    for wrong, word in (
        ({"subjects": ("S12",)}, "--subjects S12"),
        ({"actions": ("Walkin",)}, 'did you mean "Walking"'),
        ({"patterns": ("S9/Eating/*",)}, "no such sequence"),
        ({"limit": 0}, "--limit 0"),
        ({"subjects": ("S9",), "patterns": ("S11/*",)}, "no sequence is left"),
    ):
        with pytest.raises(InputError, match=word):
            protocol.choose(CLIPS, **wrong)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"noise_mm": -1.0}, "--noise-mm"), ({"noise_mm": 5.0, "mode": "video"}, "--input mocap"),
        ({"outliers": 60.0}, "--outliers 60"), ({"outliers": 5.0, "mode": "keypoints2d"}, "--outliers is for"),
        ({"noise_px": 5.0}, "keypoints2d"), ({"frames": 3}, "--frames 3"), ({"noise_px": float("nan")}, "--noise-px"),
    ],
)  # fmt: skip
def test_ranges(values, word):
    with pytest.raises(ConfigError, match=word):
        Protocol(**values)


def test_the_mark_names_what_decides_a_row():
    base = Protocol()
    assert base.mark() == dataclasses.replace(base, methods=("bfgs",), split="side").mark()
    named = config.load(None, {"optimizer": {"name": "bfgs"}, "output": {"overlay": False}})
    assert base.mark() == dataclasses.replace(base, fit=named).mark()
    other = config.load(None, {"optimizer": {"max_evaluations": 5}})
    for changed in ({"fit": other}, {"noise_mm": 1.0}, {"outliers": 1.0}, {"frames": 30}, {"seed": 1}, {"root": "/"}):
        assert base.mark() != dataclasses.replace(base, **changed).mark()


def test_an_input_the_data_set_cannot_be(tmp_path):
    (tmp_path / "a.bvh").write_text("x")
    with pytest.raises(InputError, match="--input video: mocap has mocap, keypoints2d"):
        protocol.open_protocol(Protocol(dataset="mocap", root=str(tmp_path), mode="video"))
