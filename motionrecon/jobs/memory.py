"""How much memory a process holds, and how many processes there is room for."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os

from motionrecon.jobs import runtime


def peak_mb() -> float:
    """Return the most memory this process has held, MB.

    Linux's ``ru_maxrss`` of a spawned process begins with that of its parent, so the process's own is read first.
    """
    with contextlib.suppress(OSError, ValueError, IndexError), open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024.0
    try:
        import resource
    except ImportError:  # no such module on Windows
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def release() -> None:
    """Give memory that is free back to the system, where the C library has a way to (glibc)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def processes(tasks: int, each_mb: float) -> int:
    """Return one process a core, as far as tasks and free memory go, and at least one.

    Args:
      tasks: to do.
      each_mb: memory that a process comes to hold, MB.
    """
    room = runtime.threads()
    with contextlib.suppress(ValueError, OSError, AttributeError):
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
        room = min(room, int(free / each_mb))
    return max(1, min(room, tasks))
