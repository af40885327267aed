"""Evaluation at scale: throughput by workers and Ray, equal results, a killed worker, resumption, memory.

    python benchmarks/evaluation.py [--sequences 4] [--frames 40] [--long 12] [--cores 2] [--skip-video]

Runs ``motionrecon eval`` on noisy synthetic motion capture as a user would: with one worker, with two, with a local
Ray of two, each after a run that fills the cache of compiled programs; then kills a worker in the middle of a run and
resumes it; then ``--long`` whole sequences of several lengths in one worker for its memory, motion capture and films.
Ray is left out where it is not installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tables

COLUMNS = (
    ("how", "how", ""), ("sequences", "sequences", "d"), ("seconds", "wall s", ".0f"),
    ("per_minute", "sequences a minute", ".2f"), ("failed", "failed", "d"), ("equal", "same numbers", ""),
)  # fmt: skip
WORKED = ("metrics", "evaluations", "status")


def command(folder: Path, sequences: int, *more: str) -> list[str]:
    words = [sys.executable, "-m", "motionrecon", "eval", "-q", "--limit", str(sequences), "-o", str(folder)]
    return [*words, *more]


def peaks(folder: Path) -> list[float]:
    """Return the worker's peak memory, MB, after each sequence in turn."""
    return sorted(r["peak_mb"] for r in rows(folder) if r["method"] == "kinematic")


def memory(name: str, found: list[float]) -> list[str]:
    """Return what is to say of a long run's memory."""
    shown = ", ".join(f"{n} sequences: {found[n - 1]:.0f} MB" for n in (1, 3, len(found)) if n <= len(found))
    lines = [f"{name}: peak memory of the worker after {shown}"]
    if len(found) > 3:
        growth = found[-1] / found[2]
        lines.append(tables.goal(f"{name}: growth of memory from 3 sequences to all", growth, 1.1, " times"))
    return lines


def rows(folder: Path) -> list[dict]:
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))["rows"]


def timed(how: str, words: list[str], folder: Path, reference: list[dict] | None) -> tuple[dict, list[dict]]:
    """Run a command and measure it; ``reference`` are rows whose numbers must be met."""
    began = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 1):
        print(f"{how}: {done.stderr[-500:]}", flush=True)
    found = rows(folder)
    keys = {r["sequence"] for r in found}
    same = None if reference is None else kept(found) == kept(reference)
    row = {
        "how": how, "sequences": len(keys), "seconds": seconds, "per_minute": 60 * len(keys) / seconds,
        "failed": len({r["sequence"] for r in found if r["status"] != "ok"}),
        "equal": None if same is None else "yes" if same else "NO",
    }  # fmt: skip
    print(tables.markdown(COLUMNS, [row]).splitlines()[-1], flush=True)
    return row, found


def kept(found: list[dict]) -> list[tuple]:
    return [(r["sequence"], r["method"], *(json.dumps(r.get(k), sort_keys=True) for k in WORKED)) for r in found]


def children(process: int) -> list[int]:
    """Return the worker processes of a run (Linux)."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    lines = {int(p): Path(f"/proc/{p}/cmdline").read_bytes() for p in listed}
    return [p for p, line in lines.items() if b"spawn_main" in line]


def killed(words: list[str], folder: Path) -> tuple[int, list[str]]:
    """Run a command and kill one of its workers after the first sequence has ended; returns failed rows' reasons."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(list(folder.glob("rows/*.json"))) < 2:  # run.json and the first sequence
        time.sleep(0.5)
    if process.poll() is None:
        time.sleep(0.5)
        os.kill(children(process.pid)[0], signal.SIGKILL)
    process.wait()
    bad = [r for r in rows(folder) if r["status"] != "ok"]
    return len({r["sequence"] for r in bad}), sorted({r["reason"] for r in bad})


def main() -> None:
    """Run the table."""
    parser = tables.parser("motionrecon eval with several workers.")
    parser.add_argument("--sequences", type=int, default=4)
    parser.add_argument("--frames", type=int, default=40, help="of each sequence")
    parser.add_argument("--long", type=int, default=12, help="sequences of the runs that are watched for memory")
    parser.add_argument("--skip-video", action="store_true", help="watch motion capture only")
    given = parser.parse_args()
    machine = tables.start(given.cores)
    noise = ("--noise-mm", "10")
    size = (given.sequences, *noise, "--frames", str(given.frames))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        subprocess.run(command(place / "warm", 1, *size[1:], "--workers", "1"), check=False)
        first, reference = timed("1 worker", command(place / "one", *size, "--workers", "1"), place / "one", None)
        table = [
            first,
            timed("2 workers", command(place / "two", *size, "--workers", "2"), place / "two", reference)[0],
        ]
        if importlib.util.find_spec("ray"):
            ray = command(place / "ray", *size, "--ray", "auto", "--workers", "2")
            table.append(timed("local Ray of 2", ray, place / "ray", reference)[0])
        words = command(place / "kill", *size, "--workers", "2")
        lost, reasons = killed(words, place / "kill")
        print(f"killed a worker: {lost} sequence lost: {'; '.join(reasons)}", flush=True)
        table.append(timed("after it, --resume", [*words, "--resume"], place / "kill", reference)[0])
        lines = [tables.goal("sequences lost with a killed worker", lost, 1)]
        for mode, more in (("mocap", noise), ("video", ())):
            if mode == "video" and given.skip_video:
                continue
            long = command(place / mode, given.long, "--input", mode, *more, "--workers", "1")
            table.append(timed(f"{given.long} whole, {mode}", long, place / mode, None)[0])
            lines += memory(mode, peaks(place / mode))
            print(lines[-1], flush=True)
    text = "\n".join([tables.markdown(COLUMNS, table), "", *lines])
    print(f"\n{text}")
    tables.save(given.out, machine, text, table)


if __name__ == "__main__":
    main()
