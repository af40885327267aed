"""Compiled programs on disk: the large JAX programs start without being traced, lowered or compiled again.

JAX's own cache keeps what XLA made of a program, but a process must trace and lower the program to find it there; for
the time step's derivatives that takes longer than a whole fit. An entry here is found by what the program depends on:

- the source of the rooms that programs are made of and of the function's own file, the versions of JAX, the processor,
  the device, the precision and the compiler's flags;
- the program's name, the structure, shapes and types of its arguments, and its static arguments.

Where only the source has changed, the program is lowered and found by its text; it is compiled if that has changed too.

An entry is a pickle and holds machine code, so it is read from a folder of this user that no one else can write to, and
only with the check sum that it was written with. A damaged or foreign entry is compiled anew. The least recently used
entries go when the folder outgrows its limit (``program_files``).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import importlib.metadata
import inspect
import logging
import os
import pickle
import platform
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax._src import config as jax_config  # thread-local settings have no public name
from jax.core import Tracer
from jax.experimental import serialize_executable

from motionrecon.jobs import program_files, runtime

_SOURCES = ("types", "geometry", "physics", "fitting", "models/trajectory")  # what compiled programs are made of
logger = logging.getLogger(__name__)


@functools.cache
def source_mark() -> str:
    """Return a digest of the sources that compiled programs are made of."""
    root, digest = Path(__file__).parents[1], hashlib.sha256()
    for name in _SOURCES:
        for path in sorted((root / name).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def _file_mark(path: str | None) -> str:
    """Return a digest of the file that a function stands in, which may lie outside the rooms of ``source_mark``."""
    with contextlib.suppress(OSError):
        return hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else ""
    return ""


@functools.cache
def machine_mark() -> str:
    """Return a digest of what an executable is bound to: versions, processor, device, precision, compiler's flags."""
    device = jax.devices()[0]
    parts = [
        jax.__version__, importlib.metadata.version("jaxlib"), platform.python_version(), platform.platform(),
        _processor(), device.platform, device.device_kind, device.client.platform_version,
        str(jax.config.read("jax_enable_x64")), os.environ.get("XLA_FLAGS", ""), os.environ.get("PJRT_NPROC", ""),
    ]  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return platform.processor() or platform.machine()


class _Background:
    """Daemon threads that make programs ready; a process that ends does not wait for what nobody needs any more."""

    def __init__(self):
        self._tasks: queue.SimpleQueue = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._left = 0
        self._guard = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether something is still being made."""
        return self._left > 0

    def add(self, program: Program, arguments: tuple) -> None:
        with self._guard:
            self._left += 1
            if len(self._threads) < runtime.threads():
                self._threads.append(threading.Thread(target=self._work, name="programs", daemon=True))
                self._threads[-1].start()
        self._tasks.put((program, arguments))

    def _work(self) -> None:
        while True:
            program, arguments = self._tasks.get()
            try:
                program.prepare(*arguments)
            except Exception:  # the call that needs the program will raise it where it can be told
                logger.debug("%s: could not be made ahead", program.name, exc_info=True)
            with self._guard:
                self._left -= 1


_background = _Background()


def begin(program: Program, *arguments: Any) -> None:
    """Load or compile a program in the background for arguments like these; shapes (``ShapeDtypeStruct``) suffice."""
    _background.add(program, arguments)


def busy() -> bool:
    """Whether programs are still being made in the background."""
    return _background.busy


@dataclasses.dataclass(frozen=True)
class _Call:
    """One call: what its executable depends on, all arguments in order, those that are not compile-time constants."""

    key: tuple
    args: tuple
    dynamic: tuple


class Program:
    """A function compiled once for each kind of arguments, kept on disk; calls with tracers inline the function.

    Attributes:
      function: the pure function.
      name: its name in entries.
    """

    def __init__(self, function: Callable, *, static_argnames: Sequence[str] = (), name: str | None = None):
        self.function = function
        self.name = name or f"{function.__module__}.{function.__qualname__}"
        if "<lambda>" in self.name:
            raise ValueError("a lambda needs a name of its own: programs are found by it")
        self._source = inspect.getsourcefile(inspect.unwrap(function))
        self._static = tuple(static_argnames)
        self._jitted = jax.jit(function, static_argnames=static_argnames)
        self._signature = inspect.signature(function) if static_argnames else None
        self._ready: dict[Any, Callable] = {}
        self._locks: dict[Any, threading.Lock] = {}
        self._guard = threading.Lock()
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function compiled."""
        call = self._call(args, kwargs)
        if call is None:
            return self._jitted(*args, **kwargs)
        return (self._ready.get(call.key) or self._make(call))(*call.dynamic)

    @property
    def variants(self) -> int:
        """How many executables this process has of it."""
        return len(self._ready)

    def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Load or compile the program for arguments like these without running it; any thread may."""
        call = self._call(args, kwargs)
        if call is not None and call.key not in self._ready:
            self._make(call)

    def _call(self, args: tuple, kwargs: dict[str, Any]) -> _Call | None:
        """Sort the arguments into static and dynamic ones; None inside another program that is traced."""
        static, dynamic = {}, args
        if self._signature is not None or kwargs:
            signature = self._signature or inspect.signature(self.function)
            bound = signature.bind(*args, **kwargs)
            args, named = bound.args, bound.arguments
            static = {name: value for name, value in named.items() if name in self._static}
            dynamic = tuple(value for name, value in named.items() if name not in self._static)
        leaves, tree = jax.tree_util.tree_flatten(dynamic)
        if any(isinstance(leaf, Tracer) for leaf in leaves):
            return None
        return _Call((tree, tuple(map(_kind, leaves)), tuple(static.items())), args, dynamic)

    def _make(self, call: _Call) -> Callable:
        with self._guard:
            lock = self._locks.setdefault(call.key, threading.Lock())
        with lock:
            if call.key not in self._ready:
                self._ready[call.key] = self._load_or_compile(call)
            return self._ready[call.key]

    def _load_or_compile(self, call: _Call) -> Callable:
        marks = machine_mark(), source_mark(), _file_mark(self._source)
        index = program_files.folder() / f"{_digest(*marks, self.name, *map(str, call.key))}.index"
        began = time.perf_counter()
        loaded = _load(index, call)
        if loaded is not None:
            logger.debug("%s: loaded in %.3f s", self.name, time.perf_counter() - began)
            return loaded
        lowered = self._jitted.lower(*call.args)
        traced = time.perf_counter()
        # the arguments too: those that are not used are not in the text, but an executable checks them
        text = _digest(machine_mark(), self.name, *map(str, call.key), lowered.as_text())
        entry = pickle.dumps((text, lowered.in_tree, lowered.out_tree))
        program_files.write(index, entry)
        loaded = _load(index, call)  # the same program was compiled from other sources
        if loaded is None:
            loaded = _compile(lowered)
            _keep(loaded, text)
        seconds = traced - began, time.perf_counter() - traced
        logger.debug("%s: traced in %.2f s, compiled and kept in %.2f s", self.name, *seconds)
        return loaded


def _kind(leaf: Any) -> tuple:
    """Return what a compiled program depends on in an argument."""
    if isinstance(leaf, (jax.Array, jax.ShapeDtypeStruct)):
        return leaf.shape, leaf.dtype.name, leaf.weak_type  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(leaf, (np.ndarray, np.generic)):
        return leaf.shape, leaf.dtype.name, False
    return (type(leaf).__name__,)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def _compile(lowered: Any) -> Callable:
    """Compile beside JAX's own cache: an executable that came out of it loses its functions when it is stored again.

    A key of its own keeps it from being found there, an endless threshold from being written.
    """
    with (
        jax_config.compilation_cache_include_metadata_in_key(True),
        jax_config.persistent_cache_min_compile_time_secs(1e9),
    ):
        return lowered.compile()


def _keep(compiled: Any, text: str) -> None:
    """Store an executable if it can be serialized."""
    with contextlib.suppress(ValueError, NotImplementedError, TypeError, jax.errors.JaxRuntimeError):
        program_files.write(program_files.folder() / f"{text}.program", serialize_executable.serialize(compiled)[0])


def _load(index: Path, call: _Call) -> Callable | None:
    """Return the executable that an index names, or None where it is missing, damaged or not made for such a call."""
    entry = program_files.read(index)
    if entry is None:
        return None
    text, in_tree, out_tree = pickle.loads(entry)
    path = program_files.folder() / f"{text}.program"
    payload = program_files.read(path)
    if payload is None:
        return None
    _find_lapack()
    try:
        loaded = serialize_executable.deserialize_and_load(payload, in_tree, out_tree)
        expected = [leaf.shape for leaf in jax.tree.leaves(loaded.args_info)]
        return loaded if expected == [np.shape(leaf) for leaf in jax.tree.leaves(call.dynamic)] else None
    except Exception:  # whatever a foreign or stale executable raises: it is compiled anew
        program_files.remove(path)
        return None


@functools.cache
def _find_lapack() -> None:
    """Let JAX look up LAPACK: it does so when it lowers a factorization, and a loaded executable calls null without."""
    jax.jit(jax.lax.linalg.cholesky).lower(np.eye(1))
