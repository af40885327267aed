"""What an inner step is worth to the meta-training: a function of the excess loss f - f* and of that at the start.

The meta-loss of a run is the mean over its steps. Problems whose start cannot be evaluated count nothing; steps that
cannot be evaluated count as the worst value and have no gradient.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax.numpy as jnp

from motionrecon.errors import ConfigError
from motionrecon.optimizer_lab.meta_train.recipe import Stage
from motionrecon.option_records import suggestion
from motionrecon.types import Array

MetaLoss = Callable[[Array, Array], Array]

FLOOR = Stage.floor  # of the ratio under the logarithm, unless another is asked for
_WORST_RATIO = 1e6
_WORST_LOG_RATIO = 20.0  # decades


def ratio(loss: Array, start: Array) -> Array:
    """Return f / f_0: the paper's sum of losses, with every problem on the same scale.

    It ceases to care once f is far below f_0. Values above 1e6 count as 1e6: one diverged run would outweigh all.
    """
    value, valid = _relative(loss, start)
    return jnp.where(valid, jnp.minimum(value, _WORST_RATIO), _worst(start, _WORST_RATIO))


def log_ratio(loss: Array, start: Array, floor: float = FLOOR) -> Array:
    """Return log10(max(f, 0) / f_0 + floor), in decades: every decade counts alike, and no value is cut above."""
    value, valid = _relative(loss, start)
    return jnp.where(valid, jnp.log10(jnp.maximum(value, 0.0) + floor), _worst(start, _WORST_LOG_RATIO))


META_LOSSES: dict[str, MetaLoss] = {"ratio": ratio, "log_ratio": log_ratio}


def meta_loss(name: str, floor: float = FLOOR) -> MetaLoss:
    """Return the meta-loss ``(loss (B,), start (B,)) -> (B,)`` of that name, with the floor of `log_ratio`.

    Raises:
      ConfigError: there is none.
    """
    if name not in META_LOSSES:
        raise ConfigError(f"meta-loss {name!r}: choose from {', '.join(META_LOSSES)}{suggestion(name, META_LOSSES)}")
    return functools.partial(log_ratio, floor=floor) if name == "log_ratio" else META_LOSSES[name]


def _usable(start: Array) -> Array:
    return jnp.isfinite(start) & (start > 0)


def _relative(loss: Array, start: Array) -> tuple[Array, Array]:
    """Return f / f_0 with a harmless value where it is not valid, and where it is."""
    valid = jnp.isfinite(loss) & _usable(start)
    return jnp.where(valid, loss, 1.0) / jnp.where(valid, start, 1.0), valid


def _worst(start: Array, worst: float) -> Array:
    return jnp.where(_usable(start), jnp.asarray(worst, start.dtype), jnp.zeros((), start.dtype))
