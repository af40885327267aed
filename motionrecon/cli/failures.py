"""What a failure tells the user and the shell: one line on stderr, and an exit code.

0 done, 1 the work failed, 2 the input or usage is wrong, 130 interrupted.
"""

from __future__ import annotations

import errno
import re
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence

import click

from motionrecon.errors import MotionReconError

INTERRUPTED = 130

# The user's to mend: a full or read-only place, a name that leads nowhere.
_INPUT_ERRNOS = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOENT, errno.ENOTDIR, errno.EISDIR,
    errno.ENAMETOOLONG,
}  # fmt: skip
# Shared libraries that OpenCV's wheel expects from the system, and the Debian/Ubuntu package of each.
_PACKAGES = {
    "libGL": "libgl1", "libglib-2": "libglib2.0-0", "libgthread-2": "libglib2.0-0", "libSM": "libsm6",
    "libICE": "libice6", "libX11": "libx11-6", "libXext": "libxext6", "libxcb": "libxcb1", "libEGL": "libegl1",
    "libGLESv2": "libgles2", "libz": "zlib1g", "libportaudio": "libportaudio2",
}  # fmt: skip


def attempt(action: Callable[[], None], *, debug: bool = False, told: Callable[[str], None] | None = None) -> int:
    """Run ``action`` and return its exit code; a failure is told in one line (``debug``: after its traceback).

    Args:
      action: what to do.
      debug: print the traceback of a failure on stderr.
      told: is given the line; None: it goes to stderr.

    KeyboardInterrupt passes through: it ends everything, not one input.
    """
    try:
        action()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        raise KeyboardInterrupt from None
    except Exception as error:
        if debug:
            traceback.print_exc()
        message, code = explain(error)
        (told or tell)(message)
        return code
    return 0


def explain(error: Exception) -> tuple[str, int]:
    """Return one line for the user and the exit code for an exception."""
    if isinstance(error, MotionReconError):
        return str(error), error.exit_code
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "motionrecon"
        return f"{error.format_message().rstrip('.')}; see {command} --help", 2
    if isinstance(error, click.ClickException):
        return error.format_message(), 2
    if isinstance(error, ImportError):
        return _missing(error), 1
    if isinstance(error, OSError) and error.errno in _INPUT_ERRNOS:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}; free it or choose another place with -o/--output", 2
    if isinstance(error, MemoryError):
        return "not enough memory; fit a shorter --time-range, or a smaller --window", 1
    return f"unexpected {type(error).__name__}: {error}; run again with --debug and report what it prints", 1


def tell(message: str) -> None:
    """Write one line on stderr."""
    click.echo(f"motionrecon: error: {' '.join(str(message).split())}", err=True)


def tell_interrupted(arguments: Sequence[str]) -> None:
    """Say on stderr that work was stopped, and how to go on."""
    again = [word for word in arguments if word not in ("--overwrite", "--resume")]
    kept = {"eval": "sequences", "benchmark": "rows", "train-optimizer": "meta-steps"}.get(
        again[0] if again else "", "windows"
    )
    click.echo(
        f"motionrecon: interrupted; finished {kept} are kept. Go on with: "
        + shlex.join(["motionrecon", *again, "--resume"]),
        err=True,
    )


def _missing(error: ImportError) -> str:
    library = re.search(r"(lib[\w+-]+)[\w.+-]*\.so[.\d]*(?=: cannot open)", str(error))
    if library is not None:
        names = [package for stem, package in _PACKAGES.items() if library[0].startswith(stem)]
        if names:
            return f"the system library {library[0]} is missing; install it: sudo apt-get install -y {names[0]}"
        return f"the system library {library[0]} is missing; install the package of your system that holds it"
    if error.name and not error.name.startswith("motionrecon"):
        return f"the Python package {error.name} is missing; install again: {sys.executable} -m pip install motionrecon"
    return f"the installation is damaged ({error}); install motionrecon again"
