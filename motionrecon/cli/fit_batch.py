"""Several inputs, one after the other or in worker processes; what becomes of each stands in a manifest."""

from __future__ import annotations

import contextlib
import json
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click

from motionrecon.cli import failures, places
from motionrecon.cli.places import Job
from motionrecon.jobs.manifest import NAME, Manifest

Work = Callable[..., str]
_INTERESTING = "note: "  # how lines begin that are shown of a worker without --verbose


class Show(NamedTuple):
    """What the user wants to see: every window, errors only, tracebacks."""

    verbose: bool
    quiet: bool
    debug: bool


class Order(NamedTuple):
    """What a worker is asked to do: an input's number, input and folder, and the folder that paths start from."""

    number: int
    job: Job
    place: str


class Outcome(NamedTuple):
    """What a worker made of an input.

    Attributes:
      code: exit code; 0: done.
      error: one line where it is not 0.
      traceback: of an error.
      seconds: wall time, s.
    """

    code: int
    error: str
    traceback: str
    seconds: float


def in_turn(jobs: Sequence[Job], work: Work, show: Show) -> int:
    """Fit inputs one after the other in this process.

    Args:
      jobs: inputs and folders.
      work: called as ``work(job, quiet=, verbose=)``; returns what to print.
      show: what the user wants to see.

    Returns:
      The exit code, see ``in_workers``.
    """
    codes = []
    with _manifest(jobs) as manifest:
        for number, job in enumerate(jobs):
            manifest.began(number)
            began, errors = time.monotonic(), []

            def one(job: Job = job) -> None:
                text = work(job, quiet=show.quiet, verbose=show.verbose)
                if not show.quiet:
                    click.echo(text)

            def told(line: str, errors: list[str] = errors) -> None:
                errors.append(line)
                failures.tell(line)

            codes.append(failures.attempt(one, debug=show.debug, told=told))
            seconds = time.monotonic() - began
            manifest.failed(number, errors[0], seconds) if errors else manifest.done(number, seconds)
    return _end(jobs, codes, show)


def in_workers(
    jobs: Sequence[Job],
    work: Work,
    show: Show,
    *,
    workers: int | None,
    ray: str | None,
    finished: Callable[[Path], bool] | None,
) -> int:
    """Fit inputs in worker processes of one thread each; a worker that dies costs its input only.

    Args:
      jobs: inputs and folders.
      work: called in a worker as ``work(job, quiet=, verbose=, console=)``; can be pickled.
      show: what the user wants to see.
      workers: how many; None: one, or as many as the cluster has CPUs.
      ray: address of a Ray cluster, or "auto"; None: processes of this machine.
      finished: tells whether a folder needs no more work; None: none does.

    Returns:
      0: all done; 1: some failed; where nothing was done at all, the highest code of an input.

    Raises:
      InputError: Ray does not answer.
    """
    from motionrecon.jobs import pool, ray_cluster

    do = partial(_do, work, show.verbose)
    codes: dict[int, int] = {}
    with _manifest(jobs) as manifest:
        for number, job in enumerate(jobs):
            if finished is not None and finished(job.folder):
                codes[number] = 0
                manifest.done(number)
        orders = [Order(number, job, os.getcwd()) for number, job in enumerate(jobs) if number not in codes]
        if ray is not None:
            events = ray_cluster.run(orders, ray, workers, do)
        else:
            events = pool.run(orders, workers or 1, do)
        watch = _Watch(jobs, len(orders), show)
        with _cleared(manifest), contextlib.closing(events):
            for order, event in events:
                match event:
                    case pool.Began():
                        manifest.began(order.number)
                        watch.began(order)
                    case pool.Told(line):
                        watch.told(order, line)
                    case pool.Done(outcome):
                        codes[order.number] = watch.ended(order, outcome)
                        _note(manifest, order, outcome)
                    case pool.Died(reason):
                        places.clear_unfinished(order.job.folder)
                        outcome = Outcome(1, f"{order.job.source}: {reason}", "", watch.seconds(order))
                        codes[order.number] = watch.ended(order, outcome)
                        _note(manifest, order, outcome)
    return _end(jobs, [codes[number] for number in range(len(jobs))], show)


def _do(work: Work, verbose: bool, order: Order, tell: Callable[[str], None]) -> Outcome:
    """Fit an input in a worker process."""
    from rich.console import Console

    began, errors, traces = time.monotonic(), [], []
    os.chdir(order.place)  # a cluster's workers start elsewhere
    console = Console(file=_Lines(tell), soft_wrap=True, highlight=False, force_terminal=False)  # type: ignore[arg-type]

    def one() -> None:
        try:
            work(order.job, quiet=False, verbose=verbose, console=console)
        except Exception:
            traces.append(traceback.format_exc())
            raise

    code = failures.attempt(one, told=errors.append)
    return Outcome(code, "".join(errors), "".join(traces), time.monotonic() - began)


class _Lines:
    """A text stream whose lines are told."""

    def __init__(self, tell: Callable[[str], None]):
        self._tell, self._rest = tell, ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._tell(line)
        return len(text)

    def flush(self) -> None:
        """Lines go as they are whole."""


class _Watch:
    """Shows on stderr how far the workers are."""

    def __init__(self, jobs: Sequence[Job], total: int, show: Show):
        self._total, self._show, self._done = total, show, 0
        self._since, self._began = time.monotonic(), {}
        if not show.quiet:
            before = f", {len(jobs) - total} finished already" if total < len(jobs) else ""
            click.echo(f"motionrecon fit: {len(jobs)} inputs{before} -> {jobs[0].folder.parent}{os.sep}", err=True)

    def began(self, order: Order) -> None:
        self._began[order.number] = time.monotonic()

    def seconds(self, order: Order) -> float:
        return time.monotonic() - self._began[order.number]

    def told(self, order: Order, line: str) -> None:
        if self._show.verbose or (line.startswith(_INTERESTING) and not self._show.quiet):
            click.echo(f"{order.job.folder.name}: {line}", err=True)

    def ended(self, order: Order, outcome: Outcome) -> int:
        """Say what became of an input; returns its exit code."""
        self._done += 1
        if outcome.code:
            if self._show.debug:
                click.echo(outcome.traceback, err=True, nl=False)
            failures.tell(outcome.error)
        if not self._show.quiet:
            spent = time.monotonic() - self._since
            left = f", {spent / self._done * (self._total - self._done):.0f} s left" if self._done < self._total else ""
            said = "failed" if outcome.code else f"done{_measured(order.job.folder)}"
            head = f"[{self._done}/{self._total}] {order.job.folder.name}: {said}"
            click.echo(f"{head} ({outcome.seconds:.0f} s; {spent:.0f} s in all{left})", err=True)
        return outcome.code


@contextlib.contextmanager
def _cleared(manifest: Manifest) -> Iterator[None]:
    """Remove what workers that were stopped had half written."""
    try:
        yield
    finally:
        for entry in manifest.entries:
            if entry.state == "running":
                places.clear_unfinished(Path(entry.folder))


def _note(manifest: Manifest, order: Order, outcome: Outcome) -> None:
    if outcome.code:
        manifest.failed(order.number, outcome.error, outcome.seconds)
    else:
        manifest.done(order.number, outcome.seconds)


def _measured(folder: Path) -> str:
    """Return the error of a result in a few words; empty where it has none."""
    try:
        values: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["methods"]["physics"]
    except (OSError, ValueError, KeyError):
        return ""
    named = (("mpjpe_g_mm", "MPJPE-G", "mm"), ("mpjpe_2d_px", "reprojection", "px"))
    known = [f", {name} {values[key]:.1f} {unit}" for key, name, unit in named if values.get(key) is not None]
    return known[0] if known else ""


def _manifest(jobs: Sequence[Job]) -> Manifest:
    """Return the manifest of several inputs, in the folder of their folders; one input alone has none."""
    return Manifest(jobs[0].folder.parent if len(jobs) > 1 else None, jobs)


def _end(jobs: Sequence[Job], codes: Sequence[int], show: Show) -> int:
    """Say how many are done and which are not; returns the exit code."""
    failed = [job.source for job, code in zip(jobs, codes, strict=True) if code]
    if len(jobs) > 1 and not show.quiet:
        text = f"{len(jobs) - len(failed)} of {len(jobs)} inputs done."
        if failed:
            text += f" Failed: {', '.join(failed)}; do them again with --resume."
        if (path := jobs[0].folder.parent / NAME).is_file():
            text += f" States in {path}"
        click.echo(text)
    return min(max(codes), 1) if len(failed) < len(jobs) else max(codes)
