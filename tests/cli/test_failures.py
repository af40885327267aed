"""Every failure has one line that says what to do, and its exit code."""

import errno

import pytest

from motionrecon.cli import failures
from motionrecon.errors import DataError, FitError


def raising(error):
    def action():
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (DataError("a.bvh: is\nbroken"), 2, ["a.bvh: is broken"]),
        (FitError("the fit failed"), 1, ["the fit failed"]),
        (OSError(errno.ENOSPC, "No space left on device", "runs/a/x"), 2, ["runs/a/x", "No space left", "--output"]),
        (PermissionError(errno.EACCES, "Permission denied", "runs/a"), 2, ["runs/a", "Permission denied"]),
        (OSError(errno.EIO, "Input/output error"), 1, ["OSError", "--debug"]),
        (ZeroDivisionError("division by zero"), 1, ["ZeroDivisionError", "--debug"]),
        (MemoryError(), 1, ["--time-range"]),
        (
            ImportError("libGL.so.1: cannot open shared object file: No such file or directory"),
            1,
            ["libGL.so.1 is missing", "apt-get install -y libgl1"],
        ),
        (
            ImportError("libgthread-2.0.so.0: cannot open shared object file: No such file or directory"),
            1,
            ["libgthread-2.0.so.0", "libglib2.0-0"],
        ),
        (
            ImportError("libodd-9.so.2: cannot open shared object file: No such file or directory"),
            1,
            ["libodd-9.so.2", "your system"],
        ),
        (ModuleNotFoundError("No module named 'cv2'", name="cv2"), 1, ["package cv2 is missing", "pip install"]),
    ],
)
def test_one_line_and_code(error, code, words, capsys):
    assert failures.attempt(raising(error)) == code
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    for word in words:
        assert word in err


def test_debug_prints_the_traceback_too(capsys):
    assert failures.attempt(raising(DataError("a.bvh: broken")), debug=True) == 2
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.endswith("motionrecon: error: a.bvh: broken\n")


def test_interruption_passes_through():
    with pytest.raises(KeyboardInterrupt):
        failures.attempt(raising(KeyboardInterrupt()))


def test_interruption_says_how_to_go_on(capsys):
    failures.tell_interrupted(["fit", "my walk.mp4", "--overwrite", "--height", "1.8"])
    assert capsys.readouterr().err.endswith("motionrecon fit 'my walk.mp4' --height 1.8 --resume\n")
