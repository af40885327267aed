"""Run the same tasks on a Ray cluster; needs the extra [ray]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from motionrecon.errors import InputError
from motionrecon.evaluate import clip_rows, workers
from motionrecon.evaluate.clip_rows import Row
from motionrecon.evaluate.protocol import Task
from motionrecon.evaluate.workers import Work
from motionrecon.jobs import runtime

_CALLS = 20  # clips after which Ray replaces a worker: compiled programs of many clip lengths add up


def run(
    tasks: list[Task], address: str, count: int | None, *, device: str = "cpu", work: Work = clip_rows.evaluate
) -> Iterator[tuple[Task, list[Row]]]:
    """Do tasks on Ray workers.

    Args:
      tasks: to do.
      address: of the cluster, or "auto": the one that runs here, else a local one is started.
      count: tasks at once; None: as many as the cluster has CPUs.
      device: for JAX.
      work: what a worker does with a task.

    Yields:
      Each task with its rows, as they end; a task whose worker died gives failed rows.

    Raises:
      InputError: Ray is not installed, or no cluster answers.
    """
    ray = _connected(address, count)
    remote = ray.remote(num_cpus=1, max_retries=0, max_calls=_CALLS, runtime_env={"env_vars": workers.ENVIRONMENT})(_do)
    most = count or max(int(ray.cluster_resources().get("CPU", 1)), 1)
    waiting, running = list(reversed(tasks)), {}
    try:
        while waiting or running:
            while waiting and len(running) < most:
                task = waiting.pop()
                running[remote.remote(task, device, work)] = task
            done, _ = ray.wait(list(running), num_returns=1)
            task = running.pop(done[0])
            try:
                rows = ray.get(done[0])
            except ray.exceptions.RayError as error:
                said = f"its Ray worker died ({type(error).__name__}); --resume does it again"
                rows = [clip_rows.failed(task, method, said) for method in task.methods]
            yield task, rows
    finally:
        ray.shutdown()


def _do(task: Task, device: str, work: Work) -> list[Row]:
    workers.prepare(device)
    try:
        return work(task)
    finally:
        workers.release_memory()


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
