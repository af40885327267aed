"""``motionrecon fit``: what it refuses before any work, and how it runs, reports and ends."""

import json
import os
import signal
import subprocess
import sys
import types

import numpy as np
import pytest

from motionrecon import metrics
from motionrecon.cli import fit
from motionrecon.cli.main import run
from motionrecon.data import video
from motionrecon.errors import DataError, FitError
from motionrecon.results import result_folder
from motionrecon.types import Film, FilmView
from tests.fixtures import films


@pytest.fixture
def clip(tmp_path, monkeypatch):
    """A file that passes the first checks; the working folder is the test's own."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "walk.bvh"
    path.write_text("HIERARCHY\n")
    return path


@pytest.fixture
def fitted(monkeypatch):
    """Stand-ins for the fit and its writer; returns the list of calls."""
    calls = []

    def fit_file(source, config, output, *, resume, progress):
        calls.append((source, config, output, resume))
        progress.stage("optimize")
        progress.window(0, 1, 0.25, 3.0)
        outcome = os.path.basename(source).split(".")[0]
        if outcome == "broken":
            raise DataError(f"{source}: broken; export it again")
        if outcome == "failing":
            raise FitError(f"{source}: every window failed; shorten --time-range")
        if outcome == "stopped":
            raise KeyboardInterrupt
        quality = {"passed": outcome != "wrong", "sentence": "Quality: FAILED 1 of 9 checks: fallen"}
        if quality["passed"]:
            quality["sentence"] = "Quality: passed 9 checks"
        return types.SimpleNamespace(warnings=("The stature is a guess.",), quality=quality)

    def write_results(result, folder, **options):
        calls.append(options)
        (folder / "motion.npz").write_bytes(b"x")
        (folder / "log.txt").write_text(options["log_text"])
        return {}

    module = types.ModuleType("motionrecon.fitting.fit")
    module.fit_file = fit_file
    monkeypatch.setitem(sys.modules, "motionrecon.fitting.fit", module)
    monkeypatch.setattr(metrics, "summarize", lambda result: {"n": 1, "quality": result.quality})
    monkeypatch.setattr(result_folder, "summary_table", lambda summary: "TABLE")
    monkeypatch.setattr(result_folder, "write_results", write_results)
    return calls


def refused(arguments, *words, capsys):
    assert run(["fit", *map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert "Traceback" not in err
    for word in words:
        assert word in err
    assert out == ""


def test_missing_file(clip, capsys):
    refused(["nowhere.mp4"], "nowhere.mp4", "no such file", "check the path", capsys=capsys)
    assert not os.path.exists("runs")


def test_folder(clip, tmp_path, capsys):
    (tmp_path / "clips").mkdir()
    refused(["clips"], "clips", "is a folder", "give a file", capsys=capsys)


def test_empty_file(clip, tmp_path, capsys):
    (tmp_path / "empty.mp4").touch()
    refused(["empty.mp4"], "empty.mp4", "is empty", capsys=capsys)
    assert not os.path.exists("runs")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--height", "-1.8"], ["--height -1.8", "metres"]),
        (["--mass", "0"], ["--mass 0", "kilograms"]),
        (["--time-range", "4", "2"], ["--time-range 4 2", "before the end"]),
        (["--time-range", "-1", "2"], ["--time-range -1 2"]),
        (["--person", "0"], ["--person 0", "leftmost"]),
        (["--person", "smallest"], ["--person", "largest"]),
        (["--fps", "0"], ["--fps 0", "between 1 and 1000"]),
        (["--window", "1"], ["--window 1", "between 3"]),
        (["--overlap", "26"], ["--overlap 26", "26"]),
        (["--window", "12"], ["overlap 16", "12"]),
        (["--max-evaluations", "0"], ["--max-evaluations 0"]),
        (["--camera", "none.toml"], ["--camera none.toml", "no such file"]),
        (["--calib", "none.toml"], ["none.toml", "no such file"]),
        (["--keypoints", "none.json"], ["--keypoints none.json", "no such file"]),
        (["--truth", "none.npz"], ["--truth none.npz", "no such file"]),
        (["--asf", "none.asf"], ["--asf none.asf", "no such file"]),
        (["--require", "scate=3"], ['"scate"', "no check of that name", "skate"]),
        (["--require", "skate"], ['"skate"', "give a name and a number"]),
        (["-c", "none.toml"], ["none.toml", "no such configuration file"]),
    ],
)
def test_wrong_options(clip, capsys, options, words):
    refused([clip, *options], *words, capsys=capsys)
    assert not os.path.exists("runs")


def test_wrong_key_in_a_configuration_file(clip, tmp_path, capsys):
    (tmp_path / "run.toml").write_text("[person]\nheigth = 1.8\n")
    refused([clip, "-c", "run.toml"], 'run.toml: unknown key "person.heigth"', '"person.height"', capsys=capsys)


def test_results_are_not_overwritten_unasked(clip, tmp_path, capsys, fitted):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "metrics.json").write_text("{}")
    refused([clip, "-o", folder], "holds results already", "--overwrite", "--resume", capsys=capsys)
    assert not fitted
    assert run(["fit", str(clip), "-o", str(folder), "--overwrite"]) == 0
    assert [call[3] for call in fitted if isinstance(call, tuple)] == [False]


def test_resume_goes_on_with_a_stopped_fit_and_leaves_a_finished_one_alone(clip, tmp_path, capsys, fitted):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "metrics.json").write_text("{}")
    (folder / ".windows.npz").write_bytes(b"x")
    assert run(["fit", str(clip), "-o", str(folder), "--resume"]) == 0
    assert [call[3] for call in fitted if isinstance(call, tuple)] == [True]
    (folder / ".windows.npz").unlink()  # as the writer does
    capsys.readouterr()
    assert run(["fit", str(clip), "-o", str(folder), "--resume"]) == 0
    assert len([call for call in fitted if isinstance(call, tuple)]) == 1
    assert "finished already" in capsys.readouterr().out


def test_output_is_a_file(clip, capsys):
    refused([clip, "-o", clip], "is a file", "-o/--output", capsys=capsys)


def test_output_cannot_be_made(clip, capsys):
    refused([clip, "-o", clip / "inside"], "cannot be written", "-o/--output", capsys=capsys)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc, which nobody can write")
def test_read_only_output(clip, capsys):
    refused([clip, "-o", "/proc/motionrecon/out"], "/proc/motionrecon/out", "cannot be written", capsys=capsys)


def test_full_disk_leaves_nothing(clip, capsys, fitted, monkeypatch):
    def full(result, folder, **options):
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(result_folder, "write_results", full)
    assert run(["fit", str(clip), "-q"]) == 2
    assert "No space left" in capsys.readouterr().err
    assert not os.path.exists("runs")


def test_two_inputs_for_one_folder(clip, capsys):
    refused([clip, "other/walk.mp4"], "would both go to", capsys=capsys)


def test_prints_the_table_and_what_to_do_next(clip, capsys, fitted):
    assert run(["fit", str(clip), "--height", "1.8", "--optimizer", "lbfgs", "--format", "npz", "--no-overlay"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("TABLE\n")
    assert f"Results in {os.path.join('runs', 'walk')}" in out
    assert "motion.npz" in out
    assert "window 1/1, loss 0.25" in err
    assert "The stature is a guess." in err
    config = fitted[0][1]
    assert (config.person.height, config.optimizer.name, config.input.time_range) == (1.8, "lbfgs", None)
    assert fitted[1]["formats"] == ("npz",)
    assert fitted[1]["overlay"] is False
    assert fitted[1]["frames"] is None
    assert "TABLE" in fitted[1]["log_text"]


def test_underscores_are_accepted(clip, capsys, fitted):
    camera = clip.with_name("camera.toml")
    camera.write_text("[one]\nsize = [64, 48]\nmatrix = [[60, 0, 32], [0, 60, 24], [0, 0, 1]]\n")
    arguments = ["--time_range", "0.5", "2", "--optimizer", "gauss_newton", "--static_camera", "--calib", str(camera)]
    assert run(["fit", str(clip), *arguments]) == 0
    config = fitted[0][1]
    assert config.input.time_range == (0.5, 2.0)
    assert config.optimizer.name == "gauss_newton"
    assert config.input.camera == str(camera)


def test_quiet_prints_nothing(clip, capsys, fitted):
    assert run(["fit", str(clip), "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_one_failure_does_not_stop_the_others(clip, tmp_path, capsys, fitted):
    for name in ("broken.bvh", "failing.bvh"):
        (tmp_path / name).write_text("x")
    assert run(["fit", "failing.bvh", "broken.bvh", str(clip), "-o", "all"]) == 1
    out, err = capsys.readouterr()
    assert "1 of 3 inputs done." in out
    assert err.count("motionrecon: error: ") == 2
    assert "Failed: failing.bvh, broken.bvh;" in out
    assert sorted(os.listdir("all")) == ["manifest.json", "walk"]
    with open("all/manifest.json") as file:
        entries = json.load(file)["inputs"]
    assert [entry["state"] for entry in entries] == ["failed", "failed", "done"]
    assert entries[1]["error"] == "broken.bvh: broken; export it again" and entries[2]["seconds"] >= 0
    assert run(["fit", "failing.bvh", "broken.bvh", "-q", "-o", "none"]) == 2  # nothing done: the highest code
    assert not os.path.exists("none")
    assert run(["fit", "failing.bvh", "-q"]) == 1


def test_interruption_ends_everything(clip, tmp_path, capsys, fitted):
    (tmp_path / "stopped.bvh").write_text("x")
    assert run(["fit", "stopped.bvh", str(clip), "-o", "all"]) == 130
    assert "--resume" in capsys.readouterr().err
    assert len(fitted) == 1
    assert os.listdir("all") == ["manifest.json"]
    with open("all/manifest.json") as file:
        assert [entry["state"] for entry in json.load(file)["inputs"]] == ["interrupted", "waiting"]


def test_ctrl_c_in_a_real_process(clip):
    code = (
        "import sys, time, types\n"
        "module = types.ModuleType('motionrecon.fitting.fit')\n"
        "def fit_file(*a, **k):\n"
        "    print('working', flush=True)\n"
        "    time.sleep(60)\n"
        "module.fit_file = fit_file\n"
        "sys.modules['motionrecon.fitting.fit'] = module\n"
        "from motionrecon.cli.main import main\n"
        f"sys.argv = ['motionrecon', 'fit', {str(clip)!r}]\n"
        "main()\n"
    )
    # a shell's background jobs ignore SIGINT, and so would their children
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not os.path.exists("runs")


def test_gpu_that_is_not_there(clip, capsys, fitted, monkeypatch):
    import jax

    def none():
        raise RuntimeError("Unknown backend cuda")

    monkeypatch.setattr("motionrecon.jobs.runtime.configure", lambda device: None)
    monkeypatch.setattr(jax, "devices", none)
    assert run(["fit", str(clip), "-q", "--device", "gpu"]) == 2
    assert "--device cpu" in capsys.readouterr().err


def _write(path, content):
    path.write_bytes(content)
    return path.name


# Judged by the readers behind the command; named here as the user meets them.
@pytest.mark.parametrize(
    ("name", "content", "options", "word"),
    [
        ("text.mp4", b"this is not a video\n" * 20, [], "text.mp4"),
        ("truncated.mp4", b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", [], "truncated.mp4"),
        ("odd.json", b'{"what": [1, 2, 3]}', [], "odd.json"),
        ("short.bvh", b"HIERARCHY\nROOT Hips\n{\n OFFSET 0 0 0\n", [], "short.bvh"),
        ("alone.amc", b"#!OML:ASF\n:FULLY-SPECIFIED\n:DEGREES\n1\nroot 0 0 0 0 0 0\n", [], "alone.amc"),
        ("strange.xyz", b"something else entirely", [], "strange.xyz"),
    ],
)
def test_inputs_that_are_not_what_they_claim(tmp_path, monkeypatch, capsys, name, content, options, word):
    pytest.importorskip(
        "motionrecon.fitting.fit", reason="motionrecon.fitting.fit is not there yet", exc_type=ModuleNotFoundError
    )
    monkeypatch.chdir(tmp_path)
    assert run(["fit", _write(tmp_path / name, content), "-q", *options]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert word in err
    assert not os.path.exists("runs")


@pytest.mark.dataset
def test_time_range_outside_the_clip(samples, tmp_path, monkeypatch, capsys):
    pytest.importorskip(
        "motionrecon.fitting.fit", reason="motionrecon.fitting.fit is not there yet", exc_type=ModuleNotFoundError
    )
    monkeypatch.chdir(tmp_path)
    source = samples / "mocap" / "cmu" / "07_01_walk.bvh"
    assert run(["fit", str(source), "-q", "--time-range", "400", "500"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "07_01_walk.bvh" in err
    assert not os.path.exists("runs")


def test_a_result_that_fails_its_checks_is_written_and_ends_with_1(clip, tmp_path, capsys, fitted):
    wrong = clip.with_name("wrong.bvh")
    wrong.write_text("HIERARCHY\n")
    assert run(["fit", str(wrong), "-o", "out"]) == 1
    out, err = capsys.readouterr()
    assert "motion.npz" in out and out.rstrip().endswith("Quality: FAILED 1 of 9 checks: fallen")
    assert err.splitlines()[-1].startswith(f"motionrecon: error: {wrong}: Quality: FAILED 1 of 9 checks: fallen.")
    assert "Quality: FAILED" in (tmp_path / "out" / "log.txt").read_text()
    (tmp_path / "out" / "metrics.json").write_text(
        json.dumps({"quality": {"passed": False, "sentence": "Quality: FAILED 1 of 9 checks: fallen"}})
    )
    assert run(["fit", str(wrong), "-o", "out", "--resume"]) == 1  # it is not right because it is there
    assert "FAILED 1 of 9" in capsys.readouterr().err


def test_a_batch_counts_a_result_that_fails_its_checks_as_failed(clip, tmp_path, capsys, fitted):
    for name in ("wrong", "good"):
        clip.with_name(f"{name}.bvh").write_text("HIERARCHY\n")
    assert run(["fit", "wrong.bvh", "good.bvh", "-o", "out"]) == 1
    out = capsys.readouterr().out
    assert "1 of 2 inputs done. Failed: wrong.bvh;" in out and "Quality: passed 9 checks" in out
    entries = json.loads((tmp_path / "out" / "manifest.json").read_text())["inputs"]
    assert [entry["state"] for entry in entries] == ["failed", "done"]
    assert "FAILED 1 of 9 checks: fallen" in entries[0]["error"]


def test_required_limits_reach_the_fit(clip, fitted):
    assert run(["fit", str(clip), "--require", "skate=3,penetration=10", "-q"]) == 0
    assert fitted[0][1].output.require == ("skate=3", "penetration=10")


def test_the_overlay_is_drawn_on_the_pictures_that_were_looked_at(tmp_path):
    path = films.write(tmp_path / "film.mp4", 60)
    view = FilmView(turn=180, mirror=True, pace=0.25)
    seen = types.SimpleNamespace(start_time=0.1, fps=30.0, confidence=np.zeros((8, 1)))
    plain = [image for _, image in video.read_frames(path, np.arange(60) / 30.0)]
    found = list(fit._frames(str(path), types.SimpleNamespace(film=Film(path, view=view), observation=seen), None))
    assert len(found) == 8
    for k, image in enumerate(found):
        np.testing.assert_array_equal(image, plain[12 + 4 * k][::-1])
    keyed = fit._frames(str(path), types.SimpleNamespace(film=None, observation=seen), 120.0)
    assert [films.index_of(image) for image in keyed] == list(range(12, 44, 4))
    assert fit._frames("walk.bvh", types.SimpleNamespace(film=None, observation=seen), None) is None
