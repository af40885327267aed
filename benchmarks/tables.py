"""What the benchmark scripts share: arguments, pinned cores, the machine line, tables.

Every script pins itself to ``--cores`` (default one), so that seconds compare.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from motionrecon.jobs import runtime

ROOT = Path(__file__).parents[1]
Columns = Sequence[tuple[str, str, str]]  # key in a row, heading, format


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all scripts have."""
    made = argparse.ArgumentParser(description=description)
    default = os.environ.get("MOTIONRECON_SAMPLES", str(ROOT.parent / "shared" / "data"))
    made.add_argument("--samples", type=Path, default=Path(default), help="folder of the sample data")
    made.add_argument("--out", type=Path, help="file for the numbers as JSON; the tables go beside it as .md")
    made.add_argument("--cores", type=int, default=1, help="CPU cores the whole process may use")
    return made


def start(cores: int = 1) -> str:
    """Pin the process to its first ``cores`` allowed cores, set up JAX, print and return the machine line.

    Libraries size their thread pools when they are loaded, so the process starts itself again once pinned.
    """
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(allowed) > cores:
        os.sched_setaffinity(0, allowed[:cores])
        os.environ["OMP_NUM_THREADS"] = str(cores)
        os.execv(sys.executable, sys.orig_argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # else XLA remarks on CPU features of cached programs
    runtime.configure("cpu")
    used = str(cores) if allowed else f"{os.cpu_count()} (this system cannot pin)"
    load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = f"jax {importlib.metadata.version('jax')}, Python {platform.python_version()}"
    line = f"{_cpu()}, cores used: {used}{load}; {versions}"
    print(line, flush=True)
    return line


def _cpu() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(row.split(":", 1)[1].strip() for row in rows if row.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def present(path: Path) -> bool:
    """Tell whether a sample is there; print why it is skipped otherwise."""
    if not path.exists():
        print(f"skipped: {path.name}: no such file {path}; give the folder with --samples", flush=True)
    return path.exists()


def markdown(columns: Columns, rows: Iterable[Mapping[str, Any]]) -> str:
    """Lay rows out as a Markdown table; a value that is None or absent is a dash."""

    def cell(row: Mapping[str, Any], key: str, form: str) -> str:
        value = row.get(key)
        return "-" if value is None else format(value, form)

    lines = [[cell(row, key, form) for key, _, form in columns] for row in rows]
    heads = [head for _, head, _ in columns]
    width = [max(len(line[i]) for line in [heads, *lines]) for i in range(len(heads))]
    text = [[value.ljust(w) for value, w in zip(line, width, strict=True)] for line in [heads, *lines]]
    ruler = ["-" * w for w in width]
    return "\n".join("| " + " | ".join(line) + " |" for line in [text[0], ruler, *text[1:]])


def goal(label: str, value: float | None, limit: float, unit: str = "") -> str:
    """Return a line that says whether a value stays within its limit."""
    if value is None:
        return f"unknown: {label}"
    word = "met" if value <= limit else "NOT met"
    return f"{word}: {label}: {value:.3g}{unit} (at most {limit:g}{unit})"


def save(out: Path | None, machine: str, text: str, rows: Any) -> None:
    """Write rows as JSON to ``out`` and the text beside it as Markdown; None writes nothing."""
    if out is None:
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    content = {
        out: json.dumps({"machine": machine, "rows": rows}, indent=1),
        out.with_suffix(".md"): f"{machine}\n\n{text}\n",
    }
    for path, written in content.items():
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(written, encoding="utf-8")
        os.replace(temporary, path)
    print(f"written: {out}, {out.with_suffix('.md')}", flush=True)
