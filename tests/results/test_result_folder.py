"""The result folder: all of it or nothing, one clear line when it cannot be written."""

import json
import os
import tomllib
from pathlib import Path

import numpy as np
import pytest

from motionrecon import metrics
from motionrecon.errors import InputError
from motionrecon.results import result_folder
from motionrecon.results.export import npz
from motionrecon.results.report import figures
from tests.fixtures import walking_result as made

_SECTIONS = ("gait", "ground", "torques", "errors", "losses")
FILES = {
    "motion.npz", "motion.bvh", "biomechanics.csv", "metrics.json", "report.html", "report.png", "config.toml",
    "log.txt",
}  # fmt: skip


@pytest.fixture(scope="module")
def result():
    return made.walking_result("mocap", frames=14)


@pytest.fixture(autouse=True)
def quick_pages(monkeypatch):
    """Leave the drawing of plots to the tests of the report."""
    blank = np.zeros((2, 2, 3), np.uint8)
    monkeypatch.setattr(figures, "section_figures", lambda *_: dict.fromkeys(_SECTIONS, blank))
    monkeypatch.setattr(figures, "sheet", lambda *_: blank)


def test_folder_holds_what_it_promises(result, tmp_path):
    files = result_folder.write_results(result, tmp_path / "a" / "run", overlay=False, log_text="done\n")
    assert set(files) == FILES == {p.name for p in (tmp_path / "a" / "run").iterdir()}
    assert json.loads(files["metrics.json"].read_text()) == metrics.summarize(result)
    np.testing.assert_allclose(npz.read_motion(files["motion.npz"])["root_position"], result.motion.root_pos)
    config = tomllib.loads(files["config.toml"].read_text())
    assert config == {"optimizer": "gauss_newton", "windows": {"length": 26, "commit": 10}, "fps": 30.0}
    assert files["log.txt"].read_text() == "done\n"


def test_formats_are_chosen(result, tmp_path):
    files = result_folder.write_results(result, tmp_path / "run", overlay=False, formats=("trc", "csv"))
    assert {n for n in files if n.startswith("motion")} == {"motion.trc", "motion.csv"}
    assert "log.txt" not in files
    with pytest.raises(InputError, match="fbx"):
        result_folder.write_results(result, tmp_path / "other", formats=("fbx",))
    assert not (tmp_path / "other").exists()


def test_an_earlier_result_is_kept_unless_told(result, tmp_path):
    (tmp_path / "motion.npz").write_text("mine")
    with pytest.raises(InputError, match="--overwrite"):
        result_folder.write_results(result, tmp_path, overlay=False)
    assert [p.name for p in tmp_path.iterdir()] == ["motion.npz"]
    (tmp_path / "overlay.mp4").write_text("of an older run")
    (tmp_path / "biomechanics.csv").write_text("of an older run")
    (tmp_path / "notes.md").write_text("mine")
    result_folder.write_results(result, tmp_path, overlay=False, overwrite=True)
    assert not (tmp_path / "overlay.mp4").exists()
    assert (tmp_path / "biomechanics.csv").read_text().startswith("time_s,")
    assert (tmp_path / "notes.md").read_text() == "mine"
    assert npz.read_motion(tmp_path / "motion.npz")["fps"] == 30.0


def test_a_file_in_the_way(result, tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match="is a file"):
        result_folder.write_results(result, tmp_path / "run", overlay=False)


@pytest.mark.parametrize("stage", ["bvh", "npz"])
def test_a_full_disk_leaves_nothing(result, tmp_path, monkeypatch, stage):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(result_folder.FORMATS, stage, full)
    with pytest.raises(InputError, match="No space left") as caught:
        result_folder.write_results(result, tmp_path / "a" / "run", overlay=False)
    assert "\n" not in str(caught.value) and str(tmp_path / "a" / "run") in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_keeps_the_earlier_result(result, tmp_path, monkeypatch):
    result_folder.write_results(result, tmp_path, overlay=False)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(result_folder.FORMATS, "bvh", full)
    with pytest.raises(InputError):
        result_folder.write_results(result, tmp_path, overlay=False, overwrite=True)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(result, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written"):
        result_folder.write_results(result, tmp_path / "run", overlay=False)


def test_a_place_nobody_can_write(result):
    with pytest.raises(InputError, match="cannot be written"):
        result_folder.write_results(result, Path("/proc/motionrecon-result"), overlay=False)


def test_an_interruption_leaves_nothing(result, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setitem(result_folder.FORMATS, "bvh", stop)
    with pytest.raises(KeyboardInterrupt):
        result_folder.write_results(result, tmp_path / "run", overlay=False)
    assert not list(tmp_path.iterdir())


def test_terminal_table(result):
    summary = metrics.summarize(result)
    lines = result_folder.summary_table(summary).splitlines()
    assert lines[0].split() == ["physics", "kinematic", "smoothed"]
    row = next(line for line in lines if line.startswith("MPJPE-G [mm]"))
    assert [float(v) for v in row.split()[-3:]] == pytest.approx(
        [summary["methods"][m]["mpjpe_g_mm"] for m in metrics.METHODS], abs=0.05
    )
    assert not any("px" in line for line in lines)  # no image: no such row
    assert len({len(line) for line in lines[:-1]}) == 1
    summary["methods"]["smoothed"]["penetration_mm"] = None
    assert next(x for x in result_folder.summary_table(summary).splitlines() if "penetration" in x).split()[-1] == "-"
