"""The training loop: meta-steps, validations, checkpoints; keeps the weights that validate best."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from motionrecon.models.learned.catalog import make_rule
from motionrecon.optimizer_lab.meta_train import checkpoint
from motionrecon.optimizer_lab.meta_train.checkpoint import Snapshot
from motionrecon.optimizer_lab.meta_train.interrupts import Stop
from motionrecon.optimizer_lab.meta_train.outer import MetaOptimizer
from motionrecon.optimizer_lab.meta_train.recipe import Recipe
from motionrecon.optimizer_lab.meta_train.shards import Place
from motionrecon.optimizer_lab.meta_train.training_log import Row, TrainingLog
from motionrecon.optimizer_lab.meta_train.unroll import Theta, strong
from motionrecon.optimizer_lab.meta_train.validation import Validator
from motionrecon.optimizer_lab.meta_train.workers import Pool

LOG_SECONDS = 5.0  # between lines of the log, at most


@dataclasses.dataclass(frozen=True)
class Limits:
    """What does not change the outcome of a run, only where it pauses.

    Attributes:
      minutes: stop after so long; inf: when the recipe is done.
      checkpoint_minutes: between checkpoints.
      workers: processes that share the shards.
    """

    minutes: float = math.inf
    checkpoint_minutes: float = 3.0
    workers: int = 1


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run leaves: the best weights, their score, the untrained ones' score, and whether the recipe is done."""

    weights: Theta
    score: float
    first_score: float
    meta_steps: int
    seconds: float
    finished: bool


class Trainer:
    """Trains weights by a recipe.

    Args:
      recipe: what to do.
      folder: of logs and checkpoints; exists.
      log: where lines go.
      start: weights to begin with; None: random ones drawn with the recipe's seed.
      told: called with every line of the log.
    """

    def __init__(
        self, recipe: Recipe, folder: Path, log: TrainingLog, start: Theta | None, told: Callable[[Row], None]
    ):
        self._recipe, self._folder, self._log, self._told = recipe, folder, log, told
        rule = make_rule(recipe.rule)
        weights = rule.init_weights(jax.random.key(recipe.seed)) if start is None else start
        self._theta = strong(jax.tree.map(jax.numpy.asarray, weights))
        self._place, self._seconds = Place(0, 0), 0.0
        self._best, self._best_score, self._first_score = self._theta, math.inf, math.nan
        self._since: list[tuple[float, float]] = []
        self._pending: tuple[Any, Any] | None = None
        self._validator = Validator(recipe)
        self._enter_stage()

    def resume(self, snapshot: Snapshot, pool: Pool) -> None:
        """Go on from a snapshot of the same recipe."""
        self._place, self._seconds = snapshot.place, snapshot.seconds
        if self._place.stage < len(self._recipe.stages):
            self._enter_stage()
            self._outer = checkpoint.like(snapshot.outer, self._outer)
        self._theta = checkpoint.like(snapshot.theta, self._theta)
        self._best, self._best_score = checkpoint.like(snapshot.best, self._theta), snapshot.best_score
        self._first_score = snapshot.first_score
        pool.restore(self._theta, snapshot.particles, self._place)

    def run(self, pool: Pool, limits: Limits, stop: Stop) -> Outcome:
        """Train to the end of the recipe or the time limit, or until ``stop`` is asked for."""
        began = stored = logged = time.monotonic()
        before, stages = self._seconds, self._recipe.stages
        if self._place == Place(0, 0) and math.isinf(self._best_score):
            self._first_score = self._validate()
        while self._place.stage < len(stages):
            now = time.monotonic()
            self._seconds = before + now - began
            if stop.asked or now - began >= 60 * limits.minutes:
                break
            self._meta_step(pool)
            last = self._place.step == stages[self._place.stage].meta_steps
            self._seconds = before + time.monotonic() - began
            if last or self._place.step % self._recipe.validation.every == 0:
                self._write(self._validate())
                logged = time.monotonic()
            elif time.monotonic() - logged >= LOG_SECONDS:
                self._write(None)
                logged = time.monotonic()
            if last:
                self._next_stage()
            if time.monotonic() - stored >= 60 * limits.checkpoint_minutes:
                self._store(pool)
                stored = time.monotonic()
        finished = self._place.stage == len(stages)
        self._seconds = before + time.monotonic() - began
        self._store(pool)
        if not (finished or stop.asked) and (self._since or self._pending):
            self._write(self._validate())  # after storing: a pause must not change what a resumed run keeps as best
        done = sum(stage.meta_steps for stage in stages[: self._place.stage]) + self._place.step
        return Outcome(self._best, self._best_score, self._first_score, done, self._seconds, finished)

    def _enter_stage(self) -> None:
        stage = self._recipe.stages[self._place.stage]
        self._optimizer = MetaOptimizer(stage)
        self._outer = self._optimizer.begin(self._theta)
        self._update = jax.jit(self._optimizer.update, donate_argnums=(1, 2))

    def _next_stage(self) -> None:
        self._place = Place(self._place.stage + 1, 0)
        self._theta = self._best
        if self._place.stage < len(self._recipe.stages):
            self._enter_stage()

    def _meta_step(self, pool: Pool) -> None:
        gradient, loss = pool.estimate(self._theta, self._place)
        self._theta, self._outer, norm = self._update(self._theta, self._outer, gradient)
        self._settle()
        self._pending = (loss, norm)
        self._place = Place(self._place.stage, self._place.step + 1)

    def _settle(self) -> None:
        """Wait for the meta-step before the one just dispatched, so that no more than two are under way."""
        if self._pending is not None:
            self._since.append((float(self._pending[0]), float(self._pending[1])))
            self._pending = None

    def _validate(self) -> float:
        score = self._validator.score(self._theta)
        if score < self._best_score:  # never where the score is not a number
            self._best, self._best_score = self._theta, score
        return score

    def _write(self, validation: float | None) -> None:
        self._settle()
        place, stages = self._place, self._recipe.stages
        stage = stages[place.stage]
        seen = np.array(self._since, float).reshape(-1, 2)
        seen = seen[np.isfinite(seen).all(1)]
        self._since = []
        loss, norm = seen.mean(0).tolist() if len(seen) else (None, None)
        row = Row(
            sum(one.meta_steps for one in stages[: place.stage]) + place.step, place.stage, stage.estimator,
            self._seconds, loss, norm, float(self._optimizer.learning_rate(max(place.step - 1, 0))),
            int(self._outer.skipped), validation, self._best_score,
        )  # fmt: skip
        self._log.add(row)
        self._told(row)

    def _store(self, pool: Pool) -> None:
        checkpoint.save(
            self._folder,
            Snapshot(
                self._recipe, self._place, checkpoint.leaves(self._theta), checkpoint.leaves(self._outer),
                checkpoint.leaves(self._best), self._best_score, self._first_score,
                pool.stored(), self._seconds, self._log.rows,
            ),
        )  # fmt: skip
