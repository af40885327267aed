"""The ``motionrecon`` command: its subcommands, and how it ends."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from motionrecon import __version__
from motionrecon.cli import failures
from motionrecon.cli.benchmark import benchmark
from motionrecon.cli.data import data
from motionrecon.cli.doctor import doctor
from motionrecon.cli.evaluate import evaluate
from motionrecon.cli.fit import fit
from motionrecon.cli.optimizers import optimizers
from motionrecon.cli.tables import tables
from motionrecon.cli.train_optimizer import train_optimizer

_SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 110,
    "token_normalize_func": lambda token: token.replace("_", "-"),  # --time_range is as good as --time-range
}


@click.group(context_settings=_SETTINGS, invoke_without_command=True)
@click.version_option(__version__, message="motionrecon %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Physics-based human motion reconstruction: a video or motion capture in, a simulated person out."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


cli.add_command(fit)
cli.add_command(evaluate)
cli.add_command(benchmark)
cli.add_command(data)
cli.add_command(doctor)
cli.add_command(optimizers)
cli.add_command(tables)
cli.add_command(train_optimizer)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; everything that goes wrong is one line on stderr."""
    code = 0

    def command() -> None:
        nonlocal code
        value = cli.main(args=list(arguments), prog_name="motionrecon", standalone_mode=False)
        code = value if isinstance(value, int) else 0

    try:
        failed = failures.attempt(command, debug="--debug" in arguments)
    except KeyboardInterrupt:
        failures.tell_interrupted(arguments)
        return failures.INTERRUPTED
    return failed or code


def main() -> None:
    """Entry point of the ``motionrecon`` script."""
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop from outside ends as tidily as Ctrl-C
    _leave(run(sys.argv[1:]))


def _leave(code: int) -> NoReturn:
    """End the process without taking its objects apart, which would take half a second.

    What was registered to run at the end runs (files that are to be removed, JAX, child processes). Programs that are
    still being made in the background are not waited for: a compiler cannot be stopped.
    """
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
