"""The meta-optimizer: Adam on the meta-gradient, norm bounded; meta-gradients that are not finite skipped."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from motionrecon.optimizer_lab.meta_train.recipe import Stage
from motionrecon.optimizer_lab.meta_train.unroll import Theta, strong
from motionrecon.types import Array


class OuterState(NamedTuple):
    """What the meta-optimizer remembers.

    Attributes:
      adam: optax' state.
      skipped: () int32 meta-gradients that were not finite and left out.
    """

    adam: Any
    skipped: Array


@dataclasses.dataclass(frozen=True)
class MetaOptimizer:
    """Adam of one stage."""

    stage: Stage

    def learning_rate(self, step: Array | int) -> Array | float:
        """Return the rate of meta-step ``step`` (from 0) of the stage."""
        if self.stage.schedule == "constant":
            return self.stage.learning_rate
        return optax.cosine_decay_schedule(self.stage.learning_rate, self.stage.meta_steps)(step)

    def begin(self, theta: Theta) -> OuterState:
        """Return the state at the start of the stage."""
        return strong(OuterState(self._adam.init(theta), jnp.zeros((), jnp.int32)))

    def update(self, theta: Theta, state: OuterState, gradient: Theta) -> tuple[Theta, OuterState, Array]:
        """Return new weights, the state, and the norm () of the meta-gradient before it was bounded."""
        norm = optax.global_norm(gradient)
        usable = jnp.isfinite(norm)
        safe = jax.tree.map(lambda leaf: jnp.where(usable, leaf, 0), gradient)
        updates, adam = self._adam.update(safe, state.adam, theta)

        def keep(new: Any, old: Any) -> Any:
            return jax.tree.map(lambda a, b: jnp.where(usable, a, b).astype(b.dtype), new, old)

        moved = keep(optax.apply_updates(theta, updates), theta)
        skipped = state.skipped + jnp.where(usable, 0, 1).astype(jnp.int32)
        return strong(moved), strong(OuterState(keep(adam, state.adam), skipped)), norm

    @property
    def _adam(self) -> optax.GradientTransformation:
        return optax.chain(optax.clip_by_global_norm(self.stage.clip), optax.adam(self.learning_rate))
