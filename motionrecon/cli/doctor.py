"""``motionrecon doctor``: what is installed, where the caches are, and whether the parts work on this machine."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from motionrecon.cli import failures

_HEIGHT, _MASS, _STEP = 1.70, 65.0, 1.0 / 60.0  # the body that falls, and one of its simulation steps in s


@click.command("doctor")
@click.option("--clear-programs", is_flag=True, help="Delete the compiled programs; the next fit compiles them anew.")
@click.option("--debug", is_flag=True, help="Print the traceback of an error.")
def doctor(clear_programs: bool, debug: bool) -> int:
    """Show versions, devices and caches, and test the installation in ten seconds.

    Exit code 1 where a test fails; its line says what to do.
    """
    from motionrecon.jobs import program_files, runtime

    if clear_programs:
        click.echo(f"Deleted {program_files.clear()} files of compiled programs.")
    runtime.configure("cpu")
    for title, rows in (("System", _system()), ("Versions", _versions()), ("Caches", _caches())):
        click.echo(f"{title}\n" + "\n".join(f"  {name:<22} {text}" for name, text in rows) + "\n")
    click.echo("Tests")
    failed = [name for name, test in _TESTS.items() if not _passes(name, test)]
    if failed:
        click.echo(f"\n{len(failed)} of {len(_TESTS)} tests failed: {', '.join(failed)}.")
    return int(bool(failed))


def _passes(name: str, test: Callable[[], str]) -> bool:
    """Run one test and print its line."""
    began = time.perf_counter()
    try:
        text, good = test(), True
    except Exception as error:  # whatever is broken on this machine is what the user wants to read
        text, good = failures.explain(error)[0], False
    click.echo(f"  {name:<22} {'ok' if good else 'FAILED':<7} {text} ({time.perf_counter() - began:.1f} s)")
    return good


def _system() -> list[tuple[str, str]]:
    from motionrecon.jobs import runtime

    return [
        ("system", platform.platform()),
        ("Python", f"{platform.python_version()} at {sys.executable}"),
        ("cores", f"{runtime.threads()} of {os.cpu_count()}"),
        ("devices", ", ".join(runtime.devices())),
    ]


def _versions() -> list[tuple[str, str]]:
    from motionrecon.jobs import versions

    return list(versions.installed().items())


def _caches() -> list[tuple[str, str]]:
    """Say where each cache is and how large."""
    from motionrecon.jobs import program_files, runtime

    root, limit = runtime.cache_dir(), program_files.LIMIT / 2**20
    return [
        ("folder", f"{root} (MOTIONRECON_CACHE sets another)"),
        ("compiled programs", f"{_size(root / 'programs')}; at most {limit:.0f} MB"),
        ("small programs", _size(root / "xla")),
        ("detections", _size(root / "detections")),
    ]


def _size(folder: Path) -> str:
    files = [path for path in folder.glob("*") if path.is_file()]
    return f"{len(files)} files, {sum(path.stat().st_size for path in files) / 2**20:.1f} MB"


def _simulator() -> str:
    """Let a body fall for one step: the centre of mass gains exactly gravity's speed, whatever its joints do."""
    import numpy as np

    from motionrecon.geometry import skeleton as skeletons
    from motionrecon.geometry.world import GRAVITY
    from motionrecon.jobs.program_store import Program
    from motionrecon.physics import humanoid, pipeline
    from motionrecon.physics.body import Ground

    skeleton, soles = skeletons.template(_HEIGHT), skeletons.template_soles(_HEIGHT)
    body = humanoid.body(skeleton, soles, _HEIGHT, _MASS)
    rest = np.tile([1.0, 0.0, 0.0, 0.0], (len(skeleton.names), 1))
    state = pipeline.init(body, np.array([0.0, 0.0, 10.0]), rest)
    inputs = pipeline.Inputs(rest[1:], np.zeros(6))
    moved = Program(pipeline.step)(body, Ground().arrays(), np.asarray(_STEP), state, inputs)
    speed, expected = float(moved.velocity[2]), -GRAVITY * _STEP
    if not abs(speed - expected) < 1e-6:
        raise RuntimeError(f"a falling body reached {speed:.6f} m/s in one step instead of {expected:.6f}")
    return "a body falls as it must"


def _film() -> str:
    """Write a film of four frames and read it back."""
    import numpy as np

    from motionrecon.data import video
    from motionrecon.render.video_writer import VideoWriter

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.mp4"
        with VideoWriter(path, 30.0, (64, 48)) as writer:
            for level in (0, 80, 160, 240):
                writer.write(np.full((48, 64, 3), level, np.uint8))
        frames = video.probe(path).frames
    if frames != 4:
        raise RuntimeError(f"a film of 4 frames was read back with {frames}")
    return "films are written and read"


def _detector() -> str:
    """Load the pose model and let it look at an empty picture."""
    from motionrecon.models.detectors import mediapipe_pose

    mediapipe_pose.MediaPipePose(tracking=False).close()
    return "the pose model loads and looks at a picture"


_TESTS = {"simulator": _simulator, "films": _film, "pose detector": _detector}
