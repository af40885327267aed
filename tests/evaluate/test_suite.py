"""Suites: every file is whole, options and variations become protocols, absent clips are named, users narrow them."""

import dataclasses
import shutil

import pytest

from motionrecon.config import Config
from motionrecon.data.datasets.mocap_folder import MocapFolder
from motionrecon.errors import ConfigError, InputError
from motionrecon.evaluate import protocol, suite
from motionrecon.evaluate.suite import Column

SMALL = {
    "about": "two drawn walks", "dataset": "synthetic", "split": "all", "columns": ["mpjpe_g_mm"],
    "noise_mm": 10.0, "names": {"walk/side": "aside"},
    "parts": [{"name": "short", "clips": ["walk/side", "walk/top"], "frames": 20}, {"clips": ["walk/*"]}],
    "vary": {"seed": [0, 1], "starts": 2},
}  # fmt: skip


def runs(found, root=None):
    return suite.runs(found, root, Config())


@pytest.mark.parametrize("name", suite.available())
def test_every_file_is_a_suite_that_can_be_run(name):
    found = suite.load(name)
    assert found.about and found.columns and set(found.optimizers) <= {"gauss-newton", "lbfgs", "bfgs", "adam"}
    more = (method for methods in protocol.MORE_BASELINES.values() for method in methods)
    shown = {*found.optimizers, *protocol.BASELINES, *more}
    assert {*found.show, *(column.method for column in found.columns if column.method)} <= shown


def test_variations_are_protocols_of_their_own():
    _, made, absent = runs(suite.parse("small", SMALL))
    assert [run.label for run in made[:4]] == [f"short, seed {s}, start {n}" for s in (0, 1) for n in (0, 1)]
    first, last = made[0].protocol, made[-1].protocol
    assert (first.frames, first.seed, first.start_seed, first.noise_mm) == (20, 0, 0, 10.0)
    assert (last.frames, last.seed, last.start_seed) == (None, 1, 1)
    assert [clip.key for clip in made[0].clips] == ["walk/side"] and len(made[-1].clips) == 4
    assert made[0].said == {"part": "short", "seed": 0, "start": 0}
    assert len({run.protocol.mark() for run in made}) == len(made) == 8
    assert absent == ["skipped: walk/top: walk/top is not in synthetic"]


def test_what_a_user_gives_stands_in_for_what_is_varied():
    found = suite.parse("small", SMALL)
    _, made, _ = runs(suite.changed(found, {"seed": 5, "starts": 1, "frames": 12, "optimizers": ("bfgs",)}))
    assert [(run.protocol.seed, run.protocol.start_seed, run.protocol.frames) for run in made] == [(5, 0, 12)] * 2
    assert made[0].protocol.methods == ("bfgs",)
    with pytest.raises(ConfigError, match="--starts 0"):
        suite.changed(found, {"starts": 0})


def test_clips_are_chosen_by_name_or_key():
    found = suite.parse("small", SMALL)
    _, made, _ = runs(found)
    assert {clip.key for run in suite.narrowed(found, made, ("aside",)) for clip in run.clips} == {"walk/side"}
    left = suite.narrowed(found, made, ("*/front", "*/back"))
    assert len(left) == 4 and {clip.key for clip in left[0].clips} == {"walk/front", "walk/back"}
    with pytest.raises(InputError, match=r'--sequence asid: suite small has no such clip .*did you mean "aside"'):
        suite.narrowed(found, made, ("asid",))
    with pytest.raises(InputError, match="none of its clips is there"):
        suite.narrowed(found, [dataclasses.replace(run, clips=()) for run in made], ())


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"colums": ["mpjpe_mm"]}, 'did you mean "columns"'),
        ({"columns": ["mpjpe_g"]}, 'did you mean "mpjpe_g_mm"'),
        ({"columns": ["mode mpjpe_g_mm"]}, "the statistic is one of mean"),
        ({"vary": {"sed": [1]}}, 'did you mean "seed"'),
        ({"parts": []}, "parts is missing"),
    ],
)
def test_a_wrong_file_is_named(changes, word):
    with pytest.raises(ConfigError, match=word):
        suite.parse("small", SMALL | changes)


def test_unknown_suite():
    with pytest.raises(ConfigError, match=r'--suite mocpa: choose one of .*did you mean "mocap"'):
        suite.load("mocpa")


def test_columns():
    assert Column.read("median kinematic.mpjpe_g_mm", "x") == Column("median", "kinematic", "mpjpe_g_mm")
    assert Column.read("median-gaussian.mpjpe_g_mm", "x") == Column("mean", "median-gaussian", "mpjpe_g_mm")
    assert Column.read("mpjpe_g_mm", "x").heading(statistic=False) == "MPJPE-G"


def test_the_data_lies_in_a_folder_of_the_root_or_is_it(tmp_path):
    found = suite.load("mocap")
    assert suite.data_folder(found, tmp_path) == tmp_path
    (tmp_path / "mocap").mkdir()
    assert suite.data_folder(found, tmp_path) == tmp_path / "mocap"


@pytest.mark.dataset
def test_absent_clips_are_named_and_the_others_stay(samples, tmp_path):
    (tmp_path / "cmu").mkdir()
    shutil.copy(samples / "mocap" / "cmu" / "09_02.bvh", tmp_path / "cmu")
    _, (run,), absent = runs(suite.load("mocap"), tmp_path)
    assert [clip.key for clip in run.clips] == ["cmu/09_02.bvh"] and len(absent) == 35
    assert f"skipped: backflip: deepmimic/humanoid3d_backflip.txt is not in {tmp_path}" in absent


def test_text_is_motion_only_where_it_is_deepmimics(tmp_path):
    (tmp_path / "notes.txt").write_text("not motion")
    (tmp_path / "walk.txt").write_text('{\n"Loop": "wrap"')
    (tmp_path / "walk.bvh").write_text("x")
    assert [clip.key for clip in MocapFolder(tmp_path).clips("all")] == ["walk.bvh", "walk.txt"]
