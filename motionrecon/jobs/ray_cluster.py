"""The same tasks on a Ray cluster; needs the extra [ray]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from motionrecon.errors import InputError
from motionrecon.jobs import pool, runtime
from motionrecon.jobs.actors import Done, Told
from motionrecon.jobs.pool import Began, Desk, Died, Event, Work

_CALLS = 20  # tasks after which Ray replaces a worker: compiled programs of many clip lengths add up


def run(
    tasks: Sequence[Any], address: str, count: int | None, work: Work, *, device: str | None = None
) -> Iterator[tuple[Any, Event]]:
    """Do tasks on Ray workers.

    Args:
      tasks: to do.
      address: of the cluster, or "auto": the one that runs here, else a local one is started.
      count: tasks at once; None: as many as the cluster has CPUs.
      work: see ``pool.run``.
      device: see ``pool.run``.

    Yields:
      As ``pool.run``; what is told comes when the task ends.

    Raises:
      InputError: Ray is not installed, or no cluster answers.
    """
    ray = _connected(address, count)
    remote = ray.remote(num_cpus=1, max_retries=0, max_calls=_CALLS, runtime_env={"env_vars": dict(pool.ENVIRONMENT)})
    do = remote(_do)
    most = count or max(int(ray.cluster_resources().get("CPU", 1)), 1)
    waiting, running = list(reversed(tasks)), {}
    try:
        while waiting or running:
            while waiting and len(running) < most:
                task = waiting.pop()
                running[do.remote(task, work, device)] = task
                yield task, Began()
            done, _ = ray.wait(list(running), num_returns=1)
            task = running.pop(done[0])
            try:
                value, told = ray.get(done[0])
            except ray.exceptions.RayTaskError as error:
                yield task, Died(f"unexpected {type(error.cause).__name__}: {error.cause}")
            except ray.exceptions.RayError as error:
                yield task, Died(f"its Ray worker died ({type(error).__name__}); --resume does it again")
            else:
                for news in told:
                    yield task, Told(news)
                yield task, Done(value)
    finally:
        ray.shutdown()


def _do(task: Any, work: Work, device: str | None) -> tuple[Any, list[Any]]:
    told: list[Any] = []
    value, _ = Desk(work, device)(task, told.append)
    return value, told


def _connected(address: str, count: int | None) -> Any:
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError("--ray: Ray is not installed; install it with pip install 'motionrecon[ray]'") from None
    try:
        with runtime.quiet_native_stderr():  # its own retries would stand beside our one line
            _init(ray, address, count)
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        raise InputError(f"--ray {address}: no cluster answers ({text}); check the address, or give auto") from None
    return ray


def _init(ray: Any, address: str, count: int | None) -> None:
    quiet = {"logging_level": "ERROR", "log_to_driver": False}
    try:
        ray.init(address=address, **quiet)  # type: ignore[arg-type]
    except ConnectionError:
        if address != "auto":
            raise
        ray.init(num_cpus=count, include_dashboard=False, **quiet)  # type: ignore[arg-type]
