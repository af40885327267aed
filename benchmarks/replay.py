"""Simulate fitted clips again from their ``motion.npz`` alone: is every frame simulated, how far does it carry?

    python benchmarks/replay.py RESULT_FOLDER...
    python benchmarks/replay.py --fit [--time-range 0 3] clip.bvh...

Printed per clip (``results.replay.ReplayReport``): the largest distance of a joint one frame after each stored
state (goal 1e-6 m); of the whole clip from the first state and the controls alone (goal 1 mm for walks; floor work is
chaotic and may drift); and the force on the body that neither gravity nor the contacts explain. Exit code 1 where
a stored state does not lead to the next.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from pathlib import Path

from motionrecon import config
from motionrecon.errors import MotionReconError
from motionrecon.fitting import fit
from motionrecon.jobs import runtime
from motionrecon.results.export import npz
from motionrecon.results.replay import replay

STEP_GOAL = 1e-6  # m


def fitted(source: str, time_range: tuple[float, float] | None, folder: Path) -> Path:
    """Fit a clip and return its motion.npz."""
    options = config.Config()
    options = dataclasses.replace(options, input=dataclasses.replace(options.input, time_range=time_range))
    return npz.write_motion(fit.fit_file(source, options), folder / f"{Path(source).stem}.npz")


def main() -> None:
    """Replay every result named, print the findings."""
    parser = argparse.ArgumentParser(description="Replay results from their motion.npz.")
    parser.add_argument("inputs", nargs="+", help="result folders or motion.npz files; with --fit, inputs of a fit")
    parser.add_argument("--fit", action="store_true", help="fit the inputs first")
    parser.add_argument("--time-range", type=float, nargs=2, help="seconds of the input to fit")
    arguments = parser.parse_args()
    runtime.configure("cpu")
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        for name in arguments.inputs:
            try:
                span = tuple(arguments.time_range) if arguments.time_range else None
                report = replay(fitted(name, span, Path(scratch)) if arguments.fit else name)
            except MotionReconError as error:
                sys.exit(f"error: {error}")
            print(f"{name}: {len(report.drift_m)} frames\n{report}", flush=True)
            good &= bool(report.step_m.max() <= STEP_GOAL)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
