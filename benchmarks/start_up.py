"""Whole commands, in turn between two checkouts: cold, warm, and warm beside busy loops.

    python benchmarks/start_up.py OTHER_CHECKOUT INPUT... [--runs 3] [--busy 2]

OTHER_CHECKOUT is a clone of this repository at another commit, fitted with this interpreter and its packages. Each
checkout has a cache of its own, empty at first: the first fit of the first input is cold. Printed are seconds of wall
time and, in brackets, of processor time, of ``motionrecon fit INPUT``; medians over the runs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def fit(checkout: Path, source: Path, place: Path) -> tuple[float, float]:
    """Return wall and processor seconds of one command."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "MOTIONRECON_CACHE": str(place / "cache")}
    command = [sys.executable, "-m", "motionrecon", "fit", str(source), "-q", "-o", str(place / "out"), "--overwrite"]
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, env=environment, cwd=checkout, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, spent


def report(what: str, other: list[tuple[float, float]], here: list[tuple[float, float]]) -> None:
    """Print medians of both checkouts and the ratio of wall times."""
    (a, b), (c, d) = ([statistics.median(column) for column in zip(*runs, strict=True)] for runs in (other, here))
    print(f"| {what} | {a:.1f} ({b:.1f}) | {c:.1f} ({d:.1f}) | {c / a:.2f} |", flush=True)


def main() -> None:
    """Run the table."""
    parser = argparse.ArgumentParser(description="Seconds of whole commands, beside another checkout.")
    parser.add_argument("other", type=Path, help="the other checkout")
    parser.add_argument("inputs", type=Path, nargs="+", help="what to fit")
    parser.add_argument("--runs", type=int, default=3, help="warm runs of each")
    parser.add_argument("--busy", type=int, default=2, help="busy loops beside the last warm runs; 0: none")
    given = parser.parse_args()
    print("| command | other | here | ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        sides = [(given.other.resolve(), Path(folder) / "other"), (ROOT, Path(folder) / "here")]
        for _, place in sides:
            place.mkdir()
        for source in map(Path.resolve, given.inputs):
            report(f"{source.name}, first", *([fit(tree, source, place)] for tree, place in sides))
            warm = [[fit(tree, source, place) for tree, place in sides] for _ in range(given.runs)]
            report(f"{source.name}, warm", *map(list, zip(*warm, strict=True)))
        loops = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(given.busy)]
        try:
            if loops:
                busy = [[fit(tree, source, place)] for tree, place in sides]
                report(f"{source.name}, warm, {given.busy} busy loops beside", *busy)
        finally:
            for loop in loops:
                loop.kill()


if __name__ == "__main__":
    main()
