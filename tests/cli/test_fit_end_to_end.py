"""The whole command on the bundled clip: stopped and resumed, and fed with other tools' keypoints of it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from motionrecon.cli.main import run
from motionrecon.fitting import observe
from tests.fixtures import keypoint_files

pytestmark = pytest.mark.slow

_EXAMPLES = Path(__file__).parents[2] / "examples"
_CAMERA = ["--camera", _EXAMPLES / "walk.camera.toml"]
_COMMON = ["--height", "1.75", "--no-overlay"]


@pytest.fixture(scope="module")
def observation():
    """What the detector sees in the bundled clip."""
    return observe.observe_video(_EXAMPLES / "walk.mp4").observation


def _command(folder, *more):
    arguments = [_EXAMPLES / "walk.mp4", *_COMMON, *_CAMERA, "--time-range", "0", "1.2", "-v", "-o", folder, *more]
    return [sys.executable, "-m", "motionrecon", "fit", *map(str, arguments)]


def test_stopped_and_resumed_is_the_same_as_in_one_go(tmp_path):
    parts, whole = tmp_path / "parts", tmp_path / "whole"
    # a shell's background jobs ignore SIGINT, and so would their children
    process = subprocess.Popen(
        _command(parts), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("window 1/2"):
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1].startswith("motionrecon: interrupted; finished windows are kept. Go on with: ")
    assert err.rstrip().endswith("--resume")
    assert "Traceback" not in err
    assert [p.name for p in parts.iterdir()] == [".windows.npz"]

    again = subprocess.run(_command(parts), capture_output=True, text=True)
    assert again.returncode == 2 and "--resume" in again.stderr

    other = subprocess.run(_command(parts, "--resume", "--height", "1.8"), capture_output=True, text=True)
    assert other.returncode == 2 and "other options" in other.stderr and "--overwrite" in other.stderr
    assert [p.name for p in parts.iterdir()] == [".windows.npz"]

    resumed = subprocess.run(_command(parts, "--resume", "--format", "npz"), capture_output=True, text=True)
    assert resumed.returncode == 0, resumed.stderr
    assert "window 2/2" in resumed.stderr and "window 1/2" not in resumed.stderr
    assert not (parts / ".windows.npz").exists()
    assert subprocess.run(_command(whole, "-q"), capture_output=True).returncode == 0
    with np.load(parts / "motion.npz") as a, np.load(whole / "motion.npz") as b:
        assert set(a.files) == set(b.files)
        for key in set(a.files) - {"config"}:  # which formats were asked for is said there
            np.testing.assert_array_equal(a[key], b[key], err_msg=key)


@pytest.mark.parametrize(
    ("kind", "known_camera"), [*((kind, True) for kind in keypoint_files.WRITERS), ("openpose", False), ("coco", False)]
)
def test_keypoints_of_other_tools(kind, known_camera, observation, tmp_path, capfd):
    source = keypoint_files.WRITERS[kind](observation, tmp_path)
    stated = ["--image-size", *map(str, keypoint_files.SIZE), "--source-fps", str(keypoint_files.FPS)]
    camera = _CAMERA if known_camera else []
    arguments = [source, *_COMMON, *camera, *stated, "--time-range", "0", "0.8", "-o", tmp_path / "out", "-q"]
    assert run(["fit", *map(str, arguments), "--truth", str(_EXAMPLES / "walk.truth.npz")]) == 0
    assert capfd.readouterr() == ("", "")
    summary = json.loads((tmp_path / "out" / "metrics.json").read_text())
    reached = summary["methods"]["physics"]
    assert reached["mpjpe_pa_mm"] < 45.0
    assert reached["mpjpe_2d_px"] < 6.0
    if known_camera:
        assert reached["mpjpe_g_mm"] < 110.0
        assert reached["mpjpe_mm"] < 60.0
