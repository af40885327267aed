"""What the environment of a worker process is: one thread each, set while the process starts.

The libraries read these variables when they are loaded, so they must be there before the process is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

ONE_THREAD: Mapping[str, str] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


@contextlib.contextmanager
def set_while_starting(variables: Mapping[str, str] = ONE_THREAD) -> Iterator[None]:
    """Set environment variables for the processes that are started within the block; then everything is as before."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
