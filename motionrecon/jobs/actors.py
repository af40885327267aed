"""A process of its own interpreter that answers requests one after another; its death is noticed.

Every kind of parallel work stands on these: `pool` deals out tasks to them, meta-training keeps state in them.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, NamedTuple

from motionrecon.jobs import runtime

# The libraries read these when they are loaded, so they must be there before the process is.
ONE_THREAD: Mapping[str, str] = {
    **runtime.ONE_THREAD,
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "XLA_FLAGS": runtime.ONE_XLA_THREAD,
}
_PATIENCE = 3.0  # s that a process gets to tidy up before it is killed
Tell = Callable[[Any], None]
Handle = Callable[[Any, Tell], Any]


class Told(NamedTuple):
    """News of a request that is still worked on."""

    value: Any


class Done(NamedTuple):
    """What a request gave; the next one may come."""

    value: Any


class Raised(NamedTuple):
    """A request ended with an exception; the next one may come."""

    error: Exception


class ActorDiedError(Exception):
    """The process is gone; says how."""


class Actor:
    """A process that calls ``make(*arguments)`` once and what that returns with every request.

    Args:
      make: a function or class that can be pickled; what it returns is called as ``handle(request, tell)``, where
        ``tell`` sends news before the answer is there.
      arguments: for it; anything that can be pickled.
      environment: variables that the process starts with, besides this process' own.
    """

    def __init__(self, make: Callable[..., Handle], *arguments: Any, environment: Mapping[str, str] = ONE_THREAD):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_live, args=(theirs, make, arguments), daemon=True)
        resource_tracker.ensure_running()  # started within the block, it would undo the deafness
        with _set(environment), _deaf():
            self._process.start()
        theirs.close()

    @property
    def waits(self) -> list[Any]:
        """What ``multiprocessing.connection.wait`` can wait for: an answer, the process' end."""
        return [self.pipe, self._process.sentinel]

    def send(self, request: Any) -> None:
        """Hand over a request; one that the process does not live to read shows at ``receive``."""
        with contextlib.suppress(OSError):
            self.pipe.send(request)

    def receive(self) -> Told | Done | Raised:
        """Return what comes next, waiting for it.

        Raises:
          ActorDiedError: nothing comes any more.
        """
        with contextlib.suppress(EOFError, OSError):
            wait(self.waits)
            if self.pipe.poll():
                return self.pipe.recv()
        self._process.join(_PATIENCE)
        raise ActorDiedError(_how(self._process.exitcode))

    def arrived(self) -> bool:
        """Tell whether ``receive`` would not wait: something came, or the process is gone."""
        return bool(wait(self.waits, timeout=0))

    def answer(self) -> Any:
        """Return the answer of the request sent before, or raise its exception; news are passed over.

        Raises:
          ActorDiedError: the process is gone.
        """
        while isinstance(got := self.receive(), Told):
            continue
        if isinstance(got, Raised):
            raise got.error
        return got.value

    def end(self) -> None:
        """Ask the process to end; ``stop`` sees to it."""
        self.pipe.close()
        if self._process.is_alive():
            self._process.terminate()

    def stop(self, patience: float = _PATIENCE) -> None:
        """End the process: it may run its ``finally`` blocks for so many seconds, then it is killed."""
        self.end()
        self._process.join(patience)
        self._process.kill()
        self._process.join()


def stop(actors: Iterable[Actor], patience: float = _PATIENCE) -> None:
    """End actors, all at the same time."""
    actors, last = list(actors), time.monotonic() + patience
    for actor in actors:
        actor.end()
    for actor in actors:
        actor.stop(max(last - time.monotonic(), 0.0))


def _live(pipe: Connection, make: Callable[..., Handle], arguments: tuple[Any, ...]) -> None:
    """Answer requests until the pipe closes; the whole life of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption ends the parent, which ends its actors
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, _leave)
    handle = make(*arguments)

    def tell(value: Any) -> None:
        pipe.send(Told(value))

    with contextlib.suppress(EOFError, OSError):  # the parent is gone or does not want us any more
        while True:
            pipe.send(_answer(handle, pipe.recv(), tell))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # on the way out already; libraries' own ways out are next


def _answer(handle: Handle, request: Any, tell: Tell) -> Done | Raised:
    try:
        return Done(handle(request, tell))
    except Exception as error:  # the parent decides what it means
        return Raised(_portable(error))


def _portable(error: Exception) -> Exception:
    """Return the error, or one that says the same where it does not survive being pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _leave(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: the way out must not be cut short
    sys.exit(128 + number)


def _how(code: int | None) -> str:
    word = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    return f"died ({word}){'; out of memory? use fewer --workers' if code == -signal.SIGKILL else ''}"


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Start processes that hear no Ctrl-C before they say what they make of it; here it comes when the block ends."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the processes that are started within the block; then everything is as before."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
