"""What the process needs around the work: JAX in 64-bit floats, a cache on disk, quiet native libraries."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import threadpoolctl

# The libraries read these when they are loaded; XLA_FLAGS is joined with what the user has set there.
ONE_THREAD: Mapping[str, str] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PJRT_NPROC": "1",  # XLA's pool, which it also compiles for
}
ONE_XLA_THREAD = "--xla_cpu_multi_thread_eigen=false"
_quiet_lock = threading.Lock()
_quiet_depth = 0
_quiet_undo = contextlib.ExitStack()


def cache_dir() -> Path:
    """Return the folder for caches: ``$MOTIONRECON_CACHE``, else ``$XDG_CACHE_HOME/motionrecon``."""
    root = os.environ.get("MOTIONRECON_CACHE")
    if root:
        return Path(root)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "motionrecon"


def threads() -> int:
    """Return how many threads compiled programs may use: the cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def devices() -> list[str]:
    """Return what JAX computes on."""
    import jax

    return [f"{device.platform} {device.device_kind}".strip() for device in jax.devices()]


def one_thread() -> None:
    """Keep computing to the calling thread: the parts are far too small to share, and threads wait on busy cores.

    JAX factorizes through SciPy's OpenBLAS. On a machine that does something else too, its threads made a sweep take
    ten times its time and fifteen times its processor time. XLA's own threads neither gained nor lost; but XLA orders
    sums by how many there are, and with one a result does not depend on the number of cores. Work is shared by
    processes instead (``--workers``).
    """
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)  # for libraries that are loaded later, and for child processes
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_cpu_multi_thread_eigen" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {ONE_XLA_THREAD}".strip()
    threadpoolctl.threadpool_limits(limits=1, user_api="blas")


def configure(device: str | None = None) -> None:
    """Switch JAX to float64 with a persistent compilation cache; call before the first computation.

    Args:
      device: "cpu", "gpu" or None for JAX's own choice.
    """
    one_thread()
    import jax

    jax.config.update("jax_enable_x64", True)
    if device and device != "auto":
        jax.config.update("jax_platforms", {"gpu": "cuda"}.get(device, device))
    folder = cache_dir() / "xla"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a read-only home only costs compile time
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


@contextlib.contextmanager
def quiet_native_stderr() -> Iterator[None]:
    """Drop what native libraries (MediaPipe, FFmpeg, OpenCV) print to file descriptor 2.

    Python's own ``sys.stderr`` keeps working, so progress bars and warnings still reach the terminal. Uses may
    nest and overlap in any order: the descriptor comes back when the last one ends.
    """
    global _quiet_depth
    with _quiet_lock:
        if _quiet_depth == 0:
            _redirect_stderr(_quiet_undo)
        _quiet_depth += 1
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_depth -= 1
            if _quiet_depth == 0:
                _quiet_undo.close()


def _redirect_stderr(undo: contextlib.ExitStack) -> None:
    try:
        saved = os.dup(2)
    except OSError:
        return  # started without a standard error stream: nothing to silence
    undo.callback(os.close, saved)
    stream = sys.stderr
    try:
        direct = stream.fileno() == 2
    except (OSError, ValueError, AttributeError):  # already replaced, by a test runner for instance
        direct = False
    if direct:
        stream.flush()
        sys.stderr = io.TextIOWrapper(
            os.fdopen(os.dup(saved), "wb", buffering=0),
            encoding=stream.encoding,
            errors=stream.errors,
            write_through=True,
        )
        undo.callback(_restore, sys.stderr, stream)
    undo.callback(os.dup2, saved, 2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)


def _restore(temporary: io.TextIOWrapper, stream: io.TextIOBase) -> None:
    if sys.stderr is temporary:
        sys.stderr = stream
    temporary.flush()
