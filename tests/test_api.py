"""The names that ``import motionrecon`` offers, and that they come only when asked for."""

import subprocess
import sys

import pytest

import motionrecon
from motionrecon.data import load as loading
from motionrecon.results import result_folder
from tests.fixtures import walking_result as made


def test_public_names_are_the_functions():
    from motionrecon.fitting import fit

    assert motionrecon.fit is fit.fit
    assert motionrecon.fit_file is fit.fit_file
    assert motionrecon.fit_sequence is fit.fit_sequence
    assert motionrecon.load is loading.load
    assert motionrecon.write_results is result_folder.write_results
    assert {"fit", "fit_file", "fit_sequence", "load", "write_results"} <= set(dir(motionrecon))


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'fit_fiel'"):
        motionrecon.fit_fiel  # noqa: B018


def test_nothing_heavy_is_loaded_before_use():
    code = "import sys, motionrecon; assert not {'jax', 'cv2', 'numpy'} & set(sys.modules); motionrecon.load"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_writing_a_result_ends_its_checkpoint(tmp_path):
    stored = tmp_path / ".windows.npz"
    stored.write_bytes(b"finished windows")
    written = motionrecon.write_results(made.walking_result("mocap", frames=12), tmp_path, overlay=False)
    assert "motion.npz" in written
    assert not stored.exists()


def test_a_result_that_cannot_be_written_keeps_its_checkpoint(tmp_path, monkeypatch):
    stored = tmp_path / ".windows.npz"
    stored.write_bytes(b"finished windows")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(result_folder.FORMATS, "npz", full)
    with pytest.raises(motionrecon.results.result_folder.InputError, match="No space left"):
        motionrecon.write_results(made.walking_result("mocap", frames=12), tmp_path, overlay=False)
    assert [path.name for path in tmp_path.iterdir()] == [".windows.npz"]
