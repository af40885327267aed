"""Which input goes to which folder, checked before anything heavy is loaded."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from motionrecon.config import Config
from motionrecon.errors import ConfigError, DataError, InputError


class Job(NamedTuple):
    """One input as the user named it, and the folder of its results."""

    source: str
    folder: Path


def plan(inputs: Sequence[str], output: str | None) -> list[Job]:
    """Return the jobs: one input goes to ``output`` itself, several to folders in it named after each.

    Raises:
      InputError: two inputs would share a folder.
    """
    if len(inputs) == 1 and output is not None:
        return [Job(inputs[0], Path(output))]
    root = Path(output if output is not None else "runs")
    jobs = [Job(source, root / (Path(source).stem or "input")) for source in inputs]
    for index, job in enumerate(jobs):
        other = next((earlier for earlier in jobs[:index] if earlier.folder == job.folder), None)
        if other is not None:
            raise InputError(
                f"{other.source} and {job.source} would both go to {job.folder}; fit them one by one, each with its -o"
            )
    return jobs


def check_source(source: str) -> None:
    """Refuse an input that is certainly not one.

    Raises:
      DataError: it is missing, empty, not a file, or a folder without keypoint files.
    """
    path = Path(source)
    if path.is_dir():
        if next(path.glob("*.json"), None) is None and next(path.glob("*.txt"), None) is None:
            raise DataError(f"{source}: is a folder without keypoint files (*.json, YOLO's *.txt); give a file")
    elif not path.exists():
        raise DataError(f"{source}: no such file; check the path")
    elif not path.is_file():
        raise DataError(f"{source}: is not a regular file; copy it to one first")
    elif path.stat().st_size == 0:
        raise DataError(f"{source}: is empty (0 bytes); copy or record it again")
    elif not os.access(path, os.R_OK):
        raise DataError(f"{source}: may not be read; change its permissions (chmod u+r)")


def camera_file(given: str) -> str:
    """Return the file of FILE:NAME (one camera of several), or what was given where that is a file."""
    from motionrecon.data.formats import camera_files

    return str(camera_files.split_name(given)[0])


def check_files(config: Config) -> None:
    """Refuse a configuration that names files which are not there.

    Raises:
      ConfigError: a camera, keypoint, skeleton, marker, static or truth file is missing.
    """
    for name in ("camera", "keypoints", "asf", "markers", "static", "truth"):
        path = getattr(config.input, name)
        if path is None:
            continue
        if name == "camera":
            path = camera_file(path)
        if not Path(path).exists():
            raise ConfigError(f"--{name} {path}: no such file; check the path")
        if Path(path).is_dir() and name == "camera" and not (Path(path) / "intri.yml").is_file():
            raise ConfigError(f"--{name} {path}: is a folder without EasyMocap's intri.yml; give a file")
        if Path(path).is_dir() and name not in ("keypoints", "camera"):
            raise ConfigError(f"--{name} {path}: is a folder; give a file")


def check_folder(folder: Path, *, overwrite: bool, resume: bool) -> None:
    """Refuse a result folder that holds something already, unless ``overwrite`` or ``resume`` was asked for.

    Raises:
      InputError: it does, or is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; give a folder with -o/--output")
    if folder.is_dir() and any(folder.iterdir()) and not (overwrite or resume):
        raise InputError(
            f"{folder}: holds results already; use --overwrite to replace them, --resume to go on, or another -o"
        )


@contextlib.contextmanager
def result_folder(folder: Path, *, overwrite: bool, resume: bool) -> Iterator[Path]:
    """Provide a writable result folder; one that was made here and stayed empty is removed again.

    Raises:
      InputError: it holds something already and neither ``overwrite`` nor ``resume`` was asked for, or it cannot
        be written.
    """
    check_folder(folder, overwrite=overwrite, resume=resume)
    made = _make(folder)
    try:
        yield folder
    finally:
        for path in made:  # innermost first
            with contextlib.suppress(OSError):
                path.rmdir()


def clear_unfinished(folder: Path) -> None:
    """Remove what a process that died left behind half written: hidden folders and files, not the finished windows."""
    for path in (*folder.glob(".writing-*"), *folder.glob(".*.tmp")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()  # where nothing else is in it


def _make(folder: Path) -> list[Path]:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 4096)
    except OSError as error:
        for path in missing:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise InputError(
            f"{folder}: cannot be written ({error.strerror or error}); choose another folder with -o/--output"
        ) from None
    return missing
