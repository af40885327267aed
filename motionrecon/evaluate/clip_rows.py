"""Evaluate one clip: fit it with every method asked for and return a row each; what a worker does.

A clip or a method that fails gives rows that say why, so that the others are unharmed.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import os
import time
import traceback
from typing import Any

from motionrecon.data.datasets.dataset import Dataset
from motionrecon.errors import MotionReconError
from motionrecon.evaluate import compile_time
from motionrecon.evaluate import protocol as protocols
from motionrecon.evaluate.protocol import Protocol, Task
from motionrecon.jobs.memory import peak_mb

Row = dict[str, Any]
CURVE_POINTS = 40


def evaluate(task: Task) -> list[Row]:
    """Return the rows of one clip: of the protocol's baselines and of each of ``task.methods``.

    Never raises but on an interruption: a failure is a row with status "failed" and a reason.
    """
    began = time.perf_counter()
    try:
        rows = _Clip(task).rows()
    except Exception as error:
        rows = [failed(task, method, error) for method in (*task.protocol.baseline_methods(), *task.methods)]
    wall, peak = time.perf_counter() - began, peak_mb()
    return [{**row, "wall_seconds": wall, "peak_mb": peak, "worker": os.getpid()} for row in rows]


def failed(task: Task, method: str, error: BaseException | str) -> Row:
    """Return the row of a method that gave nothing, with one line that says why."""
    expected = isinstance(error, str | MotionReconError)
    reason = str(error) if expected else f"unexpected {type(error).__name__}: {error}"
    row = _head(task, method) | {"status": "failed", "reason": " ".join(reason.split())[:400], "metrics": {}}
    if isinstance(error, Exception) and not expected:
        row["traceback"] = "".join(traceback.format_exception(error))[-4000:]
    return row


def _head(task: Task, method: str) -> Row:
    clip = task.clip
    about = {"sequence": clip.key, "method": method.replace("_", "-"), "group": clip.group, "subject": clip.subject}
    mode = task.protocol.mode
    camera = task.protocol.camera if mode != "mocap" else "not used"
    return about | {"action": clip.action, "input": mode, "camera": camera, "noise": _noise(task.protocol)}


def _noise(protocol: Protocol) -> str:
    said = ((protocol.noise_mm, "mm"), (protocol.outliers, "% outliers"), (protocol.noise_px, "px"))
    return " + ".join(f"{value:g} {unit}" for value, unit in said if value)


class _Clip:
    """One clip on its way through the methods."""

    def __init__(self, task: Task):
        from motionrecon.evaluate import judged, observed, starts
        from motionrecon.fitting import kinds

        protocol, self.task = task.protocol, task
        self.dataset = _opened(protocol)
        clip = self.clip = observed.cut(self.dataset.load(task.clip), protocol.frames)
        began = time.perf_counter()
        self.sequence = observed.observed(clip, self.dataset, protocol)
        self.detect_seconds = time.perf_counter() - began
        compiled = compile_time.take()
        began = time.perf_counter()
        self.start = kinds.kinematic_start(self.sequence, clip.height)
        compiled = compile_time.take()
        self.start_seconds = max(time.perf_counter() - began - compiled, 0.0)
        self.world = judged.world(clip, self.sequence, self.start)
        if protocol.start_seed is not None:
            self.start = starts.nearby(self.start, protocol.start_seed)

    def rows(self) -> list[Row]:
        """Fit with every method; the baselines' rows come from the first fit that succeeds."""
        rows: list[Row] = []
        baselines: list[Row] = []
        error: BaseException | str = "no optimizer gave a result to measure it beside"
        for method in self.task.methods:
            try:
                fitted, others = self._fit(method)
            except Exception as problem:
                rows.append(failed(self.task, method, problem))
                error = problem
                continue
            rows.append(fitted)
            baselines = baselines or others
        names = self.task.protocol.baseline_methods()
        return [*(baselines or [failed(self.task, name, error) for name in names]), *rows]

    def _fit(self, method: str) -> tuple[Row, list[Row]]:
        from motionrecon import metrics
        from motionrecon.evaluate import judged
        from motionrecon.fitting import fit

        chosen = self.task.protocol.fit
        options = dataclasses.replace(chosen, optimizer=dataclasses.replace(chosen.optimizer, name=method))
        compile_time.take()
        blind, watch = dataclasses.replace(self.sequence, truth=None, reference=None), compile_time.ByStage()
        result = fit.fit_sequence(blind, options, start=self.start, source=self.task.clip.key, progress=watch)
        watch.stage("")
        compiled = watch.seconds
        names, film, joint_set = self._points(result)
        measured = judged.judged(result, self.clip, self.sequence, self.world, film)
        if self.task.protocol.points == "fitted":
            measured = _on_fitted(measured, self.start)
        summary = metrics.summarize(measured, names, smoothed="start")
        common = {
            "status": "ok", "reason": "", "frames": summary["frames"], "fps": summary["fps"],
            "joint_set": joint_set, "joints": summary["joint_set"], "warnings": list(result.warnings),
            "layout": summary["layout"], "truth_tv_m_per_frame2": _truth_tv(measured, names),
        }  # fmt: skip
        start = {"evaluations": 0, "seconds": self.start_seconds, "detect_seconds": self.detect_seconds}
        baselines = [
            _head(self.task, name) | common | start | {"metrics": summary["methods"][name]}
            for name in protocols.BASELINES
        ]
        seconds = max(result.seconds.get("optimize", 0.0) - compiled.get("optimize", 0.0), 0.0)
        physics = {
            "evaluations": summary["optimizer"]["evaluations"], "steps": summary["optimizer"]["steps"],
            "seconds": seconds, "compile_seconds": sum(compiled.values()),
            "realtime": summary["frames"] / summary["fps"] / seconds if seconds else None,
            "loss": _mean_loss(result), "curve": _curve(result), "metrics": summary["methods"]["physics"],
            **_windows(result),
        }  # fmt: skip
        rows = [_head(self.task, method) | common | physics, *baselines]
        if self.task.protocol.baselines:
            rows += self._more_baselines(measured, result, names, rows, common)
        return rows[0], rows[1:]

    def _points(self, result: Any) -> tuple[tuple[str, ...], tuple[str, ...] | None, str]:
        """Return the names that are measured, the joint set where it replaces a film's points, and what to call it."""
        joints, protocol, seen = self.dataset.joint_set, self.task.protocol, result.observation.names
        if protocol.points == "observed":
            assert self.clip.reference is not None, "a film is evaluated where its truth is known"
            return tuple(n for n in seen if n in self.clip.reference.names), None, "observed points"
        if protocol.points == "fitted":
            return seen, None, "fitted points"
        names = joints.joints if joints.name != "points of the file" else seen
        return names, joints.joints if protocol.mode == "video" else None, joints.name

    def _more_baselines(
        self, measured: Any, result: Any, names: tuple[str, ...], rows: list[Row], common: Row
    ) -> list[Row]:
        """Return the rows of ``Protocol.baselines``, and write the gain over the filters into those there are."""
        import numpy as np

        from motionrecon import metrics
        from motionrecon.evaluate import best_filter, frame_by_frame
        from motionrecon.metrics import baseline

        points: dict[str, tuple[Any, dict[str, float]]] = {}
        if "filters" in self.task.protocol.baselines:
            noisy, truth = np.asarray(self.sequence.observation.keypoints3d), np.asarray(self.sequence.truth)
            mask = np.isfinite(truth).all(axis=-1) & np.array([n in names for n in self.sequence.observation.names])
            truth = np.nan_to_num(truth)
            points["input"] = (self.world.carry(noisy), {})
            best = (best_filter.best(noisy, truth, mask), best_filter.best_after_median(noisy, truth, mask))
            for name, one in zip(("gaussian", "median-gaussian"), best, strict=True):
                points[name] = (self.world.carry(one.points), {"filter_width_frames": one.width})
            least = min(one.error_mm for one in best)
            for row in rows:
                row["gain_percent"] = 100.0 * (1.0 - row["metrics"]["mpjpe_g_mm"] / least)
        if "pnp" in self.task.protocol.baselines:
            placed = frame_by_frame.placed(result.observation, result.observation.camera, float(self.start.height))
            sigma = baseline.SIGMA_SECONDS * float(result.observation.fps)
            points |= {"pnp": (placed, {}), "pnp-smoothed": (metrics.gaussian_smooth(placed, sigma), {})}
        spent = {"evaluations": 0, "seconds": 0.0}
        return [
            _head(self.task, name)
            | common
            | spent
            | more
            | {"metrics": metrics.measure_keypoints(measured, where, names)}
            for name, (where, more) in points.items()
        ]


@functools.lru_cache(maxsize=2)
def _opened_by(dataset: str, root: str | None, form: str | None, mode: str) -> Dataset:
    return protocols.open_protocol(Protocol(dataset=dataset, root=root, form=form, mode=mode))  # type: ignore[arg-type]


def _opened(protocol: Protocol) -> Dataset:
    return _opened_by(protocol.dataset, protocol.root, protocol.form, protocol.mode)


def _truth_tv(measured: Any, joints: tuple[str, ...]) -> float | None:
    """Return the TV of the truth itself over the measured joints, below which a method has smoothed motion away."""
    import numpy as np

    from motionrecon import metrics

    positions = np.asarray(measured.truth)[:, [n in joints for n in measured.observation.names]]
    known = np.asarray(np.isfinite(positions).all(axis=-1))
    columns = np.asarray(known.any(axis=0))
    if not columns.any():
        return None
    return metrics.tv(np.nan_to_num(positions[:, columns]), known[:, columns])


def _on_fitted(measured: Any, start: Any) -> Any:
    """Return a result to be measured without the truth of the points that its kinematic start leaves out."""
    import numpy as np

    trusted = np.asarray(start.observation.confidence) > 0
    return dataclasses.replace(measured, truth=np.where(trusted[..., None], np.asarray(measured.truth), np.nan))


def _windows(result: Any) -> dict[str, int]:
    """Return how many windows there are, how many were kept from each way of solving them, and how many failed."""
    kept = collections.Counter(w.method for w in result.windows)
    failed = sum(w.status.name in ("DIVERGED", "NON_FINITE") for w in result.windows)
    by = {f"windows_{way}": kept[way] for way in ("plain", "shooting", "ladder")}
    return {"windows": len(result.windows), "failed_windows": failed, **by}


def _mean_loss(result: Any) -> float | None:
    losses = [w.loss_last for w in result.windows if w.loss_last == w.loss_last and abs(w.loss_last) != float("inf")]
    return sum(losses) / len(losses) if losses else None


def _curve(result: Any) -> dict[str, list[float]]:
    """Return the loss against evaluations, the mean over windows, each spread evenly over its evaluations.

    A window that has ended keeps its last loss, as the paper's Fig. 6 does.
    """
    import numpy as np

    used = [w for w in result.windows if len(w.loss_history) and np.isfinite(w.loss_history).all()]
    if not used:
        return {"evaluations": [], "loss": []}
    most = max(w.evaluations for w in used)
    grid = np.linspace(0.0, most, CURVE_POINTS)
    each = []
    for window in used:
        losses = np.minimum.accumulate([window.loss_first, *window.loss_history])
        each.append(np.interp(grid, np.linspace(0.0, max(window.evaluations, 1), len(losses)), losses))
    return {"evaluations": [float(v) for v in grid], "loss": [float(v) for v in np.mean(each, axis=0)]}
