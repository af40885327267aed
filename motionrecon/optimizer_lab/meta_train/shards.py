"""One shard of the training batch: its inner problems, and its estimate of the meta-gradient of a meta-step.

A shard's estimates depend on recipe, weights and the numbers of stage, meta-step and shard alone, so that shards may
live in any process. Every dimension has particles of its own; a meta-step advances those of one dimension.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.errors import CheckpointError
from motionrecon.optimizer_lab.meta_train import estimators
from motionrecon.optimizer_lab.meta_train.recipe import Recipe
from motionrecon.optimizer_lab.meta_train.unroll import Estimate, Estimator, Theta, Unroll
from motionrecon.types import Array

QUICKLY_COMPILED = {"xla_backend_optimization_level": 0}  # half the compile time; drawing costs next to nothing


class Place(NamedTuple):
    """Where a training run stands: stage, and meta-step within it, both from 0."""

    stage: int
    step: int


def dimension(recipe: Recipe, place: Place) -> int:
    """Return the dimension that is drawn for a meta-step."""
    return int(np.random.default_rng((recipe.seed, *place)).choice(recipe.dimensions))


class Shard:
    """Estimates meta-gradients; compiled once per stage and dimension.

    Args:
      recipe: of the run.
      index: number of the shard.
    """

    def __init__(self, recipe: Recipe, index: int):
        self._recipe, self._index = recipe, index
        self._stage = -1
        self._programs: dict[int, _Programs] = {}
        self.particles: dict[int, Any] = {}

    def estimate(self, theta: Theta, place: Place) -> Estimate:
        """Return the estimate of a meta-step and move on; places come in order."""
        if place.stage != self._stage:
            self.enter(place.stage)
        d = dimension(self._recipe, place)
        programs = self._programs_of(d)
        if d not in self.particles:
            self.particles[d] = self._begin(programs, theta, d)
        problems_key, noise_key = jax.random.split(self._key(place.stage, 1, place.step))
        problems = programs.draw(problems_key)
        estimate, self.particles[d] = programs.estimate(theta, self.particles[d], problems, noise_key)
        return estimate

    def enter(self, stage: int) -> None:
        """Begin a stage: with its estimator, without particles."""
        self._stage, self.particles, self._programs = stage, {}, {}

    def restore(self, theta: Theta, leaves: dict[int, list[np.ndarray]], stage: int) -> None:
        """Take over stored particles: the leaves of each dimension's."""
        self.enter(stage)
        for d, stored in leaves.items():
            programs = self._programs_of(d)
            like = jax.eval_shape(lambda t, p=programs, d=d: self._begin(p, t, d), theta)
            if [leaf.shape for leaf in stored] != [leaf.shape for leaf in jax.tree.leaves(like)]:
                raise CheckpointError(
                    "the checkpoint was written by another version, whose batches are others; begin anew with "
                    "--overwrite, and with --begin-with and a copy of its weights to keep what was learned"
                )
            self.particles[d] = jax.tree.unflatten(jax.tree.structure(like), [jnp.asarray(leaf) for leaf in stored])

    def stored(self) -> dict[int, list[np.ndarray]]:
        """Return the leaves of each dimension's particles."""
        return {d: [np.asarray(leaf) for leaf in jax.tree.leaves(own)] for d, own in self.particles.items()}

    def _begin(self, programs: _Programs, theta: Theta, d: int) -> Any:
        problems_key, noise_key = jax.random.split(self._key(self._stage, 0, d))
        return programs.begin(theta, jax.eval_shape(programs.draw, problems_key), noise_key)

    def _key(self, *numbers: int) -> Array:
        key = jax.random.key(self._recipe.seed)
        for number in (self._index, *numbers):
            key = jax.random.fold_in(key, number)
        return key

    def _programs_of(self, d: int) -> _Programs:
        if d not in self._programs:
            stage = self._recipe.stages[self._stage]
            unroll = estimators.unroll_of(self._recipe, stage, d)
            self._programs[d] = _Programs(unroll, estimators.make(stage, unroll))
        return self._programs[d]


class _Programs:
    """The compiled parts of one dimension."""

    def __init__(self, unroll: Unroll, estimator: Estimator):
        self.draw = jax.jit(unroll.draw, compiler_options=QUICKLY_COMPILED)
        self.begin = estimator.begin
        self.estimate = jax.jit(estimator.estimate, donate_argnums=1)


@jax.jit
def mean(estimates: list[Estimate]) -> Estimate:
    """Return the mean of shards' estimates, summed in their order."""
    return jax.tree.map(lambda *leaves: sum(leaves[1:], leaves[0]) / len(leaves), *estimates)
