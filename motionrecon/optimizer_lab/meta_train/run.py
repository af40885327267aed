"""A training run from recipe to files: weights, configuration, log, checkpoint, curve.

In the run's folder: ``weights.npz`` (the best weights), ``recipe.toml``, ``log.csv``, ``curve.png``,
``checkpoint.npz``, and ``tensorboard/`` where asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import tomli_w

from motionrecon.jobs import versions
from motionrecon.jobs.atomic_file import replaced
from motionrecon.models.learned import weights_file
from motionrecon.models.learned.catalog import make_rule
from motionrecon.optimizer_lab.meta_train import checkpoint, curves, interrupts
from motionrecon.optimizer_lab.meta_train.loop import Limits, Outcome, Trainer
from motionrecon.optimizer_lab.meta_train.recipe import Recipe, as_dict
from motionrecon.optimizer_lab.meta_train.training_log import Row, TrainingLog
from motionrecon.optimizer_lab.meta_train.workers import open_pool

WEIGHTS, RECIPE, CURVE = "weights.npz", "recipe.toml", "curve.png"


def train(
    recipe: Recipe,
    folder: Path,
    limits: Limits,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    start: Path | None = None,
    command: str = "",
    told: Callable[[Row], None] = lambda row: None,
) -> Outcome:
    """Train, and write what comes of it.

    Args:
      recipe: what to do.
      folder: of the results; exists.
      limits: when to pause, and how many workers.
      resume: go on from the folder's checkpoint.
      tensorboard: write event files too.
      start: file of weights to begin with; None: random ones.
      command: the command line, for the weights' provenance.
      told: called with every line of the log.

    Raises:
      CheckpointError: the checkpoint or the weights to begin with do not fit the recipe.
      ConfigError: something asked for is not there.
      KeyboardInterrupt: somebody stopped it; everything is written, and it can be resumed.
    """
    rule = make_rule(recipe.rule)
    with jax.enable_x64(False), contextlib.ExitStack() as stack:  # training is float32 throughout
        first = None if start is None else weights_file.read(start, rule)
        snapshot = checkpoint.load(folder, recipe) if resume else None
        pool = stack.enter_context(open_pool(recipe, limits.workers))
        log = TrainingLog(folder, keep=snapshot.rows if snapshot else 0, tensorboard=tensorboard)
        stack.callback(log.close)
        _write_toml(folder / RECIPE, as_dict(recipe))
        trainer = Trainer(recipe, folder, log, first, told)
        if snapshot is not None:
            trainer.resume(snapshot, pool)
        stop = stack.enter_context(interrupts.deferred())
        outcome = trainer.run(pool, limits, stop)
        weights_file.save(folder / WEIGHTS, rule, outcome.weights, _provenance(recipe, outcome, limits, command, start))
    curves.write(folder / CURVE, {recipe.rule: folder})
    if stop.asked:
        raise KeyboardInterrupt
    return outcome


def _provenance(recipe: Recipe, outcome: Outcome, limits: Limits, command: str, start: Path | None) -> dict[str, Any]:
    text = json.dumps(as_dict(recipe), sort_keys=True)
    return {
        "command": command,
        "recipe": as_dict(recipe),
        "recipe_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "begun_with": None if start is None else weights_file.read_header(start)["sha256"],
        "seed": recipe.seed,
        "meta_steps": outcome.meta_steps,
        "finished": outcome.finished,
        "seconds": round(outcome.seconds, 1),
        "workers": limits.workers,
        "device": jax.devices()[0].device_kind,
        "validation_decades": outcome.score,
        "untrained_decades": outcome.first_score,
        "versions": versions.installed(),
    }


def _write_toml(path: Path, content: dict[str, Any]) -> None:
    with replaced(path) as temporary:
        temporary.write_text(tomli_w.dumps(content), encoding="utf-8")
