"""How weights are compared: fixed problems in dimensions that are not trained on.

The score is the mean over problems of log10(best loss / first loss + 1e-12) after a number of steps: how many
decades a run gains, negative and the lower the better. It does not depend on the meta-loss.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from motionrecon.models.learned.catalog import make_rule
from motionrecon.optimizer_lab.meta_train import families
from motionrecon.optimizer_lab.meta_train.meta_loss import log_ratio
from motionrecon.optimizer_lab.meta_train.recipe import Recipe
from motionrecon.optimizer_lab.meta_train.shards import QUICKLY_COMPILED
from motionrecon.optimizer_lab.meta_train.tasks import Problems, RuleUnroll
from motionrecon.optimizer_lab.meta_train.unroll import Theta
from motionrecon.types import Array

FLOOR = 1e-12
_SEED = 90_210  # the same problems for every seed of training, so that runs can be compared


class Validator:
    """Scores weights on a recipe's validation problems; compiled once per dimension."""

    def __init__(self, recipe: Recipe):
        asked, self._runs = recipe.validation, []
        for d in asked.dimensions:
            groups = families.groups(recipe, d, replicas=asked.replicas, quadratics=0)
            unroll = RuleUnroll(make_rule(recipe.rule), groups, d, log_ratio)
            problems = jax.jit(unroll.draw, compiler_options=QUICKLY_COMPILED)(
                jax.random.fold_in(jax.random.key(_SEED), d)
            )
            self._runs.append((jax.jit(_scorer(unroll, asked.steps)), problems))

    def score(self, theta: Theta) -> float:
        """Return the score of weights, in decades."""
        return sum(float(run(theta, problems)) for run, problems in self._runs) / len(self._runs)


def _scorer(unroll: RuleUnroll, steps: int) -> Any:
    def score(theta: Theta, problems: Problems) -> Array:
        start = unroll.begin(theta, problems, shared=True)

        def body(carry: Any, _: None) -> tuple[Any, None]:
            state, best = carry
            state, _ = unroll.advance(theta, state, shared=True)
            return (state, jnp.minimum(best, state.loss)), None

        (_, best), _ = jax.lax.scan(body, (start, start.loss), None, length=steps)
        return jnp.mean(jnp.log10(jnp.maximum(best, 0) / start.loss + FLOOR))

    return score
